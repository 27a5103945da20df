extension Array where Element: BitwiseCopyable {
    /// The elements' bytes, for a call that throws typed errors (`withUnsafeBytes` throws `any Error`).
    @inlinable @inline(__always)
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try unsafe span.bytes.withUnsafeBytes { (b) throws(E) in try unsafe body(b) }
    }

    @inlinable @inline(__always)
    public mutating func withMutableBytes<R, E: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        var span = mutableSpan
        return try unsafe span.withUnsafeMutableBytes { (b) throws(E) in try unsafe body(b) }
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
