public import HostOS
public import LinuxABI
public import Messages

/// A ttrpc client on one connection: any number of calls at once, from any threads.
public final class Client: Sendable {
    public typealias Answer = (payload: [UInt8], descriptors: [SharedFD])

    let connection: ClientConnection

    /// - Parameters:
    ///   - socket: connected; the client closes it.
    ///   - acceptsDescriptors: whether answers may bring descriptors.
    public init(owning socket: HostFD, acceptsDescriptors: Bool = false) throws(Errno) {
        connection = ClientConnection(SharedFD(owning: socket), acceptsDescriptors: acceptsDescriptors)
        try connection.start()
    }

    public convenience init(_ address: UnixAddress, acceptsDescriptors: Bool = false) throws(Errno) {
        try self.init(owning: HostFD.connect(to: address), acceptsDescriptors: acceptsDescriptors)
    }

    deinit { connection.link.close() }

    /// False once the peer is gone; every call fails then.
    public var isConnected: Bool { connection.isOpen }

    /// Calls and waits for the answer.
    ///
    /// - Parameters:
    ///   - descriptors: sent beside the request (at most 31); they stay the caller's.
    ///   - timeout: nanoseconds; the peer is told.
    /// - Throws: what the peer answered, deadlineExceeded, or unavailable when the connection is gone.
    public func call(_ service: String, _ method: String, payload: [UInt8] = [], descriptors: [HostFD] = [],
                     metadata: [(key: String, value: String)] = [], timeout: UInt64? = nil) throws(Status) -> Answer {
        let waiting = WaitingCall()
        let stream = try begin(service, method, payload, descriptors, metadata, timeout, .waiting(waiting))
        let deadline = timeout.map { HostClock.monotonic &+ $0 }
        if let result = waiting.wait(deadline) { return try result.get() }
        connection.forget(stream)
        throw Status(.deadlineExceeded, "\(method): deadline exceeded")
    }

    /// Calls, and has `completion` called with the answer on the connection's reading thread: it must not wait.
    public func start(_ service: String, _ method: String, payload: [UInt8] = [], descriptors: [HostFD] = [],
                      metadata: [(key: String, value: String)] = [],
                      completion: @escaping @Sendable (Result<Answer, Status>) -> Void) throws(Status) {
        _ = try begin(service, method, payload, descriptors, metadata, nil, .completion(completion))
    }

    /// Opens a call that carries messages both ways.
    public func stream(_ service: String, _ method: String, payload: [UInt8] = [],
                       metadata: [(key: String, value: String)] = []) throws(Status) -> ClientStream {
        let stream = ClientStream(connection)
        stream.id = try begin(service, method, payload, [], metadata, nil, .stream(stream), flags: .remoteOpen)
        return stream
    }

    /// Calls with messages.
    public func call<R: Message>(_ service: String, _ method: String, _ request: some Message, returning: R.Type = R.self,
                                 descriptors: [HostFD] = [], timeout: UInt64? = nil) throws(Status) -> R {
        let answer = try call(service, method, payload: Self.encode(request), descriptors: descriptors, timeout: timeout)
        do throws(MessageError) { return try R.decode(answer.payload) } catch {
            throw Status(.internalError, "\(method): the answer can't be decoded")
        }
    }

    public static func encode(_ message: some Message) throws(Status) -> [UInt8] {
        do throws(MessageError) { return try message.encode() } catch {
            throw Status(.resourceExhausted, "the request is too large")
        }
    }

    private func begin(_ service: String, _ method: String, _ payload: [UInt8], _ descriptors: [HostFD],
                       _ metadata: [(key: String, value: String)], _ timeout: UInt64?, _ pending: ClientConnection.Pending,
                       flags: Frame.Flags = []) throws(Status) -> UInt32 {
        if descriptors.count > HostFD.descriptorsPerSend {
            throw Status(.invalidArgument, "\(descriptors.count) descriptors beside one request")
        }
        let request = Wire.Request(service: service, method: method, payload: payload,
                                   timeoutNano: timeout.map { Int64(clamping: $0) } ?? 0,
                                   metadata: metadata.map { .init(key: $0.key, value: $0.value) })
        // The connection's queue outlives this call, so it gets descriptors of its own.
        var own: [SharedFD] = []
        for descriptor in descriptors {
            do throws(Errno) { own.append(SharedFD(owning: try descriptor.duplicate())) } catch {
                throw Status(.resourceExhausted, "a descriptor to pass: \(error)")
            }
        }
        return try connection.send(Self.encode(request), flags, own, pending, timeout.map { HostClock.monotonic &+ $0 })
    }
}
