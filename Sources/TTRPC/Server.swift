public import HostOS
public import LinuxABI

/// A ttrpc server. One thread (that of `run`) reads every connection and starts handlers; handlers run on threads of
/// their own, or on that one when they are registered as quick.
public final class Server: @unchecked Sendable {
    /// Answers a call, or returns nil and keeps the call to answer it later.
    public typealias Handler = @Sendable (ServerCall) throws(Status) -> Reply?
    /// Answers with a last message, or ends the stream with nil.
    public typealias StreamHandler = @Sendable (ServerStream) throws(Status) -> Reply?

    /// Who may connect.
    public enum Peers: Sendable { case anyone, sameUser }

    private enum Source {
        case listener(SharedFD)
        case connection(ServerConnection)
        case other(@Sendable () -> Void)
    }

    private struct Entry {
        var quick: Bool
        var unary: Handler?
        var stream: StreamHandler?
    }

    let acceptsDescriptors: Bool
    private let peers: Peers
    private let epoll: HostEpoll
    private let wake: HostFD
    private let workers: Workers
    // Written before `run` only.
    private var handlers: [String: [String: Entry]] = [:]
    /// Guards all below. Taken before any Link's lock, never with one held.
    private let lock = Lock()
    private var sources: [UInt64: Source] = [:]
    private var nextToken: UInt64 = 1
    private var timed: [ServerCall] = []
    private var stopping = false
    // Of the loop only: listeners that can't accept while descriptors are short.
    private var resting: [(HostFD, UInt64)] = []

    /// - Parameters:
    ///   - acceptsDescriptors: whether requests may bring descriptors; else the kernel closes them.
    ///   - threads: how many handlers may run at once; more wait.
    public init(peers: Peers = .anyone, acceptsDescriptors: Bool = false, threads: Int = 256) throws(Errno) {
        self.peers = peers
        self.acceptsDescriptors = acceptsDescriptors
        workers = Workers(bound: threads)
        epoll = try HostEpoll()
        wake = try HostFD.event()
        try epoll.add(wake, .readable, token: 0)
    }

    deinit {
        epoll.fd.close()
        wake.close()
    }

    // MARK: Before `run`

    /// - Parameter quick: the handler never waits, so that it can run on the loop's thread.
    public func register(_ service: String, _ method: String, quick: Bool = false, _ handler: @escaping Handler) {
        handlers[service, default: [:]][method] = Entry(quick: quick, unary: handler)
    }

    /// - Parameter handler: it has a thread of its own, for a stream may last as long as a container.
    public func registerStream(_ service: String, _ method: String, _ handler: @escaping StreamHandler) {
        handlers[service, default: [:]][method] = Entry(quick: false, stream: handler)
    }

    /// Has `body` called, on some thread, whenever no handler has run for two seconds after one has.
    public func onRest(_ body: @escaping @Sendable () -> Void) { workers.onRest = body }

    // MARK: At any time

    /// Accepts connections from a socket that listens; the server closes it.
    public func listen(on socket: HostFD) throws(Errno) {
        try socket.setNonBlocking()
        let token = add(.listener(SharedFD(owning: socket)))
        try epoll.add(socket, .readable, token: token)
    }

    /// Serves a connected socket; the server closes it.
    public func serve(_ socket: HostFD) throws(Errno) {
        let shared = SharedFD(owning: socket)
        let token = lock.withLock { () -> UInt64 in
            defer { nextToken += 1 }
            return nextToken
        }
        let epoll = self.epoll
        let connection = ServerConnection(shared, server: self) { (writable: Bool) in
            let events: HostEpoll.Events = writable ? [.readable, .writable] : .readable
            try? epoll.modify(socket, events, token: token)
        }
        if peers == .sameUser {
            let own = UserIdentity.effective
            guard let peer = connection.peer, peer.uid == own.uid, peer.gid == own.gid else { return }
        }
        lock.withLock { sources[token] = .connection(connection) }
        try epoll.add(socket, .readable, token: token)
    }

    /// Calls `body` on the loop's thread whenever `descriptor` is readable. It stays the caller's.
    public func watch(_ descriptor: HostFD, _ body: @escaping @Sendable () -> Void) throws(Errno) -> UInt64 {
        let token = add(.other(body))
        try epoll.add(descriptor, .readable, token: token)
        return token
    }

    public func unwatch(_ descriptor: HostFD, _ token: UInt64) {
        epoll.remove(descriptor)
        _ = lock.withLock { sources.removeValue(forKey: token) }
    }

