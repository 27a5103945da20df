import HostOS
import LinuxABI
import Messages
import Synchronization
import Testing
@testable import TTRPC

@Suite struct Calls {
    @Test func aCallIsAnswered() throws {
        let server = try RunningServer("echo", echo)
        let client = try server.client()
        #expect(try client.call("test.Echo", "Echo", payload: [1, 2, 3]).payload == [1, 2, 3])
        #expect(try client.call("test.Echo", "Quick", payload: []).payload == [])
    }

    @Test func theLargestMessagesPass() throws {
        let server = try RunningServer("large", echo)
        let client = try server.client()
        let large = [UInt8](repeating: 7, count: (4 << 20) - 100)
        #expect(try client.call("test.Echo", "Echo", payload: large).payload == large)
        #expect(throws: Status.self) { try client.call("test.Echo", "Echo", payload: [UInt8](repeating: 0, count: 4 << 20)) }
        #expect(try client.call("test.Echo", "Echo", payload: [1]).payload == [1])
    }

    @Test func anAnswerThatIsTooLargeIsAnError() throws {
        let server = try RunningServer("answer") { server in
            server.register("test.Echo", "Grow") { _ in Reply([UInt8](repeating: 0, count: 5 << 20)) }
        }
        let client = try server.client()
        let error = #expect(throws: Status.self) { try client.call("test.Echo", "Grow") }
        #expect(error?.code == .resourceExhausted)
    }

    @Test func errorsKeepCodeAndText() throws {
        let server = try RunningServer("errors") { server in
            server.register("test.Echo", "Fail") { (call) throws(Status) in throw Status(.notFound, "container x not found") }
        }
        let client = try server.client()
        #expect(throws: Status(.notFound, "container x not found")) { try client.call("test.Echo", "Fail") }
        #expect(throws: Status(.unimplemented, "method Other")) { try client.call("test.Echo", "Other") }
        #expect(throws: Status(.unimplemented, "service test.Other")) { try client.call("test.Other", "Echo") }
    }

    @Test func manyCallsAtOnceOnOneConnection() throws {
        let server = try RunningServer("many", echo)
        let client = try server.client()
        let left = Atomic<Int>(16)
        let wrong = Atomic<Int>(0)
        try withThreads(16) { thread in
            for i in 0..<200 {
                let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: i ^ thread), count: (i * 37) % 3000)
                if (try? client.call("test.Echo", i % 2 == 0 ? "Echo" : "Quick", payload: payload))?.payload != payload {
                    wrong.wrappingAdd(1, ordering: .relaxed)
                }
            }
            left.wrappingSubtract(1, ordering: .relaxed)
        }
        #expect(left.load(ordering: .relaxed) == 0 && wrong.load(ordering: .relaxed) == 0)
    }

    /// A handler that keeps its call holds no thread, and blocks nobody.
    @Test func aThousandWaitsAreAnsweredLater() throws {
        let kept = Kept()
        let server = try RunningServer("waits") { server in
            echo(server)
            server.register("test.Echo", "Wait", quick: true) { call in
                kept.add(call)
                return nil
            }
        }
        let client = try server.client()
        let answered = Atomic<Int>(0)
        let all = HostThreadFlag()
        for _ in 0..<1000 {
            try client.start("test.Echo", "Wait") { result in
                guard case .success(let answer) = result, answer.payload == [9] else { return }
                if answered.wrappingAdd(1, ordering: .relaxed).newValue == 1000 { all.set() }
            }
        }
        #expect(try client.call("test.Echo", "Echo", payload: [1]).payload == [1])
        #expect(answered.load(ordering: .relaxed) == 0)
        for call in kept.take() { call.answer(.success(Reply([9]))) }
        all.wait()
    }

    @Test func descriptorsGoAndComeBack() throws {
        let server = try RunningServer("descriptors", echo)
        let client = try server.client()
        let file = try HostFD.currentDirectory.open("/etc/passwd", 0)
        defer { file.close() }
        let expected = try HostFD.currentDirectory.open("/etc/passwd", 0).readAll()
        for count in [1, 0, 3, 31] {
            let answer = try client.call("test.Echo", "Echo", payload: [5], descriptors: Array(repeating: file, count: count))
            #expect(answer.descriptors.count == count)
            if let first = answer.descriptors.last {
                var bytes = [UInt8](repeating: 0, count: expected.count)
                #expect(try unsafe bytes.withMutableBytes { (b) throws(Errno) in try unsafe first.fd.pread(into: b, at: 0) } == expected.count)
                #expect(bytes == expected)
            }
        }
        #expect(throws: Status.self) { try client.call("test.Echo", "Echo", descriptors: Array(repeating: file, count: 32)) }
    }

    @Test func deadlinesEndACallOnBothSides() throws {
        let kept = Kept()
        let server = try RunningServer("deadline") { server in
            echo(server)
            server.register("test.Echo", "Hang") { call in
                kept.add(call)
                return nil
            }
        }
        let client = try server.client()
        let error = #expect(throws: Status.self) { try client.call("test.Echo", "Hang", timeout: 20_000_000) }
        #expect(error?.code == .deadlineExceeded)
        // The server by itself, for a peer that does not look at the clock.
        let raw = try RawConnection(server.address)
        let request = try Wire.Request(service: "test.Echo", method: "Hang", timeoutNano: 20_000_000).encode()
        try raw.send(Frame(stream: 1, kind: Frame.Kind.request, payload: request))
        #expect(try raw.status()?.code == Status.Code.deadlineExceeded.rawValue)
        #expect(try client.call("test.Echo", "Echo", payload: [2]).payload == [2])
        for call in kept.take() { #expect(call.isFinished) }
    }

    @Test func theEndOfTheConnectionEndsEveryCall() throws {
        let kept = Kept()
        var server: RunningServer? = try RunningServer("end") { server in
            server.register("test.Echo", "Hang") { call in
                kept.add(call)
                return nil
            }
        }
        let client = try #require(try server?.client())
        let ended = HostThreadFlag()
        try client.start("test.Echo", "Hang") { result in
            if case .failure(let status) = result, status.code == .unavailable { ended.set() }
        }
        server = nil
        ended.wait()
        #expect(throws: Status.self) { try client.call("test.Echo", "Hang") }
        #expect(!client.isConnected)
        _ = kept.take()
    }

    @Test func streamsCarryMessagesBothWays() throws {
        let server = try RunningServer("stream") { server in
            server.registerStream("test.Echo", "Sum") { (stream) throws(Status) in
                var count = 0
                while let message = stream.receive() {
                    count += message.count
                    _ = stream.send(message)
                }
                return Reply([UInt8(count)])
            }
        }
        let client = try server.client()
        let stream = try client.stream("test.Echo", "Sum")
        for size in [3, 0, 5] {
            try stream.send([UInt8](repeating: 1, count: size))
            #expect(stream.receive()?.count == size)
        }
        try stream.closeSend()
        #expect(stream.receive() == nil)
        #expect(try stream.finish() == [8])
    }
}

/// Calls that are kept to be answered later.
final class Kept: @unchecked Sendable {
    private let lock = Lock()
    private var calls: [ServerCall] = []
    func add(_ call: ServerCall) { lock.withLock { calls.append(call) } }
    func take() -> [ServerCall] { lock.withLock { defer { calls = [] }; return calls } }
}

func withThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
    let flags = (0..<count).map { _ in HostThreadFlag() }
    for i in 0..<count {
        try Thread.start {
            body(i)
            flags[i].set()
        }
    }
    for flag in flags { flag.wait() }
}
