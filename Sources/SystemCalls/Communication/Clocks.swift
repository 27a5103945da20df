import HostOS
import Kernel
import LinuxABI
import Memory
import Waiting

func registerClocks(_ table: inout SystemCallTable) {
    table[.clock_gettime] = { (task, a) throws(Errno) in
        let now = try readClock(a.int(0), task)
        try task.memory.store(TimeSpec(nanoseconds: now), at: a.address(1))
        return 0
    }
    table[.clock_getres] = { (task, a) throws(Errno) in
        let id = a.int(0)
        _ = try readClock(id, task)
        // The coarse clocks advance with the tick of 250 Hz.
        let resolution: UInt64 = id == 5 || id == 6 ? 4_000_000 : 1
        if a.second != 0 { try task.memory.store(TimeSpec(nanoseconds: resolution), at: a.address(1)) }
        return 0
    }
    table[.clock_settime] = { (task, a) throws(Errno) in
        _ = try readClock(a.int(0), task)
        _ = try task.memory.loadTimeSpec(a.address(1))
        throw a.int(0) == 0 ? .EPERM : .EINVAL
    }
    table[.gettimeofday] = { (task, a) throws(Errno) in
        if a.first != 0 { try task.memory.store(TimeValue(nanoseconds: HostClock.realtime), at: a.address(0)) }
        // struct timezone: UTC.
        if a.second != 0 { try task.memory.store(UInt64(0), at: a.address(1)) }
        return 0
    }
    table[.settimeofday] = { (task, a) throws(Errno) in
        if a.first != 0 { _ = try task.memory.load(a.address(0), as: TimeValue.self) }
        throw .EPERM
    }
    table[.time] = { (task, a) throws(Errno) in
        let seconds = HostClock.realtime / nanosecondsPerSecond
        if a.first != 0 { try task.memory.store(seconds, at: a.address(0)) }
        return seconds
    }
    table[.times] = times
    table[.adjtimex] = { (task, a) throws(Errno) in try readAdjustment(task, a.address(0)) }
    table[.clock_adjtime] = { (task, a) throws(Errno) in
        if a.int(0) != 0 { throw .EOPNOTSUPP }
        return try readAdjustment(task, a.address(1))
    }
    table[.nanosleep] = { (task, a) throws(Errno) in
        let duration = try task.memory.loadTimeSpec(a.address(0))
        return try sleep(task, until: .after(duration), remainder: a.address(1))
    }
    table[.clock_nanosleep] = clockNanosleep
}

/// Nanoseconds that the clock `id` of clock_gettime(2) shows.
///
/// - Throws: EINVAL for a clock that there is not.
private func readClock(_ id: Int32, _ task: Task) throws(Errno) -> UInt64 {
    // Without a clock that wakes the machine, the two alarm clocks are none.
    if id == 8 || id == 9 { throw .EINVAL }
    if let clock = GuestClock(rawValue: id) { return clock.now }
    if id == 2 || id == 3 { return try task.cpuTime(thread: id == 3) }
    guard id < 0 else { throw .EINVAL }
    // CPU time of another process or thread: ~pid << 3, 4 for threads, and which time (3 would be a device's clock).
    let which = id & 3
    if which == 3 { throw .EINVAL }
    let number = ~(id >> 3)
    let thread = id & 4 != 0
    guard number != 0 else { return try task.cpuTime(thread: thread) }
    guard let other = task.kernel.task(tid: number, in: task.pidNamespace) else { throw .EINVAL }
    if thread, other.group !== task.group { throw .EINVAL }
    return try other.cpuTime(thread: thread)
}

extension Task {
    /// CPU time of this thread or of its whole process, nanoseconds.
    fileprivate func cpuTime(thread: Bool) throws(Errno) -> UInt64 {
        let usage = group.usage
        return usage.user &+ usage.system
    }
}

/// times(2), in ticks of 1/100 s.
private func times(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let tick: UInt64 = 10_000_000
    if a.first != 0 {
        let own = task.group.usage
        let children = task.kernel.treeLock.withLock { task.group.childUsage }
        try task.memory.store(array: [own.user / tick, own.system / tick, children.user / tick, children.system / tick],
                              at: a.address(0))
    }
    return HostClock.monotonic / tick
}

/// adjtimex(2) for a process that may only read: the clock is in order, and nobody adjusts it.
private func readAdjustment(_ task: Task, _ address: GuestAddress) throws(Errno) -> UInt64 {
    var words = try task.memory.loadArray(address, count: 26, as: UInt64.self)
    if UInt32(truncatingIfNeeded: words[0]) & 0x7fff != 0 { throw .EPERM }
    let now = HostClock.realtime
    // modes, offset, freq, maxerror, esterror, status, constant, precision, tolerance, time, tick, ...
    for i in words.indices { words[i] = 0 }
    words[3] = 16_000_000
    words[4] = 16_000_000
    words[6] = 2
    words[7] = 1
    words[8] = 32_768_000
    words[9] = now / nanosecondsPerSecond
    words[10] = now % nanosecondsPerSecond / 1000
    words[11] = 10_000
    try task.memory.store(array: words, at: address)
    return 0
}

// MARK: Sleeping

/// Sleeps; what is left goes to `remainder` when a signal's handler ends it.
private func sleep(_ task: Task, until deadline: Deadline, remainder: GuestAddress) throws(Errno) -> UInt64 {
    while true {
        switch task.waiter.park(until: deadline) {
        case .timedOut: return 0
        case .woken: if HostClock.monotonic >= deadline.nanoseconds { return 0 }
        case .interrupted:
            let left = deadline.remaining
            if left == 0 { return 0 }
            if !remainder.isNull { try task.memory.store(TimeSpec(nanoseconds: left), at: remainder) }
            task.restartBlock = SleepRestart(deadline: deadline, remainder: remainder)
            throw .ERESTART_RESTARTBLOCK
        }
    }
}

/// A relative sleep that a signal without a handler interrupted: it ends when it would have.
private final class SleepRestart: RestartBlock, @unchecked Sendable {
    let deadline: Deadline
    let remainder: GuestAddress

    init(deadline: Deadline, remainder: GuestAddress) {
        self.deadline = deadline
        self.remainder = remainder
        super.init()
    }

    override func restart(_ task: Task) throws(Errno) -> UInt64 { try sleep(task, until: deadline, remainder: remainder) }
}

private func clockNanosleep(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let id = a.int(0)
    let isAbsolute = a.int(1) & 1 != 0
    let time: UInt64
    let clock: GuestClock
    // CPU time: nothing counts one's own up while one sleeps alone.
    if id == 2 || id == 3 || id < 0 { throw .EOPNOTSUPP }
    guard let found = GuestClock(rawValue: id) else { throw .EINVAL }
    switch found {
    case .monotonicRaw, .realtimeCoarse, .monotonicCoarse: throw .EOPNOTSUPP
    default: clock = found
    }
    time = try task.memory.loadTimeSpec(a.address(2))
    if !isAbsolute { return try sleep(task, until: .after(time), remainder: a.address(3)) }
    while true {
        let deadline = clock.deadline(at: time)
        switch task.waiter.park(until: deadline) {
        case .interrupted: throw .ERESTARTNOHAND
        case .timedOut, .woken: if clock.now >= time { return 0 }
        }
    }
}
