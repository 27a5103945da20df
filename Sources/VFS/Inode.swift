import HostOS
import Identity
import LinuxABI
import Memory
import Synchronization

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
    public let fileSystem: FileSystem
    /// st_ino.
    public let number: UInt64
    public let type: FileType

    /// Whether the VFS may believe names of a directory that it knows (`FileSystem.Caching.always`).
    final let cachesNames: Bool

    /// Guards a directory's entries while they are looked up and changed. Below a file system's rename lock, parents before
    /// children, then by address.
    public let lock = Lock()
    /// Mode bits with `permissionHintValid`, where the file system keeps them here; 0: ask `permissions()`. A directory that
    /// everybody may search is then walked through without a call.
    public final let permissionHint = Atomic<UInt32>(0)
    /// How many open files write (above 0), or how many run it as a program (below 0).
    final let writers = Atomic<Int32>(0)
    private let attachmentLock = Lock()
    private final var attachmentStorage: Attachments?
    private final let attached = Atomic<Bool>(false)

    public static var permissionHintValid: UInt32 { 1 << 31 }

    public init(fileSystem: FileSystem, number: UInt64, type: FileType) {
        self.fileSystem = fileSystem
        self.number = number
        self.type = type
        cachesNames = fileSystem.caching == .always
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
    /// What is not overridden opens device nodes and FIFOs by the kernel's drivers.
    ///
    /// - Parameter path: by which it is opened; what /proc/PID/fd shows.
    open func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        try openSpecial(path, flags: flags, by: caller)
    }

    // Extended attributes (xattr(7)); names with their prefix.

    open func extendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) -> [UInt8] { throw .EOPNOTSUPP }
    open func setExtendedAttribute(_ name: [UInt8], _ value: [UInt8], flags: Int32, by caller: Caller) throws(Errno) { throw .EOPNOTSUPP }
    open func removeExtendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) { throw .EOPNOTSUPP }
    open func extendedAttributeNames(by caller: Caller) throws(Errno) -> [[UInt8]] { [] }

}

extension Inode {
    /// What few inodes have: locks, watches, a socket. One object, made by the first.
    final class Attachments: @unchecked Sendable {
        let locks = FileLocks()
        /// Guarded by the inode's attachment lock.
        var endpoint: AnyObject?
        var watches: WatchList?

        /// Nothing hangs off the inode any more.
        var isIdle: Bool { endpoint == nil && watches?.all.isEmpty != false && locks.isEmpty }
    }

    /// Without the lock: nobody who attaches something now counts on this caller to see it.
    final var hasAttachments: Bool { attached.load(ordering: .acquiring) }

    final var attachments: Attachments? { attachmentLock.withLock { attachmentStorage } }

    /// Whether a lock, a watch, a socket must be found by the next walk to this file.
    final var isAttached: Bool { attachmentLock.withLock { attachmentStorage?.isIdle == false } }

    final func makeWatchList() -> WatchList {
        let a = makeAttachments()
        return attachmentLock.withLock {
            if let watches = a.watches { return watches }
            let made = WatchList()
            a.watches = made
            return made
        }
    }

    final func makeAttachments() -> Attachments {
        attachmentLock.withLock {
            if let attachmentStorage { return attachmentStorage }
            let made = Attachments()
            attachmentStorage = made
            attached.store(true, ordering: .releasing)
            return made
        }
    }

    /// The unix socket that is bound here, or the pipe behind a FIFO: what an open or a connect finds.
    public final var endpoint: AnyObject? {
        get { attachments.flatMap { a in attachmentLock.withLock { a.endpoint } } }
        set {
            let a = makeAttachments()
            attachmentLock.withLock { a.endpoint = newValue }
        }
    }

    /// The endpoint, or the one that `make` makes when there is none yet.
    public final func endpoint(orMake make: () -> AnyObject) -> AnyObject {
        let a = makeAttachments()
        return attachmentLock.withLock {
            if let endpoint = a.endpoint { return endpoint }
            let made = make()
            a.endpoint = made
            return made
        }
    }

    /// Keeps the file from being written while it runs as a program; undone by `allowWriting`.
    ///
    /// - Throws: ETXTBSY when it is open for writing.
    public final func denyWriting() throws(Errno) {
        var now = writers.load(ordering: .relaxed)
        while true {
            if now > 0 { throw .ETXTBSY }
            let (done, seen) = writers.weakCompareExchange(expected: now, desired: now - 1, ordering: .relaxed)
            if done { return }
            now = seen
        }
    }

    public final func allowWriting() { writers.add(1, ordering: .relaxed) }

    /// Notes that an open file writes.
    ///
    /// - Throws: ETXTBSY while it runs as a program.
    final func beginWriting() throws(Errno) {
        var now = writers.load(ordering: .relaxed)
        while true {
            if now < 0 { throw .ETXTBSY }
            let (done, seen) = writers.weakCompareExchange(expected: now, desired: now + 1, ordering: .relaxed)
            if done { return }
            now = seen
        }
    }

    final func endWriting() { writers.subtract(1, ordering: .relaxed) }
}
