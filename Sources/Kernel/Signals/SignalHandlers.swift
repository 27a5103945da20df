import HostOS

/// What a process does on a signal: the kernel's struct sigaction.
public struct SignalAction: BitwiseCopyable, Sendable {
    /// SIG_DFL 0, SIG_IGN 1, or the handler's address.
    public var handler: UInt64 = 0
    public var flags: UInt64 = 0
    public var restorer: UInt64 = 0
    public var mask = SignalSet()

    public init() {}

    public static let SIG_DFL: UInt64 = 0
    public static let SIG_IGN: UInt64 = 1
    public static let SA_NOCLDSTOP: UInt64 = 1
    public static let SA_NOCLDWAIT: UInt64 = 2
    public static let SA_SIGINFO: UInt64 = 4
    public static let SA_RESTORER: UInt64 = 0x0400_0000
    public static let SA_ONSTACK: UInt64 = 0x0800_0000
    public static let SA_RESTART: UInt64 = 0x1000_0000
    public static let SA_NODEFER: UInt64 = 0x4000_0000
    public static let SA_RESETHAND: UInt64 = 0x8000_0000
    /// The flags that this kernel knows; others are cleared, so that programs can find out.
    static let knownFlags: UInt64 = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART
        | SA_NODEFER | SA_RESETHAND

    /// Whether `signal` with this action is thrown away when it is not blocked.
    func ignores(_ signal: Int32) -> Bool {
        handler == Self.SIG_IGN || handler == Self.SIG_DFL && Signal.defaultAction(signal) == .ignore
    }
}

/// The actions of all signals, shared by tasks with CLONE_SIGHAND.
public final class SignalHandlers: @unchecked Sendable {
    /// Guards the actions. Below a group's signal lock.
    private let lock = Lock()
    private var actions: [SignalAction]

    public init() { actions = .init(repeating: SignalAction(), count: 64) }

    private init(_ actions: [SignalAction]) { self.actions = actions }

    /// The action of a valid signal.
    public subscript(signal: Int32) -> SignalAction {
        get { lock.withLock { Signal.isValid(signal) ? actions[Int(signal) - 1] : SignalAction() } }
        set { lock.withLock { if Signal.isValid(signal) { actions[Int(signal) - 1] = newValue } } }
    }

    /// What fork gives a child.
    func copy() -> SignalHandlers { lock.withLock { SignalHandlers(actions) } }

    /// What exec leaves: ignored signals stay ignored, unless `all`; nothing else stays.
    func copyForExec(clearIgnored all: Bool = false) -> SignalHandlers {
        lock.withLock {
            SignalHandlers(actions.map {
                var action = SignalAction()
                if $0.handler == SignalAction.SIG_IGN, !all { action.handler = SignalAction.SIG_IGN }
                return action
            })
        }
    }

    /// The ignored and the caught signals, for /proc/PID/status.
    public var ignoredAndCaught: (ignored: SignalSet, caught: SignalSet) {
        lock.withLock {
            var (ignored, caught) = (SignalSet(), SignalSet())
            for (index, action) in actions.enumerated() where action.handler != SignalAction.SIG_DFL {
                let signal = SignalSet(Int32(index) + 1)
                if action.handler == SignalAction.SIG_IGN { ignored.insert(signal) } else { caught.insert(signal) }
            }
            return (ignored, caught)
        }
    }
}
