import Testing
@testable import DBus

@Suite struct DBusMessageTests {
    /// A call as dbus-send writes it: Hello, byte for byte.
    static let hello: [UInt8] = [
        0x6c, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x6d, 0x00, 0x00, 0x00,
        0x01, 0x01, 0x6f, 0x00, 0x15, 0x00, 0x00, 0x00] + Array("/org/freedesktop/DBus".utf8) + [0, 0, 0,
        0x02, 0x01, 0x73, 0x00, 0x14, 0x00, 0x00, 0x00] + Array("org.freedesktop.DBus".utf8) + [0, 0, 0, 0,
        0x03, 0x01, 0x73, 0x00, 0x05, 0x00, 0x00, 0x00] + Array("Hello".utf8) + [0, 0, 0,
        0x06, 0x01, 0x73, 0x00, 0x14, 0x00, 0x00, 0x00] + Array("org.freedesktop.DBus".utf8) + [0, 0, 0, 0]

    @Test func writesACallAsOthersDo() throws {
        var call = DBusMessage(.call)
        (call.serial, call.path, call.interface) = (1, "/org/freedesktop/DBus", "org.freedesktop.DBus")
        (call.member, call.destination) = ("Hello", "org.freedesktop.DBus")
        // Header fields may be in any order and padded at the end; the length in the header counts without that padding.
        #expect(call.bytes == Self.hello)
        #expect(try DBusMessage(parsing: Self.hello) == call)
    }

    @Test func carriesEveryType() throws {
        let values: [DBusValue] = [
            .byte(7), .boolean(true), .int32(-5), .uint32(.max), .int64(.min), .uint64(.max), .string("ä"), .objectPath("/a"),
            .signature("a(sv)"), .variant(.array(of: "y", [.byte(1), .byte(2)])), .array(of: "t", [.uint64(1)]), .array(of: "(sa(sv))", []),
            .array(of: "(sv)", [.structure([.string("MemoryMax"), .variant(.uint64(1))]), .structure([.string("Slice"), .variant(.string("x"))])]),
        ]
        let message = DBusMessage(.signal, values)
        #expect(message.signature == "ybiuxtsogvata(sa(sv))a(sv)")
        #expect(try DBusMessage(parsing: message.bytes).values() == values)
    }

    @Test func refusesWhatIsMalformed() throws {
        let whole = DBusMessage(.call, [.array(of: "(sv)", [.structure([.string("a"), .variant(.uint32(1))])]), .string("end")]).bytes
        for count in 0..<whole.count {
            #expect(throws: DBusError.self) { _ = try DBusMessage(parsing: Array(whole[..<count])).values() }
        }
        // The other byte order, another version, a kind that there is not.
        for (at, value) in [(0, UInt8(ascii: "B")), (3, 2), (1, 9), (1, 0)] {
            var bytes = whole
            bytes[at] = value
            #expect(throws: DBusError.self) { _ = try DBusMessage(parsing: bytes) }
        }
        #expect(throws: DBusError.self) { _ = try DBusMessage.length(ofPrefix: [0x6c, 2, 0, 1] + [255, 255, 255, 255] + Array(repeating: 0, count: 8)) }
    }

    /// Bytes that somebody has changed give an error or values, and nothing else.
    @Test func outlivesRandomChanges() {
        let whole = DBusMessage(.reply, [.array(of: "(sv)", [.structure([.string("a"), .variant(.array(of: "s", [.string("b")]))])]),
                                         .variant(.variant(.uint64(5))), .array(of: "ay", [.array(of: "y", [])])]).bytes
        var seed: UInt64 = 1
        func random(_ below: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % below
        }
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
            _ = try? DBusMessage(parsing: bytes).values()
        }
    }

    @Test func refusesSignaturesWithoutEnd() {
        for signature in ["a", "(", "(s", "()", "aaaa", "z", String(repeating: "a", count: 100) + "y", String(repeating: "(", count: 100)] {
            var decoder = DBusDecoder(Array(repeating: 0, count: 64))
            #expect(throws: DBusError.self) { _ = try decoder.values(signature) }
        }
    }
}
