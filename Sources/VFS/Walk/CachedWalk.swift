import HostOS
import LinuxABI

// The walk that most calls need: along names that are cached and mean files and directories. It keeps nothing between
// walks, so there is nothing to invalidate: each step looks at what the directory's table, the inode's mode and the mounts
// are now, as the general walk does, and gives up where more than that is asked.
extension Caller {
    /// What `text` names, if that can be told from what is cached.
    ///
    /// - Parameter dirfd: where a relative path begins.
    /// - Returns: nil when something on the way is not known, or not that simple (links, "..", a slash at the end):
    ///   `resolve` has to look.
    /// - Throws: ENOENT for a name that is known to be absent, ENOTDIR, EACCES, EBADF.
    public final func resolveCached(_ text: Span<UInt8>, at dirfd: Int32, follow: Bool) throws(Errno) -> Path? {
        let slash = UInt8(ascii: "/"), dot = UInt8(ascii: ".")
        let count = text.count
        if count == 0 || count >= Walker.maximumLength { return nil }
        var mount: Mount
        var dentry: Dentry
        do {
            let start: Path
            if text[0] == slash {
                start = unsafe directoriesReference.borrowed { $0.root }
            } else if dirfd == Self.currentDirectory {
                start = unsafe directoriesReference.borrowed { $0.working }
            } else {
                start = try withAnyFile(dirfd) { (file) throws(Errno) in file.path }
            }
            mount = start.mount
            dentry = start.dentry
        }
        var at = 0
        while true {
            while at < count, text[at] == slash { at += 1 }
            if at == count { return nil }
            let first = at
            while at < count, text[at] != slash { at += 1 }
            if text[first] == dot, at == first + 1 || at == first + 2 && text[first + 1] == dot { return nil }
            let isLast = at == count
            guard let child = try dentry.cachedStep(text.extracting(first..<at), linksAllowed: isLast && !follow, by: self) else {
                return nil
            }
            if child.mountCount.load(ordering: .acquiring) == 0 {
                dentry = child
            } else {
                (mount, dentry) = child.mountedOver(on: mount)
            }
            if isLast { return Path(mount: mount, dentry: dentry) }
        }
    }

    /// What `text` names: from what is cached if that is enough, by the general walk otherwise.
    ///
    /// - Parameter flags: `.follow`, `.emptyPath`.
    public final func resolve(_ text: Span<UInt8>, at dirfd: Int32, _ flags: WalkFlags) throws(Errno) -> Path {
        if let known = try resolveCached(text, at: dirfd, follow: flags.contains(.follow)) { return known }
        return try resolve(Array(copying: text), at: dirfd, flags)
    }

    /// open(2) and openat(2).
    ///
    /// - Parameter text: as the guest gave it.
    public final func open(_ text: Span<UInt8>, at dirfd: Int32, _ how: OpenHow) throws(Errno) -> OpenFile {
        let flags = how.flags
        if how.resolve.isEmpty, flags.isDisjoint(with: [.O_CREAT, .O_PATH]), !flags.contains(.O_TMPFILE),
           let known = try resolveCached(text, at: dirfd, follow: !flags.contains(.O_NOFOLLOW)) {
            if flags.contains(.O_DIRECTORY), known.inode.type != .directory { throw .ENOTDIR }
            return try open(known, flags)
        }
        return try open(Array(copying: text), at: dirfd, how)
    }
}

extension Dentry {
    /// What covers this dentry in `mount`, itself if nothing does.
    @inline(never)
    fileprivate func mountedOver(on mount: Mount) -> (Mount, Dentry) {
        var mount = mount
        var dentry = self
        while dentry.mountCount.load(ordering: .acquiring) != 0, let over = dentry.mount(on: mount) {
            mount = over
            dentry = over.root
        }
        return (mount, dentry)
    }

    /// One step of a cached walk: what `name` means in this directory.
    ///
    /// - Parameter linksAllowed: whether it may be a symbolic link.
    /// - Returns: nil when that is not known, or is a link and may not be.
    @inline(never)
    fileprivate func cachedStep(_ name: Span<UInt8>, linksAllowed: Bool, by caller: Caller) throws(Errno) -> Dentry? {
        guard let directory = unsafe knownReference else { throw .ENOENT }
        let isCached = try unsafe directory.borrowed { (directory) throws(Errno) -> Bool in
            if directory.type != .directory { throw .ENOTDIR }
            try directory.checkSearch(by: caller)
            return directory.cachesNames
        }
        if !isCached { return nil }
        guard let child = cachedChild(name, DentryTable.hash(name, caller.nameKeys)) else { return nil }
        child.markUsed()
        guard let inode = unsafe child.knownReference else { throw .ENOENT }
        if !linksAllowed, unsafe inode.borrowed({ $0.type == .symbolicLink }) { return nil }
        return child
    }
}
