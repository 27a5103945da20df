/// The shared object that every program finds in its memory (vdso(7)): functions that ask for the time without a system
/// call. Ours lead on to those of the host, which the stub has mapped beyond the guest's memory.
///
/// The image is one page-aligned segment, made here: ELF header, program headers, dynamic section, symbols with version
/// LINUX_2.6, hash table, and for each symbol a jump. Behind that first page follow the host's own image's bytes: a thread
/// that stands in the host's is shown to its program at the same place of that copy (`AddressSpace.mirrorVDSO`), where
/// the instructions are the same and unwinding finds what it needs.
struct VDSOImage {
    /// The functions that a guest may find, by the name that Linux gives them.
    static let functions = ["__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time", "__vdso_getcpu",
                            "__vdso_clock_getres"]

    let bytes: [UInt8]
    /// What lies in front of the copy.
    static let mirrorOffset: UInt64 = 4096

    /// - Parameters:
    ///   - targets: for each function that there is, its address.
    ///   - mirror: the host's image.
    ///   - frames: where it has what unwinding looks for (PT_GNU_EH_FRAME), if it has.
    init(_ targets: [(name: String, address: UInt64)], mirror: [UInt8] = [], frames: Range<UInt64>? = nil) {
        var image = Writer()
        let symbolCount = targets.count + 1
        let headerCount: UInt64 = frames == nil ? 2 : 3
        let headersSize: UInt64 = 64 + headerCount * 56
        let dynamic = headersSize
        let dynamicSize: UInt64 = 10 * 16
        let symbols = dynamic + dynamicSize
        let versions = symbols + UInt64(symbolCount) * 24
        let hash = (versions + UInt64(symbolCount) * 2 + 7) & ~7
        let hashSize = UInt64(2 + 1 + symbolCount) * 4
        let definitions = (hash + hashSize + 7) & ~7
        let definitionsSize: UInt64 = 2 * 28
        let strings = definitions + definitionsSize
        var names: [UInt8] = [0]
        func add(_ name: String) -> UInt64 {
            let at = UInt64(names.count)
            names += Array(name.utf8) + [0]
            return at
        }
        let soname = add("linux-vdso.so.1")
        let version = add("LINUX_2.6")
        let nameOffsets = targets.map { add($0.name) }
        let code = (strings + UInt64(names.count) + 15) & ~15
        let bodies = targets.map { Self.body($0.name, $0.address) }
        let end = mirror.isEmpty ? code + bodies.reduce(0) { $0 + UInt64($1.count) } : Self.mirrorOffset + UInt64(mirror.count)

        // ELF header: 64 bits, little endian, System V; ET_DYN for x86-64.
        image.append([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        image.append(3, 2); image.append(62, 2); image.append(1, 4)
        image.append(0, 8); image.append(64, 8); image.append(0, 8)
        image.append(0, 4); image.append(64, 2); image.append(56, 2); image.append(headerCount, 2)
        image.append(64, 2); image.append(0, 2); image.append(0, 2)
        // PT_LOAD, readable and executable; PT_DYNAMIC; PT_GNU_EH_FRAME.
        image.append(1, 4); image.append(5, 4)
        for value in [0, 0, 0, end, end, 4096] { image.append(value, 8) }
        image.append(2, 4); image.append(4, 4)
        for value in [dynamic, dynamic, dynamic, dynamicSize, dynamicSize, 8] { image.append(value, 8) }
        if let frames {
            image.append(0x6474_e550, 4); image.append(4, 4)
            let (place, size) = (Self.mirrorOffset + frames.lowerBound, frames.upperBound - frames.lowerBound)
            for value in [place, place, place, size, size, 4] { image.append(value, 8) }
        }
        // DT_SONAME, HASH, STRTAB, SYMTAB, STRSZ, SYMENT, VERSYM, VERDEF, VERDEFNUM, NULL.
        for (tag, value) in [(14, soname), (4, hash), (5, strings), (6, symbols), (10, UInt64(names.count)), (11, 24),
                             (0x6fff_fff0, versions), (0x6fff_fffc, definitions), (0x6fff_fffd, 2), (0, 0)] as [(UInt64, UInt64)] {
            image.append(tag, 8)
            image.append(value, 8)
        }
        // Symbols: the null one, then global functions.
        image.append([UInt8](repeating: 0, count: 24))
        var place = code
        for (name, body) in zip(nameOffsets, bodies) {
            image.append(name, 4)
            image.append([0x12, 0])
            image.append(1, 2)
            image.append(place, 8)
            image.append(UInt64(body.count), 8)
            place += UInt64(body.count)
        }
        // Versions: local for the null symbol, 2 is LINUX_2.6.
        image.append(0, 2)
        for _ in targets { image.append(2, 2) }
        image.pad(to: hash)
        // One bucket: all symbols in one chain.
        image.append(1, 4)
        image.append(UInt64(symbolCount), 4)
        image.append(targets.isEmpty ? 0 : 1, 4)
        image.append(0, 4)
        for index in targets.indices { image.append(index + 2 < symbolCount ? UInt64(index + 2) : 0, 4) }
        image.pad(to: definitions)
        // Version definitions: the base (the object's own name), then LINUX_2.6.
        image.append(Self.definition(flags: 1, index: 1, name: "linux-vdso.so.1", next: 28))
        image.append(soname, 4); image.append(0, 4)
        image.append(Self.definition(flags: 0, index: 2, name: "LINUX_2.6", next: 0))
        image.append(version, 4); image.append(0, 4)
        image.append(names)
        image.pad(to: code)
        for body in bodies { image.append(body) }
        if !mirror.isEmpty {
            precondition(UInt64(image.bytes.count) <= Self.mirrorOffset)
            image.pad(to: Self.mirrorOffset)
            image.append(mirror)
        }
        bytes = image.bytes
    }

    /// The clocks that the host's function reads without a system call: REALTIME, MONOTONIC, MONOTONIC_RAW, both COARSE,
    /// BOOTTIME, TAI.
    private static let clocks: UInt64 = 0x8f3

    /// A function's instructions, a multiple of 16 bytes.
    private static func body(_ name: String, _ address: UInt64) -> [UInt8] {
        var code = Writer()
        // mov $number, %eax; syscall; ret: in a place that can be rewritten.
        func call(_ number: UInt64) {
            code.append([0xb8])
            code.append(number, 4)
            code.append([0x0f, 0x05, 0xc3])
        }
        switch name {
        case "__vdso_getcpu":
            // The host's would tell of the host's processors.
            call(309)
        case "__vdso_clock_gettime":
            // mov $clocks, %eax; cmp $16, %edi; jae 1f; bt %edi, %eax; jae 1f; movabs $address, %rax; jmp *%rax; 1:
            code.append([0xb8])
            code.append(clocks, 4)
            code.append([0x83, 0xff, 0x10, 0x73, 0x11, 0x0f, 0xa3, 0xf8, 0x73, 0x0c, 0x48, 0xb8])
            code.append(address, 8)
            code.append([0xff, 0xe0])
            call(228)
        default:
            // movabs $address, %rax; jmp *%rax
            code.append([0x48, 0xb8])
            code.append(address, 8)
            code.append([0xff, 0xe0])
        }
        while code.bytes.count % 16 != 0 { code.append([0xcc]) }
        return code.bytes
    }

    /// struct Elf64_Verdef, with one auxiliary entry right behind it.
    private static func definition(flags: UInt64, index: UInt64, name: String, next: UInt64) -> [UInt8] {
        var entry = Writer()
        entry.append(1, 2); entry.append(flags, 2); entry.append(index, 2); entry.append(1, 2)
        entry.append(UInt64(hash(name)), 4)
        entry.append(20, 4)
        entry.append(next, 4)
        return entry.bytes
    }

    /// The ELF hash of a name.
    static func hash(_ name: String) -> UInt32 {
        var h: UInt32 = 0
        for byte in name.utf8 {
            h = (h << 4) &+ UInt32(byte)
            let high = h & 0xf000_0000
            h = (h ^ (high >> 24)) & ~high
        }
        return h
    }

    private struct Writer {
        var bytes: [UInt8] = []

        mutating func append(_ new: [UInt8]) { bytes += new }
        mutating func append(_ value: UInt64, _ size: Int) {
            for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
        }
        mutating func pad(to size: UInt64) {
            while UInt64(bytes.count) < size { bytes.append(0) }
        }
    }
}
