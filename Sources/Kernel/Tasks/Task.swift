import HostOS
import Identity
import LinuxABI
import Memory
import Platform
import Synchronization
import VFS
import Waiting

/// One guest thread, and the Sentry thread that serves it.
///
/// What is marked as the task's own is used by its own thread only.
@safe public final class Task: Caller, @unchecked Sendable {
    /// Outlives its tasks.
    public let kernel: Kernel
    /// The kernel's table.
    private let calls: [SystemCallTable.Entry]
    /// Changes never: exec keeps the process.
    public let group: ThreadGroup
    /// Its numbers, outermost pid namespace first. Changed by exec of a thread that is not the leader, under the tree
    /// lock.
    public internal(set) var ids: [Int32]
    /// HostClock.monotonic at its start.
    public let startTime = HostClock.monotonic

    /// Guards `context` and `mm` against other threads; the task's own thread reads them without it. Below the signal
    /// lock; nothing is locked below it but the platform's own locks.
    private let contextLock = Lock()
    /// The guest's registers and memory: the task's own. Changes at exec.
    public private(set) var context: ExecutionContext {
        didSet { setContextReference() }
    }
    /// `context` without counting: for the task's own thread.
    private(set) var contextReference: Unmanaged<ExecutionContext>
    public private(set) var mm: MemoryManager
    /// The host's id of its thread, once it runs.
    let hostThread = Atomic<Int32>(0)
    /// Guest code is running, or about to.
    let inGuest = Atomic<Bool>(false)

    // Guarded by the group's signal lock; the task's own thread, the only one that writes it, reads `blocked` without.

    /// The signal mask. Guest code may change it by itself as long as no signal waits (`allowMaskChanges`).
    public internal(set) var blocked: SignalSet {
        get {
            guard let mask = currentContext.signalMask else { return keptMask }
            return SignalSet(rawValue: mask).subtracting(.unblockable)
        }
        set {
            keptMask = newValue
            currentContext.signalMask = newValue.rawValue
        }
    }
    /// The same at less cost, on the task's own thread.
    public var ownMask: SignalSet {
        let mask = unsafe contextReference._withUnsafeGuaranteedRef { $0.signalMask }
        return mask.map { SignalSet(rawValue: $0).subtracting(.unblockable) } ?? keptMask
    }
    /// The same, where the platform has it not.
    private var keptMask = SignalSet()
    /// Signals of `sigtimedwait` under way: they count as not blocked when the receiver of a signal is chosen.
    var awaited = SignalSet()
    /// seccomp(2)'s mode; a hook says that there is one.
    var seccompMode = SeccompMode.none
    /// `CallHooks`: who looks at its calls. Changed by any thread.
    let hooks = Atomic<UInt32>(0)
    /// Signals sent to this thread.
    var pending = SignalQueue()
    /// It must end: by exec of another thread, or exit of the group.
    var isKilled = false
    /// Who traces it (ptrace(2)); changed with the tree lock held as well, so that either is enough to look.
    var trace: Trace?
    /// It was killed once more when it was ending already.
    var isKilledAgain = false
    /// The stop of its process that it has taken part in last.
    var joinedStop: UInt32 = 0
    /// Somebody wants to know its registers.
    var registerRequest: RegisterRequest?
    /// The signal that was forced last takes its default action even on init.
    var isForcedDefault = false
    /// It stands in the group stop.
    var isStopped = false
    /// It is in no list any more and runs no guest code.
    public internal(set) var hasExited = false
    private var nameStorage: [UInt8]

    // The task's own.

