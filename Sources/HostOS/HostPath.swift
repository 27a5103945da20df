public import LinuxABI

/// A path or file name for the host: bytes, kept with the NUL that the kernel wants at the end.
public struct HostPath: Hashable, Sendable {
    /// With its NUL.
    @usableFromInline let terminated: [UInt8]

    /// - Throws: EINVAL for bytes with a NUL among them.
    public init(_ bytes: ArraySlice<UInt8>) throws(Errno) {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count + 1)
        copy.append(contentsOf: bytes)
        if copy.contains(0) { throw .EINVAL }
        copy.append(0)
        terminated = copy
    }

    public init(_ bytes: [UInt8]) throws(Errno) { try self.init(bytes[...]) }

    /// A path that this program spells out.
    public init(_ literal: StaticString) {
        terminated = unsafe [UInt8](UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)) + [0]
    }

    /// The path of descriptor `fd` below a directory that is /proc/self/fd, `name` below that if not empty.
    public init(ofDescriptor fd: HostFD, name: HostPath = .empty) {
        var text = Array(String(fd.rawValue).utf8)
        if name.terminated.count > 1 {
            text.append(UInt8(ascii: "/"))
            text.append(contentsOf: name.terminated)
        } else {
            text.append(0)
        }
        terminated = text
    }

    public static let empty = HostPath("")

    @inlinable public var isEmpty: Bool { terminated.count == 1 }

    /// Without the NUL.
    public var bytes: ArraySlice<UInt8> { terminated.dropLast() }

    @inlinable @inline(__always)
    func withArgument<R>(_ body: (Int) throws(Errno) -> R) throws(Errno) -> R {
        try unsafe terminated.withBytes { (b) throws(Errno) in try body(unsafe Int(b.baseAddress)) }
    }
}
