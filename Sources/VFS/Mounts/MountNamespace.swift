import HostOS
import LinuxABI
import Synchronization
import Waiting

/// A tree of mounts, as one group of tasks sees it (mount_namespaces(7)).
public final class MountNamespace: @unchecked Sendable {
    public let vfs: VirtualFileSystem
    /// Told when the tree changes: poll of /proc/self/mounts (POLLERR, POLLPRI).
    public let changed = WaitQueue()
    private let generationCount = Atomic<UInt64>(0)
    /// Guarded by the VFS's mount lock.
    var rootStorage: Mount
    var count = 1
    /// Guards the contexts. Innermost but for a context's own lock.
    private let contextLock = Lock()
    private var contexts: [ObjectIdentifier: WeakContext] = [:]

    private struct WeakContext {
        weak var context: DirectoryContext?
    }

    /// fs.mount-max.
    static var limit: Int { 100_000 }

    init(vfs: VirtualFileSystem, root: Mount) {
        self.vfs = vfs
        rootStorage = root
        root.namespace = self
    }

    /// A namespace with one mount: `fileSystem` at "/".
    public convenience init(_ vfs: VirtualFileSystem, root fileSystem: FileSystem, flags: MountFlags = [],
                            source: [UInt8] = Array("none".utf8)) {
        self.init(vfs: vfs, root: Mount(id: vfs.nextMountID(), fileSystem: fileSystem, root: fileSystem.rootDentry,
                                        flags: flags, source: source))
    }

    /// Nobody stands in the namespace any more: its mounts and the places where they stand let go of each other.
    deinit {
        let root = rootStorage
        let all = vfs.mountLock.withLock {
            var all = [root]
            var at = 0
            while at < all.count {
                all.append(contentsOf: all[at].children)
                at += 1
            }
            for mount in all { mount.disconnect() }
            return all
        }
        _ = consume all
    }

    public var root: Mount { vfs.mountLock.withLock { rootStorage } }

    /// The root as a place to stand, below whatever is mounted over it.
    public var rootPath: Path {
        let root = root
        return Path(mount: root, dentry: root.root)
    }

    /// Grows with every change of the tree.
    public var generation: UInt64 { generationCount.load(ordering: .acquiring) }

    func noteChange() {
        generationCount.add(1, ordering: .releasing)
        changed.notify([.POLLERR, .POLLPRI])
    }

    func register(_ context: DirectoryContext) {
        contextLock.withLock { contexts[ObjectIdentifier(context)] = WeakContext(context: context) }
    }

    func unregister(_ id: ObjectIdentifier) { contextLock.withLock { contexts[id] = nil } }

    var directoryContexts: [DirectoryContext] { contextLock.withLock { contexts.values.compactMap(\.context) } }
}

// The tree. All of these are called with the mount lock held.
extension Mount {
    /// Hangs this mount at `place`.
    ///
    /// - Parameter namespace: which the mounts now belong to; nil when they stay in theirs.
    func connect(to place: Path, in namespace: MountNamespace?) {
        parentStorage = place.mount
        mountpointStorage = place.dentry
        place.mount.children.append(self)
        place.dentry.pinAncestors()
        place.dentry.addMount(self, on: place.mount)
        guard let namespace else { return }
        for mount in subtree where mount.namespace !== namespace {
            mount.namespace = namespace
            namespace.count += 1
        }
    }

    /// Takes this mount, with what stands on it, from its place.
    func disconnect() {
        if let parent = parentStorage { parent.children.removeAll { $0 === self } }
        mountpointStorage?.removeMount(self)
        parentStorage = nil
        mountpointStorage = nil
    }

    /// Takes this mount and all below apart and out of their namespace.
    ///
    /// - Returns: what is gone, to be released without the lock.
    func takeOut() -> [Mount] {
        let all = subtree
        for one in all.reversed() {
            one.disconnect()
            one.namespace?.count -= 1
            one.namespace = nil
        }
        return all
    }

    /// This mount and all below, parents first.
    var subtree: [Mount] {
        var all = [self]
        var at = 0
        while at < all.count {
            all.append(contentsOf: all[at].children)
            at += 1
        }
        return all
    }

    /// A mount of the same files that stands nowhere.
    func clone(root: Dentry? = nil, vfs: VirtualFileSystem) -> Mount {
        let copy = Mount(id: vfs.nextMountID(), fileSystem: fileSystem, root: root ?? self.root, flags: flags, source: source)
        copy.propagation = propagation == .unbindable ? .private : propagation
        copy.peerGroup = peerGroup
        copy.masterGroup = masterGroup
        return copy
    }

    /// A copy of this mount, seen from `root`, with the mounts below.
    ///
    /// - Parameter recursive: false copies this one alone.
    /// - Returns: the copy, and which mount became which.
    func cloneTree(root: Dentry, recursive: Bool, unbindableToo: Bool = false,
                   vfs: VirtualFileSystem) -> (Mount, [ObjectIdentifier: Mount]) {
        let top = clone(root: root, vfs: vfs)
        var copies = [ObjectIdentifier(self): top]
        if !recursive { return (top, copies) }
        for mount in subtree.dropFirst() {
            guard let parent = mount.parentStorage, let point = mount.mountpointStorage,
                  let copyOfParent = copies[ObjectIdentifier(parent)] else { continue }
            if mount.propagation == .unbindable, !unbindableToo { continue }
            if parent === self, !point.isWithin(root) { continue }
            let copy = mount.clone(vfs: vfs)
            copy.parentStorage = copyOfParent
            copy.mountpointStorage = point
            copyOfParent.children.append(copy)
            point.addMount(copy, on: copyOfParent)
            copies[ObjectIdentifier(mount)] = copy
        }
        return (top, copies)
    }
}

extension Dentry {
    /// Keeps the way to this dentry cached, where the file system itself would forget it.
    func pinAncestors() {
        var child = self
        while let parent = child.parent {
            if child.isDead { return }
            parent.cache(child)
            child = parent
        }
    }
}
