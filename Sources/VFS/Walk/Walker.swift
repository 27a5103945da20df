import LinuxABI

/// One walk along a path (path_resolution(7)). Lives on its thread's stack.
struct Walker {
    private let caller: Caller
    private let flags: WalkFlags
    /// Where "/" leads and ".." ends.
    private let root: Path
    private(set) var mount: Mount
    private(set) var dentry: Dentry
    private var text: [UInt8]
    private var at = 0
    /// What follows behind symbolic links, outermost first.
    private var pending: [(text: [UInt8], at: Int)] = []
    private var links = 0
    private(set) var mustBeDirectory: Bool
    /// A slash behind a link makes the links that it leads to followed as well.
    private var followsLast: Bool

    /// MAXSYMLINKS.
    private static var maximumLinks: Int { 40 }
    /// PATH_MAX, with the NUL.
    static var maximumLength: Int { 4096 }

    /// - Parameter start: where a relative path begins; called only for one.
    init(_ path: [UInt8], from start: () throws(Errno) -> Path, flags: WalkFlags, by caller: Caller) throws(Errno) {
        self.caller = caller
        self.flags = flags
        text = path
        mustBeDirectory = flags.contains(.directory)
        followsLast = flags.contains(.follow)
        if path.count >= Self.maximumLength { throw .ENAMETOOLONG }
        if path.isEmpty, !flags.contains(.emptyPath) { throw .ENOENT }
        let scoped = !flags.isDisjoint(with: [.beneath, .inRoot])
        if path.first == UInt8(ascii: "/"), flags.contains(.beneath) { throw .EXDEV }
        if path.first != UInt8(ascii: "/") || scoped {
            let begin = try start()
            root = scoped ? begin : caller.directories.root
            (mount, dentry) = (begin.mount, begin.dentry)
        } else {
            root = caller.directories.root
            (mount, dentry) = (root.mount, root.dentry)
        }
    }

    var path: Path { Path(mount: mount, dentry: dentry) }

    /// Walks to the end.
    mutating func walk() throws(Errno) -> Path {
        while try advance(toParent: false) != nil {}
        if mustBeDirectory, dentry.inode.type != .directory { throw .ENOTDIR }
        return path
    }

    /// Walks up to the last component, which is not looked at.
    mutating func walkToParent() throws(Errno) -> ParentPath {
        while let stop = try advance(toParent: true) {
            if let last = stop.last { return ParentPath(parent: path, last: last, trailingSlash: stop.slash || mustBeDirectory) }
        }
        return ParentPath(parent: path, last: .root, trailingSlash: false)
    }

    /// Goes on where a symbolic link leads that was found as the last component of a walk to the parent.
    ///
    /// - Returns: where a magic link led: there is nothing left to walk then.
    mutating func continueThrough(_ link: Dentry) throws(Errno) -> Path? {
        at = text.count
        return try follow(link, isLast: true) ? path : nil
    }

    private struct Step {
        var last: LastComponent?
        var slash = false
    }

    /// Takes one component. nil at the end of the path.
    @inline(__always)
    private mutating func advance(toParent: Bool) throws(Errno) -> Step? {
        let slash = UInt8(ascii: "/")
        while at < text.count, text[at] == slash { at += 1 }
        if at >= text.count {
            guard let outer = pending.popLast() else { return nil }
            text = outer.text
            at = outer.at
            return Step()
        }
        let start = at
        var end = start
        while end < text.count, text[end] != slash { end += 1 }
        var rest = end
        while rest < text.count, text[rest] == slash { rest += 1 }
        let isLast = rest == text.count && pending.isEmpty
        let directory = dentry.inode
        if directory.type != .directory { throw .ENOTDIR }
        try directory.checkSearch(by: caller)
        let isDot = text[start] == UInt8(ascii: ".") && (end == start + 1 || (end == start + 2 && text[start + 1] == UInt8(ascii: ".")))
        if toParent, isLast {
            if isDot { return Step(last: end == start + 1 ? .dot : .dotDot, slash: rest > end) }
            return Step(last: .name(FileName(text[start..<end])), slash: rest > end)
        }
        at = rest
        if isLast, rest > end {
            mustBeDirectory = true
            followsLast = true
        }
        if isDot {
            if end == start + 2 { try climb() }
            return Step()
        }
        let child = try dentry.child(text, start, end, by: caller, cachedOnly: flags.contains(.cached))
        if child.isNegative { throw .ENOENT }
        if child.inode.type == .symbolicLink, !isLast || followsLast {
            _ = try follow(child, isLast: isLast)
            return Step()
        }
        dentry = child
        if !(isLast && flags.contains(.stayBelowMount)) { try enterMounts() }
        return Step()
    }

