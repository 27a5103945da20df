import HostOS
import LinuxABI
import Synchronization

/// One place in a file system's tree of names, and what is known to be there: Linux's dentry.
///
/// A dentry without an inode says that the name is known to be absent. What a dentry says of its inode never changes:
/// creating and removing a name puts another dentry in its place; only `rename` moves one.
@safe public final class Dentry: @unchecked Sendable {
    /// Guards name, parent, children and mounts. A parent's before a child's; below the file system's rename lock and the
    /// directories' inode locks. Nothing but memory is touched while it is held.
    let lock = Lock()
    /// Name and parent change with the locks of the old parent, the new parent and this dentry held: any of them reads.
    var nameStorage: FileName
    var hash: UInt32
    var parentStorage: Dentry?
    var children = DentryTable()
    let known: Inode?
    /// `known` without counting, for walks.
    let knownReference: Unmanaged<Inode>?
    /// The mounts that stand here, one per mount that shows this dentry. Changed below the mount lock too.
    var mounted: [(parent: ObjectIdentifier, mount: Mount)] = []
    /// How many mounts stand here: a walk looks for them only when it is not 0.
    let mountCount = Atomic<Int32>(0)
    private let state = Atomic<UInt32>(0)

    /// How many there are, and at how many unused ones are looked for.
    private static let live = Atomic<Int>(0)
    private static let shrinkAt = Atomic<Int>(65536)

    private static var dead: UInt32 { 1 }
    private static var used: UInt32 { 2 }
    private static var linkable: UInt32 { 4 }

    public init(name: FileName, parent: Dentry?, inode: Inode?) {
        nameStorage = name
        hash = DentryTable.hash(name.bytes.span)
        parentStorage = parent
        known = inode
        unsafe knownReference = inode.map { unsafe .passUnretained($0) }
        Self.live.add(1, ordering: .relaxed)
    }

    /// Lets go of a chain of parents without recursion: a guest decides how long it is.
    deinit {
        Self.live.subtract(1, ordering: .relaxed)
        var up = parentStorage
        parentStorage = nil
        while up != nil, isKnownUniquelyReferenced(&up) {
            let next = up?.parentStorage
            up?.parentStorage = nil
            up = next
        }
    }

    /// The file here. Only walks see dentries without one.
    @inline(__always) public var inode: Inode { known.unsafelyKnown }
    public var isNegative: Bool { known == nil }
    /// The name was removed: /proc shows " (deleted)", and nothing can be made below.
    public var isDead: Bool { state.load(ordering: .acquiring) & Self.dead != 0 }
    public var name: FileName { lock.withLock { nameStorage } }
    public var parent: Dentry? { lock.withLock { parentStorage } }

    /// An O_TMPFILE file that linkat(2) may give a name.
    func markLinkable() { state.bitwiseOr(Self.linkable, ordering: .relaxed) }
    var isLinkable: Bool { state.load(ordering: .relaxed) & Self.linkable != 0 }

    /// Keeps the number of dentries that nothing uses within bounds. Called without a lock.
    static func bound(_ fileSystem: FileSystem) {
        if live.load(ordering: .relaxed) <= shrinkAt.load(ordering: .relaxed) { return }
        // Others that come by meanwhile go on.
        shrinkAt.store(.max, ordering: .relaxed)
        _ = fileSystem.shrinkCache()
        shrinkAt.store(max(65536, live.load(ordering: .relaxed) + 16384), ordering: .relaxed)
    }

    func markDead() { state.bitwiseOr(Self.dead, ordering: .releasing) }

    /// For eviction: whether a walk came by since the last question.
    func clearUsed() -> Bool { state.bitwiseAnd(~Self.used, ordering: .relaxed).oldValue & Self.used != 0 }

    @inline(__always) func markUsed() {
        if state.load(ordering: .relaxed) & Self.used == 0 { state.bitwiseOr(Self.used, ordering: .relaxed) }
    }

    /// Whether this is `other` or lies below it.
    public func isWithin(_ other: Dentry) -> Bool {
        var at: Dentry? = self
        while let d = at {
            if d === other { return true }
            at = d.parent
        }
        return false
    }
}

extension Optional where Wrapped == Inode {
    /// The inode of a dentry that a walk has let through: it has one.
    @inline(__always) fileprivate var unsafelyKnown: Inode {
        guard let self else { preconditionFailure("a negative dentry escaped from a walk") }
        return self
    }
}

// What is cached below a directory.
extension Dentry {
    /// The dentry of `name`, if it is known. Allocates nothing.
    func cachedChild(_ name: Span<UInt8>, _ hash: UInt32) -> Dentry? {
        lock.lock()
        defer { lock.unlock() }
        return children.find(name, hash)
    }

    func cachedChild(_ name: FileName) -> Dentry? { cachedChild(name.bytes.span, DentryTable.hash(name.bytes.span)) }

    /// Makes `child` what is known of its name, in place of what was known before.
    func cache(_ child: Dentry) {
        let old = lock.withLock { children.replace(child) }
        _ = consume old
    }

    /// Forgets what is known of `child`'s name, if it is `child`.
    func forget(_ child: Dentry) { lock.withLock { children.remove(child) } }

    /// A mount or something below hangs on this dentry: a file system that keeps nothing must keep it.
    var isPinned: Bool { mountCount.load(ordering: .relaxed) != 0 || lock.withLock { !children.isEmpty } }

    func mount(on parent: Mount) -> Mount? {
        lock.withLock {
            for here in mounted where here.parent == ObjectIdentifier(parent) { return here.mount }
            return nil
        }
    }

    func addMount(_ mount: Mount, on parent: Mount) {
        lock.withLock { mounted.append((ObjectIdentifier(parent), mount)) }
        mountCount.add(1, ordering: .releasing)
    }

    func removeMount(_ mount: Mount) {
        lock.withLock { mounted.removeAll { $0.mount === mount } }
        mountCount.subtract(1, ordering: .releasing)
    }
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

    /// `Inode.attributes` of the file there, without counting it.
    public func attributes() throws(Errno) -> Attributes {
        guard let inode = unsafe dentry.knownReference else { throw .ENOENT }
        return try unsafe inode.borrowed { (inode) throws(Errno) in try inode.attributes() }
    }

    public static func == (a: Path, b: Path) -> Bool { a.mount === b.mount && a.dentry === b.dentry }
}
