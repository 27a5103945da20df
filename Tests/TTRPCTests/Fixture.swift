import HostOS
import LinuxABI
import Messages
@testable import TTRPC

/// A server on an abstract socket, running on a thread of its own until it goes out of scope.
final class RunningServer: @unchecked Sendable {
    let server: Server
    let address: UnixAddress
    private let done = HostThreadFlag()

    init(_ name: String, _ setUp: (Server) -> Void) throws {
        server = try Server(acceptsDescriptors: true)
        address = .abstract("cloister-test-\(name)-\(HostClock.monotonic)")
        setUp(server)
        try server.listen(on: HostFD.listen(at: address))
        let (server, done) = (self.server, self.done)
        try Thread.start {
            try? server.run()
            done.set()
        }
    }

    deinit {
        server.stop()
        done.wait()
    }

    func client() throws -> Client { try Client(address, acceptsDescriptors: true) }
}

/// Set once; waited for.
final class HostThreadFlag: @unchecked Sendable {
    private let lock = Lock()
    private let change = Condition()
    private var isSet = false

    func set() { lock.withLock { isSet = true; change.wakeAll() } }
    func wait() { lock.withLock { while !isSet { change.wait(lock) } } }
}

/// A connection that speaks in bytes.
struct RawConnection: ~Copyable {
    let fd: OwnedFD
    init(_ address: UnixAddress) throws { fd = OwnedFD(owning: try HostFD.connect(to: address)) }

    /// Sends the frame and waits until it went; no signal when nobody listens.
    func send(_ frame: Frame) throws {
        let bytes = frame.bytes()
        var sent = 0
        while sent < bytes.count {
            do throws(Errno) { sent += try fd.fd.send(bytes, from: sent) } catch {
                if error != .EAGAIN { throw error }
                _ = try HostPoll.wait([(fd.fd, .writable)])
            }
        }
    }

    func receive() throws -> Frame? {
        var header: [UInt8] = []
        while header.count < 10 {
            guard let more = try read(10 - header.count) else { return nil }
            header += more
        }
        let length = header[..<4].reduce(0) { $0 << 8 | Int($1) }
        var payload: [UInt8] = []
        while payload.count < length {
            guard let more = try read(length - payload.count) else { return nil }
            payload += more
        }
        return Frame(stream: header[4..<8].reduce(0) { $0 << 8 | UInt32($1) }, kind: header[8],
                     flags: .init(rawValue: header[9]), payload: payload)
    }

    private func read(_ count: Int) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count), none: [SharedFD] = []
        let n = try fd.fd.receive(into: &bytes, descriptors: &none, acceptDescriptors: false, wait: true)
        return n == 0 ? nil : Array(bytes[..<n])
    }

    func status() throws -> Wire.Status? {
        guard let frame = try receive() else { return nil }
        return try Wire.Response.decode(frame.payload).status
    }
}

func echo(_ server: Server) {
    server.register("test.Echo", "Echo") { (call) throws(Status) in Reply(call.payload, descriptors: call.descriptors) }
    server.register("test.Echo", "Quick", quick: true) { (call) throws(Status) in Reply(call.payload) }
}
