import HostOS
import LinuxABI
import VFS

/// A process: tasks that share an id, signal handlers and an end.
public final class ThreadGroup: @unchecked Sendable {
    /// Guards signal state of the group and of its tasks, and the list of tasks. Below the kernel's tree lock.
    public let signalLock = Lock()
    public private(set) var tasks: [Task] = []

    public init() {}
}
