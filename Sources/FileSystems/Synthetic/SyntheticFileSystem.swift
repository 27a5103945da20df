import HostOS
import LinuxABI
import Synchronization
import VFS

/// A file system whose files are made up when they are looked at: procfs, sysfs, cgroupfs, devpts. Linux has kernfs.
open class SyntheticFileSystem: FileSystem, @unchecked Sendable {
    private let lastInode = Atomic<UInt64>(0)
    private let magic: UInt64
    /// All times of files that keep none.
    public let mountTime: FileTime

    public init(typeName: String, magic: UInt64) {
        self.magic = magic
        mountTime = .now
        super.init(typeName: typeName)
    }

    /// A number for an inode that lasts.
    public func nextInode() -> UInt64 { lastInode.add(1, ordering: .relaxed).newValue }

    /// What those hear who want to make or move a name where none can be made.
    open var creationError: Errno { .EPERM }

    open override var caching: Caching { .never }
    open override var creationRefusal: Errno? { creationError }
    open override func statistics() throws(Errno) -> FileSystemStatistics { FileSystemStatistics(magic: magic) }
}

/// An inode of such a file system: attributes that do not change by themselves.
open class SyntheticInode: Inode, @unchecked Sendable {
    /// Permission bits.
    public let mode: UInt32

    public init(_ fileSystem: SyntheticFileSystem, number: UInt64, type: FileType, mode: UInt32) {
        self.mode = mode
        super.init(fileSystem: fileSystem, number: number, type: type)
    }

    /// Who it belongs to, by the kernel's own ids.
    open var owner: (uid: UInt32, gid: UInt32) { (0, 0) }
    open var linkCount: UInt32 { type == .directory ? 2 : 1 }
    open var size: UInt64 { 0 }

    open override func permissions() throws(Errno) -> (mode: UInt32, uid: UInt32, gid: UInt32) {
        let (uid, gid) = owner
        return (mode, uid, gid)
    }

    open override func attributes() throws(Errno) -> Attributes {
        let time = (fileSystem as? SyntheticFileSystem)?.mountTime ?? FileTime(seconds: 0, nanoseconds: 0)
        let (mode, uid, gid) = try permissions()
        return Attributes(type: type, mode: mode, uid: uid, gid: gid, links: linkCount, size: size, blockSize: 1024,
                          inode: number, device: fileSystem.device, accessed: time, modified: time, changed: time)
    }

    /// Changes of mode, owner and times are not kept. A size of 0 is what O_TRUNC asks before writing.
    open override func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) {
        if change.mode != nil || change.uid != nil || change.gid != nil { throw .EPERM }
    }
}