    /// sigaltstack(2).
    public var alternateStack = AlternateStack()
    /// The mask to put back when the call that swapped it (ppoll, sigsuspend) has ended.
    var savedMask: SignalSet?
    /// How to go on with the interrupted call (restart_syscall(2)).
    public var restartBlock: RestartBlock?
    /// set_tid_address(2).
    public var clearChildTID: GuestAddress {
        get { context.clearChildTID }
        set { context.clearChildTID = newValue }
    }
    /// set_robust_list(2).
    public var robustList: GuestAddress {
        get { currentContext.robustList }
        set { currentContext.robustList = newValue }
    }
    /// What it has called, while that is counted. Set once, under the kernel's tree lock.
    var counters: CallCounters?
    /// Registered rseq(2) area, its length and signature.
    public var rseq: (address: GuestAddress, length: UInt32, signature: UInt32) = (.null, 0, 0)
    /// Set while it runs for the parent of a vfork, which waits for it.
    var vforkDone: VforkCompletion?
    /// What it passed to exit(2); the leader's is the process's, unless the group was ended otherwise.
    var exitCode = ExitStatus(rawValue: 0)
    /// It called exit(2).
    var isExiting = false
    /// While it has not been started from outside.
    var initialGate: InitialGate?
    var loadFailure: Errno?
    /// Its tracer lets it go on for one instruction, and without making its calls.
    var isStepping = false
    var isEmulated = false
    /// The signal of its last stop, as its tracer left it.
    var signalInStop: SignalInfo?
    /// How the call that was interrupted wants to be made again.
    var pendingRestart: Errno?
    /// The call under way has set the registers itself (exec, rt_sigreturn).
    var keepsRegisters = false
    /// The exception that the next frame describes.
    var lastFault: Fault?
    /// The number of the call under way, or of the last one.
    public internal(set) var currentCall = -1

    // Guarded by the kernel's tree lock.

    /// Immutable set; replaced by the task's own thread.
    public internal(set) var namespaces: NamespaceSet
    /// The tasks that this one traces.
    var tracees: [Task] = []
    /// PR_SET_PDEATHSIG.
    public var parentDeathSignal: Int32 = 0

    /// prctl(2) and scheduling: written by the task's own thread (or, where allowed, others), single words.
    public var noNewPrivileges = false
    public var timerSlack: UInt64 = 50_000
    public var nice: Int32 = 0
    public var personality: UInt32 = 0
    /// sched_setscheduler(2)'s policy and priority.
    public var schedulingPolicy: Int32 = 0
    public var schedulingPriority: Int32 = 0
    /// ioprio_set(2).
    public var ioPriority: Int32 = 0
    /// sched_setaffinity(2); empty: all processors.
    public var affinity: [UInt64] = []

    init(kernel: Kernel, group: ThreadGroup, ids: [Int32], context: ExecutionContext, mm: MemoryManager,
         credentials: Credentials, files: FDTable, directories: DirectoryContext, namespaces: NamespaceSet,
         name: [UInt8]) {
        self.kernel = kernel
        self.group = group
        self.ids = ids
        calls = kernel.systemCalls.entries
        self.context = context
        unsafe contextReference = .passUnretained(context)
        self.mm = mm
        self.namespaces = namespaces
        nameStorage = name
        super.init(credentials: credentials, files: files, directories: directories)
        setContextReference()
        addInitialHooks()
    }

    private func setContextReference() {
        unsafe contextReference = .passUnretained(context)
        setMemory(context)
    }

    /// The handler of a call; nil for one that this kernel does not have.
    @inline(__always)
    func handler(of number: Int) -> SystemCallHandler? {
        let i = Int(truncatingIfNeeded: UInt32(truncatingIfNeeded: number))
        return i < calls.count ? calls[i].handler : nil
    }

    // Identity.

    /// The thread id in the root pid namespace.
    public var tid: Int32 { ids[0] }

    public var pidNamespace: PIDNamespace { group.pidNamespace }

    /// The thread id in `namespace`, 0 when it is not visible there.
    public func id(in namespace: PIDNamespace) -> Int32 { number(ids, of: group.pidNamespace, in: namespace) }

    /// comm: at most 15 bytes.
    public var name: [UInt8] {
        get { group.signalLock.withLock { nameStorage } }
        set { group.signalLock.withLock { nameStorage = Array(newValue.prefix(15)) } }
    }

    /// The memory manager, for other threads than the task's own.
    public var memoryManager: MemoryManager { contextLock.withLock { mm } }

