import FileSystems
import HostOS
import LinuxABI
import Testing
@testable import Introspection

private func text(_ build: (inout TextBuilder) -> Void) -> String {
    var builder = TextBuilder()
    build(&builder)
    return String(decoding: builder.bytes, as: UTF8.self)
}

@Suite struct Numbers {
    @Test("Decimal, hexadecimal and octal numbers are filled up on the left")
    func widths() {
        #expect(text { $0.put(7, width: 3) } == "  7")
        #expect(text { $0.put(-7, width: 4) } == "  -7")
        #expect(text { $0.put(UInt64.max) } == "18446744073709551615")
        #expect(text { $0.put(Int64.min) } == "-9223372036854775808")
        #expect(text { $0.put(hex: 0xabc, width: 5) } == "00abc")
        #expect(text { $0.put(octal: 0o22, width: 4) } == "0022")
        #expect(text { $0.putKilobytes("MemTotal", 12, column: 24) } == "MemTotal:             12 kB\n")
    }

    @Test("What would break a line of fields is escaped")
    func escapes() {
        #expect(text { $0.put(escaped: Array("a b\\\n".utf8)) } == "a\\040b\\134\\012")
    }
}

@Suite struct Processors {
    @Test("Sets as masks and lists", arguments: [
        (1, [UInt64(1)], "1", "0"), (2, [3], "3", "0-1"), (4, [0b1011], "b", "0-1,3"), (40, [UInt64(1) << 39], "80,00000000", "39"),
        (64, [UInt64.max], "ffffffff,ffffffff", "0-63"), (3, [], "0", ""),
    ])
    func sets(_ count: Int, _ set: [UInt64], _ mask: String, _ list: String) {
        #expect(ProcessorSet.mask(set, of: count) == mask)
        #expect(ProcessorSet.list(set, of: count) == list)
    }

    @Test("All processors, whatever their number", arguments: [1, 63, 64, 65, 130])
    func all(_ count: Int) {
        #expect(ProcessorSet.all(count).reduce(0) { $0 + $1.nonzeroBitCount } == count)
    }
}

@Suite struct Writes {
    @Test("Maps of ids: what user_namespaces(7) refuses", arguments: [
        "", "0", "0 0", "0 0 0", "a b c", "0 0 1 1", "0 0 4294967296", "4294967295 0 1", "4294967290 0 10", "0 0 2\n1 9 1", "0 0 1\n9 0 1",
    ])
    func badMaps(_ written: String) {
        #expect(throws: Errno.EINVAL) { try IDMaps.parse(Array(written.utf8)) }
    }

    @Test("Maps of ids: lines of three numbers")
    func maps() throws {
        let extents = try IDMaps.parse(Array("  0 1000 1\n1\t100000 65536\n".utf8))
        #expect(extents.map(\.inside) == [0, 1])
        #expect(extents.map(\.outside) == [1000, 100_000])
        #expect(throws: Errno.EINVAL) {
            try IDMaps.parse(Array((0...340).map { "\($0) \($0) 1\n" }.joined().utf8))
        }
    }

    @Test("Numbers of a sysctl are within its range, and as many as it has", arguments: [
        ("1\n", "1"), (" 0 ", "0"), ("2", nil), ("-1", nil), ("", nil), ("1 1", nil), ("x", nil), ("99999999999999999999", nil),
    ] as [(String, String?)])
    func flag(_ written: String, _ kept: String?) {
        let value = try? ControlFile.parse(Array(written.utf8), .flag)
        #expect(value.map { String(decoding: $0, as: UTF8.self) } == kept)
    }

    @Test("Several numbers are kept with tabs; text ends at its line")
    func others() throws {
        #expect(try ControlFile.parse(Array("1 2\n".utf8), .numbers(count: 2, 0...5)) == Array("1\t2".utf8))
        #expect(try ControlFile.parse(Array("core.%p\nmore".utf8), .text) == Array("core.%p".utf8))
    }
}

@Suite struct Maps {
    @Test("Lines of the host's maps, and what is none", arguments: [
        ("00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/x", true), ("7ffe-8000 rw-s 0 00:00 0", true),
        ("Rss:                 100 kB", false), ("", false), ("-", false), ("12345678901234567-2 rw-p 0", false), ("1-2", false),
    ])
    func lines(_ line: String, _ isArea: Bool) {
        #expect((HostMaps.range(Array(line.utf8)[...]) != nil) == isArea)
    }

    @Test("Permissions")
    func permissions() throws {
        let range = try #require(HostMaps.range(Array("1000-3000 rw-s 0 0:0 0".utf8)[...]))
        #expect(range.start == 0x1000 && range.end == 0x3000)
        #expect(range.permissions == HostMaps.read | HostMaps.write | HostMaps.shared)
    }
}

@Test("Random identifiers have the form of version 4")
func identifiers() {
    let id = UniqueID.random()
    #expect(id.utf8.count == 36)
    #expect(Array(id.utf8)[14] == UInt8(ascii: "4"))
    #expect("89ab".utf8.contains(Array(id.utf8)[19]))
    #expect(id != UniqueID.random())
}

@Test("The processor's flags are words of Linux's, and none that guests cannot use")
func flags() {
    let flags = Processor(since: Processor.Moment()).flags
    #expect(flags.first == "fpu")
    #expect(flags.contains("sse2") && flags.contains("lm"))
    #expect(!flags.contains("pku") && !flags.contains("monitor"))
}
