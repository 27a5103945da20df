import Kernel
import LinuxABI
import Memory
import VFS

func registerAttributeChanges(_ table: inout SystemCallTable) {
    table[.chmod] = { (task, a) throws(Errno) in
        try task.changeMode(try task.place(AT_FDCWD, a.address(0), follow: true), a.uint(1))
        return 0
    }
    table[.fchmod] = { (task, a) throws(Errno) in
        try task.changeMode(try task.files.file(a.int(0)).path, a.uint(1))
        return 0
    }
    table[.fchmodat] = { (task, a) throws(Errno) in
        try task.changeMode(try task.place(a.int(0), a.address(1), follow: true), a.uint(2))
        return 0
    }
    table[.fchmodat2] = { (task, a) throws(Errno) in
        if a.uint(3) & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH) != 0 { throw .EINVAL }
        try task.changeMode(try task.place(a.int(0), a.address(1), follow: a.uint(3) & AtFlags.AT_SYMLINK_NOFOLLOW == 0,
                                           allowEmpty: a.uint(3) & AtFlags.AT_EMPTY_PATH != 0), a.uint(2))
        return 0
    }
    table[.chown] = { (task, a) throws(Errno) in
        try changeOwner(task, try task.place(AT_FDCWD, a.address(0), follow: true), a.uint(1), a.uint(2))
    }
    table[.lchown] = { (task, a) throws(Errno) in
        try changeOwner(task, try task.place(AT_FDCWD, a.address(0), follow: false), a.uint(1), a.uint(2))
    }
    table[.fchown] = { (task, a) throws(Errno) in
        try changeOwner(task, try task.files.file(a.int(0)).path, a.uint(1), a.uint(2))
    }
    table[.fchownat] = { (task, a) throws(Errno) in
        if a.uint(4) & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH) != 0 { throw .EINVAL }
        let path = try task.place(a.int(0), a.address(1), follow: a.uint(4) & AtFlags.AT_SYMLINK_NOFOLLOW == 0,
                                  allowEmpty: a.uint(4) & AtFlags.AT_EMPTY_PATH != 0)
        return try changeOwner(task, path, a.uint(2), a.uint(3))
    }
    table[.truncate] = { (task, a) throws(Errno) in
        if a.second > UInt64(Int64.max) { throw .EINVAL }
        try task.truncate(try task.place(AT_FDCWD, a.address(0), follow: true), to: a.second)
        return 0
    }
    table[.ftruncate] = { (task, a) throws(Errno) in
        if a.second > UInt64(Int64.max) { throw .EINVAL }
        try task.truncate(try task.files.file(a.int(0)), to: a.second)
        return 0
    }
    registerTimes(&table)
}

private func changeOwner(_ task: Task, _ path: Path, _ uid: UInt32, _ gid: UInt32) throws(Errno) -> UInt64 {
    let namespace = task.credentials.userNamespace
    var (newUID, newGID): (UInt32?, UInt32?) = (nil, nil)
    if uid != .max {
        newUID = namespace.kernelUID(uid)
        if newUID == nil { throw .EINVAL }
    }
    if gid != .max {
        newGID = namespace.kernelGID(gid)
        if newGID == nil { throw .EINVAL }
    }
    try task.changeOwner(path, uid: newUID, gid: newGID)
    return 0
}

private func registerTimes(_ table: inout SystemCallTable) {
    table[.utime] = { (task, a) throws(Errno) in
        var times: (AttributeChange.Time, AttributeChange.Time) = (.now, .now)
        if !a.address(1).isNull {
            let raw = try task.memory.load(a.address(1), as: SecondsPair.self)
            times = (.at(FileTime(seconds: raw.accessed, nanoseconds: 0)), .at(FileTime(seconds: raw.modified, nanoseconds: 0)))
        }
        try task.changeTimes(try task.place(AT_FDCWD, a.address(0), follow: true), accessed: times.0, modified: times.1)
        return 0
    }
    table[.utimes] = { (task, a) throws(Errno) in try microsecondTimes(task, AT_FDCWD, a.address(0), a.address(1)) }
    table[.futimesat] = { (task, a) throws(Errno) in try microsecondTimes(task, a.int(0), a.address(1), a.address(2)) }
    table[.utimensat] = { (task, a) throws(Errno) in
        var accessed: AttributeChange.Time? = .now
        var modified: AttributeChange.Time? = .now
        if !a.address(2).isNull {
            let raw = try task.memory.load(a.address(2), as: TimePair.self)
            accessed = try time(raw.accessedSeconds, raw.accessedNanoseconds)
            modified = try time(raw.modifiedSeconds, raw.modifiedNanoseconds)
            if accessed == nil, modified == nil { return 0 }
        }
        let flags = a.uint(3)
        if flags & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH) != 0 { throw .EINVAL }
        let path: Path
        if a.address(1).isNull, a.int(0) != AT_FDCWD {
            // futimens(3).
            if flags & ~AtFlags.AT_EMPTY_PATH != 0 { throw .EINVAL }
            path = try task.files.file(a.int(0)).path
        } else {
            path = try task.place(a.int(0), a.address(1), follow: flags & AtFlags.AT_SYMLINK_NOFOLLOW == 0,
                                  allowEmpty: flags & AtFlags.AT_EMPTY_PATH != 0)
        }
        try task.changeTimes(path, accessed: accessed, modified: modified)
        return 0
    }
}

/// struct utimbuf.
private struct SecondsPair: BitwiseCopyable {
    var accessed, modified: Int64
}

/// Two of struct timespec, or of struct timeval.
private struct TimePair: BitwiseCopyable {
    var accessedSeconds, accessedNanoseconds, modifiedSeconds, modifiedNanoseconds: Int64
}

/// UTIME_NOW, UTIME_OMIT (nil), or a point in time.
private func time(_ seconds: Int64, _ nanoseconds: Int64) throws(Errno) -> AttributeChange.Time? {
    if nanoseconds == 0x3fff_ffff { return .now }
    if nanoseconds == 0x3fff_fffe { return nil }
    guard nanoseconds >= 0, nanoseconds < 1_000_000_000 else { throw .EINVAL }
    return .at(FileTime(seconds: seconds, nanoseconds: UInt32(nanoseconds)))
}

private func microsecondTimes(_ task: Task, _ dirfd: Int32, _ name: GuestAddress, _ address: GuestAddress) throws(Errno) -> UInt64 {
    var accessed: AttributeChange.Time = .now
    var modified: AttributeChange.Time = .now
    if !address.isNull {
        let raw = try task.memory.load(address, as: TimePair.self)
        guard (0..<1_000_000).contains(raw.accessedNanoseconds), (0..<1_000_000).contains(raw.modifiedNanoseconds) else {
            throw .EINVAL
        }
        accessed = .at(FileTime(seconds: raw.accessedSeconds, nanoseconds: UInt32(raw.accessedNanoseconds) * 1000))
        modified = .at(FileTime(seconds: raw.modifiedSeconds, nanoseconds: UInt32(raw.modifiedNanoseconds) * 1000))
    }
    let path = name.isNull && dirfd != AT_FDCWD ? try task.files.file(dirfd).path : try task.place(dirfd, name, follow: true)
    try task.changeTimes(path, accessed: accessed, modified: modified)
    return 0
}