    @inline(__always)
    private mutating func enterMounts() throws(Errno) {
        while dentry.mountCount.load(ordering: .acquiring) != 0, let over = dentry.mount(on: mount) {
            if flags.contains(.noCrossing) { throw .EXDEV }
            mount = over
            dentry = over.root
        }
    }

    /// "..".
    private mutating func climb() throws(Errno) {
        while true {
            if dentry === root.dentry, mount === root.mount {
                if flags.contains(.beneath) { throw .EXDEV }
                return
            }
            if dentry !== mount.root {
                guard let parent = dentry.parent else { return }
                dentry = parent
                break
            }
            guard let place = mount.place(in: caller.vfs) else { return }
            if flags.contains(.noCrossing) { throw .EXDEV }
            (mount, dentry) = (place.mount, place.dentry)
        }
        try enterMounts()
    }

    /// - Returns: whether the link was a magic one, which leads to a file and not along a text.
    private mutating func follow(_ link: Dentry, isLast: Bool) throws(Errno) -> Bool {
        links += 1
        if links > Self.maximumLinks || flags.contains(.noSymbolicLinks) || mount.flags.contains(.nosymfollow) { throw .ELOOP }
        if isLast { try checkProtected(link) }
        if let jump = try link.inode.followMagicLink(by: caller) {
            if flags.contains(.noMagicLinks) { throw .ELOOP }
            if !flags.isDisjoint(with: [.beneath, .inRoot]) { throw .EXDEV }
            if flags.contains(.noCrossing), jump.mount !== mount { throw .EXDEV }
            (mount, dentry) = (jump.mount, jump.dentry)
            return true
        }
        let target = try link.inode.readLink(by: caller)
        guard let first = target.first else { throw .ENOENT }
        if at < text.count { pending.append((text, at)) }
        text = target
        at = 0
        if first == UInt8(ascii: "/") {
            if flags.contains(.beneath) { throw .EXDEV }
            if flags.contains(.noCrossing), root.mount !== mount { throw .EXDEV }
            (mount, dentry) = (root.mount, root.dentry)
        }
        return false
    }

    /// fs.protected_symlinks: in a sticky directory that all may write, only the owner's links and the directory's owner's
    /// lead on.
    private func checkProtected(_ link: Dentry) throws(Errno) {
        let directory = try dentry.inode.permissions()
        if directory.mode & 0o1002 != 0o1002 { return }
        let owner = try link.inode.permissions().uid
        if owner != caller.credentials.fsuid, owner != directory.uid { throw .EACCES }
    }
}

extension Mount {
    /// Where this mount is attached.
    func place(in vfs: VirtualFileSystem) -> Path? {
        vfs.mountLock.withLock {
            guard let parentStorage, let mountpointStorage else { return nil }
            return Path(mount: parentStorage, dentry: mountpointStorage)
        }
    }

    public func parent(in vfs: VirtualFileSystem) -> Mount? { vfs.mountLock.withLock { parentStorage } }
}

extension Caller {
    /// AT_FDCWD.
    public static var currentDirectory: Int32 { -100 }

    /// Where relative paths begin for `dirfd`: the working directory for AT_FDCWD.
    ///
    /// - Throws: EBADF.
    public final func start(_ dirfd: Int32) throws(Errno) -> Path {
        dirfd == Self.currentDirectory ? directories.working : try files.anyFile(dirfd).path
    }

    /// What `path` names.
    ///
    /// - Throws: ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, EBADF and the file systems' own errors.
    public final func resolve(_ path: [UInt8], at dirfd: Int32 = -100, _ flags: WalkFlags = [.follow]) throws(Errno) -> Path {
        var walker = try Walker(path, from: { () throws(Errno) in try start(dirfd) }, flags: flags, by: self)
        return try walker.walk()
    }

    /// The same, relative to a place.
    public final func resolve(_ path: [UInt8], from place: Path, _ flags: WalkFlags = [.follow]) throws(Errno) -> Path {
        var walker = try Walker(path, from: { () throws(Errno) in place }, flags: flags, by: self)
        return try walker.walk()
    }

    /// The directory in which the last component of `path` is, or is to be.
    public final func resolveParent(_ path: [UInt8], at dirfd: Int32 = -100, _ flags: WalkFlags = []) throws(Errno) -> ParentPath {
        var walker = try Walker(path, from: { () throws(Errno) in try start(dirfd) }, flags: flags, by: self)
        return try walker.walkToParent()
    }
}
