/// How a process ended, as wait(2) encodes it.
public struct ExitStatus: RawRepresentable, Hashable, Sendable {
    public var rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// exit(2) with the low byte of `code`.
    public static func exited(_ code: Int32) -> ExitStatus { ExitStatus(rawValue: (code & 0xff) << 8) }

    /// Killed by a signal.
    public static func signaled(_ signal: Int32, coreDumped: Bool = false) -> ExitStatus {
        ExitStatus(rawValue: signal & 0x7f | (coreDumped ? 0x80 : 0))
    }

    /// The signal that ended it, or nil when it called exit.
    public var signal: Int32? { rawValue & 0x7f == 0 ? nil : rawValue & 0x7f }
    /// What it passed to exit(2).
    public var code: Int32 { rawValue >> 8 & 0xff }

    /// What a shell makes of it, and the OCI status: the code, or 128 and the signal.
    public var shellStatus: Int32 { if let signal { 128 + signal } else { code } }

    /// si_code and si_status of SIGCHLD and waitid(2).
    var childCode: (code: Int32, status: Int32) {
        if let signal { return (rawValue & 0x80 != 0 ? SignalInfo.CLD_DUMPED : SignalInfo.CLD_KILLED, signal) }
        return (SignalInfo.CLD_EXITED, code)
    }
}

/// CPU time and faults of threads or processes (getrusage(2)).
public struct Usage: Sendable {
    /// Nanoseconds.
    public var user: UInt64 = 0
    public var system: UInt64 = 0
    /// Kilobytes.
    public var maximumResident: UInt64 = 0

    public init() {}

    mutating func add(_ other: Usage) {
        user &+= other.user
        system &+= other.system
        maximumResident = max(maximumResident, other.maximumResident)
    }
}

/// Someone outside the guest who is told of a process's end: the control service.
open class ExitObserver: @unchecked Sendable {
    public init() {}

    /// Called once, without a lock held, on the thread of the process's last task.
    open func exited(_ group: ThreadGroup, status: ExitStatus) {}
}
