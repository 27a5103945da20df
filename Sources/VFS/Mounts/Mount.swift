import HostOS

/// MNT_* flags of one mount, as mount(2) sets them per mount.
public struct MountFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let readOnly = MountFlags(rawValue: 1)
    public static let nosuid = MountFlags(rawValue: 2)
    public static let nodev = MountFlags(rawValue: 4)
    public static let noexec = MountFlags(rawValue: 8)
    public static let noatime = MountFlags(rawValue: 1024)
    public static let nodiratime = MountFlags(rawValue: 2048)
    public static let relatime = MountFlags(rawValue: 1 << 21)
}

/// A file system, or a part of it, attached at a place of a mount namespace.
public final class Mount: @unchecked Sendable {
    public let id: Int32
    public let fileSystem: FileSystem
    /// What the mount shows at its root: the file system's root, or what a bind mount names.
    public let root: Dentry
    /// Guarded by the namespace's lock.
    public internal(set) var flags: MountFlags
    /// Where it is attached; nil for a namespace's root and for a detached mount. Guarded by the namespace's lock.
    public internal(set) var parent: Mount?
    public internal(set) var mountpoint: Dentry?
    public internal(set) var children: [Mount] = []
    public internal(set) unowned(unsafe) var namespace: MountNamespace?

    public init(id: Int32, fileSystem: FileSystem, root: Dentry, flags: MountFlags) {
        self.id = id
        self.fileSystem = fileSystem
        self.root = root
        self.flags = flags
    }
}
