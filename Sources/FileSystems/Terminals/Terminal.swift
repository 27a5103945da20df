import HostOS
import LinuxABI
import VFS
import Waiting

/// A pseudo-terminal (pty(7)): the line discipline between a master, which the guest or the Sentry holds, and the
/// replica that programs open.
public final class Terminal: ControllingTerminal, @unchecked Sendable {
    /// Guards all that follows but the queues. Nothing is called with it held: signals are sent after it was let go.
    /// Above wait queues and a session's own lock, below everything of the VFS.
    let lock = Lock()
    var discipline = LineDiscipline()
    /// What the master wrote and the discipline had no room for.
    var pending = ByteQueue(limit: 8192)
    var window = WindowSize()
    /// Open files of the replica; whether there was ever one.
    var replicaCount = 0
    var replicaWasOpened = false
    var masterIsOpen = true
    /// The master is gone, or vhangup was called: the replica's files are dead.
    var isHungUp = false
    /// TIOCEXCL.
    var isExclusive = false
    /// TIOCSPTLCK: a new pair's replica cannot be opened until the lock is taken off.
    var isLocked: Bool
    var packetMode = false
    var controlledSession: TerminalSession?
    var foreground: SignalGroup?
    /// N of /dev/pts/N.
    public let number: UInt32
    public let replicaQueue = WaitQueue()
    public let masterQueue = WaitQueue()

    public struct WindowSize: Equatable, Sendable {
        public var rows: UInt16 = 0
        public var columns: UInt16 = 0
        public var xPixels: UInt16 = 0
        public var yPixels: UInt16 = 0

        public init() {}
    }

    public init(number: UInt32, locked: Bool) {
        self.number = number
        isLocked = locked
    }

    public override var device: DeviceNumber { Self.replicaDevice(number) }

    /// 136 to 143 are the majors of Unix98 replicas.
    static func replicaDevice(_ number: UInt32) -> DeviceNumber {
        DeviceNumber(major: 136 + ((number >> 8) & 7), minor: number & 0xff)
    }

    public override var foregroundGroup: SignalGroup? { lock.withLock { foreground } }

    /// What is left to do once the lock is released.
    struct Aftermath {
        var signals: UInt64 = 0
        var target: SignalGroup?
        var replica: IOEvents = []
        var master: IOEvents = []
    }

    /// Runs `body` with the lock held, then sends the signals that input asked for and tells those who wait.
    func change<R>(_ body: () throws(Errno) -> R) throws(Errno) -> R {
        var aftermath = Aftermath()
        defer { finish(aftermath) }
        return try lock.withLock { () throws(Errno) in
            let before = state
            defer { aftermath = difference(since: before) }
            return try body()
        }
    }

    private struct Readiness {
        var replica: IOEvents
        var master: IOEvents
        var input: Int
        var output: Int
    }

    private var state: Readiness {
        Readiness(replica: replicaReadiness, master: masterReadiness, input: discipline.input.count,
                  output: discipline.output.count)
    }

    private func difference(since before: Readiness) -> Aftermath {
        var after = Aftermath()
        after.signals = discipline.takeSignals()
        if after.signals != 0 { after.target = foreground }
        let now = state
        // New bytes are news even when others were ready before: edge-triggered epoll, and reads that wait for VMIN.
        after.replica = now.replica.subtracting(before.replica)
        if now.input > before.input { after.replica.formUnion(.readable) }
        if now.output < before.output { after.replica.formUnion(now.replica.intersection(.writable)) }
        after.master = now.master.subtracting(before.master)
        if now.output > before.output { after.master.formUnion(.readable) }
        if now.input < before.input { after.master.formUnion(now.master.intersection(.writable)) }
        return after
    }

    private func finish(_ after: Aftermath) {
        if let group = after.target {
            for n in 1..<Int32(32) where after.signals & (1 << UInt64(n)) != 0 { group.send(n) }
        }
        if !after.replica.isEmpty { replicaQueue.notify(after.replica) }
        if !after.master.isEmpty { masterQueue.notify(after.master) }
    }

    // Readiness. With the lock held.

    var replicaReadiness: IOEvents {
        if isHungUp { return [.POLLIN, .POLLRDNORM, .POLLOUT, .POLLWRNORM, .POLLERR, .POLLHUP] }
        var events: IOEvents = []
        if discipline.isReadable { events.formUnion(.readable) }
        if discipline.acceptsOutput { events.formUnion(.writable) }
        return events
    }

