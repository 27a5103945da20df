import HostOS
import Identity
import LinuxABI
import VFS
import Waiting

/// A process: tasks that share an id, signal handlers and an end.
public final class ThreadGroup: @unchecked Sendable {
    public unowned let kernel: Kernel
    public let container: GuestContainer
    public let pidNamespace: PIDNamespace
    /// Its numbers, outermost namespace first. Never empty.
    public let ids: [Int32]
    /// HostClock.monotonic at its start.
    public let startTime = HostClock.monotonic
    public let limits: Limits

    // Guarded by the kernel's tree lock.

    /// The task whose ids are the process's; a zombie until the last thread has ended. nil once the process is reaped.
    public internal(set) var leader: Task?
    /// nil for a process that was started from outside.
    public internal(set) var parent: ThreadGroup?
    /// The parent's thread that made it (PDEATHSIG, __WNOTHREAD), while that lives.
    var parentThread: Task?
    public internal(set) var children: [ThreadGroup] = []
    public internal(set) var processGroup: ProcessGroup
    /// Sent to the parent at the end; 0 for none.
    public internal(set) var exitSignal: Int32
    /// exec(2) has happened since fork: the parent cannot setpgid it any more.
    var hasExeced = false
    /// PR_SET_CHILD_SUBREAPER.
    public var isSubreaper = false
    /// All threads have ended.
    public internal(set) var hasEnded = false
    /// The signal of a stop that no wait has reported yet, and whether a continuation has not been.
    var unreportedStop: Int32 = 0
    var unreportedContinue = false
    /// Of reaped children.
    public internal(set) var childUsage = Usage()
    /// Of threads whose address space is gone.
    var pastUsage = Usage()
    public internal(set) var exitObserver: ExitObserver?

    /// Told when a child changes state.
    public let childrenChanged = WaitQueue()
    /// Told when this process ends (pidfd).
    public let ended = WaitQueue()

    // Guarded by the signal lock.

    /// Guards signal state of the group and of its tasks, and the list of tasks. Below the kernel's tree lock.
    public let signalLock = Lock()
    /// The tasks that have not ended. Read it through `liveTasks` from outside.
    var tasks: [Task] = []
    /// Signals sent to the process.
    var pending = SignalQueue()
    public internal(set) var handlers: SignalHandlers
    /// Set once the group is ending: every task exits.
    var groupExit: ExitStatus?
    /// The signal of the group stop that is under way or complete, 0 when there is none.
    var stopSignal: Int32 = 0
    /// How many tasks stand in the group stop.
    var stoppedCount = 0
    /// Counts group stops.
    var stopGeneration: UInt32 = 0
    /// Counts SIGCONTs that were sent.
    var continuations: UInt32 = 0
    /// A continued task has yet to tell the parent.
    var owesContinueNotice = false
    /// The task whose exec waits for all others to end.
    var execing: Task?
    /// The core file that one of the tasks writes.
    var coreDump: CoreDump?
    /// Told when a signal is queued for the group or one of its tasks (signalfd).
    public let signalArrived = WaitQueue()

    /// What helpers of the kernel keep per process: POSIX timers, interval timers.
    public final var timers: AnyObject?
    /// What of System V semaphores it has to take back.
    let semaphoreUndo = SemaphoreUndo()
    /// oom_score_adj of /proc.
    public final var oomScoreAdjustment: Int32 = 0
    /// A guest has changed it. Until then the host's is that of the container, which its runtime has set.
    final var hasOwnOOMScore = false

    /// Changes it for the host's kernel too, which is who looks for a victim.
    public final func setOOMScore(_ score: Int32) {
        oomScoreAdjustment = score
        hasOwnOOMScore = true
        liveTasks.first?.memoryManager.addressSpace.setOOMScore(score)
    }

    init(kernel: Kernel, container: GuestContainer, pidNamespace: PIDNamespace, ids: [Int32], handlers: SignalHandlers,
         limits: Limits, processGroup: ProcessGroup, exitSignal: Int32) {
        self.kernel = kernel
        self.container = container
        self.pidNamespace = pidNamespace
        self.ids = ids
        self.handlers = handlers
        self.limits = limits
        self.processGroup = processGroup
        self.exitSignal = exitSignal
    }

    /// The process id in the root pid namespace.
    public var pid: Int32 { ids[0] }

    /// The process id in `namespace`, 0 when it is not visible there.
    public func id(in namespace: PIDNamespace) -> Int32 { number(ids, of: pidNamespace, in: namespace) }

    /// The tasks that have not ended, as of now.
    public var liveTasks: [Task] { signalLock.withLock { tasks } }

    /// Whether a group stop is complete. Takes the signal lock.
    public var isStopped: Bool { signalLock.withLock { stopSignal != 0 && stoppedCount >= tasks.count } }

    /// How it ended, once it has begun to end.
    public var exitStatus: ExitStatus? { signalLock.withLock { groupExit } }

    /// Signals that wait for the process, for /proc/PID/status.
    public var pendingSignals: SignalSet { signalLock.withLock { pending.set } }

    /// Changes a limit (setrlimit(2)), and has memory calls judged by it.
    public func setLimit(_ resource: Int, _ limit: Limits.Limit) {
        limits[resource] = limit
        for task in liveTasks {
            let space = task.memoryManager.addressSpace
            space.limitGrowth(limits.limitsGrowth)
            // What is written must not get beyond it.
            if resource == Limits.RLIMIT_FSIZE { space.withdrawViews() }
        }
    }

    /// CPU time of all its threads, the ended ones included.
    public var usage: Usage {
        var sum = kernel.treeLock.withLock { pastUsage }
        if let mm = liveTasks.first?.memoryManager {
            let time = mm.addressSpace.cpuTime
            sum.user &+= time.user
            sum.system &+= time.system
        }
        return sum
    }
}
