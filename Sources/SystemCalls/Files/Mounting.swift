import Kernel
import LinuxABI
import Memory
import VFS

func registerMounting(_ table: inout SystemCallTable) {
    table[.mount] = mount
    table[.umount2] = { (task, a) throws(Errno) in
        // MNT_FORCE 1, MNT_DETACH 2, MNT_EXPIRE 4, UMOUNT_NOFOLLOW 8.
        let flags = a.uint(1)
        if flags & ~0xf != 0 { throw .EINVAL }
        let path = try task.place(AT_FDCWD, a.address(0), follow: flags & 8 == 0)
        if !task.mayMount { throw .EPERM }
        if flags & 4 != 0 { throw flags & 3 != 0 ? .EINVAL : .EAGAIN }
        // What is seen there goes, not what it stands on.
        try task.directories.mounts.unmount(path.topmost, detach: flags & 2 != 0)
        return 0
    }
    table[.pivot_root] = { (task, a) throws(Errno) in
        if !task.mayMount { throw .EPERM }
        let new = try task.resolve(try task.loadPath(a.address(0)), [.follow, .directory])
        let old = try task.resolve(try task.loadPath(a.address(1)), [.follow, .directory])
        try task.directories.mounts.pivotRoot(to: new, putting: old, current: task.directories.root)
        return 0
    }
}

extension Task {
    /// CAP_SYS_ADMIN over the mount namespace.
    fileprivate var mayMount: Bool { has(.CAP_SYS_ADMIN) }
}

/// MS_* of mount(2).
private enum MS {
    static let REMOUNT: UInt64 = 32
    static let BIND: UInt64 = 4096
    static let MOVE: UInt64 = 8192
    static let REC: UInt64 = 16384
    static let SILENT: UInt64 = 32768
    static let UNBINDABLE: UInt64 = 1 << 17
    static let PRIVATE: UInt64 = 1 << 18
    static let SLAVE: UInt64 = 1 << 19
    static let SHARED: UInt64 = 1 << 20
    static let STRICTATIME: UInt64 = 1 << 24
    static let NOATIME: UInt64 = 1024
    static let RELATIME: UInt64 = 1 << 21
}

private func mount(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let type = a.address(2).isNull ? nil : try task.memory.loadCString(a.address(2), limit: 4096, tooLong: .EINVAL)
    let source = a.address(0).isNull ? nil : try task.memory.loadCString(a.address(0), limit: 4096, tooLong: .EINVAL)
    let options = try loadOptions(task, a.address(4))
    let place = try task.place(AT_FDCWD, a.address(1), follow: true)
    if !task.mayMount { throw .EPERM }

    var flags = a.fourth
    // MS_MGC_VAL: programs of the last century send it.
    if flags & 0xffff_0000 == 0xc0ed_0000 { flags &= 0xffff }
    let mounts = task.directories.mounts
    let mountFlags = perMount(flags, place.mount.flags)

    if flags & (MS.REMOUNT | MS.BIND) == MS.REMOUNT | MS.BIND {
        try mounts.remount(place, flags: mountFlags)
    } else if flags & MS.REMOUNT != 0 {
        if place.dentry !== place.mount.root { throw .EINVAL }
        let fileSystem = place.mount.fileSystem
        try fileSystem.remount(options, by: task)
        fileSystem.isReadOnly = flags & 1 != 0
        try mounts.remount(place, flags: mountFlags)
    } else if flags & MS.BIND != 0 {
        guard let source, !source.isEmpty else { throw .EINVAL }
        try mounts.bind(try task.resolve(source), at: place, recursive: flags & MS.REC != 0)
    } else if flags & (MS.SHARED | MS.PRIVATE | MS.SLAVE | MS.UNBINDABLE) != 0 {
        try mounts.setPropagation(place, try propagation(flags), recursive: flags & MS.REC != 0)
    } else if flags & MS.MOVE != 0 {
        guard let source, !source.isEmpty else { throw .EINVAL }
        try mounts.move(try task.resolve(source), to: place)
    } else {
        guard let type else { throw .EINVAL }
        guard let known = task.vfs.type(named: String(decoding: type, as: UTF8.self)) else { throw .ENODEV }
        if task.credentials.userNamespace.parent != nil, !known.allowsUserMount { throw .EPERM }
        let fileSystem = try known.make(source: source ?? [], options: options, by: task)
        fileSystem.isReadOnly = flags & 1 != 0
        try mounts.mount(fileSystem, at: place, flags: mountFlags.subtracting(.readOnly), source: source ?? Array("none".utf8))
    }
    return 0
}

/// mount(2)'s data: a page at most, what of it can be read.
private func loadOptions(_ task: Task, _ address: GuestAddress) throws(Errno) -> [UInt8] {
    if address.isNull { return [] }
    return try task.memory.loadCString(address, limit: 4096, tooLong: .EINVAL)
}

private func perMount(_ flags: UInt64, _ old: MountFlags) -> MountFlags {
    var new = MountFlags(rawValue: UInt32(truncatingIfNeeded: flags)).intersection([.readOnly, .nosuid, .nodev, .noexec, .nosymfollow, .noatime, .nodiratime])
    if flags & MS.STRICTATIME == 0, !new.contains(.noatime) { new.insert(.relatime) }
    if flags & MS.REMOUNT != 0, flags & (MS.NOATIME | 2048 | MS.RELATIME | MS.STRICTATIME) == 0 {
        let times: MountFlags = [.noatime, .nodiratime, .relatime]
        new = new.subtracting(times).union(old.intersection(times))
    }
    return new
}

private func propagation(_ flags: UInt64) throws(Errno) -> Propagation {
    if flags & ~(MS.REC | MS.SILENT | MS.SHARED | MS.PRIVATE | MS.SLAVE | MS.UNBINDABLE) != 0 { throw .EINVAL }
    switch flags & (MS.SHARED | MS.PRIVATE | MS.SLAVE | MS.UNBINDABLE) {
    case MS.SHARED: return .shared
    case MS.PRIVATE: return .private
    case MS.SLAVE: return .slave
    case MS.UNBINDABLE: return .unbindable
    default: throw .EINVAL
    }
}
