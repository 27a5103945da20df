import HostOS
import LinuxABI

/// The bytes of one guest address space, as a thread of the Sentry reaches them.
///
/// Platforms subclass it: windows that the stub marshals through, or remote copies (native-memory.md, section 8). What
/// comes back is always the caller's own copy: guest memory is read once, checked, then used.
@safe open class GuestMemory: @unchecked Sendable {
    public init() {}

    /// Copies guest bytes from `address` on into `buffer`.
    ///
    /// - Returns: how many bytes were copied before the first that cannot be read; `buffer.count` when all could.
    open func copyIn(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }

    /// Copies `buffer` to guest memory from `address` on.
    ///
    /// - Returns: how many bytes were copied before the first that cannot be written.
    open func copyOut(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int { 0 }

    /// A buffer of the Sentry's, of at least 64 KiB, through which file contents pass on their way to or from the guest.
    /// Valid until the next call of it on this object; used by the thread of this object's task only.
    open var staging: UnsafeMutableRawBufferPointer {
        if unsafe stagingBytes.baseAddress == nil {
            unsafe stagingBytes = .allocate(byteCount: 64 << 10, alignment: 4096)
        }
        return unsafe stagingBytes
    }

    /// As `copyIn`, but only of what is at hand without effort: the input that came with the call.
    ///
    /// - Returns: how many bytes were copied, 0 when the first is not at hand. That says nothing of the memory.
    open func copyAtHand(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }

    /// The input from `address` on that came with the call, without a copy, at most `count` bytes. The guest can change it
    /// at any time: it is for the host's calls to read, and nothing is decided by it.
    open func inputView(_ address: GuestAddress, _ count: Int) -> UnsafeRawBufferPointer? { nil }

    /// A place for at most `count` bytes of output, from which a `copyOut` to `address` carries them without a copy. The
    /// guest can change it at any time: it is for the host's calls to write to, and is never read back.
    open func outputRoom(_ address: GuestAddress, _ count: Int) -> UnsafeMutableRawBufferPointer? { nil }

    /// How many of `count` bytes from `address` on can be written now: for what is gone once it was taken, and would be lost
    /// if it could not be stored.
    open func writablePrefix(_ address: GuestAddress, _ count: Int) -> Int { count }

    private var stagingBytes = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { unsafe stagingBytes.deallocate() }
}

extension GuestMemory {
    /// Reads one value.
    ///
    /// - Throws: EFAULT when a byte of it cannot be read.
    @inlinable
    public final func load<T: BitwiseCopyable>(_ address: GuestAddress, as type: T.Type = T.self) throws(Errno) -> T {
        try unsafe withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { (room) throws(Errno) -> T in
            let bytes = UnsafeMutableRawBufferPointer(room)
            if unsafe copyIn(address, into: bytes) != bytes.count { throw .EFAULT }
            return unsafe bytes.loadUnaligned(as: T.self)
        }
    }

    /// Writes one value.
    ///
    /// - Throws: EFAULT when a byte of it cannot be written; those before it are written.
    @inlinable
    public final func store<T: BitwiseCopyable>(_ value: T, at address: GuestAddress) throws(Errno) {
        var copy = value
        try unsafe withUnsafeBytes(of: &copy) { (bytes) throws(Errno) in
            if unsafe copyOut(address, from: bytes) != bytes.count { throw .EFAULT }
        }
    }

    /// Reads `count` values that lie one behind the other.
    ///
    /// - Throws: EFAULT; EINVAL for a count whose bytes do not fit 256 MiB.
    @inlinable
    public final func loadArray<T: BitwiseCopyable>(_ address: GuestAddress, count: Int, as type: T.Type = T.self) throws(Errno) -> [T] {
        let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
        if count < 0 || overflow || size > 256 << 20 { throw .EINVAL }
        if count == 0 { return [] }
        var complete = false
        let values = unsafe [T](unsafeUninitializedCapacity: count) { room, initialized in
            complete = unsafe copyIn(address, into: UnsafeMutableRawBufferPointer(room)) == size
            initialized = complete ? count : 0
        }
        if !complete { throw .EFAULT }
        return values
    }

