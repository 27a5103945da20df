import HostOS
import Synchronization

/// One place in a file system's tree of names, and what is known to be there: Linux's dentry.
///
/// A dentry without an inode says that the name is known to be absent.
public final class Dentry: @unchecked Sendable {
    /// Guards name, parent and children. A parent's before a child's; under the file system's rename lock.
    let lock = Lock()
    var nameStorage: FileName
    var parentStorage: Dentry?
    var children: [FileName: Dentry] = [:]
    var inodeStorage: Inode?
    /// How many mounts stand here: a walk asks the mount table only when it is not 0.
    let mountCount = Atomic<Int32>(0)
    /// The name was removed: /proc shows " (deleted)", and nothing can be made below.
    let dead = Atomic<Bool>(false)

    public init(name: FileName, parent: Dentry?, inode: Inode?) {
        nameStorage = name
        parentStorage = parent
        inodeStorage = inode
    }

    /// The file here. Only walks see dentries without one.
    public var inode: Inode { inodeStorage! }
    public var isDead: Bool { dead.load(ordering: .acquiring) }
    public var name: FileName { lock.withLock { nameStorage } }
    public var parent: Dentry? { lock.withLock { parentStorage } }
}

/// A dentry as seen through a mount: a place that a task can name, stand in, or have open.
public struct Path: Sendable {
    public let mount: Mount
    public let dentry: Dentry

    public init(mount: Mount, dentry: Dentry) {
        self.mount = mount
        self.dentry = dentry
    }

    public var inode: Inode { dentry.inode }

    public static func == (a: Path, b: Path) -> Bool { a.mount === b.mount && a.dentry === b.dentry }
}
