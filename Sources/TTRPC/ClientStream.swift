import HostOS

/// The caller's side of a call that carries messages both ways.
public final class ClientStream: @unchecked Sendable {
    private let connection: ClientConnection
    /// Set once, before the stream is handed out.
    var id: UInt32 = 0
    /// Guards all below. Nothing else is locked with it held.
    private let lock = Lock()
    private let arrival = Condition()
    private var messages: [[UInt8]] = []
    private var size = 0
    private var result: Result<Client.Answer, Status>?
    private var peerEnded = false

    init(_ connection: ClientConnection) { self.connection = connection }

    /// Sends a message of at most 4 MiB.
    public func send(_ message: [UInt8]) throws(Status) {
        if message.count > Frame.payloadLimit { throw .tooLarge(message.count) }
        try sendFrame(Frame(stream: id, kind: Frame.Kind.data, payload: message))
    }

    /// Says that nothing more will be sent.
    public func closeSend() throws(Status) {
        try sendFrame(Frame(stream: id, kind: Frame.Kind.data, flags: [.remoteClosed, .noData]))
    }

    private func sendFrame(_ frame: Frame) throws(Status) {
        if !connection.link.send(frame) { throw Status(.unavailable, "the connection is closed") }
        connection.push()
    }

    /// The peer's next message; nil when it sends no more.
    public func receive() -> [UInt8]? {
        lock.withLock {
            while messages.isEmpty {
                if peerEnded || result != nil { return nil }
                arrival.wait(lock)
            }
            let message = messages.removeFirst()
            size -= message.count
            return message
        }
    }

    /// The call's last answer; waits for it.
    public func finish() throws(Status) -> [UInt8] {
        let result = lock.withLock { () -> Result<Client.Answer, Status>? in
            while self.result == nil { arrival.wait(lock) }
            return self.result
        }
        return try result?.get().payload ?? []
    }

    func arrived(_ message: [UInt8]?, last: Bool) {
        let tooMuch = lock.withLock {
            if let message {
                messages.append(message)
                size += message.count
            }
            peerEnded = peerEnded || last
            // A server that ends its side has ended the call.
            if last && result == nil { result = .success(([], [])) }
            arrival.wakeAll()
            return size > 16 << 20 || messages.count > 4096
        }
        if last { connection.forget(id) }
        if tooMuch {
            connection.forget(id)
            finish(.failure(Status(.resourceExhausted, "too many messages wait to be received")))
        }
    }

    func finish(_ result: Result<Client.Answer, Status>) {
        lock.withLock {
            if self.result == nil { self.result = result }
            arrival.wakeAll()
        }
    }
}
