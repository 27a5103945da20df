import LinuxABI

/// How a file is to be opened: openat2(2)'s struct open_how.
public struct OpenHow: Sendable {
    public var flags: OpenFlags
    /// Permission bits for a file that is made, before the umask.
    public var mode: UInt32
    /// RESOLVE_*.
    public var resolve: WalkFlags

    public init(_ flags: OpenFlags, mode: UInt32 = 0, resolve: WalkFlags = []) {
        self.flags = flags
        self.mode = mode
        self.resolve = resolve
    }
}

extension Caller {
    /// open(2), openat(2), openat2(2), but for the descriptor.
    ///
    /// - Parameter path: as the guest gave it.
    public final func open(_ path: [UInt8], at dirfd: Int32 = -100, _ how: OpenHow) throws(Errno) -> OpenFile {
        try open(path, from: { () throws(Errno) in try start(dirfd) }, how)
    }

    /// The same, relative to a place.
    public final func open(_ path: [UInt8], from place: Path, _ how: OpenHow) throws(Errno) -> OpenFile {
        try open(path, from: { () throws(Errno) in place }, how)
    }

    private final func open(_ path: [UInt8], from start: () throws(Errno) -> Path, _ how: OpenHow) throws(Errno) -> OpenFile {
        let flags = how.flags
        var walk = how.resolve.intersection(.openat2All)
        if flags.contains(.O_DIRECTORY) { walk.insert(.directory) }
        if !flags.contains(.O_NOFOLLOW) { walk.insert(.follow) }
        if flags.contains(.O_PATH) {
            var walker = try Walker(path, from: start, flags: walk, by: self)
            return PathOnlyFile(path: try walker.walk(), flags: flags)
        }
        if flags.contains(.O_CREAT) {
            if flags.contains(.O_DIRECTORY) { throw .EINVAL }
            if flags.contains(.O_EXCL) { walk.remove(.follow) }
            return try openOrCreate(path, from: start, how, walk)
        }
        if flags.contains(.O_TMPFILE) {
            if !flags.isWritable { throw .EINVAL }
            var walker = try Walker(path, from: start, flags: walk, by: self)
            return try openTemporary(in: try walker.walk(), how)
        }
        var walker = try Walker(path, from: start, flags: walk, by: self)
        return try open(try walker.walk(), flags)
    }

    /// Opens what a walk has found: permission, then the file system's own part.
    public final func open(_ path: Path, _ flags: OpenFlags) throws(Errno) -> OpenFile {
        try mayOpen(path, flags)
        return try openAllowed(path, flags)
    }

    /// may_open.
    private final func mayOpen(_ path: Path, _ flags: OpenFlags) throws(Errno) {
        let inode = path.inode
        switch inode.type {
        case .symbolicLink: throw .ELOOP
        case .directory: if flags.isWritable || flags.contains(.O_CREAT) { throw .EISDIR }
        case .characterDevice, .blockDevice: if path.mount.flags.contains(.nodev) { throw .EACCES }
        case .fifo, .socket, .regular: break
        }
        var mask = AccessMask()
        // Access mode 3 asks for both and gives neither.
        if flags.isReadable || flags.rawValue & 3 == 3 { mask.insert(.read) }
        if flags.isWritable || flags.rawValue & 3 == 3 { mask.insert(.write) }
        if flags.contains(.O_TRUNC), inode.type == .regular { mask.insert(.write) }
        try inode.checkPermission(mask, by: self)
        if flags.contains(.O_NOATIME), !(try inode.isOwned(by: self)) { throw .EPERM }
    }

    /// Opens without a look at the permission bits: what was just created may be written though its mode forbids it.
    private final func openAllowed(_ path: Path, _ flags: OpenFlags) throws(Errno) -> OpenFile {
        let inode = path.inode
        let countsAsWriter = flags.isWritable && inode.type == .regular
        let truncates = flags.contains(.O_TRUNC) && inode.type == .regular
        if countsAsWriter {
            try path.mount.beginWriting()
            do throws(Errno) { try inode.beginWriting() } catch {
                path.mount.endWriting()
                throw error
            }
        } else if truncates {
            try path.checkWritable()
        }
        let file: OpenFile
        do throws(Errno) {
            // A terminal asks for O_NOCTTY; no file keeps it.
            let kept = flags.subtracting([.O_CREAT, .O_EXCL, .O_TRUNC, .O_CLOEXEC])
            file = try inode.open(path, flags: kept.union(.O_LARGEFILE), by: self)
            if kept.contains(.O_NOCTTY) { file.flags.remove(.O_NOCTTY) }
        } catch {
            if countsAsWriter {
                inode.endWriting()
                path.mount.endWriting()
            }
            throw error
        }
        // A driver may have opened another file than the one of the path (/dev/tty): only the path's own is counted.
        if countsAsWriter {
            if file.path.dentry === path.dentry {
                file.countsAsWriter = true
            } else {
                inode.endWriting()
                path.mount.endWriting()
            }
        }
        if truncates {
            var change = AttributeChange(size: 0)
            change.modified = .now
            change.mode = try inode.modeWithoutPrivileges(for: self)
            try inode.setAttributes(change, by: self)
            inode.notify(.IN_MODIFY, path.dentry)
        }
        inode.notify(.IN_OPEN, path.dentry)
        return file
    }

