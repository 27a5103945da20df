import Identity
import LinuxABI

extension Caller {
    /// chmod(2) of a file that a walk found, fchmod(2).
    public final func changeMode(_ path: Path, _ mode: UInt32) throws(Errno) {
        let inode = path.inode
        try path.checkWritable()
        if inode.type == .symbolicLink { throw .EOPNOTSUPP }
        let (_, uid, gid) = try inode.permissions()
        guard credentials.owns(uid: uid, gid: gid) else { throw .EPERM }
        var change = AttributeChange(mode: mode & 0o7777)
        if mode & 0o2000 != 0, !credentials.isInGroup(gid), !credentials.has(.CAP_FSETID, overUID: uid, gid: gid) {
            change.mode = mode & 0o5777
        }
        try inode.setAttributes(change, by: self)
        inode.notify(inode.type == .directory ? [.IN_ATTRIB, .IN_ISDIR] : .IN_ATTRIB, path.dentry)
    }

    /// chown(2). nil leaves an id as it is. Ids are the kernel's own.
    public final func changeOwner(_ path: Path, uid newUID: UInt32?, gid newGID: UInt32?) throws(Errno) {
        let inode = path.inode
        try path.checkWritable()
        let (mode, uid, gid) = try inode.permissions()
        if let newUID, !(credentials.fsuid == uid && newUID == uid), !credentials.has(.CAP_CHOWN, overUID: uid, gid: gid) {
            throw .EPERM
        }
        if let newGID, !(credentials.fsuid == uid && (newGID == gid || credentials.isInGroup(newGID))),
           !credentials.has(.CAP_CHOWN, overUID: uid, gid: gid) { throw .EPERM }
        var change = AttributeChange(uid: newUID, gid: newGID)
        if inode.type != .directory {
            var kept = mode & ~0o4000
            if mode & 0o10 != 0 || !(credentials.isInGroup(gid) || credentials.has(.CAP_FSETID)) { kept &= ~0o2000 }
            if kept != mode { change.mode = kept & 0o7777 }
        }
        try inode.setAttributes(change, by: self)
        inode.notify(inode.type == .directory ? [.IN_ATTRIB, .IN_ISDIR] : .IN_ATTRIB, path.dentry)
    }

    /// utimensat(2). nil leaves a time as it is (UTIME_OMIT).
    public final func changeTimes(_ path: Path, accessed: AttributeChange.Time?, modified: AttributeChange.Time?) throws(Errno) {
        if accessed == nil, modified == nil { return }
        let inode = path.inode
        try path.checkWritable()
        if case .now? = accessed, case .now? = modified {
            if !(try inode.isOwned(by: self)) { try inode.checkPermission(.write, by: self) }
        } else if !(try inode.isOwned(by: self)) {
            throw .EPERM
        }
        try inode.setAttributes(AttributeChange(accessed: accessed, modified: modified), by: self)
        inode.notify(inode.type == .directory ? [.IN_ATTRIB, .IN_ISDIR] : .IN_ATTRIB, path.dentry)
    }

    /// truncate(2).
    public final func truncate(_ path: Path, to size: UInt64) throws(Errno) {
        let inode = path.inode
        if inode.type == .directory { throw .EISDIR }
        if inode.type != .regular { throw .EINVAL }
        try path.checkWritable()
        try inode.checkPermission(.write, by: self)
        try inode.beginWriting()
        defer { inode.endWriting() }
        try truncate(inode, path.dentry, to: size)
    }

    /// ftruncate(2).
    public final func truncate(_ file: OpenFile, to size: UInt64) throws(Errno) {
        if file.inode.type != .regular || !file.flags.isWritable { throw .EINVAL }
        try truncate(file.inode, file.path.dentry, to: size)
    }

    private final func truncate(_ inode: Inode, _ dentry: Dentry, to size: UInt64) throws(Errno) {
        if size > limit(1 /* RLIMIT_FSIZE */) {
            raise(25 /* SIGXFSZ */)
            throw .EFBIG
        }
        if size > UInt64(Int64.max) { throw .EINVAL }
        var change = AttributeChange(size: size, modified: .now)
        change.mode = try inode.modeWithoutPrivileges(for: self)
        try inode.setAttributes(change, by: self)
        inode.notify(.IN_MODIFY, dentry)
    }

    /// access(2), faccessat2(2).
    ///
    /// - Parameter effective: AT_EACCESS: the effective ids, not the real ones.
    public final func checkAccess(_ path: Path, _ mask: AccessMask, effective: Bool) throws(Errno) {
        let inode = path.inode
        if mask.isEmpty { return }
        var who = credentials
        if !effective, !who.checksAlikeByRealIDs {
            let real = who
            who = real.changed { f in
                f.fsuid = real.ruid
                f.fsgid = real.rgid
                // Unless securebits say otherwise, root by its real id has what it may have, and nobody else has anything.
                if real.securebits & 4 /* SECBIT_NO_SETUID_FIXUP */ == 0 { f.effective = real.ruid == 0 ? real.permitted : [] }
            }
        }
        if mask.contains(.execute), inode.type == .regular, path.mount.flags.contains(.noexec) { throw .EACCES }
        try inode.checkPermission(mask, credentials: who, by: self)
        if mask.contains(.write), inode.type == .regular || inode.type == .directory || inode.type == .symbolicLink {
            try path.checkWritable()
        }
    }
}

extension Credentials {
    /// Whether access(2)'s check by the real ids comes out as a check by these credentials does: nothing is to be changed.
    fileprivate var checksAlikeByRealIDs: Bool {
        guard fsuid == ruid, fsgid == rgid else { return false }
        return securebits & 4 /* SECBIT_NO_SETUID_FIXUP */ != 0 || effective == (ruid == 0 ? permitted : [])
    }
}
