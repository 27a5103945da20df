import HostOS
import Identity
import LinuxABI

/// A pid namespace (pid_namespaces(7)): numbers for tasks, process groups and sessions. A task has a number in its own
/// namespace and in each ancestor. Everything here is guarded by the kernel's tree lock, except what never changes.
public final class PIDNamespace: @unchecked Sendable {
    public let parent: PIDNamespace?
    public let userNamespace: UserNamespace
    /// 0 for the root namespace: the index of its numbers in a task's `ids`.
    public let level: Int
    /// Of /proc/PID/ns/pid.
    public let inode: UInt64

    /// All threads, zombie leaders among them, by their number here.
    public internal(set) var tasks: [Int32: Task] = [:]
    public internal(set) var processGroups: [Int32: ProcessGroup] = [:]
    public internal(set) var sessions: [Int32: Session] = [:]
    /// The process that got number 1, while it has not been reaped.
    public internal(set) var initGroup: ThreadGroup?
    /// Its init is ending: no process can be made any more.
    var isDying = false
    /// It has no init: nothing ends with a process of it.
    private(set) var isWithoutInit = false
    /// The last number given out (ns_last_pid).
    public internal(set) var lastID: Int32 = 0

    /// One more than the highest number (/proc/sys/kernel/pid_max).
    public static let maximumID: Int32 = 4_194_304
    /// pid_namespaces(7): "up to 32 levels".
    static let maximumLevel = 32

    public init(parent: PIDNamespace?, userNamespace: UserNamespace, inode: UInt64 = 4_026_531_836) {
        self.parent = parent
        self.userNamespace = userNamespace
        self.inode = inode
        level = (parent?.level ?? -1) + 1
    }

    /// Keeps number 1 for the pod itself: the first process of the namespace is no init, and the namespace lives on when it
    /// ends. Before any process is made.
    public func keepFirstNumber() {
        isWithoutInit = true
        lastID = 1
    }

    /// Whether `other` is this namespace or lies below it.
    public func contains(_ other: PIDNamespace) -> Bool {
        var namespace: PIDNamespace? = other
        while let n = namespace {
            if n === self { return true }
            namespace = n.parent
        }
        return false
    }

    /// The next free number. The tree lock is held.
    ///
    /// - Throws: EAGAIN when there is none, ENOMEM when the namespace's init is gone.
    func allocate() throws(Errno) -> Int32 {
        if isDying { throw .ENOMEM }
        var candidate = lastID
        for _ in 0..<Self.maximumID {
            candidate = candidate + 1 < Self.maximumID ? candidate + 1 : 300
            if tasks[candidate] == nil, processGroups[candidate] == nil, sessions[candidate] == nil {
                lastID = candidate
                return candidate
            }
        }
        throw .EAGAIN
    }

    /// Numbers in this namespace and its ancestors, outermost first. The tree lock is held.
    func allocateAll() throws(Errno) -> [Int32] {
        var ids: [Int32] = []
        var namespace: PIDNamespace? = self
        while let n = namespace {
            ids.append(try n.allocate())
            namespace = n.parent
        }
        return ids.reversed()
    }

    /// Calls `body` for this namespace and each ancestor with the number that `ids` has there.
    func forEachLevel(_ ids: [Int32], _ body: (PIDNamespace, Int32) -> Void) {
        var namespace: PIDNamespace? = self
        while let n = namespace {
            if n.level < ids.count { body(n, ids[n.level]) }
            namespace = n.parent
        }
    }
}
