import Identity
import LinuxABI

/// MAY_READ, MAY_WRITE, MAY_EXEC: what an access asks for; the bits of access(2).
public struct AccessMask: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static var execute: Self { Self(rawValue: 1) }
    @inlinable public static var write: Self { Self(rawValue: 2) }
    @inlinable public static var read: Self { Self(rawValue: 4) }
}

extension Inode {
    /// Whether `caller` may search this directory. Allocates nothing; asks nobody when everybody may.
    @inline(__always)
    final func checkSearch(by caller: Caller) throws(Errno) {
        if permissionHint.load(ordering: .relaxed) & (Self.permissionHintValid | 0o111) == Self.permissionHintValid | 0o111 { return }
        try checkPermission(.execute, by: caller)
    }

    /// inode_permission: read-only file system, mode bits, capabilities, and what the file system itself has to say.
    ///
    /// - Throws: EACCES; EROFS.
    public final func checkPermission(_ mask: AccessMask, by caller: Caller) throws(Errno) {
        try checkPermission(mask, credentials: caller.credentials, by: caller)
    }

    /// The same with other credentials: access(2) uses the real ids.
    public final func checkPermission(_ mask: AccessMask, credentials: Credentials, by caller: Caller) throws(Errno) {
        if mask.contains(.write), fileSystem.isReadOnly, type == .regular || type == .directory || type == .symbolicLink {
            throw .EROFS
        }
        let (mode, uid, gid) = try permissions()
        if !Self.allows(mask, mode: mode, uid: uid, gid: gid, isDirectory: type == .directory, credentials) { throw .EACCES }
        try checkAccess(mask.rawValue, by: caller)
    }

    /// Mode bits against ids and capabilities (path_resolution(7)).
    static func allows(_ mask: AccessMask, mode: UInt32, uid: UInt32, gid: UInt32, isDirectory: Bool,
                       _ credentials: Credentials) -> Bool {
        let granted: UInt32
        if credentials.fsuid == uid {
            granted = mode >> 6
        } else if (mode >> 3) & 7 != mode & 7, credentials.isInGroup(gid) {
            granted = mode >> 3
        } else {
            granted = mode
        }
        if mask.rawValue & ~granted & 7 == 0 { return true }
        if isDirectory {
            if !mask.contains(.write), credentials.has(.CAP_DAC_READ_SEARCH, overUID: uid, gid: gid) { return true }
            return credentials.has(.CAP_DAC_OVERRIDE, overUID: uid, gid: gid)
        }
        if mask == .read, credentials.has(.CAP_DAC_READ_SEARCH, overUID: uid, gid: gid) { return true }
        if mask.contains(.execute), mode & 0o111 == 0 { return false }
        return credentials.has(.CAP_DAC_OVERRIDE, overUID: uid, gid: gid)
    }

    /// Whether `caller` owns the file or may act as its owner (CAP_FOWNER).
    public final func isOwned(by caller: Caller) throws(Errno) -> Bool {
        let (_, uid, gid) = try permissions()
        return caller.credentials.owns(uid: uid, gid: gid)
    }
}

extension Credentials {
    /// capable_wrt_inode_uidgid: a capability counts only over files whose owner its namespace knows.
    public func has(_ capability: Capabilities, overUID uid: UInt32, gid: UInt32) -> Bool {
        has(capability) && (userNamespace.parent == nil || userNamespace.knows(uid: uid, gid: gid))
    }

    public func owns(uid: UInt32, gid: UInt32) -> Bool { fsuid == uid || has(.CAP_FOWNER, overUID: uid, gid: gid) }
}

extension UserNamespace {
    /// Whether both ids have a number in this namespace.
    public func knows(uid: UInt32, gid: UInt32) -> Bool {
        kernelUID(visibleUID(uid)) == uid && kernelGID(visibleGID(gid)) == gid
    }
}

extension Path {
    /// Whether something may be changed through this mount, beyond what the file's own bits say.
    ///
    /// - Throws: EROFS.
    public func checkWritable() throws(Errno) { if mount.isReadOnly { throw .EROFS } }

    /// may_create: a name may be made in this directory.
    func checkCreation(by caller: Caller) throws(Errno) {
        if dentry.isDead { throw .ENOENT }
        try inode.checkPermission([.write, .execute], by: caller)
    }

    /// may_delete: `victim` may be taken out of this directory.
    ///
    /// - Parameter directory: whether a directory is asked for; nil for either.
    func checkDeletion(of victim: Dentry, directory: Bool?, by caller: Caller) throws(Errno) {
        try inode.checkPermission([.write, .execute], by: caller)
        let (mode, uid, _) = try inode.permissions()
        if mode & 0o1000 != 0, caller.credentials.fsuid != uid {
            let (_, owner, group) = try victim.inode.permissions()
            if caller.credentials.fsuid != owner, !caller.credentials.has(.CAP_FOWNER, overUID: owner, gid: group) {
                throw .EPERM
            }
        }
        let isDirectory = victim.inode.type == .directory
        if let directory {
            if directory, !isDirectory { throw .ENOTDIR }
            if !directory, isDirectory { throw .EISDIR }
        }
        if isDirectory, victim === mount.root || victim.parent == nil { throw .EBUSY }
        if dentry.isDead { throw .ENOENT }
    }
}
