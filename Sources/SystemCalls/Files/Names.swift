import Kernel
import LinuxABI
import Memory
import VFS

func registerNames(_ table: inout SystemCallTable) {
    table[.rename] = { (task, a) throws(Errno) in
        try rename(task, AT_FDCWD, a.address(0), AT_FDCWD, a.address(1), 0)
    }
    table[.renameat] = { (task, a) throws(Errno) in
        try rename(task, a.int(0), a.address(1), a.int(2), a.address(3), 0)
    }
    table[.renameat2] = { (task, a) throws(Errno) in
        try rename(task, a.int(0), a.address(1), a.int(2), a.address(3), a.uint(4))
    }
    table[.link] = { (task, a) throws(Errno) in try link(task, AT_FDCWD, a.address(0), AT_FDCWD, a.address(1), 0) }
    table[.linkat] = { (task, a) throws(Errno) in
        try link(task, a.int(0), a.address(1), a.int(2), a.address(3), a.uint(4))
    }
    table[.unlink] = { (task, a) throws(Errno) in
        try task.unlink(try task.loadPath(a.address(0)))
        return 0
    }
    table[.unlinkat] = { (task, a) throws(Errno) in
        if a.uint(2) & ~AtFlags.AT_REMOVEDIR != 0 { throw .EINVAL }
        let path = try task.loadPath(a.address(1))
        if a.uint(2) != 0 { try task.removeDirectory(path, at: a.int(0)) } else { try task.unlink(path, at: a.int(0)) }
        return 0
    }
    table[.symlink] = { (task, a) throws(Errno) in try symlink(task, a.address(0), AT_FDCWD, a.address(1)) }
    table[.symlinkat] = { (task, a) throws(Errno) in try symlink(task, a.address(0), a.int(1), a.address(2)) }
    table[.mknod] = { (task, a) throws(Errno) in try makeNode(task, AT_FDCWD, a.address(0), a.uint(1), a.third) }
    table[.mknodat] = { (task, a) throws(Errno) in try makeNode(task, a.int(0), a.address(1), a.uint(2), a.fourth) }
}

private func rename(_ task: Task, _ oldDirfd: Int32, _ old: GuestAddress, _ newDirfd: Int32, _ new: GuestAddress,
                    _ flags: UInt32) throws(Errno) -> UInt64 {
    let from = try task.loadPath(old)
    try task.rename(from, at: oldDirfd, to: try task.loadPath(new), at: newDirfd, RenameFlags(rawValue: flags))
    return 0
}

private func link(_ task: Task, _ oldDirfd: Int32, _ old: GuestAddress, _ newDirfd: Int32, _ new: GuestAddress,
                  _ flags: UInt32) throws(Errno) -> UInt64 {
    if flags & ~(AtFlags.AT_SYMLINK_FOLLOW | AtFlags.AT_EMPTY_PATH) != 0 { throw .EINVAL }
    let byDescriptor = flags & AtFlags.AT_EMPTY_PATH != 0
    let text = try task.loadPath(old)
    // A file without a name may get one from whoever may read anything, or who opened it (/proc/self/fd).
    if byDescriptor, text.isEmpty, !task.has(.CAP_DAC_READ_SEARCH) { throw .ENOENT }
    var walk: WalkFlags = flags & AtFlags.AT_SYMLINK_FOLLOW != 0 ? [.follow] : []
    if byDescriptor { walk.insert(.emptyPath) }
    let source = try task.resolve(text, at: oldDirfd, walk)
    try task.makeLink(try task.loadPath(new), at: newDirfd, to: source)
    return 0
}

private func symlink(_ task: Task, _ target: GuestAddress, _ dirfd: Int32, _ name: GuestAddress) throws(Errno) -> UInt64 {
    let text = try task.loadPath(target)
    try task.makeSymbolicLink(try task.loadPath(name), at: dirfd, to: text)
    return 0
}

private func makeNode(_ task: Task, _ dirfd: Int32, _ name: GuestAddress, _ mode: UInt32, _ device: UInt64) throws(Errno) -> UInt64 {
    let type: FileType
    switch mode & 0o170000 {
    case 0, FileType.regular.rawValue: type = .regular
    case FileType.fifo.rawValue: type = .fifo
    case FileType.socket.rawValue: type = .socket
    case FileType.characterDevice.rawValue: type = .characterDevice
    case FileType.blockDevice.rawValue: type = .blockDevice
    case FileType.directory.rawValue: throw .EPERM
    default: throw .EINVAL
    }
    // dev_t of mknod is 32 bits: 12 of major, 20 of minor.
    let number = DeviceNumber(encoded: device & 0xffff_ffff)
    let isDevice = type == .characterDevice || type == .blockDevice
    try task.makeNode(try task.loadPath(name), at: dirfd, type, mode: mode,
                      device: isDevice ? number : DeviceNumber(major: 0, minor: 0))
    return 0
}
