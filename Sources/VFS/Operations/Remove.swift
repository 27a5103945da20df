import LinuxABI

extension Caller {
    /// unlink(2), unlinkat(2) without AT_REMOVEDIR.
    public final func unlink(_ path: [UInt8], at dirfd: Int32 = -100) throws(Errno) {
        let place = try resolveParent(path, at: dirfd)
        guard case .name(let name) = place.last else { throw .EISDIR }
        let directory = place.parent
        let inode = directory.inode
        if inode.type != .directory { throw .ENOTDIR }
        let victim: Dentry
        do {
            inode.lock.lock()
            defer { inode.lock.unlock() }
            try directory.checkWritable()
            victim = try directory.dentry.lookUpLocked(name, by: self)
            if victim.isNegative { throw .ENOENT }
            if place.trailingSlash { throw victim.inode.type == .directory ? .EISDIR : .ENOTDIR }
            try directory.checkDeletion(of: victim, directory: false, by: self)
            try checkNoMount(victim)
            try inode.unlink(name, victim.inode, by: self)
            directory.dentry.discard(victim)
        }
        victim.inode.notifySelf(.IN_ATTRIB)
        inode.notify(.IN_DELETE, name: victim)
        victim.inode.noteUnlinked()
    }

    /// rmdir(2), unlinkat(2) with AT_REMOVEDIR.
    public final func removeDirectory(_ path: [UInt8], at dirfd: Int32 = -100) throws(Errno) {
        let place = try resolveParent(path, at: dirfd)
        let name: FileName
        switch place.last {
        case .name(let last): name = last
        case .dot: throw .EINVAL
        case .dotDot: throw .ENOTEMPTY
        case .root: throw .EBUSY
        }
        let directory = place.parent
        let inode = directory.inode
        if inode.type != .directory { throw .ENOTDIR }
        let victim: Dentry
        do {
            inode.lock.lock()
            defer { inode.lock.unlock() }
            try directory.checkWritable()
            victim = try directory.dentry.lookUpLocked(name, by: self)
            if victim.isNegative { throw .ENOENT }
            try directory.checkDeletion(of: victim, directory: true, by: self)
            victim.inode.lock.lock()
            defer { victim.inode.lock.unlock() }
            try checkNoMount(victim)
            try inode.removeDirectory(name, victim.inode, by: self)
            directory.dentry.discard(victim)
            victim.forgetChildren()
        }
        inode.notify([.IN_DELETE, .IN_ISDIR], name: victim)
        victim.inode.noteUnlinked()
    }
}

extension Dentry {
    /// A removed directory has no names: what was known absent is forgotten.
    func forgetChildren() {
        let gone = lock.withLock { children.takeAll() }
        _ = consume gone
    }
}
