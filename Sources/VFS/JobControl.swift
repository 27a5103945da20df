import HostOS
import LinuxABI

/// A process group as terminals and asynchronous descriptors know it: something that signals are sent to. Kernel's
/// process groups are such.
open class SignalGroup: @unchecked Sendable {
    public init() {}

    /// Sends `signal` in the kernel's name to every process of the group. The caller holds no lock.
    open func send(_ signal: Int32) {}

    /// The group's id in `caller`'s pid namespace; 0 when it has none there.
    open func id(seenBy caller: Caller) -> Int32 { 0 }

    /// No member has a parent in another group of the same session: nobody could continue it once stopped.
    open var isOrphaned: Bool { false }

    /// The session that the group belongs to.
    open var session: TerminalSession? { nil }
}

/// A session as its controlling terminal knows it. Kernel's sessions are such.
open class TerminalSession: @unchecked Sendable {
    /// Guards the reference alone. Innermost.
    private let lock = Lock()
    private var terminalStorage: ControllingTerminal?

    public init() {}

    /// The controlling terminal. Set by the terminal, which keeps both directions in step.
    public final var terminal: ControllingTerminal? {
        get { lock.withLock { terminalStorage } }
        set { lock.withLock { terminalStorage = newValue } }
    }

    /// The session's id in `caller`'s pid namespace; 0 when it has none there.
    open func id(seenBy caller: Caller) -> Int32 { 0 }

    /// Sends `signal` in the kernel's name to the leader's process. The caller holds no lock.
    open func signalLeader(_ signal: Int32) {}
}

/// A terminal as the rest of the kernel knows it.
open class ControllingTerminal: @unchecked Sendable {
    public init() {}

    /// tty_nr of /proc/PID/stat.
    open var device: DeviceNumber { DeviceNumber(major: 0, minor: 0) }

    /// Which group reads from it: tpgid of /proc/PID/stat.
    open var foregroundGroup: SignalGroup? { nil }

    /// The leader of `session` ended or gave the terminal up (TIOCNOTTY): the foreground group gets SIGHUP and SIGCONT,
    /// and no process of the session has a controlling terminal any more. The caller holds no lock.
    open func disassociate(_ session: TerminalSession) {}

    /// Opens the terminal anew: what open(2) of /dev/tty does. `path` is that of /dev/tty's node.
    open func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile { throw .ENXIO }
}
