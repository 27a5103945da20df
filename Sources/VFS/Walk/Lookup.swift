import LinuxABI

extension Dentry {
    /// What `text[start..<end]` names in this directory: perhaps a dentry without inode. Allocates nothing when the name is
    /// cached.
    @inline(__always)
    func child(_ text: [UInt8], _ start: Int, _ end: Int, by caller: Caller, cachedOnly: Bool = false) throws(Errno) -> Dentry {
        let name = text.span.extracting(start..<end)
        let hash = DentryTable.hash(name)
        if let known = cachedChild(name, hash) {
            switch inode.fileSystem.caching {
            case .always:
                known.markUsed()
                return known
            case .revalidate:
                if inode.fileSystem.revalidate(inode, known.name, known.known) {
                    known.markUsed()
                    return known
                }
            case .never:
                if known.isPinned { return known }
            }
        }
        if cachedOnly { throw .EAGAIN }
        return try lookUp(FileName(text[start..<end]), by: caller)
    }

    /// Asks the file system for `name` and keeps its answer.
    func lookUp(_ name: FileName, by caller: Caller) throws(Errno) -> Dentry {
        if name.bytes.count > FileName.maximumLength { throw .ENAMETOOLONG }
        let dentry = try inode.lock.withLock { () throws(Errno) in try lookUpLocked(name, by: caller) }
        Self.bound(inode.fileSystem)
        return dentry
    }

    /// The same with the directory's lock held: what is known is believed as far as the file system allows.
    func lookUpLocked(_ name: FileName, by caller: Caller) throws(Errno) -> Dentry {
        if name.bytes.count > FileName.maximumLength { throw .ENAMETOOLONG }
        if isDead { throw .ENOENT }
        let known = cachedChild(name)
        if let known {
            switch inode.fileSystem.caching {
            case .always: return known
            case .revalidate: if inode.fileSystem.revalidate(inode, name, known.known) { return known }
            case .never: if known.isPinned { return known }
            }
        }
        let found = try inode.lookup(name, by: caller)
        // The same file as before, or a place where a mount stands: the dentry stays.
        if let known, known.known === found || known.mountCount.load(ordering: .relaxed) != 0 { return known }
        let dentry = Dentry(name: name, parent: self, inode: found)
        if inode.fileSystem.caching != .never { cache(dentry) }
        return dentry
    }

    /// With the directory's lock held: `name` now means `inode`, which the file system has just made.
    func adopt(_ name: FileName, _ inode: Inode) -> Dentry {
        let dentry = Dentry(name: name, parent: self, inode: inode)
        if self.inode.fileSystem.caching != .never { cache(dentry) }
        return dentry
    }

    /// With the parent's lock held: the name is gone.
    func discard(_ child: Dentry) {
        child.markDead()
        if inode.fileSystem.caching == .always {
            cache(Dentry(name: child.name, parent: self, inode: nil))
        } else {
            forget(child)
        }
    }
}
