import HostOS

/// Messages both ways within one call, for a handler on a thread of its own.
public final class ServerStream: @unchecked Sendable {
    public let call: ServerCall
    /// Guards the messages that wait to be received. Nothing else is locked with it held.
    private let lock = Lock()
    private let arrival = Condition()
    private var messages: [[UInt8]] = []
    private var size = 0
    private var ended: Bool
    private var cut = false
    private var onArrival: (@Sendable () -> Void)?

    init(call: ServerCall, open: Bool) {
        self.call = call
        ended = !open
        if !call.payload.isEmpty { messages = [call.payload] }
    }

    /// The peer's next message; waits for it. nil when it sends no more.
    public func receive() -> [UInt8]? {
        lock.withLock {
            while messages.isEmpty {
                if ended { return nil }
                arrival.wait(lock)
            }
            let message = messages.removeFirst()
            size -= message.count
            return message
        }
    }

    /// What `next` finds.
    public enum Next {
        case message([UInt8])
        case nothing
        /// The peer sends no more; whether it said so, or its connection is gone.
        case end(said: Bool)
    }

    /// The peer's next message, if it is there.
    public func next() -> Next {
        lock.withLock {
            if messages.isEmpty { return ended ? .end(said: !cut) : .nothing }
            let message = messages.removeFirst()
            size -= message.count
            return .message(message)
        }
    }

    /// The peer sends no more, and nothing is left of what it has sent.
    public var hasEnded: Bool { lock.withLock { messages.isEmpty && ended } }

    /// Has `body` called, on the server's thread, which it may not hold up, whenever `next` may have something new.
    public func onArrival(_ body: @escaping @Sendable () -> Void) {
        lock.withLock { onArrival = body }
        body()
    }

    /// Sends a message of at most 4 MiB. False when the connection is gone.
    public func send(_ message: [UInt8]) -> Bool {
        if call.isFinished || message.count > Frame.payloadLimit { return false }
        return call.connection.link.send(Frame(stream: call.stream, kind: Frame.Kind.data, payload: message))
    }

    func arrived(_ message: [UInt8]?, last: Bool) {
        let (tooMuch, body) = lock.withLock {
            if let message, !ended {
                messages.append(message)
                size += message.count
            }
            ended = ended || last
            arrival.wakeAll()
            // ttrpc has no flow control of its own: what a handler does not receive may not pile up.
            return (size > 16 << 20 || messages.count > 4096, onArrival)
        }
        body?()
        if tooMuch { call.answer(.failure(Status(.resourceExhausted, "too many messages wait to be received"))) }
    }

    func connectionEnded() {
        lock.withLock { if !ended { cut = true } }
        arrived(nil, last: true)
    }
}
