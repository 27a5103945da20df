import Kernel
import LinuxABI
import Memory
import VFS

func registerFileStatus(_ table: inout SystemCallTable) {
    table[.stat] = { (task, a) throws(Errno) in
        try answer(task, try task.place(AT_FDCWD, a.address(0), follow: true).attributes(), a.address(1))
    }
    table[.lstat] = { (task, a) throws(Errno) in
        try answer(task, try task.place(AT_FDCWD, a.address(0), follow: false).attributes(), a.address(1))
    }
    table[.fstat] = { (task, a) throws(Errno) in
        try task.withAnyFile(a.int(0)) { (file) throws(Errno) in try answer(task, try file.attributes(), a.address(1)) }
    }
    table[.newfstatat] = { (task, a) throws(Errno) in
        let flags = a.uint(3)
        if flags & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_NO_AUTOMOUNT | AtFlags.AT_EMPTY_PATH) != 0 { throw .EINVAL }
        return try answer(task, try attributes(task, a.int(0), a.address(1), flags).attributes, a.address(2))
    }
    table[.statx] = { (task, a) throws(Errno) in
        let flags = a.uint(2)
        let known = AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_NO_AUTOMOUNT | AtFlags.AT_EMPTY_PATH | AtFlags.AT_STATX_SYNC_TYPE
        if a.uint(3) & 1 << 31 != 0 || flags & AtFlags.AT_STATX_SYNC_TYPE == AtFlags.AT_STATX_SYNC_TYPE { throw .EINVAL }
        if flags & ~known != 0 { throw .EINVAL }
        let (attributes, path) = try attributes(task, a.int(0), a.address(1), flags)
        try task.store(StatxStructure(attributes, path, task.credentials.userNamespace), at: a.address(4))
        return 0
    }
    table[.access] = { (task, a) throws(Errno) in try access(task, AT_FDCWD, a.address(0), a.uint(1), 0) }
    table[.faccessat] = { (task, a) throws(Errno) in try access(task, a.int(0), a.address(1), a.uint(2), 0) }
    table[.faccessat2] = { (task, a) throws(Errno) in try access(task, a.int(0), a.address(1), a.uint(2), a.uint(3)) }
    table[.readlink] = { (task, a) throws(Errno) in try readLink(task, AT_FDCWD, a.address(0), a.address(1), a.int(2)) }
    table[.readlinkat] = { (task, a) throws(Errno) in try readLink(task, a.int(0), a.address(1), a.address(2), a.int(3)) }
}

private func answer(_ task: Task, _ attributes: Attributes, _ address: GuestAddress) throws(Errno) -> UInt64 {
    try task.store(task.withCredentials { StatStructure(attributes, $0.userNamespace) }, at: address)
    return 0
}

private func attributes(_ task: Task, _ dirfd: Int32, _ address: GuestAddress,
                        _ flags: UInt32) throws(Errno) -> (attributes: Attributes, path: Path) {
    var walk: WalkFlags = flags & AtFlags.AT_SYMLINK_NOFOLLOW == 0 ? [.follow] : []
    if flags & AtFlags.AT_EMPTY_PATH != 0 {
        walk.insert(.emptyPath)
        // A file tells of itself: sockets and pipes know more than their inodes.
        if dirfd != AT_FDCWD, address.isNull || (try? task.load(address, as: UInt8.self)) == 0 {
            let file = try task.files.anyFile(dirfd)
            return (try file.attributes(), file.path)
        }
    }
    let path = try task.withCString(address) { (text) throws(Errno) in try task.resolve(text, at: dirfd, walk) }
    return (try path.attributes(), path)
}

private func access(_ task: Task, _ dirfd: Int32, _ address: GuestAddress, _ mode: UInt32, _ flags: UInt32) throws(Errno) -> UInt64 {
    if mode & ~7 != 0 { throw .EINVAL }
    if flags & ~(AtFlags.AT_EACCESS | AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH) != 0 { throw .EINVAL }
    let path = try task.place(dirfd, address, follow: flags & AtFlags.AT_SYMLINK_NOFOLLOW == 0,
                              allowEmpty: flags & AtFlags.AT_EMPTY_PATH != 0)
    try task.checkAccess(path, AccessMask(rawValue: mode), effective: flags & AtFlags.AT_EACCESS != 0)
    return 0
}

private func readLink(_ task: Task, _ dirfd: Int32, _ name: GuestAddress, _ buffer: GuestAddress,
                      _ size: Int32) throws(Errno) -> UInt64 {
    if size <= 0 { throw .EINVAL }
    let path = try task.withCString(name) { (text) throws(Errno) in
        // An empty path means the descriptor itself, which O_PATH|O_NOFOLLOW opened on a link.
        if text.isEmpty, dirfd == AT_FDCWD { throw .ENOENT }
        let path = try task.resolve(text, at: dirfd, [.emptyPath])
        if path.inode.type != .symbolicLink { throw text.isEmpty ? .ENOENT : .EINVAL }
        return path
    }
    let target = try path.inode.readLink(by: task)
    var room = task.vector(buffer, Int(size))
    let count = min(target.count, Int(size))
    if room.write(target, at: 0, count: count) < count { throw .EFAULT }
    return UInt64(count)
}
