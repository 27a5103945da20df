internal import CStub
import HostOS
import LinuxABI

/// The executable that stub processes run: a static ELF file with our code at a fixed address, in a memory file.
enum StubImage {
    /// Makes the file. The caller closes it.
    static func create() throws(Errno) -> HostFD {
        let text = unsafe UnsafeRawBufferPointer(start: stub_text_start(), count: stub_text_length())
        let name: StaticString = "cloister-stub"
        // MFD_CLOEXEC | MFD_ALLOW_SEALING
        let fd = HostFD(rawValue: Int32(try unsafe hostCall(.memfd_create, Int(name.utf8Start), 3)))
        do throws(Errno) {
            // What lies between stays a hole, which takes no memory.
            try unsafe header(textLength: text.count).withBytes { (b) throws(Errno) in try unsafe put(b, into: fd, at: 0) }
            try unsafe parameters(textLength: text.count).withBytes { (b) throws(Errno) in
                try unsafe put(b, into: fd, at: Int64(STUB_DATA_OFFSET))
            }
            try unsafe put(text, into: fd, at: Int64(STUB_TEXT_OFFSET))
            // F_ADD_SEALS: nothing can be changed any more.
            try hostCall(.fcntl, fd.argument, 1033, 0xf)
        } catch {
            fd.close()
            throw error
        }
        return fd
    }

    private static func put(_ bytes: UnsafeRawBufferPointer, into fd: HostFD, at offset: Int64) throws(Errno) {
        if try unsafe fd.pwrite(bytes, at: offset) != bytes.count { throw .ENOSPC }
    }

    /// struct stub_parameters, and behind it the filter's program.
    /// The marshalling table's words of 16 bits go by four.
    private static func parameters(textLength: Int) -> [UInt64] {
        let program = StubFilter.program()
        let closers = [STUB_CLOSE_MEMORY, STUB_CLOSE_FUTEXES, STUB_CLOSE_ALL].map(StubFilter.closer)
        let size = UInt64(MemoryLayout<CStub.stub_parameters>.size)
        let all = closers.reduce(program, +)
        precondition(program.count <= 4096 && Int(size) + 8 * all.count <= Int(STUB_TEXT_OFFSET - STUB_DATA_OFFSET))
        var place = StubLayout.imageBase + UInt64(STUB_DATA_OFFSET) + size
        var filters: [UInt64] = []
        for one in [program] + closers {
            filters += [UInt64(one.count), place]
            place += 8 * UInt64(one.count)
        }
        let table = MarshalTable.words()
        let words = stride(from: 0, to: table.count, by: 4).map { at in
            (0..<4).reduce(UInt64(0)) { $0 | UInt64(table[at + $1]) << UInt64(16 * $1) }
        }
        precondition(Int(size) == 8 * (1 + filters.count + words.count))
        return [UInt64(textLength)] + filters + words + all
    }

    /// The ELF header and three program headers: read-only data, text, and a stack that is not executable.
    private static func header(textLength: Int) -> [UInt64] {
        func segment(type: UInt64, flags: UInt64, offset: UInt64, size: UInt64) -> [UInt64] {
            let address = type == 1 ? StubLayout.imageBase + offset : 0
            return [type | flags << 32, offset, address, address, size, size, 4096]
        }
        return [
            0x0001_0102_464c_457f, 0,               // 64 bits, little endian, version 1
            2 | 62 << 16 | 1 << 32,                 // ET_EXEC, EM_X86_64
            StubLayout.entry, 64, 0,                // entry, program headers, no sections
            0 | 64 << 32 | 56 << 48, 3,             // sizes of headers, their count
        ] + segment(type: 1, flags: 4, offset: 0, size: UInt64(STUB_TEXT_OFFSET))
          + segment(type: 1, flags: 5, offset: UInt64(STUB_TEXT_OFFSET), size: UInt64(textLength))
          + segment(type: 0x6474_e551, flags: 6, offset: 0, size: 0)
    }
}
