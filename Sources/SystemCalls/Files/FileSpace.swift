import Kernel
import LinuxABI
import Memory
import VFS

/// Space and write-back: fallocate, fsync and their like.
func registerFileSpace(_ table: inout SystemCallTable) {
    table[.fallocate] = fallocate
    table[.fsync] = { (task, a) throws(Errno) in
        try task.files.file(a.int(0)).sync(dataOnly: false, by: task)
        return 0
    }
    table[.fdatasync] = { (task, a) throws(Errno) in
        try task.files.file(a.int(0)).sync(dataOnly: true, by: task)
        return 0
    }
    table[.sync] = { (task, _) throws(Errno) in
        for fileSystem in task.directories.mounts.fileSystems { _ = try? fileSystem.sync() }
        return 0
    }
    table[.syncfs] = { (task, a) throws(Errno) in
        try task.files.file(a.int(0)).path.mount.fileSystem.sync()
        return 0
    }
    table[.sync_file_range] = { (task, a) throws(Errno) in
        if a.uint(3) & ~7 != 0 { throw .EINVAL }
        let (end, overflow) = a.second.addingReportingOverflow(a.third)
        if overflow || a.second > UInt64(Int64.max) || end > UInt64(Int64.max) { throw .EINVAL }
        let file = try task.files.file(a.int(0))
        switch file.inode.type {
        case .regular, .blockDevice, .directory: return 0
        default: throw .ESPIPE
        }
    }
    table[.readahead] = { (task, a) throws(Errno) in
        let file = try task.files.file(a.int(0))
        if !file.flags.isReadable { throw .EBADF }
        if file.inode.type != .regular { throw .EINVAL }
        return 0
    }
    table[.fadvise64] = { (task, a) throws(Errno) in
        let file = try task.files.file(a.int(0))
        if file.inode.type == .fifo { throw .ESPIPE }
        if a.third > UInt64(Int64.max) || a.uint(3) > 5 { throw .EINVAL }
        return 0
    }
}

/// fallocate(2). FALLOC_FL_KEEP_SIZE 1, PUNCH_HOLE 2, COLLAPSE_RANGE 8, ZERO_RANGE 0x10, INSERT_RANGE 0x20.
private func fallocate(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try task.files.file(a.int(0))
    let (mode, offset, length) = (a.int(1), a.third, a.fourth)
    if offset > UInt64(Int64.max) || length == 0 || length > UInt64(Int64.max) { throw .EINVAL }
    if mode & ~0x7f != 0 { throw .EOPNOTSUPP }
    if mode & 2 != 0, mode & 1 == 0 { throw .EOPNOTSUPP }
    if mode & 0x10 != 0, mode & 2 != 0 { throw .EOPNOTSUPP }
    if mode & 8 != 0 && mode & ~8 != 0 || mode & 0x20 != 0 && mode & ~0x20 != 0 { throw .EINVAL }
    if !file.flags.isWritable { throw .EBADF }
    switch file.inode.type {
    case .fifo: throw .ESPIPE
    case .directory: throw .EISDIR
    case .regular, .blockDevice: break
    default: throw .ENODEV
    }
    let end = offset + length
    if end > UInt64(Int64.max) { throw .EFBIG }
    if mode & 1 == 0, end > task.limit(Limits.RLIMIT_FSIZE) {
        task.raise(25 /* SIGXFSZ */)
        throw .EFBIG
    }
    try file.allocate(mode: mode, offset: offset, length: length, by: task)
    file.inode.notify(.IN_MODIFY, file.path.dentry)
    return 0
}
