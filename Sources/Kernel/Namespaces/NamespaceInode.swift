import Identity
import LinuxABI
import VFS

/// A namespace of any kind, as setns(2) takes it and /proc/PID/ns names it.
public enum AnyNamespace: Sendable {
    case cgroup
    case ipc(IPCNamespace)
    case mount(MountNamespace)
    case network(NetworkNamespace)
    case pid(PIDNamespace)
    case time
    case user(UserNamespace)
    case uts(UTSNamespace)

    var kind: CloneFlags {
        switch self {
        case .cgroup: .CLONE_NEWCGROUP
        case .ipc: .CLONE_NEWIPC
        case .mount: .CLONE_NEWNS
        case .network: .CLONE_NEWNET
        case .pid: .CLONE_NEWPID
        case .time: .CLONE_NEWTIME
        case .user: .CLONE_NEWUSER
        case .uts: .CLONE_NEWUTS
        }
    }

    /// As the links of /proc/PID/ns show it before the colon.
    public var typeName: StaticString {
        switch self {
        case .cgroup: "cgroup"
        case .ipc: "ipc"
        case .mount: "mnt"
        case .network: "net"
        case .pid: "pid"
        case .time: "time"
        case .user: "user"
        case .uts: "uts"
        }
    }
}

/// nsfs's file of a namespace: what opening a link of /proc/PID/ns gives, and setns(2) takes. Keeps the namespace.
public final class NamespaceFile: OpenFile, @unchecked Sendable {
    public let namespace: AnyNamespace

    init(path: Path, namespace: AnyNamespace) {
        self.namespace = namespace
        super.init(path: path, flags: [])
    }
}

/// nsfs's inode of a namespace.
public final class NamespaceInode: AnonymousInode, @unchecked Sendable {
    public let namespace: AnyNamespace

    /// - Parameter number: the namespace's own: equal numbers mean the same namespace.
    public init(fileSystem: FileSystem, number: UInt64, namespace: AnyNamespace) {
        self.namespace = namespace
        super.init(fileSystem: fileSystem, number: number, type: .regular, mode: 0o444)
    }

    public override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        if flags.isWritable { throw .EPERM }
        return NamespaceFile(path: path, namespace: namespace)
    }
}