    /// Makes `run` return once the answers given so far are written.
    public func stop() {
        lock.withLock { stopping = true }
        wake.signalEvent()
    }

    private func add(_ source: Source) -> UInt64 {
        lock.withLock {
            let token = nextToken
            nextToken += 1
            sources[token] = source
            return token
        }
    }

    // MARK: The loop

    /// Serves until `stop`.
    public func run() throws(Errno) {
        var buffer = [UInt8].unfilled(count: 32 << 10)
        while !lock.withLock({ stopping }) {
            for (token, events) in try epoll.wait(timeout: expire()) {
                if token == 0 {
                    wake.clearEvent()
                    continue
                }
                switch lock.withLock({ sources[token] }) {
                case .listener(let socket): accept(socket.fd, token)
                case .connection(let connection):
                    if events.contains(.writable) { connection.link.flush() }
                    if events != .writable && !connection.receive(&buffer) { remove(connection, token) }
                case .other(let body): body()
                case nil: break
                }
            }
        }
        drain()
    }

    private func accept(_ listener: HostFD, _ token: UInt64) {
        while true {
            do throws(Errno) { try serve(listener.accept()) } catch {
                if error == .ECONNABORTED { continue }
                if error != .EAGAIN {
                    // Out of descriptors or memory: try again when a connection has ended.
                    try? epoll.modify(listener, [], token: token)
                    resting.append((listener, token))
                }
                return
            }
        }
    }

    private func remove(_ connection: ServerConnection, _ token: UInt64) {
        epoll.remove(connection.link.socket.fd)
        _ = lock.withLock { sources.removeValue(forKey: token) }
        connection.end()
        for (listener, token) in resting { try? epoll.modify(listener, .readable, token: token) }
        resting = []
    }

    /// Gives slow peers a second to take what was answered, then ends every connection.
    private func drain() {
        let deadline = HostClock.monotonic + 1_000_000_000
        let connections = lock.withLock { sources.values }.compactMap { (source) -> ServerConnection? in
            if case .connection(let connection) = source { connection } else { nil }
        }
        for connection in connections {
            while !connection.link.isEmpty {
                let now = HostClock.monotonic
                guard now < deadline else { break }
                let left = Int32((deadline - now) / 1_000_000 + 1)
                _ = try? HostPoll.wait([(connection.link.socket.fd, .writable)], timeout: left)
                connection.link.flush()
            }
            connection.end()
        }
        lock.withLock { sources = [:] }
    }

    func dispatch(_ call: ServerCall, _ stream: () -> ServerStream) {
        guard let methods = handlers[call.service] else {
            return call.answer(.failure(Status(.unimplemented, "service \(call.service)")))
        }
        guard let entry = methods[call.method] else {
            return call.answer(.failure(Status(.unimplemented, "method \(call.method)")))
        }
        if call.deadline != nil && !entry.quick { lock.withLock { timed.append(call) } }
        if let handler = entry.unary {
            if entry.quick { Self.run(handler, call) } else { workers.run { Self.run(handler, call) } }
        } else if let handler = entry.stream {
            let stream = stream()
            let started: Void? = try? Thread.start {
                do throws(Status) {
                    if let reply = try handler(stream) { call.answer(.success(reply)) } else { call.endStream() }
                } catch { call.answer(.failure(error)) }
            }
            if started == nil { call.answer(.failure(Status(.resourceExhausted, "no thread for a stream"))) }
        }
    }

    private static func run(_ handler: Handler, _ call: ServerCall) {
        do throws(Status) {
            if let reply = try handler(call) { call.answer(.success(reply)) }
        } catch { call.answer(.failure(error)) }
    }

    /// Answers the calls whose time is over. Returns how long the next has, in milliseconds.
    private func expire() -> Int32 {
        let now = HostClock.monotonic
        let (late, next) = lock.withLock { () -> ([ServerCall], UInt64?) in
            timed.removeAll { $0.isFinished }
            let late = timed.filter { ($0.deadline ?? .max) <= now }
            return (late, timed.compactMap(\.deadline).filter { $0 > now }.min())
        }
        for call in late { call.answer(.failure(Status(.deadlineExceeded, "\(call.method): deadline exceeded"))) }
        guard let next else { return -1 }
        return Int32(min((next - now) / 1_000_000 + 1, UInt64(Int32.max)))
    }
}
