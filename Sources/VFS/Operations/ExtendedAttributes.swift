import LinuxABI

/// xattr(7): who may use which names.
extension Caller {
    public final func extendedAttribute(_ path: Path, _ name: [UInt8]) throws(Errno) -> [UInt8] {
        try checkExtendedAttribute(path.inode, name, writing: false)
        return try path.inode.extendedAttribute(name, by: self)
    }

    /// - Parameter flags: XATTR_CREATE 1, XATTR_REPLACE 2.
    public final func setExtendedAttribute(_ path: Path, _ name: [UInt8], _ value: [UInt8], flags: Int32) throws(Errno) {
        try path.checkWritable()
        try checkExtendedAttribute(path.inode, name, writing: true)
        try path.inode.setExtendedAttribute(name, value, flags: flags, by: self)
        path.inode.notify(.IN_ATTRIB, path.dentry)
    }

    public final func removeExtendedAttribute(_ path: Path, _ name: [UInt8]) throws(Errno) {
        try path.checkWritable()
        try checkExtendedAttribute(path.inode, name, writing: true)
        try path.inode.removeExtendedAttribute(name, by: self)
        path.inode.notify(.IN_ATTRIB, path.dentry)
    }

    /// The names that the caller may see.
    public final func extendedAttributeNames(_ path: Path) throws(Errno) -> [[UInt8]] {
        let names = try path.inode.extendedAttributeNames(by: self)
        return has(.CAP_SYS_ADMIN) ? names : names.filter { !$0.starts(with: "trusted.".utf8) }
    }

    /// xattr_permission.
    private final func checkExtendedAttribute(_ inode: Inode, _ name: [UInt8], writing: Bool) throws(Errno) {
        if name.starts(with: "trusted.".utf8) {
            if !has(.CAP_SYS_ADMIN) { throw writing ? .EPERM : .ENODATA }
            return
        }
        if name.starts(with: "security.".utf8) {
            if writing {
                let needed: Bool = name.elementsEqual("security.capability".utf8) ? has(.CAP_SETFCAP) : has(.CAP_SYS_ADMIN)
                if !needed { throw .EPERM }
            }
            return
        }
        if name.starts(with: "system.".utf8) { return }
        guard name.starts(with: "user.".utf8) else { throw .EOPNOTSUPP }
        if name.count == 5 { throw .EINVAL }
        if inode.type != .regular, inode.type != .directory { throw writing ? .EPERM : .ENODATA }
        if writing, inode.type == .directory, try inode.permissions().mode & 0o1000 != 0, !(try inode.isOwned(by: self)) {
            throw .EPERM
        }
        try inode.checkPermission(writing ? .write : .read, by: self)
    }
}
