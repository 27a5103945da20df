import HostOS
import LinuxABI
import Messages

/// A caller that waits for its answer.
final class WaitingCall: @unchecked Sendable {
    /// Guards `result`. Nothing else is locked with it held.
    private let lock = Lock()
    private let arrival = Condition()
    private var result: Result<Client.Answer, Status>?

    func wait(_ deadline: UInt64?) -> Result<Client.Answer, Status>? {
        lock.withLock {
            while result == nil, arrival.wait(lock, deadline: deadline) {}
            return result
        }
    }

    func finish(_ result: Result<Client.Answer, Status>) {
        lock.withLock {
            self.result = result
            arrival.wakeAll()
        }
    }
}

/// The client's end of a connection, with the thread that reads it.
final class ClientConnection: @unchecked Sendable {
    enum Pending {
        case waiting(WaitingCall)
        case completion(@Sendable (Result<Client.Answer, Status>) -> Void)
        case stream(ClientStream)
    }

    let link: Link
    private let acceptsDescriptors: Bool
    /// Guards the calls that wait and the order of stream ids. Taken before the link's lock.
    private let lock = Lock()
    private var pending: [UInt32: Pending] = [:]
    private var nextStream: UInt32 = 1
    private var open = true

    init(_ socket: SharedFD, acceptsDescriptors: Bool) {
        self.acceptsDescriptors = acceptsDescriptors
        // Nobody polls this socket: who finds it full waits in `send`.
        link = Link(socket) { _ in }
    }

    var isOpen: Bool { lock.withLock { open } }

    func start() throws(Errno) { try Thread.start { self.read() } }

    func send(_ request: [UInt8], _ flags: Frame.Flags, _ descriptors: [SharedFD], _ call: Pending,
              _ deadline: UInt64?) throws(Status) -> UInt32 {
        if request.count > Frame.payloadLimit { throw .tooLarge(request.count) }
        let stream = lock.withLock { () -> UInt32? in
            guard open, nextStream < .max - 2 else { return nil }
            let stream = nextStream
            nextStream += 2
            pending[stream] = call
            // With the lock held: stream ids go over the wire in order.
            link.send(Frame(stream: stream, kind: Frame.Kind.request, flags: flags, payload: request), descriptors)
            return stream
        }
        guard let stream else { throw Self.gone }
        push(deadline)
        return stream
    }

    /// Waits until the socket has taken what is queued.
    func push(_ deadline: UInt64? = nil) {
        while !link.isEmpty {
            let now = HostClock.monotonic
            if let deadline, deadline <= now { return }
            let left = deadline.map { Int32(clamping: ($0 - now) / 1_000_000 + 1) } ?? -1
            _ = try? HostPoll.wait([(link.socket.fd, .writable)], timeout: left)
            link.flush()
        }
    }

    func forget(_ stream: UInt32) { _ = lock.withLock { pending.removeValue(forKey: stream) } }

    private static let gone = Status(.unavailable, "the connection is closed")

    private func read() {
        var assembler = FrameAssembler()
        var descriptors: [SharedFD] = []
        var buffer = [UInt8](repeating: 0, count: 8 << 10)
        var intact = true
        while intact {
            guard let count = try? link.socket.fd.receive(into: &buffer, descriptors: &descriptors,
                                                          acceptDescriptors: acceptsDescriptors, wait: true), count > 0
            else { break }
            assembler.take(buffer, count: count) { intact = arrived($0, &descriptors) && intact }
            if descriptors.count > 2 * HostFD.descriptorsPerSend { break }
        }
        link.close()
        let left = lock.withLock {
            open = false
            defer { pending = [:] }
            return pending.sorted { $0.key < $1.key }
        }
        for (_, call) in left { Self.finish(call, .failure(Self.gone)) }
    }

    private func arrived(_ arrival: FrameAssembler.Arrival, _ descriptors: inout [SharedFD]) -> Bool {
        switch arrival {
        case .oversized(let frame, let length):
            if let call = lock.withLock({ pending.removeValue(forKey: frame.stream) }) {
                Self.finish(call, .failure(.tooLarge(length)))
            }
            return frame.descriptorCount == 0
        case .frame(let frame):
            guard frame.descriptorCount <= descriptors.count else { return false }
            let beside = Array(descriptors[..<frame.descriptorCount])
            descriptors.removeFirst(frame.descriptorCount)
            if frame.kind == Frame.Kind.data {
                if case .stream(let stream) = lock.withLock({ pending[frame.stream] }) {
                    stream.arrived(frame.flags.contains(.noData) ? nil : frame.payload,
                                   last: frame.flags.contains(.remoteClosed))
                }
            } else if frame.kind == Frame.Kind.response,
                      let call = lock.withLock({ pending.removeValue(forKey: frame.stream) }) {
                Self.finish(call, Self.result(frame.payload, beside))
            }
            return true
        }
    }

    private static func result(_ payload: [UInt8], _ descriptors: [SharedFD]) -> Result<Client.Answer, Status> {
        guard let response = try? Wire.Response.decode(payload) else {
            return .failure(Status(.internalError, "the answer can't be decoded"))
        }
        if let status = response.status, status.code != 0 {
            return .failure(Status(.init(rawValue: status.code), status.message))
        }
        return .success((response.payload, descriptors))
    }

    private static func finish(_ call: Pending, _ result: Result<Client.Answer, Status>) {
        switch call {
        case .waiting(let waiting): waiting.finish(result)
        case .completion(let completion): completion(result)
        case .stream(let stream): stream.finish(result)
        }
    }
}