    private final func openOrCreate(_ path: [UInt8], from start: () throws(Errno) -> Path, _ how: OpenHow,
                                    _ walk: WalkFlags) throws(Errno) -> OpenFile {
        var walker = try Walker(path, from: start, flags: walk, by: self)
        while true {
            let place = try walker.walkToParent()
            guard case .name(let name) = place.last else { throw how.flags.contains(.O_EXCL) ? .EEXIST : .EISDIR }
            if place.trailingSlash { throw .EISDIR }
            let directory = place.parent
            if directory.inode.type != .directory { throw .ENOTDIR }
            let (dentry, made) = try lookUpOrCreate(name, in: directory, how)
            if made { return try openAllowed(Path(mount: directory.mount, dentry: dentry), how.flags.subtracting(.O_TRUNC)) }
            if how.flags.contains(.O_EXCL) { throw .EEXIST }
            if dentry.inode.type == .symbolicLink {
                if !walk.contains(.follow) { throw .ELOOP }
                if let end = try walker.continueThrough(dentry) { return try open(end, how.flags) }
                continue
            }
            let found = directory.entering(dentry)
            try checkProtected(found, in: directory, how.flags)
            return try open(found, how.flags)
        }
    }

    /// fs.protected_regular, fs.protected_fifos: in a sticky directory that all may write, O_CREAT does not open what
    /// somebody else put there.
    private final func checkProtected(_ found: Path, in directory: Path, _ flags: OpenFlags) throws(Errno) {
        guard found.inode.type == .regular || found.inode.type == .fifo else { return }
        let (mode, uid, _) = try directory.inode.permissions()
        if mode & 0o1002 != 0o1002 { return }
        let owner = try found.inode.permissions().uid
        if owner != uid, owner != credentials.fsuid { throw .EACCES }
    }

    private final func lookUpOrCreate(_ name: FileName, in directory: Path,
                                      _ how: OpenHow) throws(Errno) -> (Dentry, made: Bool) {
        let parent = directory.dentry
        // What exists is mostly known.
        if let known = parent.cachedChild(name), !known.isNegative, parent.inode.fileSystem.caching == .always {
            return (known, false)
        }
        let inode = parent.inode
        inode.lock.lock()
        defer { inode.lock.unlock() }
        let known = try parent.lookUpLocked(name, by: self)
        if !known.isNegative { return (known, false) }
        try parent.checkMakesNames()
        try directory.checkWritable()
        try directory.checkCreation(by: self)
        let node = try newNode(.regular, mode: how.mode & 0o7777, in: inode)
        let made = parent.adopt(name, try inode.create(name, node, by: self))
        inode.notify(.IN_CREATE, name: made)
        return (made, true)
    }

    private final func openTemporary(in directory: Path, _ how: OpenHow) throws(Errno) -> OpenFile {
        if directory.inode.type != .directory { throw .ENOTDIR }
        try directory.checkWritable()
        try directory.checkCreation(by: self)
        let node = try newNode(.regular, mode: how.mode & 0o7777, in: directory.inode)
        let inode = try directory.inode.createTemporary(node, by: self)
        let dentry = Dentry(name: FileName("#\(inode.number)"), parent: directory.dentry, inode: inode)
        dentry.markDead()
        if !how.flags.contains(.O_EXCL) { dentry.markLinkable() }
        return try openAllowed(Path(mount: directory.mount, dentry: dentry), how.flags.subtracting([.O_TRUNC]))
    }

    /// What a new file in `directory` gets: the umask, the owner, and a set-group-id directory's group.
    final func newNode(_ type: FileType, mode: UInt32, in directory: Inode) throws(Errno) -> NewNode {
        let (parentMode, _, parentGroup) = try directory.permissions()
        let inherits = parentMode & 0o2000 != 0
        var node = NewNode(type: type, mode: mode & ~directories.umask, uid: credentials.fsuid,
                           gid: inherits ? parentGroup : credentials.fsgid)
        if inherits, type == .directory {
            node.mode |= 0o2000
        } else if mode & 0o2010 == 0o2010, !credentials.isInGroup(node.gid), !credentials.has(.CAP_FSETID) {
            node.mode &= ~0o2000
        }
        return node
    }
}

extension Path {
    /// `child` of this directory, or what is mounted there.
    func entering(_ child: Dentry) -> Path {
        var at = Path(mount: mount, dentry: child)
        while at.dentry.mountCount.load(ordering: .acquiring) != 0, let over = at.dentry.mount(on: at.mount) {
            at = Path(mount: over, dentry: over.root)
        }
        return at
    }
}

extension Inode {
    /// The mode without set-id bits, when a write by `caller` takes them away; nil when nothing changes
    /// (file_remove_privs).
    final func modeWithoutPrivileges(for caller: Caller) throws(Errno) -> UInt32? {
        guard type == .regular else { return nil }
        let (mode, _, gid) = try permissions()
        var kept = mode & ~0o4000
        if mode & 0o2010 == 0o2010 || mode & 0o2000 != 0 && !caller.credentials.isInGroup(gid) { kept &= ~0o2000 }
        if kept == mode || caller.credentials.has(.CAP_FSETID) { return nil }
        return kept & 0o7777
    }
}
