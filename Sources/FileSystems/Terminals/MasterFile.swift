import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// The keyboard's end of a terminal that a guest made: what opening /dev/ptmx gives.
final class MasterFile: OpenFile, @unchecked Sendable {
    let terminal: Terminal
    private let fileSystem: TerminalFileSystem

    init(path: Path, flags: OpenFlags, terminal: Terminal, fileSystem: TerminalFileSystem) {
        self.terminal = terminal
        self.fileSystem = fileSystem
        super.init(path: path, flags: flags)
    }

    deinit {
        fileSystem.remove(terminal)
        terminal.hangUp(masterGone: true)
    }

    override var waitQueue: WaitQueue? { terminal.masterQueue }
    override func poll() -> IOEvents { terminal.lock.withLock { terminal.masterReadiness } }

    override var fdinfo: String { "tty-index:\t\(terminal.number)\n" }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if destination.remaining == 0 { return 0 }
        let limit = min(destination.remaining, 64 << 10)
        let attempt = { () throws(Errno) -> [UInt8]? in
            try self.terminal.change { () throws(Errno) in try self.terminal.masterRead(limit) }
        }
        let data: [UInt8]
        if isNonblocking {
            guard let now = try attempt() else { throw .EAGAIN }
            data = now
        } else {
            data = try caller.waiter.wait(on: terminal.masterQueue, for: [.POLLIN, .POLLPRI, .POLLHUP]) {
                () throws(Errno) in try attempt()
            }
        }
        let stored = destination.write(array: data)
        if stored == 0, !data.isEmpty { throw .EFAULT }
        return stored
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        var done = 0
        while source.remaining > 0 {
            let chunk = source.readWhole(limit: 4096)
            if chunk.isEmpty {
                if done == 0 { throw .EFAULT }
                break
            }
            var rest = chunk[...]
            while !rest.isEmpty {
                do throws(Errno) {
                    let attempt = { () throws(Errno) -> Int? in
                        try self.terminal.change { () throws(Errno) in self.terminal.masterWrite(rest) }
                    }
                    var n: Int?
                    if isNonblocking {
                        n = try attempt()
                    } else {
                        n = try caller.waiter.wait(on: terminal.masterQueue, for: .writable) { () throws(Errno) in try attempt() }
                    }
                    guard let n else { throw .EAGAIN }
                    rest = rest.dropFirst(n)
                    done += n
                } catch {
                    if done > 0 { return done }
                    throw error
                }
            }
        }
        return done
    }

    override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        let address = GuestAddress(argument)
        switch request {
        case Terminal.Request.TIOCGPTN:
            try caller.memory.store(terminal.number, at: address)
        case Terminal.Request.TIOCSPTLCK:
            let on = try caller.memory.load(address, as: Int32.self) != 0
            terminal.lock.withLock { terminal.isLocked = on }
        case Terminal.Request.TIOCGPTLCK:
            try caller.memory.store(Int32(terminal.lock.withLock { terminal.isLocked } ? 1 : 0), at: address)
        case Terminal.Request.TIOCPKT:
            let on = try caller.memory.load(address, as: Int32.self) != 0
            terminal.lock.withLock {
                if on, !terminal.packetMode { terminal.packetEvents = 0 }
                terminal.packetMode = on
            }
        case Terminal.Request.TIOCGPKT:
            try caller.memory.store(Int32(terminal.lock.withLock { terminal.packetMode } ? 1 : 0), at: address)
        case Terminal.Request.TIOCSIG:
            let signal = Int32(truncatingIfNeeded: argument)
            guard signal == 2 || signal == 3 || signal == 20 else { throw .EINVAL }
            terminal.foregroundGroup?.send(signal)
        case Terminal.Request.TIOCGPTPEER:
            return try openPeer(OpenFlags(rawValue: UInt32(truncatingIfNeeded: argument)), by: caller)
        default:
            return try terminal.control(request, argument, by: caller, fromMaster: true, readable: flags.isReadable) {
                () throws(Errno) in
            }
        }
        return 0
    }

    /// TIOCGPTPEER: a descriptor of the replica, without a name being walked.
    private func openPeer(_ flags: OpenFlags, by caller: Caller) throws(Errno) -> UInt64 {
        let allowed: OpenFlags = [.O_RDWR, .O_WRONLY, .O_NOCTTY, .O_NONBLOCK, .O_CLOEXEC]
        if !flags.isSubset(of: allowed) { throw .EINVAL }
        guard let peer = fileSystem.replicaPath(terminal, near: path) else { throw .EIO }
        let file = try terminal.open(peer, flags: flags.subtracting(.O_CLOEXEC), by: caller)
        let fd = try caller.files.install(file, closeOnExec: flags.contains(.O_CLOEXEC), limit: caller.limit(7 /* RLIMIT_NOFILE */))
        return UInt64(UInt32(bitPattern: fd))
    }
}
