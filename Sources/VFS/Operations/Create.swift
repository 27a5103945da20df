import LinuxABI

extension Caller {
    /// mkdirat(2).
    public final func makeDirectory(_ path: [UInt8], at dirfd: Int32 = -100, mode: UInt32) throws(Errno) {
        try create(path, at: dirfd, .directory, mode: mode & 0o1777)
    }

    /// mknodat(2) with a type that has been checked.
    ///
    /// - Throws: EPERM for devices without CAP_MKNOD.
    public final func makeNode(_ path: [UInt8], at dirfd: Int32 = -100, _ type: FileType, mode: UInt32,
                               device: DeviceNumber = DeviceNumber(major: 0, minor: 0)) throws(Errno) {
        try create(path, at: dirfd, type, mode: mode & 0o7777, device: device)
    }

    /// symlinkat(2).
    public final func makeSymbolicLink(_ path: [UInt8], at dirfd: Int32 = -100, to target: [UInt8]) throws(Errno) {
        if target.isEmpty { throw .ENOENT }
        try create(path, at: dirfd, .symbolicLink, mode: 0o777, target: target)
    }

    /// Makes a name that does not exist yet.
    ///
    /// - Returns: where it is: bind of a unix socket keeps it.
    @discardableResult
    public final func create(_ path: [UInt8], at dirfd: Int32 = -100, _ type: FileType, mode: UInt32,
                             device: DeviceNumber = DeviceNumber(major: 0, minor: 0), target: [UInt8] = [],
                             with endpoint: AnyObject? = nil) throws(Errno) -> Path {
        let place = try resolveParent(path, at: dirfd)
        guard case .name(let name) = place.last else { throw .EEXIST }
        let directory = place.parent
        let inode = directory.inode
        if inode.type != .directory { throw .ENOTDIR }
        inode.lock.lock()
        defer { inode.lock.unlock() }
        let known = try directory.dentry.lookUpLocked(name, by: self)
        if !known.isNegative { throw .EEXIST }
        try directory.dentry.checkMakesNames()
        // Only a directory may be called "name/" before it exists.
        if place.trailingSlash, type != .directory { throw .ENOENT }
        try directory.checkWritable()
        try directory.checkCreation(by: self)
        if type == .characterDevice || type == .blockDevice, !has(.CAP_MKNOD),
           !(type == .characterDevice && device == DeviceNumber(major: 0, minor: 0)) { throw .EPERM }
        var node = try newNode(type, mode: mode, in: inode)
        if type == .symbolicLink { node.mode = 0o777 }
        node.device = device
        node.target = target
        let made = try inode.create(name, node, by: self)
        if let endpoint { made.endpoint = endpoint }
        let dentry = directory.dentry.adopt(name, made)
        inode.notify(type == .directory ? [.IN_CREATE, .IN_ISDIR] : .IN_CREATE, name: dentry)
        return Path(mount: directory.mount, dentry: dentry)
    }

    /// linkat(2) with the source walked already.
    ///
    /// - Parameter follow: AT_SYMLINK_FOLLOW.
    /// - Parameter byDescriptor: AT_EMPTY_PATH: an O_TMPFILE file may get its name.
    public final func makeLink(_ path: [UInt8], at dirfd: Int32 = -100, to old: Path) throws(Errno) {
        let place = try resolveParent(path, at: dirfd)
        guard case .name(let name) = place.last else { throw .EEXIST }
        let directory = place.parent
        let inode = directory.inode
        let source = old.inode
        if inode.type != .directory { throw .ENOTDIR }
        inode.lock.lock()
        defer { inode.lock.unlock() }
        let known = try directory.dentry.lookUpLocked(name, by: self)
        if !known.isNegative { throw .EEXIST }
        try directory.dentry.checkMakesNames()
        if place.trailingSlash { throw .ENOENT }
        try directory.checkWritable()
        if directory.mount !== old.mount { throw .EXDEV }
        try checkMayLink(source)
        try directory.checkCreation(by: self)
        if source.fileSystem !== inode.fileSystem { throw .EXDEV }
        if source.type == .directory { throw .EPERM }
        if old.dentry.isDead, !old.dentry.isLinkable, try source.attributes().links == 0 { throw .ENOENT }
        try inode.link(name, to: source, by: self)
        let dentry = directory.dentry.adopt(name, source)
        source.notifySelf(.IN_ATTRIB)
        inode.notify(.IN_CREATE, name: dentry)
    }

    /// fs.protected_hardlinks: the owner links anything, others only what they may read and write.
    private final func checkMayLink(_ source: Inode) throws(Errno) {
        if try source.isOwned(by: self) { return }
        let (mode, _, _) = try source.permissions()
        guard source.type == .regular, mode & 0o4000 == 0, mode & 0o2010 != 0o2010 else { throw .EPERM }
        do throws(Errno) { try source.checkPermission([.read, .write], by: self) } catch { throw .EPERM }
    }
}

extension Dentry {
    /// Where entries come and go by themselves nobody makes one.
    func checkMakesNames() throws(Errno) { if let error = inode.fileSystem.creationRefusal { throw error } }
}
