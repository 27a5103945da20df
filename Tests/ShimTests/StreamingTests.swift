import HostOS
import LinuxABI
import Messages
@testable import Shim
import Testing
import TTRPC

/// What containerd is towards the streaming service: takes and brings bytes by calls.
private struct StreamingClient {
    let stream: ClientStream

    init(stream: ClientStream) { self.stream = stream }

    init(_ client: Client, _ id: String) throws {
        stream = try client.stream("containerd.services.streaming.v1.Streaming", "Stream")
        try send("containerd.services.streaming.v1.StreamInit", StreamingAPI.StreamInit(id: id))
        // The acknowledgement.
        _ = stream.receive()
    }

    func send(_ type: String, _ message: some Message) throws { try stream.send(Proto.AnyMessage(type, message).encode()) }

    func allow(_ count: Int32) throws { try send("containerd.types.transfer.WindowUpdate", StreamingAPI.WindowUpdate(update: count)) }

    func write(_ text: String) throws { try send("containerd.types.transfer.Data", StreamingAPI.Data(data: Array(text.utf8))) }

    func next() throws -> Proto.AnyMessage? { try stream.receive().map { try Proto.AnyMessage.decode($0) } }

    /// The bytes of the next message; nil at the stream's end.
    func read() throws -> [UInt8]? {
        guard let any = try next() else { return nil }
        #expect(any.typeName == "containerd.types.transfer.Data")
        return try StreamingAPI.Data.decode(any.value).data
    }
}

@Suite struct Streaming {
    private let f: Fixture

    init() throws { f = try Fixture() }

    private func uri(_ id: String) -> String { "ttrpc+unix:///run/shim.sock?streaming_id=\(id)" }

    /// A process whose standard streams are calls; the fake kernel's ends of them.
    private func streams(_ id: String, stdin: Bool = false) throws -> ProcessStreams {
        let stdio = Events.TaskIO(stdin: stdin ? uri("\(id)-stdin") : "", stdout: uri("\(id)-stdout"), stderr: "")
        let set = try StreamSet(stdio, f.pod.streaming)
        let given = set.forSentry
        let kept = ProcessStreams(input: try given.input?.duplicate(), output: try given.output?.duplicate())
        set.handedOver()
        return kept
    }

    @Test func namesAreTakenFromURIs() {
        #expect(StreamURI.id("ttrpc+unix:///run/s?streaming_id=a-stdout") == "a-stdout")
        #expect(StreamURI.id("ttrpc+unix:///run/s?x=y&streaming_id=a") == "a")
        for other in ["", "/run/fifo", "ttrpc+unix:///run/s", "ttrpc+unix:///run/s?streaming_id=", "binary:///a?streaming_id=b"] {
            #expect(StreamURI.id(other) == nil)
        }
    }

    @Test func outputGoesAsFarAsItMay() throws {
        let call = try StreamingClient(f.client, "a-stdout")
        let process = try streams("a")
        let output = try #require(process.output)
        try output.writeAll(Array("hello, world".utf8))
        try call.allow(5)
        #expect(try call.read() == Array("hello".utf8))
        try call.allow(1000)
        #expect(try call.read() == Array(", world".utf8))
        output.close()
        #expect(try call.read() == nil)
        _ = try call.stream.finish()
    }

    @Test func outputWaitsForTheNextCall() throws {
        let process = try streams("b")
        let output = try #require(process.output)
        do {
            // Of a containerd that goes away: what it has not allowed stays.
            let gone = try Client(f.address), call = try StreamingClient(gone, "b-stdout")
            try call.allow(3)
            try output.writeAll(Array("abcdef".utf8))
            #expect(try call.read() == Array("abc".utf8))
        }
        var call: StreamingClient?
        // The first call ends when the shim sees the end of its connection.
        while call == nil {
            let new = try f.client.stream("containerd.services.streaming.v1.Streaming", "Stream")
            try new.send(Proto.AnyMessage("StreamInit", StreamingAPI.StreamInit(id: "b-stdout")).encode())
            if new.receive() != nil { call = StreamingClient(stream: new) }
        }
        try call?.allow(100)
        output.close()
        #expect(try call?.read() == Array("def".utf8))
        #expect(try call?.read() == nil)
    }

    @Test func inputComesAndEnds() throws {
        let process = try streams("c", stdin: true)
        let input = try #require(process.input)
        let call = try StreamingClient(f.client, "c-stdin")
        let first = try #require(try call.next())
        #expect(try StreamingAPI.WindowUpdate.decode(first.value).update > 0)
        try call.write("some")
        try call.write(" input")
        try call.stream.closeSend()
        #expect(try input.readAll(limit: 100) == Array("some input".utf8))
        input.close()
        process.output?.close()
    }

    @Test func inputOfAProcessThatHasEnded() throws {
        let process = try streams("d", stdin: true)
        let call = try StreamingClient(f.client, "d-stdin")
        _ = try call.next()
        process.input?.close()
        process.output?.close()
        // The call ends though the client has not.
        #expect(try call.next() == nil)
    }

    @Test func whatIsNoStreamIsRefused() throws {
        let call = try f.client.stream("containerd.services.streaming.v1.Streaming", "Stream")
        try call.send([1, 2, 3])
        #expect(throws: Status.self) { try call.finish() }
        let process = try streams("e")
        #expect(throws: StreamError.self) { try streams("e") }
        process.output?.close()
    }
}

@Suite struct Records {
    @Test func theEndOfAContainerIsKeptForDelete() throws {
        let f = try Fixture()
        let container = try f.create()
        try f.start()
        #expect(ExitRecord.read(bundle: f.bundle) == nil)
        container.end("", 7)
        _ = try f.wait()
        #expect(ExitRecord.read(bundle: f.bundle) == ProcessExit(status: 7, at: 1_000_000_000))
    }
}
