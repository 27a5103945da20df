import Kernel
import LinuxABI
import Memory
import VFS

func registerFileSystemStatus(_ table: inout SystemCallTable) {
    table[.statfs] = { (task, a) throws(Errno) in
        try answer(task, try task.place(AT_FDCWD, a.address(0), follow: true).mount, a.address(1))
    }
    table[.fstatfs] = { (task, a) throws(Errno) in
        try answer(task, try task.files.anyFile(a.int(0)).path.mount, a.address(1))
    }
    table[.ustat] = { (_, _) throws(Errno) in throw .EINVAL }
    table[.name_to_handle_at] = { (task, a) throws(Errno) in
        if a.uint(4) & ~(AtFlags.AT_SYMLINK_FOLLOW | AtFlags.AT_EMPTY_PATH) != 0 { throw .EINVAL }
        _ = try task.place(a.int(0), a.address(1), follow: a.uint(4) & AtFlags.AT_SYMLINK_FOLLOW != 0,
                           allowEmpty: a.uint(4) & AtFlags.AT_EMPTY_PATH != 0)
        throw .EOPNOTSUPP
    }
    table[.open_by_handle_at] = { (task, _) throws(Errno) in
        if !task.has(.CAP_DAC_READ_SEARCH) { throw .EPERM }
        throw .EOPNOTSUPP
    }
}

/// struct statfs of x86-64: 120 bytes.
private struct StatfsStructure: BitwiseCopyable {
    var type: UInt64
    var blockSize: UInt64
    var blocks, free, available, files, freeFiles: UInt64
    var id: UInt64
    var nameLength: UInt64
    var fragmentSize: UInt64
    var flags: UInt64
    var spare: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
}

private func answer(_ task: Task, _ mount: Mount, _ address: GuestAddress) throws(Errno) -> UInt64 {
    let s = try mount.fileSystem.statistics()
    // ST_VALID, then what ST_RDONLY, ST_NOSUID... say of the mount.
    var flags: UInt64 = 0x20 | UInt64(mount.flags.rawValue & 0xf)
    if mount.isReadOnly { flags |= 1 }
    if mount.flags.contains(.noatime) { flags |= 0x400 }
    if mount.flags.contains(.nodiratime) { flags |= 0x800 }
    if mount.flags.contains(.relatime) { flags |= 0x1000 }
    if mount.flags.contains(.nosymfollow) { flags |= 0x2000 }
    let structure = StatfsStructure(type: s.magic, blockSize: s.blockSize, blocks: s.blocks, free: s.free, available: s.available,
                                    files: s.files, freeFiles: s.freeFiles, id: mount.fileSystem.device.encoded,
                                    nameLength: s.nameLength, fragmentSize: s.blockSize, flags: flags)
    try task.memory.store(structure, at: address)
    return 0
}
