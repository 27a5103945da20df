import HostOS
import Identity

/// Host and domain name (uts_namespaces(7)).
public final class UTSNamespace: @unchecked Sendable {
    public let userNamespace: UserNamespace
    /// Of /proc/PID/ns/uts.
    public let inode: UInt64
    /// Guards the names. Innermost.
    private let lock = Lock()
    private var host: [UInt8]
    private var domain: [UInt8]

    public init(userNamespace: UserNamespace, inode: UInt64, hostName: [UInt8], domainName: [UInt8] = Array("(none)".utf8)) {
        self.userNamespace = userNamespace
        self.inode = inode
        host = hostName
        domain = domainName
    }

    /// At most 64 bytes: the caller's to check.
    public var hostName: [UInt8] {
        get { lock.withLock { host } }
        set { lock.withLock { host = newValue } }
    }

    public var domainName: [UInt8] {
        get { lock.withLock { domain } }
        set { lock.withLock { domain = newValue } }
    }
}