    /// The context, for other threads than the task's own: it may be looked at, not used.
    var anyContext: ExecutionContext { contextLock.withLock { context } }

    /// The state letter of /proc/PID/stat.
    public var stateLetter: UInt8 {
        let (exited, stopped) = group.signalLock.withLock { (hasExited, isStopped) }
        if exited { return UInt8(ascii: "Z") }
        if isInTraceStop { return UInt8(ascii: "t") }
        if stopped { return UInt8(ascii: "T") }
        let runs = inGuest.load(ordering: .relaxed) && !contextLock.withLock { context }.waitsNatively
        return runs ? UInt8(ascii: "R") : UInt8(ascii: "S")
    }

    // What files ask of their caller.

    public override var memory: GuestMemory { context }
    public override func limit(_ resource: Int) -> UInt64 { group.limits.soft(resource) }
    public override func raise(_ signal: Int32) { send(SignalInfo(signal, code: SignalInfo.SI_USER, sender: self, to: group)) }
    public override var processID: Int32 { group.pid }
    public override var processGroup: SignalGroup? { kernel.treeLock.withLock { group.processGroup } }
    public override var session: TerminalSession? { kernel.treeLock.withLock { group.processGroup.ownSession } }
    public override var isSessionLeader: Bool { kernel.treeLock.withLock { group.processGroup.ownSession.leader === group } }

    public override func isBlockedOrIgnored(_ signal: Int32) -> Bool {
        blocked.contains(signal) || group.signalLock.withLock { group.handlers }[signal].handler == SignalAction.SIG_IGN
    }

    public override func processGroup(withID id: Int32) -> SignalGroup? {
        kernel.treeLock.withLock { pidNamespace.processGroups[id] }
    }

    // Waking.

    /// Lets the task look for work soon: out of guest code, or out of an interruptible wait. Any thread may call it.
    public func interrupt() {
        waiter.interrupt()
        // Dekker with the run loop: it says that it enters guest code, then looks for an interruption.
        if inGuest.load(ordering: .sequentiallyConsistent) { contextLock.withLock { context }.interrupt() }
    }

    /// The context, for other threads than the task's own.
    var currentContext: ExecutionContext { contextLock.withLock { context } }

    public override func credentialsChanged() {
        publishUsers()
        mm.addressSpace.withdrawViews()
    }

    public override func filesChanged() { context.use(files: 0) }

    public override func willWait() { unsafe contextReference._withUnsafeGuaranteedRef { $0.willWait() } }

    /// Replaces memory and registers: exec's point of no return. Called by the task's own thread.
    func replace(context new: ExecutionContext, mm newMM: MemoryManager) {
        let mask = blocked
        new.signalMask = mask.rawValue
        contextLock.withLock {
            context = new
            mm = newMM
        }
        keptMask = mask
    }
}

/// sigaltstack(2)'s stack_t, checked.
public struct AlternateStack: BitwiseCopyable, Sendable {
    public var base: UInt64 = 0
    public var size: UInt64 = 0
    /// SS_AUTODISARM.
    public var disarms = false

    public init() {}

    public var isEnabled: Bool { size != 0 }

    /// Whether `stackPointer` lies on it.
    public func contains(_ stackPointer: UInt64) -> Bool {
        size != 0 && stackPointer > base && stackPointer &- base <= size
    }
}

/// What an interrupted call needs to go on, set together with ERESTART_RESTARTBLOCK.
open class RestartBlock: @unchecked Sendable {
    public init() {}

    /// Goes on with the call; what it returns or throws is the call's result.
    open func restart(_ task: Task) throws(Errno) -> UInt64 { throw .EINTR }
}

/// Where the parent of a vfork waits for its child.
final class VforkCompletion: @unchecked Sendable {
    let queue = WaitQueue()
    private let done = Atomic<Bool>(false)

    var isDone: Bool { done.load(ordering: .acquiring) }

    func complete() {
        done.store(true, ordering: .releasing)
        queue.notify(.all)
    }
}
