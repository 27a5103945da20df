import Identity
import Kernel
import LinuxABI
import Memory

func registerUserIdentity(_ table: inout SystemCallTable) {
    table[.getuid] = { (task, _) throws(Errno) in UInt64(task.credentials.visibleUID(task.credentials.ruid)) }
    table[.geteuid] = { (task, _) throws(Errno) in UInt64(task.credentials.visibleUID(task.credentials.euid)) }
    table[.getgid] = { (task, _) throws(Errno) in UInt64(task.credentials.visibleGID(task.credentials.rgid)) }
    table[.getegid] = { (task, _) throws(Errno) in UInt64(task.credentials.visibleGID(task.credentials.egid)) }
    table[.getresuid] = { (task, a) throws(Errno) in
        let c = task.credentials
        for (index, id) in [c.ruid, c.euid, c.suid].enumerated() { try task.memory.store(c.visibleUID(id), at: a.address(index)) }
        return 0
    }
    table[.getresgid] = { (task, a) throws(Errno) in
        let c = task.credentials
        for (index, id) in [c.rgid, c.egid, c.sgid].enumerated() { try task.memory.store(c.visibleGID(id), at: a.address(index)) }
        return 0
    }
    table[.setuid] = { (task, a) throws(Errno) in
        let uid = try task.uid(a.uint(0)), c = task.credentials
        if c.has(.CAP_SETUID, in: c.userNamespace) {
            task.setUIDs(real: uid, effective: uid, saved: uid)
        } else if uid == c.ruid || uid == c.suid {
            task.setUIDs(real: c.ruid, effective: uid, saved: c.suid)
        } else {
            throw .EPERM
        }
        return 0
    }
    table[.setgid] = { (task, a) throws(Errno) in
        let gid = try task.gid(a.uint(0)), c = task.credentials
        if c.has(.CAP_SETGID, in: c.userNamespace) {
            task.setGIDs(real: gid, effective: gid, saved: gid)
        } else if gid == c.rgid || gid == c.sgid {
            task.setGIDs(real: c.rgid, effective: gid, saved: c.sgid)
        } else {
            throw .EPERM
        }
        return 0
    }
    table[.setreuid] = { (task, a) throws(Errno) in
        let c = task.credentials
        let (real, effective) = (try task.optionalUID(a.uint(0)), try task.optionalUID(a.uint(1)))
        if !c.has(.CAP_SETUID, in: c.userNamespace) {
            if let real, real != c.ruid, real != c.euid { throw .EPERM }
            if let effective, effective != c.ruid, effective != c.euid, effective != c.suid { throw .EPERM }
        }
        let newEffective = effective ?? c.euid
        let changesSaved = real != nil || effective != nil && effective != c.ruid
        task.setUIDs(real: real ?? c.ruid, effective: newEffective, saved: changesSaved ? newEffective : c.suid)
        return 0
    }
    table[.setregid] = { (task, a) throws(Errno) in
        let c = task.credentials
        let (real, effective) = (try task.optionalGID(a.uint(0)), try task.optionalGID(a.uint(1)))
        if !c.has(.CAP_SETGID, in: c.userNamespace) {
            if let real, real != c.rgid, real != c.egid { throw .EPERM }
            if let effective, effective != c.rgid, effective != c.egid, effective != c.sgid { throw .EPERM }
        }
        let newEffective = effective ?? c.egid
        let changesSaved = real != nil || effective != nil && effective != c.rgid
        task.setGIDs(real: real ?? c.rgid, effective: newEffective, saved: changesSaved ? newEffective : c.sgid)
        return 0
    }
    table[.setresuid] = { (task, a) throws(Errno) in
        let c = task.credentials
        let ids = (try task.optionalUID(a.uint(0)), try task.optionalUID(a.uint(1)), try task.optionalUID(a.uint(2)))
        if !c.has(.CAP_SETUID, in: c.userNamespace) {
            for id in [ids.0, ids.1, ids.2] { if let id, id != c.ruid, id != c.euid, id != c.suid { throw .EPERM } }
        }
        task.setUIDs(real: ids.0 ?? c.ruid, effective: ids.1 ?? c.euid, saved: ids.2 ?? c.suid)
        return 0
    }
    table[.setresgid] = { (task, a) throws(Errno) in
        let c = task.credentials
        let ids = (try task.optionalGID(a.uint(0)), try task.optionalGID(a.uint(1)), try task.optionalGID(a.uint(2)))
        if !c.has(.CAP_SETGID, in: c.userNamespace) {
            for id in [ids.0, ids.1, ids.2] { if let id, id != c.rgid, id != c.egid, id != c.sgid { throw .EPERM } }
        }
        task.setGIDs(real: ids.0 ?? c.rgid, effective: ids.1 ?? c.egid, saved: ids.2 ?? c.sgid)
        return 0
    }
    table[.setfsuid] = { (task, a) throws(Errno) in
        let c = task.credentials
        let old = c.visibleUID(c.fsuid)
        if let uid = c.userNamespace.kernelUID(a.uint(0)), a.uint(0) != .max,
           uid == c.ruid || uid == c.euid || uid == c.suid || uid == c.fsuid || c.has(.CAP_SETUID, in: c.userNamespace) {
            task.setFileUID(uid)
        }
        return UInt64(old)
    }
    table[.setfsgid] = { (task, a) throws(Errno) in
        let c = task.credentials
        let old = c.visibleGID(c.fsgid)
        if let gid = c.userNamespace.kernelGID(a.uint(0)), a.uint(0) != .max,
           gid == c.rgid || gid == c.egid || gid == c.sgid || gid == c.fsgid || c.has(.CAP_SETGID, in: c.userNamespace) {
            task.replace(credentials: c.changed { $0.fsgid = gid })
        }
        return UInt64(old)
    }
    table[.getgroups] = { (task, a) throws(Errno) in
        let groups = task.credentials.groups
        let size = a.int(0)
        if size < 0 { throw .EINVAL }
        if size == 0 { return UInt64(groups.count) }
        if Int(size) < groups.count { throw .EINVAL }
        try task.memory.store(array: groups.map { task.credentials.visibleGID($0) }, at: a.address(1))
        return UInt64(groups.count)
    }
    table[.setgroups] = { (task, a) throws(Errno) in
        let c = task.credentials
        if !c.has(.CAP_SETGID, in: c.userNamespace) || !c.userNamespace.allowsSetgroups { throw .EPERM }
        let count = a.int(0)
        if count < 0 || count > 65536 { throw .EINVAL }
        var groups: [UInt32] = []
        for id in try task.memory.loadArray(a.address(1), count: Int(count), as: UInt32.self) { groups.append(try task.gid(id)) }
        let sorted = groups.sorted()
        task.replace(credentials: c.changed { $0.groups = sorted })
        return 0
    }
}

