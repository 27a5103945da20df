import HostOS
import Identity

/// System V objects and POSIX message queues of a group of tasks (ipc_namespaces(7)).
public final class IPCNamespace: @unchecked Sendable {
    public let userNamespace: UserNamespace
    /// Of /proc/PID/ns/ipc.
    public let inode: UInt64

    public let semaphores = IPCRegistry<SemaphoreSet>(limit: 32000)
    public let messageQueues = IPCRegistry<SystemVMessageQueue>(limit: 32000)
    public let segments = IPCRegistry<SharedSegment>(limit: 4096)

    /// Guards `stateStorage`. Innermost.
    private let lock = Lock()
    private var stateStorage: AnyObject?

    public init(userNamespace: UserNamespace, inode: UInt64) {
        self.userNamespace = userNamespace
        self.inode = inode
    }

    /// What other modules keep for the namespace, made when it is first asked for: POSIX message queues.
    public func state<State: AnyObject>(_ make: () -> State) -> State {
        lock.withLock {
            if let state = stateStorage as? State { return state }
            let made = make()
            stateStorage = made
            return made
        }
    }
}
