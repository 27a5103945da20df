import LinuxABI
import VFS
import Waiting

extension UnixSocket {
    /// Two sockets that are connected from the start (socketpair(2)).
    static func pair(_ a: UnixSocket, _ b: UnixSocket, by caller: Caller) {
        let owner = SocketCredentials(of: caller)
        for (one, other) in [(a, b), (b, a)] {
            one.lock.withLock {
                one.peer = other
                one.state = .connected
                one.owner = owner
                one.peerOwner = owner
            }
        }
    }

    /// listen(2).
    ///
    /// - Throws: EINVAL for a socket without a name or with a connection.
    func listen(_ limit: Int32, by caller: Caller) throws(Errno) {
        if !isConnectionOriented { throw .EOPNOTSUPP }
        let owner = SocketCredentials(of: caller)
        try lock.withLock { () throws(Errno) in
            if name == nil { throw .EINVAL }
            if state != .unconnected && state != .listening { throw .EINVAL }
            state = .listening
            // A negative number is a large one.
            backlogLimit = Int(min(UInt32(bitPattern: limit), UInt32(Self.backlogMaximum)))
            self.owner = owner
        }
        queue.notify(.writable)
    }

    /// The connection that has waited longest; nil when there is none.
    ///
    /// - Throws: EINVAL when not listening.
    func takeConnection() throws(Errno) -> UnixSocket? {
        let taken = try lock.withLock { () throws(Errno) -> UnixSocket? in
            if state != .listening || readShut { throw .EINVAL }
            return backlog.isEmpty ? nil : backlog.removeFirst()
        }
        // A connect that waits for a place.
        if taken != nil { roomQueue.notify(.all) }
        return taken
    }

    /// Reserves a place in the backlog.
    ///
    /// - Returns: nil when there is none.
    /// - Throws: ECONNREFUSED when not listening.
    private func reservePlace() throws(Errno) -> Void? {
        try lock.withLock { () throws(Errno) -> Void? in
            if state != .listening || readShut { throw .ECONNREFUSED }
            if backlog.count + backlogReserved > backlogLimit { return nil }
            backlogReserved += 1
            return ()
        }
    }

    private func cancelPlace() { lock.withLock { backlogReserved -= 1 } }

    /// Connects to a listener.
    ///
    /// - Parameter wait: repeats its argument until it gives a place in the backlog.
    func connect(to listener: UnixSocket, by caller: Caller,
                 _ wait: (WaitQueue, () throws(Errno) -> Void?) throws(Errno) -> Void) throws(Errno) {
        try wait(listener.roomQueue) { () throws(Errno) in try listener.reservePlace() }
        let owner = SocketCredentials(of: caller)
        let far = UnixSocket(type: type, options: SocketOptions())
        far.options.inherit(from: listener.options)
        let (listenerName, listenerOwner) = listener.lock.withLock { (listener.name, listener.owner) }
        do throws(Errno) {
            let ownName = try lock.withLock { () throws(Errno) in
                switch state {
                case .unconnected: break
                case .connected, .connecting: throw .EISCONN
                case .listening, .closed: throw .EINVAL
                }
                state = .connected
                peer = far
                peerName = listenerName
                peerOwner = listenerOwner
                self.owner = owner
                return name
            }
            far.state = .connected
            far.peer = self
            far.name = listenerName
            far.peerName = ownName
            far.peerOwner = owner
            far.owner = listenerOwner
        } catch {
            listener.cancelPlace()
            throw error
        }
        let accepted = listener.lock.withLock {
            listener.backlogReserved -= 1
            if listener.state != .listening { return false }
            listener.backlog.append(far)
            return true
        }
        if !accepted {
            lock.withLock {
                state = .unconnected
                peer = nil
            }
            throw .ECONNREFUSED
        }
        listener.queue.notify(.readable, limit: 1)
        queue.notify(.writable)
    }

    /// Sets where a datagram socket sends by default, and whom alone it hears.
    func setPeer(_ target: UnixSocket?, by caller: Caller) throws(Errno) {
        if let target {
            let allowed = target.lock.withLock { target.peer == nil || target.peer === self }
            if !allowed { throw .EPERM }
        }
        let name = target.map { target in target.lock.withLock { target.name } } ?? nil
        let owner = SocketCredentials(of: caller)
        lock.withLock {
            peer = target
            peerName = name
            state = target == nil ? .unconnected : .connected
            self.owner = owner
        }
        queue.notify(.writable)
    }
}
