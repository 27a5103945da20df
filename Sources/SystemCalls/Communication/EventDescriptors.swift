import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import VFS
import Waiting

func registerEventDescriptors(_ table: inout SystemCallTable) {
    table[.eventfd] = { (task, a) throws(Errno) in try makeEventFile(task, a.uint(0), flags: 0) }
    table[.eventfd2] = { (task, a) throws(Errno) in try makeEventFile(task, a.uint(0), flags: a.uint(1)) }
    table[.timerfd_create] = makeTimerFile
    table[.timerfd_settime] = setTimerFile
    table[.timerfd_gettime] = { (task, a) throws(Errno) in
        let now = try timerFile(task, a.int(0)).get()
        try task.memory.store(TimerSpec(now), at: a.address(1))
        return 0
    }
    table[.signalfd] = { (task, a) throws(Errno) in
        try makeSignalFile(task, a.int(0), a.address(1), size: a.third, flags: 0)
    }
    table[.signalfd4] = { (task, a) throws(Errno) in
        try makeSignalFile(task, a.int(0), a.address(1), size: a.third, flags: a.uint(3))
    }
}

/// O_CLOEXEC and O_NONBLOCK, as most calls that make descriptors name them.
let cloexecFlag = OpenFlags.O_CLOEXEC.rawValue
let nonblockFlag = OpenFlags.O_NONBLOCK.rawValue

extension Task {
    /// Gives `file` the lowest free descriptor.
    func install(_ file: OpenFile, closeOnExec: Bool) throws(Errno) -> UInt64 {
        UInt64(try files.install(file, closeOnExec: closeOnExec, limit: limit(Limits.RLIMIT_NOFILE)))
    }

    /// A path for a file without a name.
    func anonymousPath(_ type: FileType = .regular) -> Path { vfs.anonymous.makePath(type: type, by: self) }
}

private func makeEventFile(_ task: Task, _ initial: UInt32, flags: UInt32) throws(Errno) -> UInt64 {
    if flags & ~(1 | cloexecFlag | nonblockFlag) != 0 { throw .EINVAL }
    let file = EventFile(path: task.anonymousPath(), initial: UInt64(initial), semaphore: flags & 1 != 0,
                         nonblocking: flags & nonblockFlag != 0)
    return try task.install(file, closeOnExec: flags & cloexecFlag != 0)
}

// MARK: timerfd

extension TimerSpec {
    init(_ setting: (value: UInt64, interval: UInt64)) {
        interval = TimeSpec(nanoseconds: setting.interval)
        value = TimeSpec(nanoseconds: setting.value)
    }
}

private func makeTimerFile(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = a.uint(1)
    guard let clock = GuestClock(rawValue: a.int(0)), flags & ~(cloexecFlag | nonblockFlag) == 0 else { throw .EINVAL }
    switch clock {
    case .realtime, .monotonic, .boottime: break
    case .realtimeAlarm, .boottimeAlarm: throw .EPERM
    default: throw .EINVAL
    }
    let file = TimerFile(path: task.anonymousPath(), clock: clock, timers: task.kernel.timers,
                         nonblocking: flags & nonblockFlag != 0)
    return try task.install(file, closeOnExec: flags & cloexecFlag != 0)
}

private func timerFile(_ task: Task, _ fd: Int32) throws(Errno) -> TimerFile {
    guard let file = try task.files.file(fd) as? TimerFile else { throw .EINVAL }
    return file
}

private func setTimerFile(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let spec = try task.memory.load(a.address(2), as: TimerSpec.self)
    let flags = a.uint(1)
    guard flags & ~3 == 0, let value = spec.value.total, let interval = spec.interval.total else { throw .EINVAL }
    let old = try timerFile(task, a.int(0)).set(value: value, interval: interval, absolute: flags & 1 != 0, flags: flags)
    if a.fourth != 0 { try task.memory.store(TimerSpec(old), at: a.address(3)) }
    return 0
}

// MARK: signalfd

private func makeSignalFile(_ task: Task, _ fd: Int32, _ mask: GuestAddress, size: UInt64,
                            flags: UInt32) throws(Errno) -> UInt64 {
    if size != 8 { throw .EINVAL }
    let set = SignalSet(rawValue: try task.memory.load(mask, as: UInt64.self)).subtracting(.unblockable)
    if flags & ~(cloexecFlag | nonblockFlag) != 0 { throw .EINVAL }
    if fd != -1 {
        guard let file = try task.files.file(fd) as? SignalFile else { throw .EINVAL }
        file.setMask(set)
        return UInt64(fd)
    }
    let file = SignalFile(path: task.anonymousPath(), mask: set, group: task.group,
                          nonblocking: flags & nonblockFlag != 0)
    return try task.install(file, closeOnExec: flags & cloexecFlag != 0)
}
