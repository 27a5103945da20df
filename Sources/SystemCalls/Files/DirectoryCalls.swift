import Kernel
import LinuxABI
import Memory
import VFS

func registerDirectoryCalls(_ table: inout SystemCallTable) {
    table[.getdents64] = { (task, a) throws(Errno) in try list(task, a, modern: true) }
    table[.getdents] = { (task, a) throws(Errno) in try list(task, a, modern: false) }
    table[.getcwd] = { (task, a) throws(Errno) in
        let directories = task.directories
        let working = directories.working
        if working.dentry.isDead { throw .ENOENT }
        var (text, reachable) = working.text(from: directories.root, task.vfs)
        if !reachable { text = Array("(unreachable)".utf8) + text }
        text.append(0)
        if text.count > 4096 { throw .ENAMETOOLONG }
        if UInt64(text.count) > a.second { throw .ERANGE }
        try task.memory.store(array: text, at: a.address(0))
        return UInt64(text.count)
    }
    table[.chdir] = { (task, a) throws(Errno) in
        let path = try task.resolve(try task.loadPath(a.address(0)), [.follow, .directory])
        try path.inode.checkPermission(.execute, by: task)
        task.directories.working = path
        return 0
    }
    table[.fchdir] = { (task, a) throws(Errno) in
        let path = try task.files.anyFile(a.int(0)).path
        if path.inode.type != .directory { throw .ENOTDIR }
        try path.inode.checkPermission(.execute, by: task)
        task.directories.working = path
        return 0
    }
    table[.chroot] = { (task, a) throws(Errno) in
        let path = try task.resolve(try task.loadPath(a.address(0)), [.follow, .directory])
        try path.inode.checkPermission(.execute, by: task)
        if !task.has(.CAP_SYS_CHROOT) { throw .EPERM }
        task.directories.root = path
        return 0
    }
    table[.mkdir] = { (task, a) throws(Errno) in
        try task.makeDirectory(try task.loadPath(a.address(0)), mode: a.uint(1))
        return 0
    }
    table[.mkdirat] = { (task, a) throws(Errno) in
        try task.makeDirectory(try task.loadPath(a.address(1)), at: a.int(0), mode: a.uint(2))
        return 0
    }
    table[.rmdir] = { (task, a) throws(Errno) in
        try task.removeDirectory(try task.loadPath(a.address(0)))
        return 0
    }
    table[.umask] = { (task, a) throws(Errno) in UInt64(task.directories.exchangeUmask(a.uint(0))) }
}

/// getdents64(2), getdents(2): entries as `struct linux_dirent64` or `struct linux_dirent`.
private func list(_ task: Task, _ a: SystemCallArguments, modern: Bool) throws(Errno) -> UInt64 {
    let file = try task.files.file(a.int(0))
    let room = Int(min(a.uint(2), 1 << 20))
    var records: [UInt8] = []
    records.reserveCapacity(min(room, 32768))
    var tooSmall = false, faulted = false
    // Entries are passed over once they were taken. Padding at the end is not stored.
    let writable = task.memory.writablePrefix(a.address(1), min(room, 32768))
    try task.readDirectory(file) { entry in
        let header = modern ? 19 : 18
        let length = (header + entry.name.bytes.count + (modern ? 1 : 2) + 7) & ~7
        if records.count + length > room {
            tooSmall = records.isEmpty
            return false
        }
        if writable < min(room, 32768), records.count + header + entry.name.bytes.count + (modern ? 1 : 2) > writable {
            faulted = records.isEmpty
            return false
        }
        records.append(littleEndian: entry.inode)
        records.append(littleEndian: entry.next)
        records.append(littleEndian: UInt16(truncatingIfNeeded: length))
        if modern { records.append(entry.type.directoryEntryType) }
        records.append(contentsOf: entry.name.bytes)
        let padding = length - header - entry.name.bytes.count
        records.append(contentsOf: repeatElement(0, count: padding))
        // The old structure has the type in its last byte.
        if !modern { records[records.count - 1] = entry.type.directoryEntryType }
        return true
    }
    if tooSmall { throw .EINVAL }
    if faulted { throw .EFAULT }
    let total = records.count
    if writable < min(room, 32768), writable < total { records.removeLast(total - writable) }
    try task.memory.store(array: records, at: a.address(1))
    return UInt64(total)
}
