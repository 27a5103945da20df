import HostOS
import Identity
import LinuxABI

/// A network namespace (network_namespaces(7)), as tasks hold it. What is in it is the socket layer's.
public final class NetworkNamespace: @unchecked Sendable {
    public let userNamespace: UserNamespace
    /// Of /proc/PID/ns/net.
    public let inode: UInt64
    /// Guards `stateStorage`. Innermost.
    private let lock = Lock()
    private var stateStorage: AnyObject?

    public init(userNamespace: UserNamespace, inode: UInt64) {
        self.userNamespace = userNamespace
        self.inode = inode
    }

    /// An empty namespace of the same kind: CLONE_NEWNET.
    public func makeFresh(owner: UserNamespace, inode: UInt64) throws(Errno) -> NetworkNamespace {
        NetworkNamespace(userNamespace: owner, inode: inode)
    }

    /// The socket layer's state, made when it is first asked for.
    public func state<State: AnyObject>(_ make: () -> State) -> State {
        lock.withLock {
            if let state = stateStorage as? State { return state }
            let made = make()
            stateStorage = made
            return made
        }
    }
}

/// The namespaces of a task, beside its user namespace (in its credentials), its own pid namespace (in its ids) and its
/// mount namespace (in its directory context). Immutable: a change makes a copy.
public final class NamespaceSet: Sendable {
    public let uts: UTSNamespace
    public let ipc: IPCNamespace
    public let network: NetworkNamespace
    /// Where children are born.
    public let pidForChildren: PIDNamespace

    public init(uts: UTSNamespace, ipc: IPCNamespace, network: NetworkNamespace, pidForChildren: PIDNamespace) {
        self.uts = uts
        self.ipc = ipc
        self.network = network
        self.pidForChildren = pidForChildren
    }

    public func with(uts: UTSNamespace? = nil, ipc: IPCNamespace? = nil, network: NetworkNamespace? = nil,
                     pidForChildren: PIDNamespace? = nil) -> NamespaceSet {
        NamespaceSet(uts: uts ?? self.uts, ipc: ipc ?? self.ipc, network: network ?? self.network,
                     pidForChildren: pidForChildren ?? self.pidForChildren)
    }
}
