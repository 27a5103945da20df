import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// The programs' end of a terminal: /dev/pts/N.
final class ReplicaFile: OpenFile, @unchecked Sendable {
    let terminal: Terminal

    init(path: Path, flags: OpenFlags, terminal: Terminal) {
        self.terminal = terminal
        super.init(path: path, flags: flags)
    }

    deinit { terminal.replicaClosed() }

    override var waitQueue: WaitQueue? { terminal.replicaQueue }
    override func poll() -> IOEvents { terminal.lock.withLock { terminal.replicaReadiness } }
    override func attributes() throws(Errno) -> Attributes { try inode.attributes() }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if destination.remaining == 0 { return 0 }
        if terminal.lock.withLock({ terminal.isHungUp }) { return 0 }
        let limit = min(destination.remaining, 64 << 10)
        let data = terminal.lock.withLock { terminal.discipline.isCanonical }
            ? try readLine(limit, by: caller) : try readRaw(limit, by: caller)
        if data.isEmpty { return 0 }
        let stored = destination.write(array: data)
        if stored == 0 { throw .EFAULT }
        return stored
    }

    /// One attempt: nil when there is nothing yet.
    private func attempt(_ limit: Int, by caller: Caller) throws(Errno) -> [UInt8]? {
        try terminal.checkForeground(caller, 21 /* SIGTTIN */)
        return try terminal.change { () throws(Errno) -> [UInt8]? in
            if terminal.isHungUp {
                // Those who were waiting when it hung up learn so; later reads find the end.
                if !terminal.masterIsOpen { throw .EIO }
                return []
            }
            let isThere = terminal.discipline.isCanonical ? terminal.discipline.isReadable : terminal.discipline.input.count > 0
            if isThere {
                let data = terminal.discipline.read(limit)
                terminal.feed()
                return data
            }
            return nil
        }
    }

    private func readLine(_ limit: Int, by caller: Caller) throws(Errno) -> [UInt8] {
        if isNonblocking {
            guard let data = try attempt(limit, by: caller) else { throw .EAGAIN }
            return data
        }
        // A change of mode while it waits lets the next attempt find what is readable then.
        return try caller.waiter.wait(on: terminal.replicaQueue, for: .readable) { () throws(Errno) in
            try attempt(limit, by: caller)
        }
    }

    /// VMIN and VTIME (termios(3), "Canonical and noncanonical mode").
    private func readRaw(_ limit: Int, by caller: Caller) throws(Errno) -> [UInt8] {
        let (minimum, tenths) = terminal.lock.withLock {
            (Int(terminal.discipline.termios[.VMIN]), UInt64(terminal.discipline.termios[.VTIME]))
        }
        let interval = tenths &* 100_000_000
        if minimum == 0 {
            if let data = try attempt(limit, by: caller) { return data }
            if tenths == 0 { return [] }
            if isNonblocking { throw .EAGAIN }
            do throws(Errno) {
                return try caller.waiter.wait(on: terminal.replicaQueue, for: .readable, until: .after(interval)) {
                    () throws(Errno) in try attempt(limit, by: caller)
                }
            } catch {
                if error == .ETIMEDOUT { return [] }
                throw error
            }
        }
        var data: [UInt8] = []
        while data.count < min(minimum, limit) {
            let left = limit - data.count
            do throws(Errno) {
                if isNonblocking {
                    guard let more = try attempt(left, by: caller) else {
                        if data.isEmpty { throw .EAGAIN }
                        return data
                    }
                    if more.isEmpty { return data }
                    data += more
                    continue
                }
                // The timer runs between bytes only: the first may take for ever.
                let deadline = tenths > 0 && !data.isEmpty ? Deadline.after(interval) : nil
                let more = try caller.waiter.wait(on: terminal.replicaQueue, for: .readable, until: deadline) {
                    () throws(Errno) in try attempt(left, by: caller)
                }
                if more.isEmpty { return data }
                data += more
            } catch {
                if !data.isEmpty { return data }
                throw error
            }
        }
        return data
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        var done = 0
        while source.remaining > 0 {
            let chunk = source.readWhole(limit: 4096)
            if chunk.isEmpty {
                if done == 0 { throw .EFAULT }
                break
            }
            do throws(Errno) { try writeAll(chunk, &done, by: caller) } catch {
                if done > 0 { return done }
                throw error
            }
            if isNonblocking, source.remaining > 0, !terminal.lock.withLock({ terminal.discipline.acceptsOutput }) { break }
        }
        return done
    }

    private func writeAll(_ bytes: [UInt8], _ done: inout Int, by caller: Caller) throws(Errno) {
        if terminal.lock.withLock({ terminal.discipline.termios.local.contains(.TOSTOP) }) {
            try terminal.checkForeground(caller, 22 /* SIGTTOU */)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let attempt = { () throws(Errno) -> Int? in
                try self.terminal.change { () throws(Errno) -> Int? in
                    if self.terminal.isHungUp { throw .EIO }
                    let n = self.terminal.discipline.write(rest)
                    return n > 0 ? n : nil
                }
            }
            var n: Int?
            if isNonblocking {
                n = try attempt()
            } else {
                n = try caller.waiter.wait(on: terminal.replicaQueue, for: .writable) { () throws(Errno) in try attempt() }
            }
            guard let n else { throw .EAGAIN }
            rest = rest.dropFirst(n)
            done += n
        }
    }

    override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        if terminal.lock.withLock({ terminal.isHungUp }) {
            throw request == Terminal.Request.TIOCSPGRP ? .ENOTTY : .EIO
        }
        return try terminal.control(request, argument, by: caller, fromMaster: false, readable: flags.isReadable) {
            () throws(Errno) in
            // tcdrain(3): until the master has read all.
            _ = try caller.waiter.wait(on: terminal.replicaQueue, for: .writable) { () throws(Errno) -> Bool? in
                terminal.lock.withLock { terminal.discipline.output.isEmpty || terminal.isHungUp } ? true : nil
            }
        }
    }
}