    /// Reads `count` bytes.
    @inlinable
    public final func loadBytes(_ address: GuestAddress, count: Int) throws(Errno) -> [UInt8] {
        try loadArray(address, count: count, as: UInt8.self)
    }

    /// Writes `bytes`.
    ///
    /// - Throws: EFAULT when one cannot be written; those before it are written.
    public final func store(bytes: RawSpan, at address: GuestAddress) throws(Errno) {
        try unsafe bytes.withUnsafeBytes { (b) throws(Errno) in
            if unsafe copyOut(address, from: b) != b.count { throw .EFAULT }
        }
    }

    @inlinable
    public final func store<T: BitwiseCopyable>(array: [T], at address: GuestAddress) throws(Errno) {
        try unsafe array.withBytes { (b) throws(Errno) in
            if unsafe copyOut(address, from: b) != b.count { throw .EFAULT }
        }
    }

    /// Lends a string up to its NUL, which is left out, to `body`: without an allocation, unless it is long.
    ///
    /// - Parameter limit: as `loadCString` has it, and so are the errors.
    @inlinable @inline(__always)
    public final func withCString<R>(_ address: GuestAddress, limit: Int, tooLong: Errno = .ENAMETOOLONG,
                                     _ body: (Span<UInt8>) throws(Errno) -> R) throws(Errno) -> R {
        try unsafe withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { (room) throws(Errno) -> R in
            // Up to the end of the page: the next one may not be there, and need not be.
            let want = min(Int(pageSize &- (address.rawValue & (pageSize - 1))), 256)
            let chunk = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<want])
            var got = unsafe copyAtHand(address, into: chunk)
            if got == 0 { got = unsafe copyIn(address, into: chunk) }
            if let length = unsafe firstZero(UnsafeRawBufferPointer(rebasing: room[..<got])), length < limit {
                return try body(unsafe Span(_unsafeBytes: UnsafeRawBufferPointer(rebasing: room[..<length])))
            }
            return try unsafe loadCString(address, limit: limit, tooLong: tooLong).withBytes { (bytes) throws(Errno) in
                try body(unsafe Span(_unsafeBytes: bytes))
            }
        }
    }

    /// Reads a string up to its NUL, which is left out.
    ///
    /// - Parameter limit: the longest string with its NUL, such as PATH_MAX 4096.
    /// - Throws: EFAULT when a byte before the NUL cannot be read; `tooLong` (ENAMETOOLONG) when `limit` bytes have none.
    public final func loadCString(_ address: GuestAddress, limit: Int, tooLong: Errno = .ENAMETOOLONG) throws(Errno) -> [UInt8] {
        var string: [UInt8] = []
        var at = address
        while string.count < limit {
            // Up to the end of the page first: the next one may not be there, and need not be.
            let inPage = Int(pageSize &- (at.rawValue & (pageSize - 1)))
            let want = min(inPage, min(limit - string.count, 256))
            var got = 0
            var end: Int?
            var isCut = false
            unsafe withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { room in
                let chunk = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<want])
                got = unsafe copyAtHand(at, into: chunk)
                if got == 0 {
                    got = unsafe copyIn(at, into: chunk)
                    isCut = got < want
                }
                let bytes = unsafe chunk[..<got]
                end = unsafe bytes.firstIndex(of: 0)
                unsafe string.append(contentsOf: bytes[..<(end ?? got)])
            }
            if end != nil { return string }
            if isCut { throw .EFAULT }
            at = at + got
        }
        throw tooLong
    }
}

/// Where the first NUL is, looked for eight bytes at a time.
@usableFromInline
func firstZero(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var i = 0
    while i + 8 <= bytes.count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
        // The lowest byte whose borrow was not from below is the first zero.
        let zeroes = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
        if zeroes != 0 { return i + zeroes.trailingZeroBitCount / 8 }
        i += 8
    }
    while i < bytes.count {
        if unsafe bytes[i] == 0 { return i }
        i += 1
    }
    return nil
}
