import HostOS
import LinuxABI
import Synchronization

/// MNT_* flags of one mount, as mount(2) sets them per mount (the MS_* bits).
public struct MountFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static var readOnly: Self { Self(rawValue: 1) }
    @inlinable public static var nosuid: Self { Self(rawValue: 2) }
    @inlinable public static var nodev: Self { Self(rawValue: 4) }
    @inlinable public static var noexec: Self { Self(rawValue: 8) }
    @inlinable public static var nosymfollow: Self { Self(rawValue: 256) }
    @inlinable public static var noatime: Self { Self(rawValue: 1024) }
    @inlinable public static var nodiratime: Self { Self(rawValue: 2048) }
    @inlinable public static var relatime: Self { Self(rawValue: 1 << 21) }
    @inlinable public static var all: MountFlags { [.readOnly, .nosuid, .nodev, .noexec, .nosymfollow, .noatime, .nodiratime, .relatime] }
}

/// A file system, or a part of it, attached at a place of a mount namespace.
public final class Mount: @unchecked Sendable {
    public let id: Int32
    public let fileSystem: FileSystem
    /// What the mount shows at its root: the file system's root, or what a bind mount names.
    public let root: Dentry
    private let flagBits: Atomic<UInt32>
    /// Open files that write through this mount: they keep it from becoming read-only.
    private let writers = Atomic<Int32>(0)
    /// Open files, roots and working directories here: they keep it from being unmounted.
    private let users = Atomic<Int32>(0)
    /// What mount(2) was given as source, as /proc/mounts shows it.
    public let source: [UInt8]

    /// Guarded by the VFS's mount lock: where it is attached (nil for a namespace's root and for a detached mount), what
    /// stands on it, and how changes spread.
    var parentStorage: Mount?
    var mountpointStorage: Dentry?
    var children: [Mount] = []
    var propagation = Propagation.private
    /// 0 for none. Mounts with the same number are peers, across namespaces.
    var peerGroup: Int32 = 0
    var masterGroup: Int32 = 0
    weak var namespace: MountNamespace?

    public init(id: Int32, fileSystem: FileSystem, root: Dentry, flags: MountFlags, source: [UInt8]) {
        self.id = id
        self.fileSystem = fileSystem
        self.root = root
        self.source = source
        flagBits = Atomic(flags.rawValue)
        fileSystem.beginMount()
    }

    deinit { fileSystem.endMount() }

    public var flags: MountFlags {
        get { MountFlags(rawValue: flagBits.load(ordering: .relaxed)) }
        set { flagBits.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Whether nothing may be changed through it.
    public var isReadOnly: Bool { flags.contains(.readOnly) || fileSystem.isReadOnly }

    /// Whether reading does not change a file's access time here.
    public func suppressesAccessTime(of type: FileType) -> Bool {
        let flags = flags
        return flags.contains(.noatime) || flags.contains(.nodiratime) && type == .directory || isReadOnly
    }

    func beginUse() { users.add(1, ordering: .relaxed) }
    func endUse() { users.subtract(1, ordering: .relaxed) }
    var isUsed: Bool { users.load(ordering: .relaxed) > 0 }

    /// Notes an open file that writes.
    ///
    /// - Throws: EROFS.
    func beginWriting() throws(Errno) {
        writers.add(1, ordering: .sequentiallyConsistent)
        if isReadOnly {
            writers.subtract(1, ordering: .relaxed)
            throw .EROFS
        }
    }

    func endWriting() { writers.subtract(1, ordering: .relaxed) }
    var isWritten: Bool { writers.load(ordering: .sequentiallyConsistent) > 0 }
}
