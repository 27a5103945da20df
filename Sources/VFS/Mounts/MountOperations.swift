import HostOS
import LinuxABI

/// mount(2), umount2(2) and their like, on paths that have been walked.
extension MountNamespace {
    /// Mounts `fileSystem` at `place`.
    ///
    /// - Parameter root: what of it the mount shows; its root unless said otherwise.
    /// - Throws: ENOTDIR when one is a directory and the other not; ENOENT for a place that is gone; EINVAL for a place of
    ///   another namespace; ENOSPC.
    @discardableResult
    public func mount(_ fileSystem: FileSystem, at place: Path, flags: MountFlags = [],
                      source: [UInt8] = Array("none".utf8)) throws(Errno) -> Mount {
        let mount = Mount(id: vfs.nextMountID(), fileSystem: fileSystem, root: fileSystem.rootDentry, flags: flags, source: source)
        try attach(mount, at: place)
        return mount
    }

    /// Hangs a mount (with those below) that stands nowhere at `place`.
    public func attach(_ mount: Mount, at place: Path) throws(Errno) {
        vfs.mountLock.lock()
        defer { vfs.mountLock.unlock() }
        try attachLocked(mount, at: place)
        noteChange()
    }

    private func attachLocked(_ mount: Mount, at named: Path) throws(Errno) {
        let place = named.topmost
        if place.mount.namespace !== self { throw .EINVAL }
        if place.dentry.isDead { throw .ENOENT }
        if (place.inode.type == .directory) != (mount.root.inode.type == .directory) { throw .ENOTDIR }
        if count + mount.subtree.count > Self.limit { throw .ENOSPC }
        mount.connect(to: place, in: self)
    }

