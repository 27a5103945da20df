import HostOS
import Identity
import LinuxABI
import Platform
import Synchronization
import VFS
import Waiting

/// All state of the guests of one Sentry hangs off this object.
public final class Kernel: @unchecked Sendable {
    public let platform: Platform
    public let vfs = VirtualFileSystem()
    public let timers = TimerQueue()
    public let priorityFutexes = PriorityFutexes()
    let endings = Endings()
    public let systemCalls: SystemCallTable
    public let rootUserNamespace = UserNamespace()
    public let rootPIDNamespace: PIDNamespace
    /// CLOCK_MONOTONIC of the host when the kernel started, nanoseconds: guests' uptime counts from there.
    public let bootTime = HostClock.monotonic
    /// Guards the process tree: parents, children, process groups, sessions, exit states, the numbers of pid namespaces.
    /// Outermost of the kernel's locks; a thread group's signal lock is below it.
    public let treeLock = Lock()
    /// Whom the holder of the tree lock wakes when it has let go of it; nil: nobody waits for that. Guarded by the tree lock.
    var wakes: DelayedWakes?
    /// Where notes for the operator go: one line, without a newline.
    public let log: @Sendable (String) -> Void
    /// Where `--strace` writes a line for each call, signal and end of a task, without a newline.
    public let callLog: (@Sendable ([UInt8]) -> Void)?
    /// Calls are counted; what ended tasks have called, guarded by the tree lock.
    let countsCalls = Atomic<Bool>(false)
    var pastCalls: [CallStatistics] = []
    /// How often each call was made that this kernel does not have.
    public let unknownCalls = UnknownCalls()
    /// What a task has whose memory is gone.
    let noMemory: MemoryManager
    let noContext: ExecutionContext
    private let namespaceInodes = Atomic<UInt64>(4_026_532_000)
    /// Processes begun since the start (/proc/stat's "processes").
    public let forkCount = Atomic<UInt64>(0)

    public init(platform: Platform, systemCalls: SystemCallTable, callLog: (@Sendable ([UInt8]) -> Void)? = nil,
                log: @escaping @Sendable (String) -> Void) {
        self.platform = platform
        self.systemCalls = systemCalls
        self.log = log
        self.callLog = callLog
        rootPIDNamespace = PIDNamespace(parent: nil, userNamespace: rootUserNamespace)
        noMemory = MemoryManager(addressSpace: AddressSpace())
        noContext = ExecutionContext(noMemory.addressSpace)
    }

    /// A fresh inode number for a namespace's file in /proc/PID/ns.
    public func makeNamespaceInode() -> UInt64 { namespaceInodes.add(1, ordering: .relaxed).newValue }

    /// The thread with number `tid` in `namespace`; a leader stays until it is reaped.
    public func task(tid: Int32, in namespace: PIDNamespace) -> Task? {
        treeLock.withLock { namespace.tasks[tid] }
    }

    /// The process with number `pid` in `namespace`; until it is reaped.
    public func group(pid: Int32, in namespace: PIDNamespace) -> ThreadGroup? {
        treeLock.withLock { groupLocked(pid: pid, in: namespace) }
    }

    func groupLocked(pid: Int32, in namespace: PIDNamespace) -> ThreadGroup? {
        guard let task = namespace.tasks[pid], task.group.leader === task else { return nil }
        return task.group
    }

    /// All processes that `namespace` sees, by their number there.
    public func groups(in namespace: PIDNamespace) -> [(pid: Int32, group: ThreadGroup)] {
        treeLock.withLock {
            namespace.tasks.compactMap { $0.value.group.leader === $0.value ? ($0.key, $0.value.group) : nil }
        }.sorted { $0.pid < $1.pid }
    }

    /// The processes of a container: those of its pid namespace that it owns.
    public func groups(of container: GuestContainer) -> [ThreadGroup] {
        groups(in: rootPIDNamespace).compactMap { $0.group.container === container ? $0.group : nil }
    }

    /// Lets the processes end whose memory was taken from them from outside: their stub was killed.
    func watch(_ mm: MemoryManager) {
        mm.addressSpace.onDeath = { [weak self, weak mm] in
            guard let self, let mm else { return }
            for (pid, group) in self.groups(in: self.rootPIDNamespace)
            where group.liveTasks.contains(where: { $0.memoryManager === mm }) {
                self.log("process \(pid): its stub was killed")
                group.kill(.signaled(Signal.SIGKILL))
            }
        }
    }

    /// Lets a container's tasks stand still at the next safe point, or go on.
    public func setPaused(_ paused: Bool, _ container: GuestContainer) {
        container.setPaused(paused)
        if paused {
            for group in groups(of: container) { for task in group.liveTasks { task.interrupt() } }
        } else {
            container.resumed.notify(.all)
        }
    }
}

/// Counts calls without a handler, and says which were seen for the first time.
public final class UnknownCalls: @unchecked Sendable {
    /// Guards the counts. Innermost.
    private let lock = Lock()
    private var counts: [Int: UInt64] = [:]

    /// - Returns: whether it is the first of its kind. Numbers outside of the table count as one kind.
    func note(_ number: Int) -> Bool {
        lock.withLock {
            let kind = number >= 0 && number < SystemCallNumber.limit ? number : -1
            counts[kind, default: 0] += 1
            return counts[kind] == 1
        }
    }

    /// The counts by number; -1 stands for all that are no number of Linux's table.
    public var all: [Int: UInt64] { lock.withLock { counts } }
}
