import HostOS
import Identity
import LinuxABI
import Memory

/// What a created node shall be.
public struct NewNode: Sendable {
    public var type: FileType
    /// Permission bits, umask applied.
    public var mode: UInt32
    public var uid: UInt32
    public var gid: UInt32
    /// Of a device node.
    public var device = DeviceNumber(major: 0, minor: 0)
    /// Of a symbolic link.
    public var target: [UInt8] = []

    public init(type: FileType, mode: UInt32, uid: UInt32, gid: UInt32) {
        self.type = type
        self.mode = mode
        self.uid = uid
        self.gid = gid
    }
}

/// A file, whatever its name: what a file system implements, Linux's inode_operations.
///
/// The VFS checks permissions, names, mounts and limits, and holds the directory's `lock` around calls that change it;
/// an implementation does the file system's part only. What is not overridden answers as a file that cannot do it.
open class Inode: @unchecked Sendable {
    public unowned let fileSystem: FileSystem
    /// st_ino.
    public let number: UInt64
    public let type: FileType

    /// Guards a directory's entries while they are changed. Below a file system's rename lock, parents before children.
    public let lock = Lock()
    /// POSIX, OFD and BSD locks on the file; made by the first.
    public internal(set) final var locks: FileLocks?
    /// The unix socket that is bound here, or the pipe behind a FIFO: what an open or a connect finds.
    public final var endpoint: AnyObject?

    public init(fileSystem: FileSystem, number: UInt64, type: FileType) {
        self.fileSystem = fileSystem
        self.number = number
        self.type = type
    }

    /// What stat(2) tells. Served from a cache where the file system may.
    open func attributes() throws(Errno) -> Attributes { throw .EIO }

    /// Applies a change that the VFS has allowed.
    open func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) { throw .EPERM }

    /// Mode and owner, for the permission check of each step of a walk: like `attributes`, but cheap.
    open func permissions() throws(Errno) -> (mode: UInt32, uid: UInt32, gid: UInt32) {
        let a = try attributes()
        return (a.mode, a.uid, a.gid)
    }

    /// A further say on access beyond mode bits (procfs's ptrace check). `mask`: 4 read, 2 write, 1 execute.
    open func checkAccess(_ mask: UInt32, by caller: Caller) throws(Errno) {}

    // Directories.

    /// The entry `name`, or nil when there is none. The VFS caches the answer as `fileSystem.caching` allows.
    open func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? { throw .ENOTDIR }
    open func create(_ name: FileName, _ node: NewNode, by caller: Caller) throws(Errno) -> Inode { throw .EPERM }
    open func link(_ name: FileName, to inode: Inode, by caller: Caller) throws(Errno) { throw .EPERM }
    /// Removes a name that is no directory's.
    open func unlink(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) { throw .EPERM }
    open func removeDirectory(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) { throw .EPERM }
    /// renameat2(2) within this file system. `replaced` is what `newName` names now.
    open func rename(_ name: FileName, _ inode: Inode, to newParent: Inode, _ newName: FileName, replacing replaced: Inode?,
                     flags: RenameFlags, by caller: Caller) throws(Errno) { throw .EPERM }
    /// A nameless file (O_TMPFILE).
    open func createTemporary(_ node: NewNode, by caller: Caller) throws(Errno) -> Inode { throw .EOPNOTSUPP }

    // Symbolic links.

    /// The target of a symbolic link.
    open func readLink(by caller: Caller) throws(Errno) -> [UInt8] { throw .EINVAL }
    /// Where a magic link of procfs leads; nil for an ordinary symbolic link, whose text is walked.
    open func followMagicLink(by caller: Caller) throws(Errno) -> Path? { nil }

    // Opening.

    /// Opens the file. Permission, O_CREAT, O_EXCL, O_DIRECTORY and O_TRUNC have been dealt with by the VFS.
    ///
    /// - Parameter path: by which it is opened; what /proc/PID/fd shows.
    open func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile { throw .ENXIO }

    // Extended attributes (xattr(7)); names with their prefix.

    open func extendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) -> [UInt8] { throw .EOPNOTSUPP }
    open func setExtendedAttribute(_ name: [UInt8], _ value: [UInt8], flags: Int32, by caller: Caller) throws(Errno) { throw .EOPNOTSUPP }
    open func removeExtendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) { throw .EOPNOTSUPP }
    open func extendedAttributeNames(by caller: Caller) throws(Errno) -> [[UInt8]] { [] }

    /// Called when no name, open file or mapping needs the inode any more and its link count is 0.
    open func evict() {}
}

/// A mounted file system's own state: Linux's super_block.
open class FileSystem: @unchecked Sendable {
    /// How long the VFS may believe a name that was looked up.
    public enum Caching: Sendable {
        /// Only this Sentry changes the tree: names, and their absence, stay.
        case always
        /// Others may change it: `revalidate` decides at each walk.
        case revalidate
        /// Entries come and go by themselves (procfs): nothing is kept.
        case never
    }

    /// As in /proc/filesystems and /proc/mounts: "tmpfs".
    public let typeName: String
    public let device: DeviceNumber

    public init(typeName: String, device: DeviceNumber) {
        self.typeName = typeName
        self.device = device
    }

    open var root: Inode { fatalErrorOfMissing("root") }
    open var caching: Caching { .always }
    /// For .revalidate: whether `inode` is still what `name` in `parent` means (nil: still absent).
    open func revalidate(_ parent: Inode, _ name: FileName, _ inode: Inode?) -> Bool { true }
    open func statistics() throws(Errno) -> FileSystemStatistics { FileSystemStatistics(magic: 0) }
    open func sync() throws(Errno) {}
    /// What /proc/mounts shows behind the mount's own options: "size=65536k".
    open var optionsText: String { "" }
    /// What /proc/mounts shows as the source.
    open var source: String { typeName }
    /// The last mount is gone.
    open func unmounted() {}

    private func fatalErrorOfMissing(_ what: StaticString) -> Never { preconditionFailure("a file system without \(what)") }
}

/// statfs(2).
public struct FileSystemStatistics: Sendable {
    public var magic: UInt64
    public var blockSize: UInt64 = 4096
    public var blocks: UInt64 = 0
    public var free: UInt64 = 0
    public var available: UInt64 = 0
    public var files: UInt64 = 0
    public var freeFiles: UInt64 = 0
    public var nameLength: UInt64 = 255

    public init(magic: UInt64) { self.magic = magic }
}

/// RENAME_* of renameat2(2).
public struct RenameFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let RENAME_NOREPLACE = RenameFlags(rawValue: 1)
    public static let RENAME_EXCHANGE = RenameFlags(rawValue: 2)
    public static let RENAME_WHITEOUT = RenameFlags(rawValue: 4)
}
