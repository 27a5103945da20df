import LinuxABI
import Memory
import VFS
import Waiting

extension UnixSocket {
    /// Bytes that a stream's writer hands over at once.
    private static var chunk: Int { 32 << 10 }
    /// What a message costs beside its bytes.
    private static var overhead: Int { 256 }

    /// Repeats an attempt, sleeping in a queue, as the call may.
    typealias Waiting = (WaitQueue, () throws(Errno) -> Void?) throws(Errno) -> Void

    /// Sends few bytes on a stream, when nothing goes along with them and they can be taken at once: without allocating.
    ///
    /// - Returns: bytes sent; nil when it is not that simple: `sendStream` has to look.
    func sendPlain(_ source: inout IOVector, by caller: Caller) -> Int? {
        let size = source.remaining
        if size == 0 || size > 4096 || budget.inFlight + size > options.sendBuffer { return nil }
        let identity = unsafe SenderIdentity.of(caller)
        lock.lock()
        guard !writeShut, let target = peer else {
            lock.unlock()
            return nil
        }
        lock.unlock()
        return unsafe target.takePlain(&source, size, identity, budget)
    }

    private func takePlain(_ source: inout IOVector, _ size: Int, _ identity: Unmanaged<SenderIdentity>,
                           _ budget: SendBudget) -> Int? {
        lock.lock()
        if state == .closed || readShut {
            lock.unlock()
            return nil
        }
        var isTaken = unsafe received.take(&source, size, identity, budget)
        if isTaken == nil {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(max(size, 64))
            isTaken = bytes.append(wholeOf: &source, size)
            if isTaken == true {
                let identity = unsafe identity.takeUnretainedValue()
                received.append(UnixMessage(bytes: bytes, rights: [], passage: nil, credentials: identity.credentials,
                                            identity: identity, source: nil, budget: budget, charge: size))
            }
        }
        if isTaken == true { budget.take(size) }
        lock.unlock()
        // What cannot be read the general way tells of.
        if isTaken != true { return nil }
        queue.notifyUnlocked(.readable)
        return size
    }

    /// Sends on a stream.
    ///
    /// - Returns: bytes sent.
    /// - Throws: EPIPE, ENOTCONN, EFAULT, and what `wait` throws, when nothing was sent.
    func sendStream(_ source: inout IOVector, _ ancillary: Ancillary, _ credentials: SocketCredentials,
                    _ wait: Waiting) throws(Errno) -> Int {
        var done = 0
        var rights = ancillary.rights
        var passage = ancillary.passage
        do throws(Errno) {
            repeat {
                let target = try lock.withLock { () throws(Errno) -> UnixSocket in
                    if writeShut { throw .EPIPE }
                    guard let peer else { throw state == .connected ? .EPIPE : .ENOTCONN }
                    return peer
                }
                if source.remaining == 0, rights.isEmpty { return done }
                try waitForBudget(wait)
                let room = max(4096, options.sendBuffer - budget.inFlight)
                let bytes = source.readWhole(limit: min(Self.chunk, room))
                if source.faulted { throw .EFAULT }
                if bytes.isEmpty { return done }
                try target.deliver(bytes, rights, passage, credentials, budget)
                rights = []
                passage = nil
                done += bytes.count
            } while source.remaining > 0
        } catch {
            if done == 0 || error == .EPIPE && done == 0 { throw error }
        }
        return done
    }

    private func waitForBudget(_ wait: Waiting) throws(Errno) {
        try wait(queue) { () throws(Errno) -> Void? in
            if budget.inFlight < options.sendBuffer { return () }
            return try lock.withLock { () throws(Errno) -> Void? in
                if writeShut { throw .EPIPE }
                return nil
            }
        }
    }

    /// Takes bytes that a stream's other end sends.
    private func deliver(_ bytes: [UInt8], _ rights: [OpenFile], _ passage: RightsInFlight?,
                         _ credentials: SocketCredentials, _ budget: SendBudget) throws(Errno) {
        try lock.withLock { () throws(Errno) in
            if state == .closed || readShut { throw .EPIPE }
            budget.take(bytes.count)
            if let passage { depth = max(depth, passage.depth) }
            if rights.isEmpty, received.join(bytes, credentials, budget) { return }
            received.append(UnixMessage(bytes: bytes, rights: rights, passage: passage, credentials: credentials,
                                        source: nil, budget: budget, charge: bytes.count))
        }
        queue.notify(.readable)
    }

    /// Sends one datagram, or one packet of a connection.
    ///
    /// - Parameter destination: where to; nil: to the peer.
    func sendMessage(_ source: inout IOVector, to destination: UnixSocket?, _ ancillary: Ancillary,
                     _ credentials: SocketCredentials, _ wait: Waiting) throws(Errno) -> Int {
        let size = source.remaining
        let (peer, ownName) = try lock.withLock { () throws(Errno) -> (UnixSocket?, UnixAddress?) in
            if writeShut { throw .EPIPE }
            return (self.peer, name)
        }
        guard let target = destination ?? peer else { throw .ENOTCONN }
        if size > options.sendBuffer - 32 { throw .EMSGSIZE }
        let bytes = source.readArray(limit: size)
        if bytes.count < size { throw .EFAULT }
        try waitForBudget(wait)
        let message = UnixMessage(bytes: bytes, rights: ancillary.rights, passage: ancillary.passage,
                                  credentials: credentials, source: ownName, budget: budget, charge: size + Self.overhead)
        do throws(Errno) {
            try wait(target.roomQueue) { () throws(Errno) -> Void? in try target.deliver(message, from: self) }
        } catch {
            // A datagram socket forgets a peer that is gone.
            if error == .ECONNREFUSED, type == .datagram {
                lock.withLock { if self.peer === target { self.peer = nil; state = .unconnected } }
            }
            throw error
        }
        return size
    }

    /// - Returns: nil when there is no place.
    private func deliver(_ message: UnixMessage, from sender: UnixSocket) throws(Errno) -> Void? {
        let taken: Void? = try lock.withLock { () throws(Errno) -> Void? in
            if state == .closed { throw isConnectionOriented ? .EPIPE : .ECONNREFUSED }
            if type == .datagram, let peer, peer !== sender { throw .EPERM }
            if readShut { throw .EPIPE }
            // Two that are each other's peers are bounded by their buffers alone.
            if type == .datagram, self !== sender, peer !== sender, received.count > Self.datagramLimit { return nil }
            message.budget.take(message.charge)
            if let passage = message.passage { depth = max(depth, passage.depth) }
            received.append(message)
            return ()
        }
        if taken != nil { queue.notify(.readable) }
        return taken
    }
}
