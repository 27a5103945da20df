public import HostOS
public import Messages
import Synchronization

/// What a handler answers.
public struct Reply: Sendable {
    public var payload: [UInt8]
    /// Sent beside the answer. Only between our own processes.
    public var descriptors: [SharedFD]

    public init(_ payload: [UInt8] = [], descriptors: [SharedFD] = []) {
        self.payload = payload
        self.descriptors = descriptors
    }

    /// - Throws: resourceExhausted for a message that is too large.
    public init(_ message: some Message, descriptors: [SharedFD] = []) throws(Status) {
        do throws(MessageError) { self.init(try message.encode(), descriptors: descriptors) } catch {
            throw Status(.resourceExhausted, "the answer is too large")
        }
    }
}

/// One call that a server has received. It is answered once: by what its handler returns or throws, by `answer` later,
/// or by its deadline; answers after the first are dropped.
public final class ServerCall: Sendable {
    public let service: String
    public let method: String
    /// The encoded request message.
    public let payload: [UInt8]
    /// Keys are lower case.
    public let metadata: [(key: String, value: String)]
    /// CLOCK_MONOTONIC nanoseconds, when the caller gives up; nil: never.
    public let deadline: UInt64?
    /// What came beside the request; each is closed with its last reference.
    public let descriptors: [SharedFD]
    /// The process that made the connection.
    public let peer: PeerCredentials?

    let stream: UInt32
    let connection: ServerConnection
    private let answered = Atomic<Bool>(false)

    init(_ request: Wire.Request, stream: UInt32, descriptors: [SharedFD], connection: ServerConnection) {
        service = request.service
        method = request.method
        payload = request.payload
        metadata = request.metadata.map { ($0.key, $0.value) }
        deadline = request.timeoutNano > 0 ? HostClock.monotonic &+ UInt64(request.timeoutNano) : nil
        peer = connection.peer
        self.descriptors = descriptors
        self.stream = stream
        self.connection = connection
    }

    /// The request's message.
    ///
    /// - Throws: invalidArgument for bytes that are no such message.
    public func request<M: Message>(_ type: M.Type = M.self) throws(Status) -> M {
        do throws(MessageError) { return try M.decode(payload) } catch {
            throw Status(.invalidArgument, "\(method): the request can't be decoded")
        }
    }

    /// Answered already, or nobody is left to hear an answer.
    public var isFinished: Bool { answered.load(ordering: .relaxed) || connection.isClosed }

    /// Ends a call's stream without a last message.
    func endStream() {
        if !answered.exchange(true, ordering: .acquiringAndReleasing) { connection.end(stream) }
    }

    /// Answers the call, from any thread.
    public func answer(_ result: Result<Reply, Status>) {
        if answered.exchange(true, ordering: .acquiringAndReleasing) { return }
        var response = Wire.Response()
        var descriptors: [SharedFD] = []
        switch result {
        case .success(let reply):
            response.payload = reply.payload
            descriptors = reply.descriptors
        case .failure(let status):
            response.status = .init(code: status.code.rawValue, message: status.message)
        }
        var bytes: [UInt8] = []
        do throws(MessageError) { bytes = try response.encode() } catch {
            let status = Status.tooLarge(response.payload.count)
            let failure = Wire.Response(status: .init(code: status.code.rawValue, message: status.message))
            descriptors = []
            bytes = (try? failure.encode()) ?? []
        }
        connection.finish(stream, bytes, descriptors)
    }
}
