import HostOS
import LinuxABI
import VFS

/// A session (setsid(2)). Guarded by the kernel's tree lock.
public final class Session: TerminalSession, @unchecked Sendable {
    unowned let kernel: Kernel
    /// Its number in each pid namespace of its leader, outermost first.
    public let ids: [Int32]
    let namespace: PIDNamespace
    /// nil once it has ended.
    public internal(set) var leader: ThreadGroup?
    /// How many process groups it has.
    var groupCount = 0

    init(kernel: Kernel, ids: [Int32], namespace: PIDNamespace) {
        self.kernel = kernel
        self.ids = ids
        self.namespace = namespace
        super.init()
    }

    /// Its number in `namespace`, 0 when it has none there.
    public func id(in namespace: PIDNamespace) -> Int32 { number(ids, of: self.namespace, in: namespace) }

    public override func id(seenBy caller: Caller) -> Int32 {
        guard let task = caller as? Task else { return 0 }
        return id(in: task.pidNamespace)
    }

    public override func signalLeader(_ signal: Int32) {
        let leader = kernel.treeLock.withLock { self.leader }
        leader?.send(.kernel(signal))
    }
}

/// A process group (setpgid(2)). Guarded by the kernel's tree lock.
public final class ProcessGroup: SignalGroup, @unchecked Sendable {
    unowned let kernel: Kernel
    public let ids: [Int32]
    let namespace: PIDNamespace
    public let ownSession: Session
    public internal(set) var members: [ThreadGroup] = []

    init(kernel: Kernel, ids: [Int32], namespace: PIDNamespace, session: Session) {
        self.kernel = kernel
        self.ids = ids
        self.namespace = namespace
        ownSession = session
        super.init()
        session.groupCount += 1
    }

    /// Its number in `namespace`, 0 when it has none there.
    public func id(in namespace: PIDNamespace) -> Int32 { number(ids, of: self.namespace, in: namespace) }

    public override func id(seenBy caller: Caller) -> Int32 {
        guard let task = caller as? Task else { return 0 }
        return id(in: task.pidNamespace)
    }

    public override var session: TerminalSession? { ownSession }

    public override func send(_ signal: Int32) { send(.kernel(signal)) }

    /// Sends a signal to every process. The caller holds no lock.
    public func send(_ info: SignalInfo) {
        for group in kernel.treeLock.withLock({ members }) { group.send(info) }
    }

    public override var isOrphaned: Bool { kernel.treeLock.withLock { isOrphanedLocked() } }

    /// - Parameter leaving: a process not to count: it is about to end or to leave.
    func isOrphanedLocked(without leaving: ThreadGroup? = nil) -> Bool {
        !members.contains { member in
            guard member !== leaving, !member.hasEnded, let parent = member.parent else { return false }
            return parent.processGroup !== self && parent.processGroup.ownSession === ownSession
        }
    }

    /// Whether a member is stopped.
    func hasStoppedMember(without leaving: ThreadGroup? = nil) -> Bool {
        members.contains { $0 !== leaving && !$0.hasEnded && $0.isStopped }
    }
}

/// The number that `ids`, given in `own` and its ancestors, has in `namespace`; 0 when that is neither.
func number(_ ids: [Int32], of own: PIDNamespace, in namespace: PIDNamespace) -> Int32 {
    if own === namespace || namespace.contains(own), namespace.level < ids.count { return ids[namespace.level] }
    return 0
}
