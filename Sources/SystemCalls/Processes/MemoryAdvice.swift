import Kernel
import LinuxABI
import Memory
import Platform

func registerMemoryAdvice(_ table: inout SystemCallTable) {
    table[.madvise] = advise
    table[.msync] = synchronize
    table[.mincore] = residency
    table[.mlock] = { (task, a) throws(Errno) in try lock(task, a.first, a.second) }
    table[.mlock2] = { (task, a) throws(Errno) in
        if a.uint(2) & ~1 != 0 { throw .EINVAL }
        return try lock(task, a.first, a.second)
    }
    table[.munlock] = { (task, a) throws(Errno) in
        let (start, size) = try pageRange(task, a.first, a.second, beyond: .ENOMEM)
        if size > 0 { try task.mm.checkMapped(start, size) }
        task.mm.unlock(size)
        return 0
    }
    table[.mlockall] = { (task, a) throws(Errno) in
        let flags = a.uint(0)
        if flags & ~7 != 0 || flags & 3 == 0 { throw .EINVAL }
        if task.limit(Limits.RLIMIT_MEMLOCK) == 0, !task.credentials.has(.CAP_IPC_LOCK) { throw .EPERM }
        return 0
    }
    table[.munlockall] = { (task, _) throws(Errno) in
        task.mm.unlock(.max)
        return 0
    }
    table[.membarrier] = barrier
}

/// A range whose start must be aligned, in whole pages.
///
/// - Throws: EINVAL for the alignment, `beyond` for a range that leaves the address space.
private func pageRange(_ task: Task, _ start: UInt64, _ length: UInt64, beyond: Errno) throws(Errno) -> (UInt64, UInt64) {
    if start & 0xfff != 0 { throw .EINVAL }
    guard let size = pagesRoundedUp(length) else { throw .EINVAL }
    let limit = task.mm.addressSpace.limit.rawValue
    if start > limit || size > limit - start { throw beyond }
    return (start, size)
}

private func advise(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let advice = a.int(2)
    switch advice {
    case 4, 8, 10, 11, 14...20, 22...24:
        // DONTNEED, FREE, fork, huge page and dump marks, COLD, POPULATE: the host's business.
        let (start, size) = try pageRange(task, a.first, a.second, beyond: .ENOMEM)
        if size == 0 { return a.second == 0 ? 0 : try { () throws(Errno) in throw .EINVAL }() }
        if advice == 14 { task.mm.noteWishForHugePages() }
        return try task.context.nativeCall(.madvise, start, size, UInt64(advice))
    case 0...3, 12, 13, 21:
        // Hints, without effect here.
        let (start, size) = try pageRange(task, a.first, a.second, beyond: .ENOMEM)
        if size > 0 { try task.mm.checkMapped(start, size) }
        return 0
    default:
        throw .EINVAL
    }
}

private func synchronize(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = a.uint(2)
    if flags & ~7 != 0 || flags & 5 == 5 { throw .EINVAL }
    let (start, size) = try pageRange(task, a.first, a.second, beyond: .ENOMEM)
    if size == 0 { return 0 }
    return try task.context.nativeCall(.msync, start, size, UInt64(flags))
}

private func residency(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (start, size) = try pageRange(task, a.first, a.second, beyond: .ENOMEM)
    if size == 0 { return 0 }
    try task.mm.checkMapped(start, size)
    var left = size >> 12
    var at = a.address(2)
    while left > 0 {
        let count = Int(min(left, 4096))
        try task.memory.store(array: [UInt8](repeating: 1, count: count), at: at)
        left -= UInt64(count)
        at = at + UInt64(count)
    }
    return 0
}

/// mlock(2): accounted; pages are brought in, for that is what a caller may measure.
private func lock(_ task: Task, _ address: UInt64, _ length: UInt64) throws(Errno) -> UInt64 {
    let start = address & ~0xfff
    guard let size = pagesRoundedUp(length &+ (address & 0xfff)), length <= UInt64(Int64.max) else { throw .ENOMEM }
    let limit = task.mm.addressSpace.limit.rawValue
    if start > limit || size > limit - start { throw .ENOMEM }
    if size == 0 { return 0 }
    try task.mm.checkMapped(start, size)
    let maximum = task.credentials.has(.CAP_IPC_LOCK) ? UInt64.max : task.limit(Limits.RLIMIT_MEMLOCK)
    if maximum == 0 { throw .EPERM }
    try task.mm.lock(size, limit: maximum)
    // MADV_POPULATE_READ; what cannot be brought in (PROT_NONE) stays away.
    _ = try? task.context.nativeCall(.madvise, start, size, 22)
    return 0
}

private func barrier(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    // PRIVATE_EXPEDITED and its registration, and the same for SYNC_CORE.
    let supported: UInt64 = 8 | 16 | 32 | 64
    if a.uint(1) != 0 { throw .EINVAL }
    let command = UInt64(a.uint(0))
    switch command {
    case 0: return supported
    case 8, 16, 32, 64: return try task.context.nativeCall(.membarrier, command, 0, 0)
    default: throw .EINVAL
    }
}
