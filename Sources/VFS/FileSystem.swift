import HostOS
import LinuxABI
import Memory
import Synchronization

/// A mounted file system's own state: Linux's super_block.
open class FileSystem: @unchecked Sendable {
    /// How long the VFS may believe a name that was looked up.
    public enum Caching: Sendable {
        /// Only this Sentry changes the tree: names, and their absence, stay.
        case always
        /// Others may change it: `revalidate` decides at each walk.
        case revalidate
        /// Entries come and go by themselves (procfs): nothing is kept but what a mount stands on.
        case never
    }

    /// As in /proc/filesystems and /proc/mounts: "tmpfs".
    public let typeName: String
    public let device: DeviceNumber
    /// Held by a rename that moves between directories. Outermost of the file layer's locks.
    let renameLock = Lock()
    /// Guards the root's dentry and the number of mounts. Innermost.
    private let lock = Lock()
    private var rootDentryStorage: Dentry?
    private var mounts = 0
    private let readOnlyFlag = Atomic<Bool>(false)
    /// How many inotify watches are on its inodes: with none, nothing is told.
    final let watchCount = Atomic<Int>(0)
    /// Files that guests' threads use by themselves, while there is no watch.
    public final let viewedFiles = ViewedFiles()

    public init(typeName: String, device: DeviceNumber = .nextAnonymous()) {
        self.typeName = typeName
        self.device = device
    }

    open var root: Inode { fatalErrorOfMissing("root") }
    open var caching: Caching { .always }
    /// What those hear at once who want to make a name that does not exist; nil: the directory decides.
    open var creationRefusal: Errno? { nil }
    /// For .revalidate: whether `inode` is still what `name` in `parent` means (nil: still absent).
    open func revalidate(_ parent: Inode, _ name: FileName, _ inode: Inode?) -> Bool { true }
    open func statistics() throws(Errno) -> FileSystemStatistics { FileSystemStatistics(magic: 0) }
    open func sync() throws(Errno) {}
    /// What /proc/mounts shows behind the mount's own options: "size=65536k".
    open var optionsText: String { "" }
    /// What /proc/mounts shows as the source.
    open var source: String { typeName }
    /// Applies mount(2)'s data of a remount.
    ///
    /// - Throws: EINVAL for an option that it does not know.
    open func remount(_ options: [UInt8], by caller: Caller) throws(Errno) {}
    /// The last mount is gone. Open files may remain. What refers to each other in the file system is taken apart here.
    open func unmounted() {}

    /// Whether nothing in it may be changed through any mount (the superblock's MS_RDONLY).
    public final var isReadOnly: Bool {
        get { readOnlyFlag.load(ordering: .relaxed) }
        set { readOnlyFlag.store(newValue, ordering: .relaxed) }
    }

    /// The dentry of the root, the same for all mounts.
    public final var rootDentry: Dentry {
        if let known = lock.withLock({ rootDentryStorage }) { return known }
        let made = Dentry(name: "/", parent: nil, inode: root)
        return lock.withLock {
            if let known = rootDentryStorage { return known }
            rootDentryStorage = made
            return made
        }
    }

    final func beginMount() { lock.withLock { mounts += 1 } }

    final func endMount() {
        let last = lock.withLock { () -> Dentry? in
            mounts -= 1
            if mounts > 0 { return nil }
            defer { rootDentryStorage = nil }
            return rootDentryStorage
        }
        if let last {
            last.takeApart()
            unmounted()
        }
    }

    /// Forgets cached names that nothing uses: all, or those that no walk used since the last call.
    ///
    /// - Returns: how many were forgotten.
    public final func shrinkCache(all: Bool = false) -> Int {
        guard let root = lock.withLock({ rootDentryStorage }) else { return 0 }
        return root.shrink(all: all)
    }

    private func fatalErrorOfMissing(_ what: StaticString) -> Never { preconditionFailure("a file system without \(what)") }
}

extension Dentry {
    /// Unlinks everything cached below, so that parents and children no longer keep each other.
    func takeApart() {
        var work = [self]
        while let dentry = work.popLast() {
            let children = dentry.lock.withLock { dentry.children.takeAll() }
            work.append(contentsOf: children)
        }
    }

    /// Forgets unused dentries below this one, deepest first.
    func shrink(all: Bool) -> Int {
        // Parents come before children in the list; they hold no names when their turn comes from behind.
        var order: [Dentry] = [self]
        var at = 0
        while at < order.count {
            let dentry = order[at]
            order.append(contentsOf: dentry.lock.withLock { dentry.children.all }.filter { !$0.isNegative && $0.inode.type == .directory })
            at += 1
        }
        var forgotten = 0
        while let dentry = order.popLast() {
            let gone = dentry.lock.withLock {
                dentry.children.takeUnused { child in
                    // What hangs off an inode (a bound socket, a lock, a watch) must be found by the next walk.
                    child.mountCount.load(ordering: .relaxed) == 0 && child.children.isEmpty && child.known?.isAttached != true
                        && (!child.clearUsed() || all)
                }
            }
            forgotten += gone.count
        }
        return forgotten
    }
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
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static var RENAME_NOREPLACE: Self { Self(rawValue: 1) }
    @inlinable public static var RENAME_EXCHANGE: Self { Self(rawValue: 2) }
    @inlinable public static var RENAME_WHITEOUT: Self { Self(rawValue: 4) }
}
