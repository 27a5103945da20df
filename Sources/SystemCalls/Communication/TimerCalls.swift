import Kernel
import LinuxABI
import Memory
import Waiting

func registerTimers(_ table: inout SystemCallTable) {
    table[.getitimer] = { (task, a) throws(Errno) in
        let now = try task.group.processTimers.interval(a.int(0))
        try task.memory.store(TimerValue(now), at: a.address(1))
        return 0
    }
    table[.setitimer] = { (task, a) throws(Errno) in
        var value: UInt64 = 0
        var interval: UInt64 = 0
        if a.second != 0 {
            let given = try task.memory.load(a.address(1), as: TimerValue.self)
            guard let first = given.value.total, let rest = given.interval.total else { throw .EINVAL }
            (value, interval) = (first, rest)
        }
        let old = try task.group.processTimers.setInterval(a.int(0), value: value, interval: interval)
        if a.third != 0 { try task.memory.store(TimerValue(old), at: a.address(2)) }
        return 0
    }
    table[.alarm] = { (task, a) throws(Errno) in
        let seconds = UInt64(a.uint(0))
        let old = try task.group.processTimers.setInterval(0, value: seconds * nanosecondsPerSecond, interval: 0).value
        if old == 0 { return 0 }
        // To the nearest second, but never none when there is something left.
        return max(1, (old + nanosecondsPerSecond / 2) / nanosecondsPerSecond)
    }
    table[.timer_create] = createTimer
    table[.timer_settime] = { (task, a) throws(Errno) in
        let given = try task.memory.load(a.address(2), as: TimerSpec.self)
        guard let value = given.value.total, let interval = given.interval.total else { throw .EINVAL }
        let old = try task.group.processTimers.set(a.int(0), value: value, interval: interval, absolute: a.int(1) & 1 != 0)
        if a.fourth != 0 { try task.memory.store(TimerSpec(old), at: a.address(3)) }
        return 0
    }
    table[.timer_gettime] = { (task, a) throws(Errno) in
        let now = try task.group.processTimers.get(a.int(0))
        try task.memory.store(TimerSpec(now), at: a.address(1))
        return 0
    }
    table[.timer_getoverrun] = { (task, a) throws(Errno) in UInt64(try task.group.processTimers.overrun(a.int(0))) }
    table[.timer_delete] = { (task, a) throws(Errno) in
        try task.group.processTimers.delete(a.int(0))
        return 0
    }
}

extension TimerValue {
    init(_ setting: (value: UInt64, interval: UInt64)) {
        interval = TimeValue(nanoseconds: setting.interval)
        // What is left is never shown as nothing.
        value = TimeValue(nanoseconds: setting.value > 0 ? max(1000, setting.value) : 0)
    }
}

/// struct sigevent, as far as it counts.
private struct SignalEvent: BitwiseCopyable {
    var value: UInt64
    var signal: Int32
    var notify: Int32
    var thread: Int32
    var padding: UInt32
}

private func createTimer(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let clock: GuestClock?
    switch a.int(0) {
    case 0: clock = .realtime
    case 1: clock = .monotonic
    case 7: clock = .boottime
    case 11: clock = .tai
    case 2, 3: clock = nil
    case 8, 9:
        if !task.has(.CAP_SYS_ADMIN) { throw .EPERM }
        throw .EOPNOTSUPP
    case 4, 5, 6: throw .EOPNOTSUPP
    default: throw .EINVAL
    }
    var signal = Signal.SIGALRM
    var value: UInt64?
    var thread: Task?
    if a.second != 0 {
        let event = try task.memory.load(a.address(1), as: SignalEvent.self)
        signal = event.signal
        value = event.value
        switch event.notify {
        case 4: // SIGEV_THREAD_ID
            guard let found = task.kernel.task(tid: event.thread, in: task.pidNamespace), found.group === task.group else {
                throw .EINVAL
            }
            thread = found
            if !Signal.isValid(signal) { throw .EINVAL }
        case 0, 2: // SIGEV_SIGNAL, SIGEV_THREAD
            if !Signal.isValid(signal) { throw .EINVAL }
        case 1: signal = 0 // SIGEV_NONE
        default: throw .EINVAL
        }
    }
    let id = try task.group.processTimers.create(clock: clock, signal: signal, value: value, thread: thread)
    do throws(Errno) { try task.memory.store(id, at: a.address(2)) } catch {
        try task.group.processTimers.delete(id)
        throw error
    }
    return 0
}
