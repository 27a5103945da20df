/// The shared object that every program finds in its memory (vdso(7)): functions that ask for the time without a system
/// call. Ours lead on to those of the host, which the stub has mapped beyond the guest's memory.
///
/// The image is one page-aligned segment, made here: ELF header, program headers, dynamic section, symbols with version
/// LINUX_2.6, hash table, and for each symbol a jump.
struct VDSOImage {
    /// The functions that a guest may find, by the name that Linux gives them.
    static let functions = ["__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time", "__vdso_getcpu",
                            "__vdso_clock_getres"]

    let bytes: [UInt8]

    /// - Parameter targets: for each function that there is, its address.
    init(_ targets: [(name: String, address: UInt64)]) {
        var image = Writer()
        let symbolCount = targets.count + 1
        let headersSize: UInt64 = 64 + 2 * 56
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
        let end = code + UInt64(targets.count) * 16

        // ELF header: 64 bits, little endian, System V; ET_DYN for x86-64.
        image.append([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        image.append(3, 2); image.append(62, 2); image.append(1, 4)
        image.append(0, 8); image.append(64, 8); image.append(0, 8)
        image.append(0, 4); image.append(64, 2); image.append(56, 2); image.append(2, 2)
        image.append(64, 2); image.append(0, 2); image.append(0, 2)
        // PT_LOAD, readable and executable; PT_DYNAMIC.
        image.append(1, 4); image.append(5, 4)
        for value in [0, 0, 0, end, end, 4096] { image.append(value, 8) }
        image.append(2, 4); image.append(4, 4)
        for value in [dynamic, dynamic, dynamic, dynamicSize, dynamicSize, 8] { image.append(value, 8) }
        // DT_SONAME, HASH, STRTAB, SYMTAB, STRSZ, SYMENT, VERSYM, VERDEF, VERDEFNUM, NULL.
        for (tag, value) in [(14, soname), (4, hash), (5, strings), (6, symbols), (10, UInt64(names.count)), (11, 24),
                             (0x6fff_fff0, versions), (0x6fff_fffc, definitions), (0x6fff_fffd, 2), (0, 0)] as [(UInt64, UInt64)] {
            image.append(tag, 8)
            image.append(value, 8)
        }
        // Symbols: the null one, then global functions.
        image.append([UInt8](repeating: 0, count: 24))
        for (index, name) in nameOffsets.enumerated() {
            image.append(name, 4)
            image.append([0x12, 0])
            image.append(1, 2)
            image.append(code + UInt64(index) * 16, 8)
            image.append(12, 8)
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
        for target in targets {
            // movabs $address, %rax; jmp *%rax
            image.append([0x48, 0xb8])
            image.append(target.address, 8)
            image.append([0xff, 0xe0, 0xcc, 0xcc, 0xcc, 0xcc])
        }
        bytes = image.bytes
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
