import HostOS
import LinuxABI
import VFS
import Waiting

/// A unix socket's state, which its peers and its names refer to. It lives on when its file is closed, as long as they do.
///
/// No two sockets' locks are held at once: each step changes one end, and the other end looks at what it finds.
public final class UnixSocket: @unchecked Sendable {
    enum State {
        case unconnected, connecting, connected, listening, closed
    }

    public let type: SocketType
    let options: SocketOptions
    /// Told of messages, room, connections and ends.
    let queue = WaitQueue()
    /// Senders of datagrams wait here for a place in `received`.
    let roomQueue = WaitQueue()
    let budget: SendBudget

    /// Serialises readers while bytes are copied out. Above `lock`.
    let readLock = Lock()
    /// Guards all below. Above wait queues and a network namespace's names.
    let lock = Lock()
    var state = State.unconnected
    /// The other end of a connection; where a datagram socket sends by default.
    var peer: UnixSocket?
    /// What getpeername says once the peer is gone.
    var peerName: UnixAddress?
    var received = UnixMessageQueue()
    /// How deep sockets have lain in `received` since it was empty last.
    var depth = 0
    var readShut = false
    var writeShut = false
    /// SO_ERROR.
    var error: Errno?
    /// Of a listener: connections that nobody has accepted yet, and those about to be added.
    var backlog: [UnixSocket] = []
    var backlogReserved = 0
    var backlogLimit = 0
    var name: UnixAddress?
    /// Keeps a name's inode, which refers to this socket.
    private var namedPath: Path?
    private var namespace: SocketNamespace?
    /// Whoever called listen, connect or socketpair here: what the other end sees as SO_PEERCRED.
    var owner = SocketCredentials.none
    var peerOwner = SocketCredentials.none
    /// Datagram sockets that found `received` full when they were polled.
    private var blockedPollers: [WeakSocket] = []

    private struct WeakSocket {
        weak var socket: UnixSocket?
    }

    /// sysctl net.unix.max_dgram_qlen.
    static var datagramLimit: Int { 10 }
    /// sysctl net.core.somaxconn.
    static var backlogMaximum: Int { 4096 }

    init(type: SocketType, options: SocketOptions) {
        self.type = type
        self.options = options
        budget = SendBudget(queue)
    }

    var isConnectionOriented: Bool { type != .datagram }

    // MARK: Names

    /// bind(2).
    func bind(_ address: [UInt8], by caller: Caller) throws(Errno) {
        let namespace = try SocketNamespace.of(caller)
        if address.count == 2, address.uint16(at: 0) == UInt16(AddressFamily.AF_UNIX) {
            return try bindAutomatically(namespace)
        }
        let wanted = try UnixAddress(address)
        if lock.withLock({ name != nil }) {
            // Linux makes the file before it looks at the socket.
            if case .path(let bytes) = wanted, (try? caller.resolve(bytes, [])) != nil { throw .EADDRINUSE }
            throw .EINVAL
        }
        switch wanted {
        case .abstract(let bytes):
            try namespace.claim(.init(type: type, name: bytes), self)
            adopt(wanted, path: nil, namespace)
        case .path(let bytes):
            do throws(Errno) {
                let path = try caller.create(bytes, .socket, mode: 0o777, with: self)
                adopt(wanted, path: path, nil)
            } catch { throw error == .EEXIST ? .EADDRINUSE : error }
        }
    }

    /// A name of its own for a socket that needs one.
    func bindAutomatically(_ namespace: SocketNamespace) throws(Errno) {
        if lock.withLock({ name != nil }) { return }
        adopt(.abstract(try namespace.claimAny(self)), path: nil, namespace)
    }

    private func adopt(_ new: UnixAddress, path: Path?, _ namespace: SocketNamespace?) {
        lock.withLock {
            name = new
            namedPath = path
            self.namespace = namespace
        }
    }