    var masterReadiness: IOEvents {
        var events: IOEvents = []
        if !discipline.output.isEmpty { events.formUnion(.readable) }
        if pending.room > 0 { events.formUnion(.writable) }
        if packetMode, packetEvents != 0 { events.formUnion([.POLLPRI, .POLLIN, .POLLRDNORM]) }
        if replicaWasOpened, replicaCount == 0 { events.formUnion(.POLLHUP) }
        return events
    }

    /// TIOCPKT_* that the master has not read.
    var packetEvents: UInt8 = 0

    // The master's end. With the lock held.

    /// Lets the discipline take what waits for it.
    func feed() {
        while !pending.isEmpty {
            var room = discipline.receiveRoom()
            if room == 0 { break }
            while room > 0, let byte = pending.removeFirst() {
                discipline.receive(byte)
                room -= 1
                // A signal may have flushed the input: there is more room than was thought.
                if discipline.signals != 0 { break }
            }
        }
        collectPacketEvents()
    }

    func collectPacketEvents() {
        let events = discipline.takePacketEvents()
        if packetMode { packetEvents |= events }
    }

    /// - Returns: how many bytes were taken; nil when none could be.
    func masterWrite(_ bytes: ArraySlice<UInt8>) -> Int? {
        let n = min(bytes.count, pending.room)
        if n == 0, !bytes.isEmpty { return nil }
        pending.append(bytes.prefix(n))
        feed()
        return n
    }

    /// What a master's read gives; nil when there is nothing yet.
    ///
    /// - Throws: EIO when the last replica was closed and all was read.
    func masterRead(_ limit: Int) throws(Errno) -> [UInt8]? {
        if packetMode, packetEvents != 0 {
            defer { packetEvents = 0 }
            return [packetEvents]
        }
        if !discipline.output.isEmpty {
            let data = discipline.output.take(packetMode ? limit - 1 : limit)
            discipline.flushEchoes()
            return packetMode ? [0] + data : data
        }
        if replicaWasOpened, replicaCount == 0 { throw .EIO }
        return nil
    }

    /// Sets the size.
    ///
    /// - Returns: the group that SIGWINCH goes to.
    func setWindow(_ size: WindowSize) -> SignalGroup? {
        if size == window { return nil }
        window = size
        return foreground
    }

    // Ends.

    /// The master is gone: the session's leader gets SIGHUP and SIGCONT, and all who use the replica see its end.
    func hangUp(masterGone: Bool) {
        let session = lock.withLock { () -> TerminalSession? in
            if isHungUp, !masterGone { return nil }
            if masterGone { masterIsOpen = false }
            isHungUp = true
            discipline.input.removeAll()
            pending.removeAll()
            let session = controlledSession
            controlledSession = nil
            foreground = nil
            return session
        }
        if let session {
            if session.terminal === self { session.terminal = nil }
            session.signalLeader(1 /* SIGHUP */)
            session.signalLeader(18 /* SIGCONT */)
        }
        replicaQueue.notify(.all)
        masterQueue.notify(.all)
    }

    public override func disassociate(_ session: TerminalSession) {
        let group = lock.withLock { () -> SignalGroup? in
            guard controlledSession === session else { return nil }
            let group = foreground
            controlledSession = nil
            foreground = nil
            return group
        }
        if session.terminal === self { session.terminal = nil }
        group?.send(1 /* SIGHUP */)
        group?.send(18 /* SIGCONT */)
    }

    /// Opens the replica.
    ///
    /// - Throws: EIO when it is locked or the master is gone, EBUSY with TIOCEXCL.
    public override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        try lock.withLock { () throws(Errno) in
            if isLocked || !masterIsOpen { throw .EIO }
            if isExclusive, !caller.has(.CAP_SYS_ADMIN) { throw .EBUSY }
            // After a hang-up that left the master, a new open makes a fresh start.
            if replicaCount == 0 { isHungUp = false }
            replicaCount += 1
            replicaWasOpened = true
        }
        if !flags.contains(.O_NOCTTY), flags.isReadable { adopt(caller, stealing: false) }
        return ReplicaFile(path: path, flags: flags, terminal: self)
    }

    func replicaClosed() {
        lock.withLock { replicaCount -= 1 }
        masterQueue.notify([.POLLHUP, .POLLIN])
    }
}
