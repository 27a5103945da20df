import HostOS
import LinuxABI
import Messages
@testable import Shim
import Testing
import TTRPC

@Suite struct RandomFrames {
    /// xorshift64: the same frames each time.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    /// Requests that are right, to be spoiled: to all methods of both services, none of which opens a file.
    private static func requests() throws -> [[UInt8]] {
        var all: [[UInt8]] = []
        let tasks = try TaskAPI.StateRequest(id: "a", execID: "e").encode()
        for service in [TaskAPI.Method.service, TaskAPI3.Method.service] {
            // Shutdown and Create are ends and beginnings: for the other tests.
            for method in TaskAPI.Method.allCases where method != .shutdown && method != .create {
                all.append(try Wire.Request(service: service, method: method.rawValue, payload: tasks, timeoutNano: 1_000_000).encode())
            }
        }
        let sandboxes = try SandboxAPI.SandboxRequest(sandboxID: "pod").encode()
        for method in SandboxAPI.Method.allCases where method != .createSandbox {
            all.append(try Wire.Request(service: SandboxAPI.Method.service, method: method.rawValue, payload: sandboxes).encode())
        }
        return all
    }

    private static func frame(_ stream: UInt32, _ kind: UInt8, _ flags: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stream >> $0) } + [kind, flags] + payload
    }

    @Test func aHundredThousandChangeNothing() throws {
        let f = try Fixture()
        _ = try f.create("keep")
        try f.start("keep")
        let requests = try Self.requests()
        var numbers = Numbers(state: 0x9e37_79b9_7f4a_7c15)
        for _ in 0..<100 {
            let connection = SharedFD(owning: try HostFD.connect(to: f.address))
            // Somebody takes the answers, as a client does.
            let reader = SharedFD(owning: try connection.fd.duplicate())
            try Thread.start {
                var buffer = [UInt8](repeating: 0, count: 65536)
                while let count = try? buffer.withMutableBytes({ (b) throws(Errno) in try unsafe reader.fd.read(into: b) }), count > 0 {}
            }
            var bytes: [UInt8] = []
            var stream: UInt32 = 1
            for _ in 0..<1000 {
                var payload = requests[Int.random(in: 0..<requests.count, using: &numbers)]
                switch Int.random(in: 0..<6, using: &numbers) {
                case 0: payload = (0..<Int.random(in: 0..<64, using: &numbers)).map { _ in UInt8.random(in: 0...255, using: &numbers) }
                case 1: payload.removeLast(Int.random(in: 0...payload.count, using: &numbers))
                case 2, 3:
                    for _ in 0..<Int.random(in: 1..<4, using: &numbers) {
                        payload[Int.random(in: 0..<payload.count, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
                    }
                default: break
                }
                let isOdd = Int.random(in: 0..<20, using: &numbers) != 0
                let kind: UInt8 = isOdd ? 1 : UInt8.random(in: 0...255, using: &numbers)
                bytes += Self.frame(isOdd ? stream : UInt32.random(in: 0...UInt32.max, using: &numbers), kind,
                                    UInt8.random(in: 0...7, using: &numbers), payload)
                stream &+= 2
            }
            // A server that has had enough may hang up.
            try? connection.fd.writeAll(bytes)
            connection.fd.shutDownStream()
        }
        #expect(try f.state("keep") == .running)
        _ = try f.create("next")
        try f.start("next")
        f.kernel.lock.withLock { f.kernel.containers["next"] }?.end("", 3)
        #expect(try f.wait("next") == 3)
        #expect(try f.delete("next").exitStatus == 3)
    }
}
