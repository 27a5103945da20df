extension Array where Element: BitwiseCopyable {
    /// The elements' bytes, for a call that throws typed errors (`withUnsafeBytes` throws `any Error`).
    /// Through the standard library's own access, which keeps the elements where they are until `body` returns; spans of a
    /// temporary array lost theirs to the optimiser (Swift 6.3.1).
    @inlinable
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        var result: Result<R, E>?
        unsafe withUnsafeBytes { b in
            do throws(E) { result = .success(try unsafe body(b)) } catch { result = .failure(error) }
        }
        guard let result else { preconditionFailure("withUnsafeBytes always calls its body") }
        return try result.get()
    }

    @inlinable
    public mutating func withMutableBytes<R, E: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        var result: Result<R, E>?
        unsafe withUnsafeMutableBytes { b in
            do throws(E) { result = .success(try unsafe body(b)) } catch { result = .failure(error) }
        }
        guard let result else { preconditionFailure("withUnsafeMutableBytes always calls its body") }
        return try result.get()
    }
}

extension Unmanaged {
    /// Calls `body` with the object, which somebody else keeps alive, for a call that throws typed errors: nothing is
    /// counted (`_withUnsafeGuaranteedRef` throws `any Error`).
    @inlinable @inline(__always)
    public func borrowed<R, E: Error>(_ body: (Instance) throws(E) -> R) throws(E) -> R {
        var result: R?
        var failure: E?
        unsafe _withUnsafeGuaranteedRef { object in
            do throws(E) { result = try body(object) } catch { failure = error }
        }
        if let result { return result }
        guard let failure else { preconditionFailure("body either returns or throws") }
        throw failure
    }
}

/// A value's bytes, for a call that throws typed errors.
@inlinable @inline(__always)
public func withBytes<T: BitwiseCopyable, R, E: Error>(
    of value: T, _ body: (UnsafeRawBufferPointer) throws(E) -> R
) throws(E) -> R {
    var copy = value
    return try unsafe withUnsafeBytes(of: &copy) { (b) throws(E) in try unsafe body(b) }
}

extension Array where Element == UInt8 {
    /// A buffer for the host to fill, whose memory is not touched before: most of a large one never is. Until filled, its
    /// bytes are whatever this process had there.
    public static func unfilled(count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { $1 = count }
    }
}