    /// Every file system that is mounted, once.
    public var fileSystems: [FileSystem] {
        var seen: Set<ObjectIdentifier> = []
        return vfs.mountLock.withLock { rootStorage.subtree.map(\.fileSystem) }.filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Bind-mounts what is at `source`.
    ///
    /// - Parameter recursive: MS_REC: with the mounts below.
    @discardableResult
    public func bind(_ source: Path, at place: Path, recursive: Bool) throws(Errno) -> Mount {
        vfs.mountLock.lock()
        defer { vfs.mountLock.unlock() }
        if source.mount.namespace !== self || source.mount.propagation == .unbindable { throw .EINVAL }
        let (copy, _) = source.mount.cloneTree(root: source.dentry, recursive: recursive, vfs: vfs)
        do throws(Errno) { try attachLocked(copy, at: place) } catch {
            for mount in copy.subtree { mount.disconnect() }
            throw error
        }
        noteChange()
        return copy
    }

    /// MS_MOVE.
    public func move(_ source: Path, to place: Path) throws(Errno) {
        vfs.mountLock.lock()
        defer { vfs.mountLock.unlock() }
        let mount = source.mount
        guard mount.namespace === self, place.mount.namespace === self, mount.root === source.dentry,
              let parent = mount.parentStorage, let point = mount.mountpointStorage else { throw .EINVAL }
        if (place.inode.type == .directory) != (mount.root.inode.type == .directory) { throw .ENOTDIR }
        if parent.peerGroup != 0 { throw .EINVAL }
        if mount.subtree.contains(where: { $0 === place.mount }) { throw .ELOOP }
        mount.disconnect()
        do throws(Errno) { try attachLocked(mount, at: place) } catch {
            mount.connect(to: Path(mount: parent, dentry: point), in: nil)
            throw error
        }
        noteChange()
    }

    /// MS_REMOUNT|MS_BIND: the flags of one mount.
    ///
    /// - Throws: EINVAL when `path` is no mount's root; EBUSY when it is to be read-only while files are written through it.
    public func remount(_ path: Path, flags: MountFlags) throws(Errno) {
        vfs.mountLock.lock()
        defer { vfs.mountLock.unlock() }
        let mount = path.mount
        if mount.root !== path.dentry || mount.namespace !== self { throw .EINVAL }
        let old = mount.flags
        mount.flags = flags
        if flags.contains(.readOnly), !old.contains(.readOnly), mount.isWritten {
            mount.flags = old
            throw .EBUSY
        }
        noteChange()
    }

    /// umount2(2).
    ///
    /// - Parameter detach: MNT_DETACH: now, though it is used; it ends when the last user does.
    /// - Throws: EINVAL when `path` is no mount's root or the namespace's own; EBUSY.
    public func unmount(_ path: consuming Path, detach: Bool) throws(Errno) {
        let (mount, dentry) = (path.mount, path.dentry)
        var gone: [Mount] = []
        try vfs.mountLock.withLock { () throws(Errno) in
            if mount.root !== dentry || mount.namespace !== self { throw .EINVAL }
            if mount === rootStorage { throw detach ? .EINVAL : .EBUSY }
            if !detach, !mount.children.isEmpty || mount.isUsed { throw .EBUSY }
            gone = mount.takeOut()
            noteChange()
        }
        withExtendedLifetime(gone) {}
    }

    /// MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE: kept, shown in mountinfo, and heeded by bind, move and pivot_root.
    /// Mounts do not spread to peers yet.
    public func setPropagation(_ path: Path, _ propagation: Propagation, recursive: Bool) throws(Errno) {
        vfs.mountLock.lock()
        defer { vfs.mountLock.unlock() }
        if path.mount.root !== path.dentry || path.mount.namespace !== self { throw .EINVAL }
        for mount in recursive ? path.mount.subtree : [path.mount] { mount.change(to: propagation, vfs) }
        noteChange()
    }

    /// A copy for unshare(2) and clone(2) with CLONE_NEWNS.
    ///
    /// - Parameter paths: places in this namespace.
    /// - Returns: the copy, and what `paths` are in it.
    public func copy(translating paths: [Path]) -> (MountNamespace, [Path]) {
        vfs.mountLock.lock()
        defer { vfs.mountLock.unlock() }
        let (root, copies) = rootStorage.cloneTree(root: rootStorage.root, recursive: true, unbindableToo: true, vfs: vfs)
        let copy = MountNamespace(vfs: vfs, root: root)
        let all = root.subtree
        for mount in all { mount.namespace = copy }
        copy.count = all.count
        return (copy, paths.map { Path(mount: copies[ObjectIdentifier($0.mount)] ?? $0.mount, dentry: $0.dentry) })
    }

    /// pivot_root(2): `new` becomes the root of the namespace, and the old root is seen at `old`.
    ///
    /// - Parameter current: the caller's root.
    public func pivotRoot(to new: Path, putting old: Path, current: Path) throws(Errno) {
        vfs.mountLock.lock()
        defer { vfs.mountLock.unlock() }
        if new.inode.type != .directory || old.inode.type != .directory { throw .ENOTDIR }
        let (newMount, rootMount) = (new.mount, current.mount)
        if newMount.namespace !== self || rootMount.namespace !== self || old.mount.namespace !== self { throw .EINVAL }
        if newMount.peerGroup != 0 && newMount.parentStorage?.peerGroup != 0 || rootMount.parentStorage.map({ $0.peerGroup != 0 }) == true {
            throw .EINVAL
        }
        if newMount === rootMount || old.mount === rootMount { throw .EBUSY }
        if current.dentry !== rootMount.root || new.dentry !== newMount.root { throw .EINVAL }
        guard newMount.parentStorage != nil else { throw .EINVAL }
        if !isBelow(old, new) || !isBelow(new, current) { throw .EINVAL }

        let (rootParent, rootPoint) = (rootMount.parentStorage, rootMount.mountpointStorage)
        newMount.disconnect()
        if let rootParent, let rootPoint {
            rootMount.disconnect()
            newMount.connect(to: Path(mount: rootParent, dentry: rootPoint), in: nil)
        } else {
            rootStorage = newMount
        }
        rootMount.connect(to: old, in: nil)
        for context in directoryContexts {
            if context.root == current { context.root = new }
            if context.working == current { context.working = new }
        }
        noteChange()
    }

    /// Whether `path` is `top` or below it, through mounts.
    private func isBelow(_ path: Path, _ top: Path) -> Bool {
        var (mount, dentry) = (path.mount, path.dentry)
        while mount !== top.mount {
            guard let parent = mount.parentStorage, let point = mount.mountpointStorage else { return false }
            (mount, dentry) = (parent, point)
        }
        return dentry.isWithin(top.dentry)
    }
}

extension Path {
    /// What is seen here: the root of the last mount that stands on this place.
    public var topmost: Path { entering(dentry) }
}

extension Caller {
    /// A name is about to go away or to move. A mount on it in the caller's namespace forbids that; those of others are
    /// taken away with it, as on Linux.
    ///
    /// - Throws: EBUSY.
    final func checkNoMount(_ dentry: Dentry) throws(Errno) {
        if dentry.mountCount.load(ordering: .acquiring) == 0 { return }
        let own = directories.mounts
        var gone: [Mount] = []
        try vfs.mountLock.withLock { () throws(Errno) in
            let here = dentry.lock.withLock { dentry.mounted.map(\.mount) }
            if here.contains(where: { $0.namespace === own }) { throw .EBUSY }
            for mount in here { gone += mount.takeOut() }
        }
        withExtendedLifetime(gone) {}
    }
}
