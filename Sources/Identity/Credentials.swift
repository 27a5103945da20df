import LinuxABI

/// A set of capabilities (capabilities(7)); bit n is capability n.
public struct Capabilities: OptionSet, Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    static func bit(_ n: UInt64) -> Capabilities { Capabilities(rawValue: 1 << n) }

    public static let CAP_CHOWN = bit(0)
    public static let CAP_DAC_OVERRIDE = bit(1)
    public static let CAP_DAC_READ_SEARCH = bit(2)
    public static let CAP_FOWNER = bit(3)
    public static let CAP_FSETID = bit(4)
    public static let CAP_KILL = bit(5)
    public static let CAP_SETGID = bit(6)
    public static let CAP_SETUID = bit(7)
    public static let CAP_SETPCAP = bit(8)
    public static let CAP_NET_BIND_SERVICE = bit(10)
    public static let CAP_NET_ADMIN = bit(12)
    public static let CAP_NET_RAW = bit(13)
    public static let CAP_IPC_LOCK = bit(14)
    public static let CAP_IPC_OWNER = bit(15)
    public static let CAP_SYS_CHROOT = bit(18)
    public static let CAP_SYS_PTRACE = bit(19)
    public static let CAP_SYS_ADMIN = bit(21)
    public static let CAP_SYS_NICE = bit(23)
    public static let CAP_SYS_RESOURCE = bit(24)
    public static let CAP_SYS_TIME = bit(25)
    public static let CAP_SYS_TTY_CONFIG = bit(26)
    public static let CAP_MKNOD = bit(27)
    public static let CAP_SETFCAP = bit(31)
    public static let CAP_SYSLOG = bit(34)

    /// CAP_CHOWN to CAP_CHECKPOINT_RESTORE.
    public static let all = Capabilities(rawValue: (1 << 41) - 1)
}

/// Who a task is (credentials(7)). Immutable: a change makes a copy, and whoever holds one keeps a consistent one.
/// Ids are the kernel's own ("kuid"), as the root user namespace numbers them.
public final class Credentials: Sendable {
    public let ruid, euid, suid, fsuid: UInt32
    public let rgid, egid, sgid, fsgid: UInt32
    public let groups: [UInt32]
    public let permitted, effective, inheritable, bounding, ambient: Capabilities
    /// SECBIT_* of prctl(2).
    public let securebits: UInt32
    public let userNamespace: UserNamespace

    /// What a change works on.
    public struct Fields: Sendable {
        public var ruid: UInt32 = 0, euid: UInt32 = 0, suid: UInt32 = 0, fsuid: UInt32 = 0
        public var rgid: UInt32 = 0, egid: UInt32 = 0, sgid: UInt32 = 0, fsgid: UInt32 = 0
        public var groups: [UInt32] = []
        public var permitted: Capabilities = [], effective: Capabilities = [], inheritable: Capabilities = []
        public var bounding: Capabilities = [], ambient: Capabilities = []
        public var securebits: UInt32 = 0
        public var userNamespace: UserNamespace

        public init(userNamespace: UserNamespace) { self.userNamespace = userNamespace }
    }

    public init(_ f: Fields) {
        (ruid, euid, suid, fsuid) = (f.ruid, f.euid, f.suid, f.fsuid)
        (rgid, egid, sgid, fsgid) = (f.rgid, f.egid, f.sgid, f.fsgid)
        groups = f.groups
        (permitted, effective, inheritable) = (f.permitted, f.effective, f.inheritable)
        (bounding, ambient) = (f.bounding, f.ambient)
        securebits = f.securebits
        userNamespace = f.userNamespace
    }

    public var fields: Fields {
        var f = Fields(userNamespace: userNamespace)
        (f.ruid, f.euid, f.suid, f.fsuid) = (ruid, euid, suid, fsuid)
        (f.rgid, f.egid, f.sgid, f.fsgid) = (rgid, egid, sgid, fsgid)
        f.groups = groups
        (f.permitted, f.effective, f.inheritable) = (permitted, effective, inheritable)
        (f.bounding, f.ambient) = (bounding, ambient)
        f.securebits = securebits
        return f
    }

    /// A copy with changes.
    public func changed(_ change: (inout Fields) -> Void) -> Credentials {
        var f = fields
        change(&f)
        return Credentials(f)
    }

    public func isInGroup(_ gid: UInt32) -> Bool { fsgid == gid || groups.contains(gid) }

    /// Whether it has `capability` over what `namespace` owns: it is that namespace or an ancestor's owner (user_namespaces(7)).
    public func has(_ capability: Capabilities, in namespace: UserNamespace) -> Bool {
        var ns = namespace
        while true {
            if ns === userNamespace { return effective.contains(capability) }
            guard let parent = ns.parent else { return false }
            if parent === userNamespace, ns.owner == euid { return true }
            ns = parent
        }
    }

    /// Whether it has `capability` over its own namespace.
    public func has(_ capability: Capabilities) -> Bool { effective.contains(capability) }
}
