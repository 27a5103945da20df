import LinuxABI

/// A set of capabilities (capabilities(7)); bit n is capability n.
public struct Capabilities: OptionSet, Hashable, Sendable {
    public var rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    static func bit(_ n: UInt64) -> Capabilities { Capabilities(rawValue: 1 << n) }

    @inlinable public static var CAP_CHOWN: Self { Self(rawValue: 1 << 0) }
    @inlinable public static var CAP_DAC_OVERRIDE: Self { Self(rawValue: 1 << 1) }
    @inlinable public static var CAP_DAC_READ_SEARCH: Self { Self(rawValue: 1 << 2) }
    @inlinable public static var CAP_FOWNER: Self { Self(rawValue: 1 << 3) }
    @inlinable public static var CAP_FSETID: Self { Self(rawValue: 1 << 4) }
    @inlinable public static var CAP_KILL: Self { Self(rawValue: 1 << 5) }
    @inlinable public static var CAP_SETGID: Self { Self(rawValue: 1 << 6) }
    @inlinable public static var CAP_SETUID: Self { Self(rawValue: 1 << 7) }
    @inlinable public static var CAP_SETPCAP: Self { Self(rawValue: 1 << 8) }
    @inlinable public static var CAP_NET_BIND_SERVICE: Self { Self(rawValue: 1 << 10) }
    @inlinable public static var CAP_NET_ADMIN: Self { Self(rawValue: 1 << 12) }
    @inlinable public static var CAP_NET_RAW: Self { Self(rawValue: 1 << 13) }
    @inlinable public static var CAP_IPC_LOCK: Self { Self(rawValue: 1 << 14) }
    @inlinable public static var CAP_IPC_OWNER: Self { Self(rawValue: 1 << 15) }
    @inlinable public static var CAP_SYS_CHROOT: Self { Self(rawValue: 1 << 18) }
    @inlinable public static var CAP_SYS_PTRACE: Self { Self(rawValue: 1 << 19) }
    @inlinable public static var CAP_SYS_ADMIN: Self { Self(rawValue: 1 << 21) }
    @inlinable public static var CAP_SYS_NICE: Self { Self(rawValue: 1 << 23) }
    @inlinable public static var CAP_SYS_RESOURCE: Self { Self(rawValue: 1 << 24) }
    @inlinable public static var CAP_SYS_TIME: Self { Self(rawValue: 1 << 25) }
    @inlinable public static var CAP_SYS_TTY_CONFIG: Self { Self(rawValue: 1 << 26) }
    @inlinable public static var CAP_MKNOD: Self { Self(rawValue: 1 << 27) }
    @inlinable public static var CAP_SETFCAP: Self { Self(rawValue: 1 << 31) }
    @inlinable public static var CAP_SYSLOG: Self { Self(rawValue: 1 << 34) }

    /// CAP_CHOWN to CAP_CHECKPOINT_RESTORE.
    @inlinable public static var all: Self { Self(rawValue: (1 << 41) - 1) }
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
