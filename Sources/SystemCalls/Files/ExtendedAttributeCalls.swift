import Kernel
import LinuxABI
import Memory
import VFS

func registerExtendedAttributes(_ table: inout SystemCallTable) {
    table[.setxattr] = { (task, a) throws(Errno) in try set(task, try task.place(AT_FDCWD, a.address(0), follow: true), a) }
    table[.lsetxattr] = { (task, a) throws(Errno) in try set(task, try task.place(AT_FDCWD, a.address(0), follow: false), a) }
    table[.fsetxattr] = { (task, a) throws(Errno) in try set(task, try task.files.file(a.int(0)).path, a) }
    table[.getxattr] = { (task, a) throws(Errno) in try get(task, try task.place(AT_FDCWD, a.address(0), follow: true), a) }
    table[.lgetxattr] = { (task, a) throws(Errno) in try get(task, try task.place(AT_FDCWD, a.address(0), follow: false), a) }
    table[.fgetxattr] = { (task, a) throws(Errno) in try get(task, try task.files.file(a.int(0)).path, a) }
    table[.listxattr] = { (task, a) throws(Errno) in try list(task, try task.place(AT_FDCWD, a.address(0), follow: true), a) }
    table[.llistxattr] = { (task, a) throws(Errno) in try list(task, try task.place(AT_FDCWD, a.address(0), follow: false), a) }
    table[.flistxattr] = { (task, a) throws(Errno) in try list(task, try task.files.file(a.int(0)).path, a) }
    table[.removexattr] = { (task, a) throws(Errno) in try remove(task, try task.place(AT_FDCWD, a.address(0), follow: true), a) }
    table[.lremovexattr] = { (task, a) throws(Errno) in try remove(task, try task.place(AT_FDCWD, a.address(0), follow: false), a) }
    table[.fremovexattr] = { (task, a) throws(Errno) in try remove(task, try task.files.file(a.int(0)).path, a) }
}

/// XATTR_NAME_MAX; XATTR_SIZE_MAX and XATTR_LIST_MAX are 64 KiB.
private func name(_ task: Task, _ address: GuestAddress) throws(Errno) -> [UInt8] {
    let name = try task.memory.loadCString(address, limit: 256, tooLong: .ERANGE)
    if name.isEmpty { throw .ERANGE }
    return name
}

private func set(_ task: Task, _ path: Path, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.int(4) & ~3 != 0 { throw .EINVAL }
    let name = try name(task, a.address(1))
    if a.fourth > 65536 { throw .E2BIG }
    let value = try task.memory.loadBytes(a.address(2), count: Int(a.fourth))
    try task.setExtendedAttribute(path, name, value, flags: a.int(4))
    return 0
}

private func get(_ task: Task, _ path: Path, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let value = try task.extendedAttribute(path, try name(task, a.address(1)))
    return try answer(task, value, a.address(2), a.fourth)
}

private func list(_ task: Task, _ path: Path, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    var text: [UInt8] = []
    for name in try task.extendedAttributeNames(path) {
        text += name
        text.append(0)
    }
    return try answer(task, text, a.address(1), a.third)
}

/// Size 0 asks for the length alone.
private func answer(_ task: Task, _ bytes: [UInt8], _ address: GuestAddress, _ size: UInt64) throws(Errno) -> UInt64 {
    if size > 0 {
        if UInt64(bytes.count) > size { throw bytes.count > 65536 ? .E2BIG : .ERANGE }
        try task.memory.store(array: bytes, at: address)
    }
    return UInt64(bytes.count)
}

private func remove(_ task: Task, _ path: Path, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    try task.removeExtendedAttribute(path, try name(task, a.address(1)))
    return 0
}
