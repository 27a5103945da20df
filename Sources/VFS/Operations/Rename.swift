import LinuxABI

extension Caller {
    /// renameat2(2).
    public final func rename(_ oldPath: [UInt8], at oldDirfd: Int32 = -100, to newPath: [UInt8], at newDirfd: Int32 = -100,
                             _ flags: RenameFlags = []) throws(Errno) {
        if !flags.isSubset(of: [.RENAME_NOREPLACE, .RENAME_EXCHANGE, .RENAME_WHITEOUT]) { throw .EINVAL }
        if flags.contains(.RENAME_EXCHANGE), flags != .RENAME_EXCHANGE { throw .EINVAL }
        if flags.contains(.RENAME_WHITEOUT), !has(.CAP_MKNOD) { throw .EPERM }
        let from = try resolveParent(oldPath, at: oldDirfd)
        let to = try resolveParent(newPath, at: newDirfd)
        if from.parent.mount !== to.parent.mount { throw .EXDEV }
        guard case .name(let oldName) = from.last else { throw .EBUSY }
        guard case .name(let newName) = to.last else { throw flags.contains(.RENAME_NOREPLACE) ? .EEXIST : .EBUSY }
        let (source, target) = (from.parent.inode, to.parent.inode)
        if source.type != .directory || target.type != .directory { throw .ENOTDIR }
        try from.parent.checkWritable()

        let order = DirectoryPair(locking: from.parent.dentry, to.parent.dentry)
        defer { order.unlock() }
        let old = try from.parent.dentry.lookUpLocked(oldName, by: self)
        if old.isNegative { throw .ENOENT }
        let new = try to.parent.dentry.lookUpLocked(newName, by: self)
        if flags.contains(.RENAME_NOREPLACE), !new.isNegative { throw .EEXIST }
        let exchange = flags.contains(.RENAME_EXCHANGE)
        if exchange {
            if new.isNegative { throw .ENOENT }
            if new.inode.type != .directory, to.trailingSlash { throw .ENOTDIR }
        }
        let movesDirectory = old.inode.type == .directory
        if !movesDirectory {
            if from.trailingSlash { throw .ENOTDIR }
            if !exchange, to.trailingSlash { throw .ENOTDIR }
        }
        // A directory cannot go below itself, nor take the place of one that it is in.
        if to.parent.dentry.isWithin(old) { throw .EINVAL }
        if !new.isNegative, from.parent.dentry.isWithin(new) { throw exchange ? .EINVAL : .ENOTEMPTY }
        if !new.isNegative, old.inode === new.inode { return }

        try from.parent.checkDeletion(of: old, directory: nil, by: self)
        if new.isNegative {
            try to.parent.checkCreation(by: self)
        } else {
            try to.parent.checkDeletion(of: new, directory: exchange ? nil : movesDirectory, by: self)
        }
        // A directory's ".." changes when it moves.
        if source !== target {
            if movesDirectory { try old.inode.checkPermission(.write, by: self) }
            if exchange, new.inode.type == .directory { try new.inode.checkPermission(.write, by: self) }
        }
        try checkNoMount(old)
        try checkNoMount(new)
        // Nothing may be made in a directory that is about to be replaced.
        let replaced = !exchange && new.known?.type == .directory ? new.known : nil
        replaced?.lock.lock()
        defer { replaced?.lock.unlock() }
        try source.rename(oldName, old.inode, to: target, newName, replacing: new.known, flags: flags, by: self)
        order.move(old, from: from.parent.dentry, to: to.parent.dentry, newName, over: new, exchange: exchange)
        notifyOfMove(old, new, from.parent.inode, oldName, to.parent.inode, exchange: exchange)
    }

    private final func notifyOfMove(_ old: Dentry, _ new: Dentry, _ source: Inode, _ oldName: FileName, _ target: Inode,
                                    exchange: Bool) {
        Inode.notifyOfMove(old.inode, source, oldName, target, old.name)
        if exchange {
            Inode.notifyOfMove(new.inode, target, old.name, source, oldName)
        } else if !new.isNegative {
            new.inode.notifySelf(.IN_ATTRIB)
            new.inode.noteUnlinked()
        }
    }
}

/// The directories of a rename, locked in the order that all renames keep.
private struct DirectoryPair {
    private let first: Dentry
    private let second: Dentry?
    private let fileSystem: FileSystem

    /// Locks. With two directories the tree must not change between the question which is above, and their locks: so it
    /// is asked below the rename lock.
    init(locking a: Dentry, _ b: Dentry) {
        fileSystem = a.inode.fileSystem
        if a !== b { fileSystem.renameLock.lock() }
        if a === b {
            first = a
            second = nil
        } else if b.isWithin(a) {
            (first, second) = (a, b)
        } else if a.isWithin(b) {
            (first, second) = (b, a)
        } else {
            (first, second) = ObjectIdentifier(a.inode) < ObjectIdentifier(b.inode) ? (a, b) : (b, a)
        }
        first.inode.lock.lock()
        second?.inode.lock.lock()
    }

    func unlock() {
        second?.inode.lock.unlock()
        first.inode.lock.unlock()
        if second != nil { fileSystem.renameLock.unlock() }
    }

    /// Makes the dentries say what the file system has done.
    func move(_ old: Dentry, from: Dentry, to: Dentry, _ newName: FileName, over new: Dentry, exchange: Bool) {
        let oldName = old.name
        from.forget(old)
        if exchange {
            to.forget(new)
            old.rename(to: newName, in: to)
            new.rename(to: oldName, in: from)
            from.cache(new)
        } else {
            if !new.isNegative {
                new.markDead()
                if new.inode.type == .directory { new.forgetChildren() }
            }
            to.forget(new)
            old.rename(to: newName, in: to)
        }
        to.cache(old)
    }
}

extension Dentry {
    /// With both directories' inode locks held, and this dentry in neither's table.
    fileprivate func rename(to name: FileName, in parent: Dentry) {
        let old = lock.withLock {
            let old = parentStorage
            nameStorage = name
            hash = DentryTable.hash(name.bytes.span)
            parentStorage = parent
            return old
        }
        _ = consume old
    }
}
