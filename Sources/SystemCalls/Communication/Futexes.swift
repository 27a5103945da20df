import HostOS
import Kernel
import LinuxABI
import Memory
import Platform
import Waiting

func registerFutexes(_ table: inout SystemCallTable) {
    table[.futex] = futex
    table[.futex_waitv] = waitOnMany
    table[.set_robust_list] = { (task, a) throws(Errno) in
        if a.second != 24 { throw .EINVAL }
        task.robustList = a.address(0)
        return 0
    }
    table[.get_robust_list] = { (task, a) throws(Errno) in
        var target = task
        if a.int(0) != 0 {
            guard let other = task.kernel.task(tid: a.int(0), in: task.pidNamespace) else { throw .ESRCH }
            if other.group !== task.group, !task.credentials.has(.CAP_SYS_PTRACE) { throw .EPERM }
            target = other
        }
        try task.memory.store(UInt64(24), at: a.address(2))
        try task.memory.store(target.robustList.rawValue, at: a.address(1))
        return 0
    }
}

private typealias Op = FutexOperation

private func futex(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let operation = a.uint(1)
    let command = operation & 127
    if operation & ~(127 | Op.PRIVATE_FLAG | Op.CLOCK_REALTIME) != 0 { throw .ENOSYS }
    if operation & Op.CLOCK_REALTIME != 0 {
        switch command {
        case Op.WAIT, Op.WAIT_BITSET, Op.WAIT_REQUEUE_PI, Op.LOCK_PI2: break
        default: throw .ENOSYS
        }
    }
    if task.context.call.wasInterrupted { return try goOn(task, a, command) }
    switch command {
    case Op.WAIT: return try waitRelative(task, a)
    case Op.WAIT_BITSET: return try waitAbsolute(task, a)
    case Op.WAKE, Op.WAKE_BITSET, Op.REQUEUE, Op.CMP_REQUEUE:
        return try task.context.nativeCall(.futex, a.first, UInt64(operation), a.third, a.fourth, a.fifth, a.sixth)
    case Op.WAKE_OP: return try wakeWithOperation(task, a)
    case Op.LOCK_PI, Op.LOCK_PI2, Op.TRYLOCK_PI, Op.UNLOCK_PI, Op.WAIT_REQUEUE_PI, Op.CMP_REQUEUE_PI:
        return try priorityFutex(task, a, command)
    default: throw .ENOSYS
    }
}

/// A wait that slept in the stub was interrupted there.
private func goOn(_ task: Task, _ a: SystemCallArguments, _ command: UInt32) throws(Errno) -> UInt64 {
    if a.fourth == 0 || command != Op.WAIT && command != Op.WAIT_BITSET { throw .ERESTARTSYS }
    // With an end, a handler ends it whatever its flags say; one that is absolute needs no note.
    if command == Op.WAIT_BITSET { throw .ERESTARTNOHAND }
    task.restartBlock = FutexRestart(
        address: a.address(0), operation: Op.WAIT_BITSET | a.uint(1) & Op.PRIVATE_FLAG, value: a.uint(2), bits: .max,
        deadline: Deadline(nanoseconds: task.context.call.deadline))
    throw .ERESTART_RESTARTBLOCK
}

/// FUTEX_WAIT: the guest's own timeout goes to the host's kernel, which judges it; only an interrupted wait needs to know it.
private func waitRelative(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let begin = HostClock.monotonic
    do throws(Errno) {
        return try task.waitNatively(.futex, a.first, UInt64(a.uint(1)), a.third, a.fourth)
    } catch {
        if error != .EINTR { throw error }
        if a.fourth == 0 { throw .ERESTARTSYS }
        let timeout = try task.memory.loadTimeSpec(a.address(3))
        let (end, overflow) = begin.addingReportingOverflow(timeout)
        let private_ = a.uint(1) & Op.PRIVATE_FLAG
        task.restartBlock = FutexRestart(address: a.address(0), operation: Op.WAIT_BITSET | private_, value: a.uint(2),
                                         bits: .max, deadline: Deadline(nanoseconds: overflow ? .max : end))
        throw .ERESTART_RESTARTBLOCK
    }
}

private func waitAbsolute(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    do throws(Errno) {
        return try task.waitNatively(.futex, a.first, UInt64(a.uint(1)), a.third, a.fourth, 0, a.sixth)
    } catch {
        if error != .EINTR { throw error }
        throw a.fourth == 0 ? .ERESTARTSYS : .ERESTARTNOHAND
    }
}

/// futex_waitv(2): the timeout is absolute.
private func waitOnMany(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let clock = a.int(4)
    if a.uint(2) != 0 || a.uint(1) == 0 || a.uint(1) > 128 || a.first == 0 { throw .EINVAL }
    if a.fourth != 0, clock != 0, clock != 1 { throw .EINVAL }
    if task.context.call.wasInterrupted { throw .ERESTARTSYS }
    do throws(Errno) {
        return try task.waitNatively(.futex_waitv, a.first, UInt64(a.uint(1)), 0, a.fourth,
                                     a.fourth == 0 ? 0 : UInt64(clock))
    } catch { throw error == .EINTR ? .ERESTARTSYS : error }
}

/// FUTEX_WAKE_OP: changes the second word, wakes at the first, and at the second if its old value compares.
private func wakeWithOperation(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let second = a.address(4)
    let code = a.uint(5)
    if second.rawValue & 3 != 0 || a.first & 3 != 0 { throw .EINVAL }
    let kind = code >> 28 & 7
    let compare = code >> 24 & 15
    if kind > 4 || compare > 5 { throw .ENOSYS }
    var operand = Int32(bitPattern: code << 8) >> 20
    if code >> 31 != 0 { operand = Int32(truncatingIfNeeded: 1 << (UInt64(truncatingIfNeeded: operand) & 31)) }
    let comparand = Int32(bitPattern: code << 20) >> 20
    let value = UInt32(bitPattern: operand)

    var old = try task.memory.load(second, as: UInt32.self)
    while true {
        let new: UInt32 = switch kind {
        case 0: value
        case 1: old &+ value
        case 2: old | value
        case 3: old & ~value
        default: old ^ value
        }
        let seen = try task.context.compareExchange(second, expected: old, desired: new)
        if seen == old { break }
        old = seen
    }
    let before = Int32(bitPattern: old)
    let holds = switch compare {
    case 0: before == comparand
    case 1: before != comparand
    case 2: before < comparand
    case 3: before <= comparand
    case 4: before > comparand
    default: before >= comparand
    }
    let isPrivate = a.uint(1) & Op.PRIVATE_FLAG != 0
    var woken = try task.wakeFutex(a.address(0), count: a.int(2), private: isPrivate)
    if holds { woken += try task.wakeFutex(second, count: a.int(3), private: isPrivate) }
    return woken
}
