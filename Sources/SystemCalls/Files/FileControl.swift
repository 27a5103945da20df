import Kernel
import LinuxABI
import Memory
import VFS

func registerFileControl(_ table: inout SystemCallTable) {
    table[.ioctl] = ioctl
    table[.flock] = { (task, a) throws(Errno) in
        let operation = a.uint(1) & ~4
        let exclusive: Bool?
        switch operation {
        case 1: exclusive = false
        case 2: exclusive = true
        case 8: exclusive = nil
        default: throw .EINVAL
        }
        try task.lockWhole(try task.files.file(a.int(0)), exclusive: exclusive, waits: a.uint(1) & 4 == 0)
        return 0
    }
}

/// ioctl(2): what holds for all files first, then the file's own.
private func ioctl(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let fd = a.int(0)
    let file = try task.files.file(fd)
    let address = a.address(2)
    switch a.uint(1) {
    case 0x5451 /* FIOCLEX */: try task.files.setCloseOnExec(fd, true)
    case 0x5450 /* FIONCLEX */: try task.files.setCloseOnExec(fd, false)
    case 0x5421 /* FIONBIO */:
        let on = try task.memory.load(address, as: Int32.self) != 0
        file.flags = on ? file.flags.union(.O_NONBLOCK) : file.flags.subtracting(.O_NONBLOCK)
    case 0x5452 /* FIOASYNC */:
        let on = try task.memory.load(address, as: Int32.self) != 0
        file.flags = on ? file.flags.union(.O_ASYNC) : file.flags.subtracting(.O_ASYNC)
    case 0x541b /* FIONREAD */ where file.inode.type == .regular:
        let left = Int64(truncatingIfNeeded: try file.attributes().size) &- Int64(truncatingIfNeeded: file.position)
        try task.memory.store(Int32(clamping: left), at: address)
    case 0x5460 /* FIOQSIZE */ where file.inode.type == .regular || file.inode.type == .directory:
        try task.memory.store(try file.attributes().size, at: address)
    case 2 /* FIGETBSZ */ where file.inode.type == .regular || file.inode.type == .directory:
        try task.memory.store(Int32(bitPattern: try file.attributes().blockSize), at: address)
    case 0x4004_9409 /* FICLONE */, 0x4020_940d /* FICLONERANGE */, 0xc018_9436 /* FIDEDUPERANGE */,
         0xc020_660b /* FS_IOC_FIEMAP */:
        throw .EOPNOTSUPP
    default: return try file.ioctl(a.uint(1), a.third, by: task)
    }
    return 0
}