extension Credentials {
    func visibleUID(_ id: UInt32) -> UInt32 { userNamespace.visibleUID(id) }
    func visibleGID(_ id: UInt32) -> UInt32 { userNamespace.visibleGID(id) }
}

extension Task {
    /// The kernel's own id for one that the guest gave.
    ///
    /// - Throws: EINVAL when it has no meaning in the task's user namespace.
    fileprivate func uid(_ id: UInt32) throws(Errno) -> UInt32 {
        guard id != .max, let kernelID = credentials.userNamespace.kernelUID(id) else { throw .EINVAL }
        return kernelID
    }

    fileprivate func gid(_ id: UInt32) throws(Errno) -> UInt32 {
        guard id != .max, let kernelID = credentials.userNamespace.kernelGID(id) else { throw .EINVAL }
        return kernelID
    }

    /// nil for -1: keep.
    fileprivate func optionalUID(_ id: UInt32) throws(Errno) -> UInt32? { id == .max ? nil : try uid(id) }
    fileprivate func optionalGID(_ id: UInt32) throws(Errno) -> UInt32? { id == .max ? nil : try gid(id) }

    /// Sets the user ids, with what that does to capabilities (capabilities(7), "Effect of user ID changes").
    fileprivate func setUIDs(real: UInt32, effective: UInt32, saved: UInt32) {
        let old = credentials
        let root = old.userNamespace.kernelUID(0)
        let new = old.changed {
            ($0.ruid, $0.euid, $0.suid, $0.fsuid) = (real, effective, saved, effective)
            if old.securebits & SecureBits.NO_SETUID_FIXUP != 0 { return }
            let hadRoot = old.ruid == root || old.euid == root || old.suid == root
            let hasRoot = real == root || effective == root || saved == root
            if hadRoot, !hasRoot {
                if old.securebits & SecureBits.KEEP_CAPS == 0 {
                    $0.permitted = []
                    $0.effective = []
                }
                $0.ambient = []
            }
            if old.euid == root, effective != root { $0.effective = [] }
            if old.euid != root, effective == root { $0.effective = $0.permitted }
        }
        replace(credentials: new)
        noteIdentityChange(old, new)
    }

    fileprivate func setGIDs(real: UInt32, effective: UInt32, saved: UInt32) {
        let old = credentials
        let new = old.changed { ($0.rgid, $0.egid, $0.sgid, $0.fsgid) = (real, effective, saved, effective) }
        replace(credentials: new)
        noteIdentityChange(old, new)
    }

    /// The file system user id, and with it the capabilities over files.
    fileprivate func setFileUID(_ uid: UInt32) {
        let old = credentials
        let root = old.userNamespace.kernelUID(0)
        let overFiles: Capabilities = [.CAP_CHOWN, .CAP_DAC_OVERRIDE, .CAP_DAC_READ_SEARCH, .CAP_FOWNER, .CAP_FSETID, .CAP_MKNOD]
        replace(credentials: old.changed {
            $0.fsuid = uid
            if old.securebits & SecureBits.NO_SETUID_FIXUP != 0 { return }
            if old.fsuid == root, uid != root { $0.effective.subtract(overFiles) }
            if old.fsuid != root, uid == root { $0.effective.formUnion($0.permitted.intersection(overFiles)) }
        })
    }

    /// A process that changes its identity may hold what its new owner must not see.
    private func noteIdentityChange(_ old: Credentials, _ new: Credentials) {
        if old.euid != new.euid || old.egid != new.egid || old.fsuid != new.fsuid || old.fsgid != new.fsgid {
            mm.dumpable = 0
            clearParentDeathSignal()
        }
    }
}

/// SECBIT_* of capabilities(7).
enum SecureBits {
    static let NOROOT: UInt32 = 1
    static let NO_SETUID_FIXUP: UInt32 = 1 << 2
    static let KEEP_CAPS: UInt32 = 1 << 4
    static let NO_CAP_AMBIENT_RAISE: UInt32 = 1 << 6
    /// The lock of each bit stands next to it.
    static let locks: UInt32 = 0xaa
    static let all: UInt32 = 0xff
}
