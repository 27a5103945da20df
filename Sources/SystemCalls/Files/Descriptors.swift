import FileSystems
import Kernel
import LinuxABI
import Memory
import VFS

func registerDescriptors(_ table: inout SystemCallTable) {
    table[.dup] = { (task, a) throws(Errno) in
        try task.install(try task.files.anyFile(a.int(0)), closeOnExec: false)
    }
    table[.dup2] = { (task, a) throws(Errno) in
        if a.int(0) == a.int(1) {
            _ = try task.files.anyFile(a.int(0))
            return UInt64(a.uint(0))
        }
        return try duplicate(task, a.int(0), a.int(1), closeOnExec: false)
    }
    table[.dup3] = { (task, a) throws(Errno) in
        if a.uint(2) & ~OpenFlags.O_CLOEXEC.rawValue != 0 || a.int(0) == a.int(1) { throw .EINVAL }
        return try duplicate(task, a.int(0), a.int(1), closeOnExec: a.uint(2) != 0)
    }
    table[.fcntl] = fcntl
}

private func duplicate(_ task: Task, _ old: Int32, _ new: Int32, closeOnExec: Bool) throws(Errno) -> UInt64 {
    // dup3 with a bad target is EBADF before the source is looked at: both are the same error.
    let file = try task.files.anyFile(old)
    let before = try task.files.replace(new, file, closeOnExec: closeOnExec, limit: task.limit(Limits.RLIMIT_NOFILE))
    if let before { _ = try? task.close(before) }
    return UInt64(new)
}

private func fcntl(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let fd = a.int(0)
    let file = try task.files.anyFile(fd)
    let command = a.int(1)
    switch command {
    case 0 /* F_DUPFD */, 1030 /* F_DUPFD_CLOEXEC */:
        let limit = task.limit(Limits.RLIMIT_NOFILE)
        let minimum = a.uint(2)
        if UInt64(minimum) >= min(limit, 1 << 20) { throw .EINVAL }
        return UInt64(try task.files.install(file, closeOnExec: command == 1030,
                                             minimum: Int32(truncatingIfNeeded: minimum), limit: limit))
    case 1 /* F_GETFD */: return try task.files.closesOnExec(fd) ? 1 : 0
    case 2 /* F_SETFD */:
        try task.files.setCloseOnExec(fd, a.third & 1 != 0)
        return 0
    case 3 /* F_GETFL */: return UInt64(file.flags.rawValue)
    case 1027 /* F_DUPFD_QUERY */: return try task.files.anyFile(a.int(2)) === file ? 1 : 0
    default: break
    }
    if file.flags.contains(.O_PATH) { throw .EBADF }
    switch command {
    case 4: return try setStatusFlags(task, file, OpenFlags(rawValue: a.uint(2)))
    case 5, 6, 7, 36, 37, 38: return try lockRange(task, file, command, a.address(2))
    case 8...11, 15...17: return try asynchronousOwner(task, file, command, a)
    case 1024 /* F_SETLEASE */: throw a.third == 2 /* F_UNLCK */ ? .EAGAIN : .EINVAL
    case 1025 /* F_GETLEASE */: return 2
    case 1026 /* F_NOTIFY */: throw .EINVAL
    case 1031 /* F_SETPIPE_SZ */:
        guard let pipe = (file as? PipeFile)?.pipe else { throw .EBADF }
        return UInt64(try pipe.setCapacity(a.third, by: task))
    case 1032 /* F_GETPIPE_SZ */:
        guard let pipe = (file as? PipeFile)?.pipe else { throw .EBADF }
        return UInt64(pipe.capacity)
    case 1033 /* F_ADD_SEALS */:
        guard file.seals != nil else { throw .EINVAL }
        if !file.flags.isWritable { throw .EPERM }
        let seals = FileSeals(rawValue: a.uint(2))
        if !seals.isSubset(of: .all) { throw .EINVAL }
        try file.addSeals(seals)
        return 0
    case 1034 /* F_GET_SEALS */:
        guard let seals = file.seals else { throw .EINVAL }
        return UInt64(seals.rawValue)
    case 1035...1038:
        return try lifetimeHint(task, command, a.address(2))
    default: throw .EINVAL
    }
}

/// F_SETFL.
private func setStatusFlags(_ task: Task, _ file: OpenFile, _ wanted: OpenFlags) throws(Errno) -> UInt64 {
    let settable: OpenFlags = [.O_APPEND, .O_NONBLOCK, .O_ASYNC, .O_DIRECT, .O_NOATIME]
    if wanted.contains(.O_NOATIME), !file.flags.contains(.O_NOATIME), !(try file.inode.isOwned(by: task)) { throw .EPERM }
    let new = file.flags.subtracting(settable).union(wanted.intersection(settable))
    try file.checkFlags(new, by: task)
    file.flags = new
    file.viewed?.withdrawAll()
    return 0
}

/// F_SETOWN and its like: kept, and told again.
private final class DescriptorOwner: @unchecked Sendable {
    var type: Int32 = 1
    var id: Int32 = 0
    var signal: Int32 = 0
}

