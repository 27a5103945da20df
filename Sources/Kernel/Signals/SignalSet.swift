/// Signal numbers (signal(7)).
public enum Signal {
    public static let SIGHUP: Int32 = 1
    public static let SIGINT: Int32 = 2
    public static let SIGQUIT: Int32 = 3
    public static let SIGILL: Int32 = 4
    public static let SIGTRAP: Int32 = 5
    public static let SIGABRT: Int32 = 6
    public static let SIGBUS: Int32 = 7
    public static let SIGFPE: Int32 = 8
    public static let SIGKILL: Int32 = 9
    public static let SIGUSR1: Int32 = 10
    public static let SIGSEGV: Int32 = 11
    public static let SIGUSR2: Int32 = 12
    public static let SIGPIPE: Int32 = 13
    public static let SIGALRM: Int32 = 14
    public static let SIGTERM: Int32 = 15
    public static let SIGSTKFLT: Int32 = 16
    public static let SIGCHLD: Int32 = 17
    public static let SIGCONT: Int32 = 18
    public static let SIGSTOP: Int32 = 19
    public static let SIGTSTP: Int32 = 20
    public static let SIGTTIN: Int32 = 21
    public static let SIGTTOU: Int32 = 22
    public static let SIGURG: Int32 = 23
    public static let SIGXCPU: Int32 = 24
    public static let SIGXFSZ: Int32 = 25
    public static let SIGVTALRM: Int32 = 26
    public static let SIGPROF: Int32 = 27
    public static let SIGWINCH: Int32 = 28
    public static let SIGIO: Int32 = 29
    public static let SIGPWR: Int32 = 30
    public static let SIGSYS: Int32 = 31
    /// The first real-time signal, as the kernel counts them.
    public static let SIGRTMIN: Int32 = 32
    /// The highest signal number.
    public static let maximum: Int32 = 64

    /// Whether `number` is a signal's: 1 to 64.
    @inlinable public static func isValid(_ number: Int32) -> Bool { number >= 1 && number <= maximum }

    /// What happens to a process that neither catches nor ignores a signal.
    public enum DefaultAction: Sendable {
        case terminate, core, ignore, stop, `continue`
    }

    public static func defaultAction(_ signal: Int32) -> DefaultAction {
        switch signal {
        case SIGCHLD, SIGURG, SIGWINCH: .ignore
        case SIGCONT: .continue
        case SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU: .stop
        case SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS: .core
        default: .terminate
        }
    }
}

/// A set of signals: sigset_t, in which bit n - 1 is signal n.
public struct SignalSet: OptionSet, Hashable, BitwiseCopyable, Sendable {
    public var rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The set of one signal; the empty set for a number that is none.
    @inlinable public init(_ signal: Int32) {
        rawValue = signal >= 1 && signal <= 64 ? 1 << UInt64(signal - 1) : 0
    }

    @inlinable public func contains(_ signal: Int32) -> Bool { !isDisjoint(with: SignalSet(signal)) }

    /// The lowest signal in it.
    @inlinable public var first: Int32? { rawValue == 0 ? nil : Int32(rawValue.trailingZeroBitCount) + 1 }

    public static let all = SignalSet(rawValue: .max)
    /// SIGKILL and SIGSTOP.
    public static let unblockable = SignalSet(Signal.SIGKILL).union(SignalSet(Signal.SIGSTOP))
    /// Those that a thread's own instructions raise: delivered first.
    public static let synchronous = [Signal.SIGSEGV, Signal.SIGBUS, Signal.SIGILL, Signal.SIGTRAP, Signal.SIGFPE, Signal.SIGSYS]
        .reduce(into: SignalSet()) { $0.formUnion(SignalSet($1)) }
    /// Those whose default action stops a process.
    public static let stopping = [Signal.SIGSTOP, Signal.SIGTSTP, Signal.SIGTTIN, Signal.SIGTTOU]
        .reduce(into: SignalSet()) { $0.formUnion(SignalSet($1)) }
}
