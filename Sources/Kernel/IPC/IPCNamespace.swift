import HostOS
import Identity

/// System V objects and POSIX message queues of a group of tasks (ipc_namespaces(7)).
public final class IPCNamespace: @unchecked Sendable {
    public let userNamespace: UserNamespace
    /// Of /proc/PID/ns/ipc.
    public let inode: UInt64

    public init(userNamespace: UserNamespace, inode: UInt64) {
        self.userNamespace = userNamespace
        self.inode = inode
    }
}