/// struct f_owner_ex.
private struct OwnerStructure: BitwiseCopyable {
    var type: Int32
    var pid: Int32
}

private func asynchronousOwner(_ task: Task, _ file: OpenFile, _ command: Int32, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let owner = file.asynchronousOwner as? DescriptorOwner ?? DescriptorOwner()
    switch command {
    case 8 /* F_SETOWN */:
        if a.int(2) == .min { throw .EINVAL }
        // A negative number is a process group's.
        (owner.type, owner.id) = a.int(2) < 0 ? (2, -a.int(2)) : (1, a.int(2))
    case 9 /* F_GETOWN */:
        return UInt64(bitPattern: Int64(owner.type == 2 ? -owner.id : owner.id))
    case 10 /* F_SETSIG */:
        if a.third > 64 { throw .EINVAL }
        owner.signal = a.int(2)
    case 11 /* F_GETSIG */: return UInt64(owner.signal)
    case 15 /* F_SETOWN_EX */:
        let new = try task.memory.load(a.address(2), as: OwnerStructure.self)
        if new.type < 0 || new.type > 2 { throw .EINVAL }
        (owner.type, owner.id) = (new.type, new.pid)
    case 16 /* F_GETOWN_EX */:
        try task.memory.store(OwnerStructure(type: owner.type, pid: owner.id), at: a.address(2))
        return 0
    default: throw .EINVAL
    }
    file.asynchronousOwner = owner
    return 0
}

/// F_GET_RW_HINT and its like: there is no device to tell, nothing is the hint.
private func lifetimeHint(_ task: Task, _ command: Int32, _ address: GuestAddress) throws(Errno) -> UInt64 {
    if command == 1035 || command == 1037 {
        try task.memory.store(UInt64(0), at: address)
    } else if try task.memory.load(address, as: UInt64.self) > 5 {
        throw .EINVAL
    }
    return 0
}

/// struct flock.
private struct FlockStructure: BitwiseCopyable {
    var type: Int16
    var whence: Int16
    var padding: Int32 = 0
    var start: Int64
    var length: Int64
    var pid: Int32
    var padding2: Int32 = 0
}

/// F_GETLK, F_SETLK, F_SETLKW and their OFD forms.
private func lockRange(_ task: Task, _ file: OpenFile, _ command: Int32, _ address: GuestAddress) throws(Errno) -> UInt64 {
    var lock = try task.memory.load(address, as: FlockStructure.self)
    let ofOpenFile = command >= 36
    let isQuestion = command == 5 || command == 36
    if ofOpenFile, lock.pid != 0 { throw .EINVAL }
    let (first, last) = try lockBounds(lock, file)
    let exclusive: Bool?
    switch lock.type {
    case 0: exclusive = false
    case 1: exclusive = true
    case 2 where !isQuestion || ofOpenFile: exclusive = nil
    default: throw .EINVAL
    }
    if isQuestion {
        if let exclusive, let other = task.testLock(file, first: first, last: last, exclusive: exclusive, ofOpenFile: ofOpenFile) {
            lock.type = other.isExclusive ? 1 : 0
            lock.whence = 0
            lock.start = Int64(other.first)
            lock.length = other.last >= UInt64(Int64.max) ? 0 : Int64(other.last - other.first) + 1
            lock.pid = other.process < 0 ? -1 : visibleProcess(task, other.process)
        } else {
            lock.type = 2
        }
        try task.memory.store(lock, at: address)
        return 0
    }
    if exclusive == false, !file.flags.isReadable { throw .EBADF }
    if exclusive == true, !file.flags.isWritable { throw .EBADF }
    try task.setLock(file, first: first, last: last, exclusive: exclusive, ofOpenFile: ofOpenFile,
                     waits: command == 7 || command == 38)
    return 0
}

/// First and last byte, inclusive.
private func lockBounds(_ lock: FlockStructure, _ file: OpenFile) throws(Errno) -> (UInt64, UInt64) {
    let base: Int64
    switch lock.whence {
    case 0: base = 0
    case 1: base = Int64(truncatingIfNeeded: file.position)
    case 2: base = Int64(truncatingIfNeeded: try file.attributes().size)
    default: throw .EINVAL
    }
    let (start, overflow) = base.addingReportingOverflow(lock.start)
    if overflow { throw .EOVERFLOW }
    if lock.length > 0 {
        if start < 0 { throw .EINVAL }
        let (end, overflow) = start.addingReportingOverflow(lock.length - 1)
        if overflow { throw .EOVERFLOW }
        return (UInt64(start), UInt64(end))
    }
    if lock.length < 0 {
        let (first, overflow) = start.addingReportingOverflow(lock.length)
        if overflow || first < 0 || start < 1 { throw .EINVAL }
        return (UInt64(first), UInt64(start - 1))
    }
    if start < 0 { throw .EINVAL }
    return (UInt64(start), UInt64(Int64.max))
}

/// The number of the process `pid` (in the root pid namespace) as the caller sees it.
private func visibleProcess(_ task: Task, _ pid: Int32) -> Int32 {
    task.kernel.task(tid: pid, in: task.kernel.rootPIDNamespace)?.group.id(in: task.pidNamespace) ?? 0
}