    /// The socket that `address` names.
    ///
    /// - Throws: ECONNREFUSED, ENOENT, EACCES, EPROTOTYPE.
    func find(_ address: UnixAddress, by caller: Caller) throws(Errno) -> UnixSocket {
        let found: UnixSocket?
        switch address {
        case .abstract(let name): found = try SocketNamespace.of(caller).find(.init(type: type, name: name))
        case .path(let bytes):
            let path = try caller.resolve(bytes)
            try path.inode.checkPermission(.write, by: caller)
            if path.inode.type != .socket { throw .ECONNREFUSED }
            found = path.inode.lock.withLock { path.inode.endpoint } as? UnixSocket
        }
        guard let found else { throw .ECONNREFUSED }
        if found.type != type { throw .EPROTOTYPE }
        return found
    }

    // MARK: The end

    /// The file is closed for the last time.
    func close() {
        let (before, other, unread, pending, named, bound, space) = lock.withLock {
            let old = (state, peer, received, backlog, namedPath, name, namespace)
            state = .closed
            peer = nil
            received = UnixMessageQueue()
            backlog = []
            namedPath = nil
            namespace = nil
            readShut = true
            writeShut = true
            return old
        }
        if let space, case .abstract(let name)? = bound { space.release(.init(type: type, name: name), self) }
        if let inode = named?.inode { inode.lock.withLock { if inode.endpoint === self { inode.endpoint = nil } } }
        var index = 0
        while let message = unread[index] {
            message.budget.give(message.charge)
            index += 1
        }
        if isConnectionOriented, before == .connected { other?.peerClosed(bound, reset: !unread.isEmpty) }
        for connection in pending { connection.abandon() }
        queue.notify(.all)
        roomQueue.notify(.all)
        tellBlockedPollers()
    }

    /// A connection whose listener went away before anybody accepted it.
    private func abandon() {
        let other = lock.withLock {
            let old = peer
            state = .closed
            peer = nil
            return old
        }
        other?.peerClosed(nil, reset: true)
    }

    /// The other end was closed.
    private func peerClosed(_ name: UnixAddress?, reset: Bool) {
        lock.withLock {
            peerName = name
            peer = nil
            readShut = true
            writeShut = true
            if reset { error = .ECONNRESET }
        }
        queue.notify(.all)
    }

    /// shutdown(2).
    func shutdown(read: Bool, write: Bool) {
        let other = lock.withLock {
            if read { readShut = true }
            if write { writeShut = true }
            return isConnectionOriented ? peer : nil
        }
        other?.peerShut(read: write, write: read)
        queue.notify(.all)
    }

    private func peerShut(read: Bool, write: Bool) {
        lock.withLock {
            if read { readShut = true }
            if write { writeShut = true }
        }
        queue.notify(.all)
    }

    // MARK: Readiness

    func poll() -> IOEvents {
        var events: IOEvents = []
        var isListening = false
        let target: UnixSocket? = lock.withLock {
            isListening = state == .listening
            if error != nil { events.insert(.POLLERR) }
            if readShut, writeShut { events.insert(.POLLHUP) }
            if readShut { events.formUnion([.POLLRDHUP, .POLLIN, .POLLRDNORM]) }
            if !received.isEmpty || !backlog.isEmpty { events.formUnion(.readable) }
            if isConnectionOriented, state == .unconnected || state == .closed { events.insert(.POLLHUP) }
            return type == .datagram ? peer : nil
        }
        if !isListening, budget.inFlight * 4 <= options.sendBuffer, target?.hasRoom(for: self) ?? true {
            events.formUnion([.POLLOUT, .POLLWRNORM, .POLLWRBAND])
        }
        return events
    }

    /// Whether another datagram would find a place; if not, `sender` is told when it would.
    private func hasRoom(for sender: UnixSocket) -> Bool {
        lock.withLock {
            if received.count <= Self.datagramLimit || peer === sender || state == .closed { return true }
            blockedPollers.removeAll { $0.socket == nil || $0.socket === sender }
            blockedPollers.append(WeakSocket(socket: sender))
            return false
        }
    }

    /// A datagram was taken out.
    func tellBlockedPollers() {
        let waiting = lock.withLock {
            let waiting = blockedPollers
            blockedPollers = []
            return waiting
        }
        for entry in waiting { entry.socket?.queue.notify(.writable) }
    }
}
