import Kernel
import LinuxABI
import Memory
import VFS

func registerOpening(_ table: inout SystemCallTable) {
    table[.open] = { (task, a) throws(Errno) in
        try open(task, AT_FDCWD, a.address(0), OpenHow(knownFlags(a.uint(1)), mode: a.uint(2) & 0o7777))
    }
    table[.openat] = { (task, a) throws(Errno) in
        try open(task, a.int(0), a.address(1), OpenHow(knownFlags(a.uint(2)), mode: a.uint(3) & 0o7777))
    }
    table[.creat] = { (task, a) throws(Errno) in
        try open(task, AT_FDCWD, a.address(0), OpenHow([.O_CREAT, .O_WRONLY, .O_TRUNC], mode: a.uint(1) & 0o7777))
    }
    table[.openat2] = openat2
    table[.close] = { (task, a) throws(Errno) in
        try task.closeDescriptor(a.int(0))
        return 0
    }
    table[.close_range] = closeRange
}

/// What open(2) and openat(2) do not know, they do not see.
private func knownFlags(_ value: UInt32) -> OpenFlags { OpenFlags(rawValue: value & allFlags) }

private let allFlags: UInt32 = 0o37777703 | 0o100

private func open(_ task: Task, _ dirfd: Int32, _ address: GuestAddress, _ how: OpenHow) throws(Errno) -> UInt64 {
    var how = how
    if how.flags.contains(.O_PATH) {
        how.flags.formIntersection([.O_PATH, .O_DIRECTORY, .O_NOFOLLOW, .O_CLOEXEC])
    } else if how.flags.isSuperset(of: [.O_CREAT, .O_DIRECTORY]) {
        throw .EINVAL
    } else if how.flags.rawValue & 0o20000000 != 0, !how.flags.contains(.O_TMPFILE) || !how.flags.isWritable {
        throw .EINVAL
    }
    let flags = how
    return try task.withCString(address) { (path) throws(Errno) in try task.open(path, at: dirfd, installing: flags) }
}

/// struct open_how.
private struct OpenHowStructure: BitwiseCopyable {
    var flags: UInt64
    var mode: UInt64
    var resolve: UInt64
}

private func openat2(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.fourth < 24 { throw .EINVAL }
    if a.fourth > 4096 { throw .E2BIG }
    let tail = try task.memory.loadBytes(a.address(2) + 24, count: Int(a.fourth) - 24)
    let raw = try task.memory.load(a.address(2), as: OpenHowStructure.self)
    if tail.contains(where: { $0 != 0 }) { throw .E2BIG }
    if raw.flags & ~UInt64(allFlags) != 0 { throw .EINVAL }
    let flags = OpenFlags(rawValue: UInt32(truncatingIfNeeded: raw.flags))
    let creates = flags.contains(.O_CREAT) || flags.rawValue & 0o20000000 != 0
    if creates ? raw.mode & ~0o7777 != 0 : raw.mode != 0 { throw .EINVAL }
    if flags.contains(.O_PATH), !flags.isSubset(of: [.O_PATH, .O_DIRECTORY, .O_NOFOLLOW, .O_CLOEXEC]) { throw .EINVAL }
    if raw.resolve & ~0x3f != 0 || raw.resolve & 0x18 == 0x18 { throw .EINVAL }
    if raw.resolve & 0x20 != 0, !flags.isDisjoint(with: [.O_TRUNC, .O_CREAT, OpenFlags(rawValue: 0o20000000)]) { throw .EAGAIN }
    let how = OpenHow(flags, mode: UInt32(truncatingIfNeeded: raw.mode),
                      resolve: WalkFlags(rawValue: UInt32(truncatingIfNeeded: raw.resolve)))
    return try open(task, a.int(0), a.address(1), how)
}

/// close_range(2): CLOSE_RANGE_UNSHARE 2, CLOSE_RANGE_CLOEXEC 4.
private func closeRange(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (first, last, flags) = (a.uint(0), a.uint(1), a.uint(2))
    if flags & ~6 != 0 || first > last { throw .EINVAL }
    if flags & 2 != 0 { task.replace(files: task.files.copy()) }
    if flags & 4 != 0 {
        task.files.setCloseOnExec(from: first, through: last)
        return 0
    }
    for file in task.files.remove(from: first, through: last) { _ = try? task.close(file) }
    return 0
}
