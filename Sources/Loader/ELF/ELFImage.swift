import LinuxABI

/// What exec needs of an ELF file: its headers, every number of which is the file's claim and has been checked here.
struct ELFImage {
    /// One PT_LOAD.
    struct Segment {
        var offset: UInt64
        var address: UInt64
        var fileSize: UInt64
        var memorySize: UInt64
        /// PROT_* bits.
        var protection: UInt64

        var end: UInt64 { address &+ memorySize }
    }

    /// ET_DYN: it can lie anywhere.
    var isRelocatable: Bool
    var entry: UInt64
    var segments: [Segment]
    /// Where the path of the interpreter lies in the file.
    var interpreter: (offset: UInt64, size: UInt64)?
    /// p_vaddr of the program headers, when a segment brings them into memory.
    var headersAddress: UInt64
    var headerCount: UInt64
    /// PT_GNU_STACK asks for an executable stack.
    var executableStack: Bool
    /// The largest alignment that a segment asks for: a power of two, at least a page.
    var alignment: UInt64

    /// From the first page of the lowest segment to the last of the highest.
    var range: (start: UInt64, end: UInt64) {
        let start = (segments.first?.address ?? 0) & ~0xfff
        return (start, segments.reduce(start) { max($0, $1.end) })
    }

    static let headerSize = 64
    private static let programHeaderSize = 56
    private static let ET_EXEC: UInt64 = 2
    private static let ET_DYN: UInt64 = 3

    /// Whether a file's beginning says that it is ELF.
    static func isELF(_ start: [UInt8]) -> Bool { start.starts(with: [0x7f, 0x45, 0x4c, 0x46]) }

    /// - Parameters:
    ///   - header: the file's first 64 bytes.
    ///   - limit: the end of the address space.
    ///   - read: gives bytes of the file; fewer at its end.
    /// - Throws: ENOEXEC for anything that Linux would not run either; errors of `read`.
    init(header: [UInt8], limit: UInt64, read: (_ offset: UInt64, _ count: Int) throws(Errno) -> [UInt8]) throws(Errno) {
        let h = ByteFields(header)
        guard header.count >= Self.headerSize, Self.isELF(header),
              header[4] == 2, header[5] == 1,                       // 64 bits, little endian
              try h.uint(18, 2) == 62, try h.uint(54, 2) == UInt64(Self.programHeaderSize) else { throw .ENOEXEC }
        let type = try h.uint(16, 2)
        guard type == Self.ET_EXEC || type == Self.ET_DYN else { throw .ENOEXEC }
        isRelocatable = type == Self.ET_DYN
        entry = try h.uint(24, 8)
        let tableOffset = try h.uint(32, 8)
        headerCount = try h.uint(56, 2)
        let tableSize = Int(headerCount) * Self.programHeaderSize
        guard headerCount > 0, tableSize <= 65536 else { throw .ENOEXEC }
        let bytes = try read(tableOffset, tableSize)
        guard bytes.count == tableSize else { throw .ENOEXEC }
        let table = ByteFields(bytes)

        segments = []
        executableStack = false
        headersAddress = 0
        alignment = 4096
        for index in 0..<Int(headerCount) {
            let at = index * Self.programHeaderSize
            let flags = try table.uint(at + 4, 4)
            let offset = try table.uint(at + 8, 8)
            let address = try table.uint(at + 16, 8)
            let fileSize = try table.uint(at + 32, 8)
            switch try table.uint(at, 4) {
            case 1:
                let memorySize = try table.uint(at + 40, 8)
                let align = try table.uint(at + 48, 8)
                if memorySize == 0 { continue }
                guard fileSize <= memorySize, memorySize <= limit, address < limit, address &+ memorySize <= limit,
                      address & 0xfff == offset & 0xfff, offset <= UInt64(Int64.max) - memorySize else { throw .ENOEXEC }
                if let last = segments.last, address < last.address { throw .ENOEXEC }
                if align.nonzeroBitCount == 1, align > alignment, align <= 1 << 30 { alignment = align }
                segments.append(Segment(offset: offset, address: address, fileSize: fileSize, memorySize: memorySize,
                                        protection: Self.protection(flags)))
            case 3:
                if interpreter != nil { throw .EINVAL }
                guard fileSize >= 2, fileSize <= 4096 else { throw .ENOEXEC }
                if offset > UInt64(Int64.max) - fileSize { throw .EINVAL }
                interpreter = (offset, fileSize)
            case 0x6474_e551:
                executableStack = flags & 1 != 0
            default: break
            }
        }
        guard !segments.isEmpty else { throw .ENOEXEC }
        for segment in segments where tableOffset >= segment.offset
            && tableOffset &- segment.offset < segment.fileSize {
            headersAddress = segment.address &+ (tableOffset &- segment.offset)
            break
        }
    }

    /// PF_X 1, PF_W 2, PF_R 4 as PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4.
    private static func protection(_ flags: UInt64) -> UInt64 {
        (flags & 4 != 0 ? 1 : 0) | (flags & 2 != 0 ? 2 : 0) | (flags & 1 != 0 ? 4 : 0)
    }
}

/// Little-endian numbers in bytes of unknown origin.
struct ByteFields {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The number of `size` bytes at `offset`.
    ///
    /// - Throws: ENOEXEC beyond the end.
    func uint(_ offset: Int, _ size: Int) throws(Errno) -> UInt64 {
        guard offset >= 0, size <= 8, offset <= bytes.count - size else { throw .ENOEXEC }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return value
    }
}
