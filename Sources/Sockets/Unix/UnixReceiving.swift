import LinuxABI
import Memory
import VFS
import Waiting

extension UnixSocket {
    /// Receives bytes of a stream that are there, and with which nothing came along.
    ///
    /// - Returns: how many; nil when it is not that simple: `receiveStream` has to look.
    func receivePlain(_ destination: inout IOVector) -> Int? {
        if destination.remaining == 0 || options.passesCredentials { return nil }
        var done = 0
        readLock.lock()
        while destination.remaining > 0, !destination.faulted {
            lock.lock()
            let step = received.give(to: &destination)
            let isEmpty = received.isEmpty
            if isEmpty { depth = 0 }
            lock.unlock()
            guard let step, step.count > 0 else { break }
            done += step.count
            step.awaited?.tell()
            if isEmpty { break }
        }
        readLock.unlock()
        return done > 0 ? done : nil
    }

    /// Receives from a stream.
    ///
    /// - Parameter wait: repeats its argument until it gives something.
    func receiveStream(_ destination: inout IOVector, _ flags: MessageFlags, _ wait: Waiting) throws(Errno) -> Received {
        var result = Received()
        let peeks = flags.contains(.MSG_PEEK)
        if lock.withLock({ state == .unconnected || state == .listening }) { throw .EINVAL }
        let wanted = destination.remaining
        do throws(Errno) {
            repeat {
                var ended = false
                var stopped = false
                try wait(queue) { () throws(Errno) -> Void? in
                    readLock.lock()
                    defer { readLock.unlock() }
                    let before = result.count
                    stopped = try copyStream(&destination, &result, peeks: peeks)
                    if result.count > before || stopped || wanted == 0 { return () }
                    return try lock.withLock { () throws(Errno) -> Void? in
                        if let error = self.error {
                            // The end follows the error.
                            self.error = nil
                            throw error
                        }
                        if !readShut { return nil }
                        ended = true
                        return ()
                    }
                }
                if ended || stopped || peeks { break }
            } while flags.contains(.MSG_WAITALL) && destination.remaining > 0
        } catch {
            if result.count == 0 { throw error }
        }
        return result
    }

    /// Copies what is there.
    ///
    /// - Returns: whether the read ends here: something came along with the bytes, or the next ones are another sender's.
    /// - Throws: EFAULT.
    private func copyStream(_ destination: inout IOVector, _ result: inout Received, peeks: Bool) throws(Errno) -> Bool {
        var index = 0
        while destination.remaining > 0 {
            guard let message = lock.withLock({ received[index] }) else { return false }
            if options.passesCredentials, let known = result.ancillary.credentials, known != message.credentials { return true }
            let want = min(message.count, destination.remaining)
            let given = destination.write(message.bytes, at: message.start, count: want)
            if given < want {
                if result.count == 0 { throw .EFAULT }
                return true
            }
            result.count += given
            if result.ancillary.credentials == nil { result.ancillary.credentials = message.credentials }
            result.ancillary.rights += message.rights
            if peeks {
                index += 1
            } else {
                let charge = lock.withLock {
                    let charge = received.consume(given)
                    if received.isEmpty { depth = 0 }
                    return charge
                }
                message.budget.give(charge)
            }
            if !message.rights.isEmpty { return true }
        }
        return false
    }

    /// Receives one datagram or packet.
    func receiveMessage(_ destination: inout IOVector, _ flags: MessageFlags, _ wait: Waiting) throws(Errno) -> Received {
        var taken: UnixMessage?
        if type == .seqpacket, lock.withLock({ state == .unconnected || state == .listening }) { throw .ENOTCONN }
        try wait(queue) { () throws(Errno) -> Void? in
            try lock.withLock { () throws(Errno) -> Void? in
                if let message = received.first {
                    if !flags.contains(.MSG_PEEK) {
                        received.removeFirst()
                        if received.isEmpty { depth = 0 }
                    }
                    taken = message
                    return ()
                }
                if let error = self.error {
                    self.error = nil
                    throw error
                }
                return readShut ? () : nil
            }
        }
        guard let message = taken else { return Received() }
        if !flags.contains(.MSG_PEEK) {
            message.budget.give(message.charge)
            roomQueue.notify(.all)
            if type == .datagram { tellBlockedPollers() }
        }
        var result = Received()
        let want = min(message.count, destination.remaining)
        if destination.write(message.bytes, at: 0, count: want) < want { throw .EFAULT }
        result.count = flags.contains(.MSG_TRUNC) ? message.count : want
        if want < message.count { result.flags.insert(.MSG_TRUNC) }
        result.address = message.source?.bytes ?? []
        result.ancillary.rights = message.rights
        result.ancillary.credentials = message.credentials
        return result
    }

    /// SIOCINQ: a connection's bytes, or the next datagram's.
    var readableBytes: Int {
        lock.withLock { isConnectionOriented ? received.byteCount : received.first?.count ?? 0 }
    }
}
