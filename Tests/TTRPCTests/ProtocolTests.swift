import HostOS
import LinuxABI
import Messages
import Testing
@testable import TTRPC

@Suite struct WireProtocol {
    @Test func bytesAreThoseOfContainerd() throws {
        let server = try RunningServer("bytes") { server in
            server.register("containerd.task.v2.Task", "Connect") { (call) throws(Status) in
                throw Status(.notFound, "container not created")
            }
        }
        let raw = try RawConnection(server.address)
        try raw.fd.fd.writeAll([0, 0, 0, 0x27, 0, 0, 0, 1, 1, 0, 0x0a, 0x17] + Array("containerd.task.v2.Task".utf8)
            + [0x12, 7] + Array("Connect".utf8) + [0x1a, 3, 0x0a, 1, 0x61])
        let frame = try #require(try raw.receive())
        #expect(frame.bytes() == [0, 0, 0, 0x1b, 0, 0, 0, 1, 2, 0, 0x0a, 0x19, 8, 5, 0x12, 0x15]
            + Array("container not created".utf8))
    }

    @Test func wrongStreamIdsAreRefused() throws {
        let server = try RunningServer("ids", echo)
        let raw = try RawConnection(server.address)
        let request = try Wire.Request(service: "test.Echo", method: "Quick").encode()
        try raw.send(Frame(stream: 3, kind: Frame.Kind.request, payload: request))
        #expect(try raw.status() == nil)
        for (stream, kind) in [(4, Frame.Kind.request), (3, Frame.Kind.request), (1, Frame.Kind.request), (9, Frame.Kind.data)] {
            try raw.send(Frame(stream: UInt32(stream), kind: kind, payload: request))
            #expect(try raw.status()?.code == 3)
        }
        try raw.send(Frame(stream: 5, kind: Frame.Kind.request, payload: [0x0a, 200]))
        #expect(try raw.status()?.code == 3)
        // An unknown kind of frame is passed over.
        try raw.send(Frame(stream: 7, kind: 77, payload: request))
        try raw.send(Frame(stream: 7, kind: Frame.Kind.request, payload: request))
        #expect(try raw.receive()?.stream == 7)
    }

    @Test func aFrameThatIsTooLongIsSkipped() throws {
        let server = try RunningServer("long", echo)
        let raw = try RawConnection(server.address)
        try raw.send(Frame(stream: 1, kind: Frame.Kind.request, payload: [UInt8](repeating: 0, count: (4 << 20) + 1)))
        let status = try #require(try raw.status())
        #expect(status.code == 8 && status.message.contains("4194305"))
        try raw.send(Frame(stream: 3, kind: Frame.Kind.request, payload: Wire.Request(service: "test.Echo", method: "Quick").encode()))
        #expect(try raw.receive()?.stream == 3)
    }

    @Test func framesArriveInAnyPieces() {
        let frames = (0..<5).map { Frame(stream: UInt32($0), kind: 1, payload: [UInt8](repeating: UInt8($0), count: $0 * 7)) }
        let bytes = frames.flatMap { $0.bytes() }
        for piece in [1, 2, 3, 7, 11, bytes.count] {
            var assembler = FrameAssembler(), seen: [[UInt8]] = []
            for start in stride(from: 0, to: bytes.count, by: piece) {
                let part = Array(bytes[start..<min(start + piece, bytes.count)])
                assembler.take(part, count: part.count) { if case .frame(let frame) = $0 { seen.append(frame.bytes()) } }
            }
            #expect(seen == frames.map { $0.bytes() })
        }
    }

    @Test func descriptorsThatNeverCameEndTheConnection() throws {
        let server = try RunningServer("claimed", echo)
        let raw = try RawConnection(server.address)
        var frame = Frame(stream: 1, kind: Frame.Kind.request)
        frame.descriptorCount = 3
        try raw.send(frame)
        #expect(try raw.receive() == nil)
        #expect(try server.client().call("test.Echo", "Echo", payload: [1]).payload == [1])
    }

    @Test func descriptorsThatNobodyClaimsEndTheConnection() throws {
        let server = try RunningServer("unclaimed", echo)
        let raw = try RawConnection(server.address)
        let bytes = Frame(stream: 1, kind: 99).bytes()
        for _ in 0..<10 {
            _ = try? raw.fd.fd.send(bytes, from: 0, descriptors: Array(repeating: raw.fd.fd, count: 31))
        }
        #expect((try? raw.receive())?.stream == nil)
    }

    @Test func aPeerThatSendsNoiseHarmsOnlyItself() throws {
        let server = try RunningServer("fuzz", echo)
        var generator = SystemRandomNumberGenerator()
        var raw = try RawConnection(server.address)
        for _ in 0..<10_000 {
            var frame = Frame(stream: UInt32.random(in: 0..<64, using: &generator),
                              kind: UInt8.random(in: 0..<5, using: &generator),
                              flags: .init(rawValue: UInt8.random(in: 0..<8, using: &generator)),
                              payload: (0..<Int.random(in: 0..<64, using: &generator)).map { _ in UInt8.random(in: 0..<128, using: &generator) })
            if Int.random(in: 0..<50, using: &generator) == 0 { frame.descriptorCount = Int.random(in: 0..<32, using: &generator) }
            do { try raw.send(frame) } catch { raw = try RawConnection(server.address) }
            // Answers are read, so that the queue is not what ends the connection.
            while try HostPoll.wait([(raw.fd.fd, .readable)], timeout: 0)[0] != [] {
                if (try? raw.receive()) == nil { raw = try RawConnection(server.address) }
            }
        }
        #expect(try server.client().call("test.Echo", "Echo", payload: [1]).payload == [1])
    }

    /// The reader never waits for the writer: a client that sends and does not read gets its answers in the end.
    @Test func aClientThatReadsLateBlocksNobody() throws {
        let server = try RunningServer("late", echo)
        let raw = try RawConnection(server.address)
        let request = try Wire.Request(service: "test.Echo", method: "Quick", payload: [UInt8](repeating: 1, count: 60_000)).encode()
        for i in 0..<200 { try raw.send(Frame(stream: UInt32(2 * i + 1), kind: Frame.Kind.request, payload: request)) }
        #expect(try server.client().call("test.Echo", "Echo", payload: [1]).payload == [1])
        for i in 0..<200 { #expect(try raw.receive()?.stream == UInt32(2 * i + 1)) }
    }

    @Test func addresses() {
        #expect(UnixAddress(ttrpc: "unix:///run/x") == .path("/run/x"))
        #expect(UnixAddress(ttrpc: "/run/x") == .path("/run/x"))
        #expect(UnixAddress(ttrpc: "@a/b") == .abstract("a/b"))
        #expect(UnixAddress(ttrpc: "a") == .abstract("a"))
        #expect(UnixAddress(ttrpc: "vsock://3:4") == nil)
        #expect(UnixAddress(ttrpc: "unix://") == nil)
        #expect(UnixAddress(ttrpc: "") == nil)
    }
}
