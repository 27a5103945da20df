public import LinuxABI

/// Reads many small pieces of guest memory that lie close together, each page once: copies from a process cost more by their
/// number than by their size. What the guest changes meanwhile may or may not be seen.
public struct PagewiseReader {
    private let memory: GuestMemory
    /// The page at hand; nil: none.
    private var page: UInt64?
    private var bytes: [UInt8] = []

    public init(_ memory: GuestMemory) { self.memory = memory }

    /// Gets the page of `address`.
    ///
    /// - Returns: the place of `address` in it.
    private mutating func fetch(_ address: GuestAddress) throws(Errno) -> Int {
        let inPage = address.rawValue & (pageSize - 1)
        let start = address.rawValue &- inPage
        if page != start {
            page = nil
            bytes = try memory.loadBytes(GuestAddress(start), count: Int(pageSize))
            page = start
        }
        return Int(inPage)
    }

    /// The 8 bytes at `address`.
    ///
    /// - Throws: EFAULT.
    public mutating func word(at address: GuestAddress) throws(Errno) -> UInt64 {
        var word: UInt64 = 0
        for i in 0..<8 as Range<UInt64> {
            let place = try fetch(GuestAddress(address.rawValue &+ i))
            word |= UInt64(bytes[place]) << (8 * i)
        }
        return word
    }

    /// The string at `address` up to its NUL, which is left out.
    ///
    /// - Parameter limit: the longest string with its NUL.
    /// - Throws: EFAULT when a byte before the NUL cannot be read; `tooLong` when `limit` bytes have none.
    public mutating func string(at address: GuestAddress, limit: Int, tooLong: Errno) throws(Errno) -> [UInt8] {
        var string: [UInt8] = []
        var at = address.rawValue
        while string.count < limit {
            let rest = bytes[try fetch(GuestAddress(at))...].prefix(limit - string.count)
            if let end = rest.firstIndex(of: 0) { return string + rest[..<end] }
            string += rest
            at &+= UInt64(rest.count)
        }
        throw tooLong
    }
}
