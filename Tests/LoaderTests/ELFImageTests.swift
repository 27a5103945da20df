import HostOS
import LinuxABI
import Testing
@testable import Loader

/// Headers of a program, with one thing wrong at a time.
private struct Program {
    var header = [UInt8](repeating: 0, count: 64)
    var table: [UInt8] = []

    init(type: UInt64 = 3) {
        header.replaceSubrange(0..<7, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
        put(type, 2, at: 16)
        put(62, 2, at: 18)
        put(0x1040, 8, at: 24)
        put(64, 8, at: 32)
        put(56, 2, at: 54)
    }

    mutating func put(_ value: UInt64, _ size: Int, at offset: Int) {
        for i in 0..<size { header[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i)) }
    }

    mutating func add(type: UInt64 = 1, flags: UInt64 = 5, offset: UInt64 = 0, address: UInt64, file: UInt64, memory: UInt64,
                      align: UInt64 = 4096) {
        for (value, size) in [(type, 4), (flags, 4), (offset, 8), (address, 8), (address, 8), (file, 8), (memory, 8), (align, 8)] {
            for i in 0..<size { table.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i))) }
        }
        put(UInt64(table.count / 56), 2, at: 56)
    }

    func parse() throws -> ELFImage {
        try ELFImage(header: header, limit: 0x7e00_0000_0000) { (offset, count) throws(Errno) in
            guard offset == 64 else { return [] }
            return Array(table.prefix(count))
        }
    }
}

@Suite struct ELFImageTests {
    @Test func anOrdinaryProgramIsRead() throws {
        var p = Program()
        p.add(address: 0, file: 0x800, memory: 0x800)
        p.add(flags: 6, offset: 0xdf0, address: 0x3df0, file: 0x220, memory: 0x9000)
        let image = try p.parse()
        #expect(image.isRelocatable && image.segments.count == 2 && image.headersAddress == 64)
        #expect(image.range.start == 0 && image.range.end == 0xcdf0)
        #expect(image.segments[1].protection == 3)
    }

    @Test func hostileNumbersAreRefused() {
        let cases: [(inout Program) -> Void] = [
            { _ in },                                                                  // no segment
            { $0.add(address: 0, file: 0x900, memory: 0x800) },                        // more file than memory
            { $0.add(address: .max - 4095, file: 0, memory: 8192) },                   // wraps
            { $0.add(address: 0, file: 0, memory: .max) },
            { $0.add(offset: 5, address: 0, file: 1, memory: 1) },                     // not congruent
            { $0.add(offset: .max & ~0xfff, address: 0, file: 1, memory: 1) },
            { $0.add(address: 0x7dff_ffff_f000, file: 1, memory: 0x2000) },            // leaves the address space
            { $0.add(address: 0x2000, file: 1, memory: 1); $0.add(address: 0x1000, file: 1, memory: 1) },
            { $0.add(type: 3, address: 0, file: 1, memory: 1); $0.add(address: 0, file: 1, memory: 1) },
            { $0.add(type: 3, address: 0, file: .max, memory: 1); $0.add(address: 0, file: 1, memory: 1) },
            { $0.add(address: 0, file: 1, memory: 1); $0.put(2000, 2, at: 56) },       // table beyond the file
            { $0.add(address: 0, file: 1, memory: 1); $0.put(.max, 8, at: 32) },
            { $0.add(address: 0, file: 1, memory: 1); $0.put(32, 2, at: 54) },
            { $0.add(address: 0, file: 1, memory: 1); $0.put(3, 2, at: 18) },
            { $0.add(address: 0, file: 1, memory: 1); $0.put(4, 2, at: 16) },
            { $0.add(address: 0, file: 1, memory: 1); $0.header.removeLast() },
            { $0.header = [] },
        ]
        for change in cases {
            var p = Program()
            change(&p)
            #expect(throws: Errno.ENOEXEC) { try p.parse() }
        }
    }

    @Test func twoInterpretersAreInvalid() {
        var p = Program()
        p.add(type: 3, address: 0, file: 10, memory: 10)
        p.add(type: 3, address: 0, file: 10, memory: 10)
        #expect(throws: Errno.EINVAL) { try p.parse() }
    }

    @Test func scriptsNameTheirInterpreter() throws {
        func line(_ text: String) throws -> (String, String?) {
            let s = try ScriptLine(Array(text.utf8))
            return (String(decoding: s.interpreter, as: UTF8.self), s.argument.map { String(decoding: $0, as: UTF8.self) })
        }
        #expect(try line("#!/bin/sh\necho") == ("/bin/sh", nil))
        #expect(try line("#! /bin/awk -f  x \t\n") == ("/bin/awk", "-f  x"))
        #expect(try line("#!/bin/sh") == ("/bin/sh", nil))
        #expect(throws: Errno.ENOEXEC) { try line("#!\n") }
        #expect(throws: Errno.ENOEXEC) { try line("#!   \n") }
        #expect(throws: Errno.ENOEXEC) { try line("#!/" + String(repeating: "x", count: 300)) }
    }

    @Test func theStackIsLaidOutAsLinuxDoes() {
        let strings = ProgramStrings(arguments: [Array("a".utf8), Array("bc".utf8)], environment: [Array("X=1".utf8)])
        let stack = InitialStack(top: 0x10000, strings: strings, fileName: Array("/bin/a".utf8), values: [(6, 4096)],
                                 random: [UInt8](repeating: 7, count: 16))
        #expect(stack.stackPointer % 16 == 0)
        #expect(0x10000 - (stack.stackPointer + UInt64(stack.bytes.count)) < 16)
        func word(_ index: Int) -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(stack.bytes[index * 8 + $1]) << UInt64(8 * $1) } }
        func string(_ address: UInt64) -> String {
            let at = Int(address - stack.stackPointer)
            return String(decoding: stack.bytes[at...].prefix { $0 != 0 }, as: UTF8.self)
        }
        #expect(word(0) == 2 && string(word(1)) == "a" && string(word(2)) == "bc" && word(3) == 0)
        #expect(string(word(4)) == "X=1" && word(5) == 0)
        #expect(word(6) == 6 && word(7) == 4096 && word(8) == 25)
        #expect(stack.auxiliaryVector.suffix(2) == [0, 0])
    }

    @Test func theVDSOHasItsSymbols() throws {
        let image = VDSOImage([("__vdso_time", 0x1234_5678_9abc), ("__vdso_getcpu", 0x1000)])
        #expect(ELFImage.isELF(image.bytes) && image.bytes.count <= 4096)
        let elf = try ELFImage(header: Array(image.bytes.prefix(64)), limit: 1 << 46) { (offset, count) throws(Errno) in
            Array(image.bytes[Int(offset)..<(Int(offset) + count)])
        }
        #expect(elf.segments.count == 1 && elf.segments[0].protection == 5)
        let symbols = try ELFSymbols(image.bytes).addresses
        #expect(symbols.keys.sorted { $0.count < $1.count } == [Array("__vdso_time".utf8), Array("__vdso_getcpu".utf8)])
        // movabs $address, %rax
        let code = Int(symbols[Array("__vdso_time".utf8)] ?? 0)
        #expect(Array(image.bytes[code..<(code + 10)]) == [0x48, 0xb8, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0])
    }

    @Test func theHostsVDSOHasAClock() throws {
        #expect(try ELFSymbols(HostAuxiliaryVector.vdso).addresses[Array("__vdso_clock_gettime".utf8)] != nil)
    }
}
