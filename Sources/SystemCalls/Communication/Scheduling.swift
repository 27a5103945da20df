import HostOS
import Identity
import Kernel
import LinuxABI
import Memory
import Waiting

func registerScheduling(_ table: inout SystemCallTable) {
    table[.sched_yield] = { (_, _) throws(Errno) in
        HostProcessors.yield()
        return 0
    }
    table[.sched_getaffinity] = { (task, a) throws(Errno) in
        let words = task.group.container.processorWords
        if a.second < UInt64(words.count * 8) || a.second & 7 != 0 { throw .EINVAL }
        if a.int(0) < 0 { throw .ESRCH }
        let target = try findTask(task, a.int(0))
        let mask = target.allowedProcessors
        try task.memory.store(array: mask, at: a.address(2))
        return UInt64(mask.count * 8)
    }
    table[.sched_setaffinity] = { (task, a) throws(Errno) in
        let all = task.group.container.processorWords
        let given = try task.memory.loadBytes(a.address(2), count: Int(min(a.second, UInt64(all.count * 8))))
        if a.int(0) < 0 { throw .ESRCH }
        let target = try findTask(task, a.int(0))
        try checkControl(task, over: target)
        var mask = [UInt64](repeating: 0, count: all.count)
        for (i, byte) in given.enumerated() { mask[i / 8] |= UInt64(byte) << UInt64(i % 8 * 8) }
        for i in mask.indices { mask[i] &= all[i] }
        if mask.allSatisfy({ $0 == 0 }) { throw .EINVAL }
        target.affinity = mask
        target.processorChanged()
        return 0
    }
    table[.sched_getscheduler] = { (task, a) throws(Errno) in UInt64(try findTask(task, a.int(0)).schedulingPolicy) }
    table[.sched_getparam] = { (task, a) throws(Errno) in
        if a.second == 0 { throw .EINVAL }
        let target = try findTask(task, a.int(0))
        try task.memory.store(target.schedulingPriority, at: a.address(1))
        return 0
    }
    table[.sched_setscheduler] = { (task, a) throws(Errno) in
        if a.int(1) < 0 || a.third == 0 { throw .EINVAL }
        let priority = try task.memory.load(a.address(2), as: Int32.self)
        // SCHED_RESET_ON_FORK is remembered by nobody here.
        let policy = a.int(1) & ~0x4000_0000
        try setScheduler(task, try findTask(task, a.int(0)), policy, priority)
        return 0
    }
    table[.sched_setparam] = { (task, a) throws(Errno) in
        if a.second == 0 { throw .EINVAL }
        let priority = try task.memory.load(a.address(1), as: Int32.self)
        let target = try findTask(task, a.int(0))
        try setScheduler(task, target, target.schedulingPolicy, priority)
        return 0
    }
    table[.sched_get_priority_max] = { (_, a) throws(Errno) in UInt64(try priorities(a.int(0)).upperBound) }
    table[.sched_get_priority_min] = { (_, a) throws(Errno) in UInt64(try priorities(a.int(0)).lowerBound) }
    table[.sched_rr_get_interval] = { (task, a) throws(Errno) in
        let target = try findTask(task, a.int(0))
        // SCHED_FIFO 1 has none; SCHED_RR 2 has 100 ms; the others about one tick.
        let interval: UInt64 = target.schedulingPolicy == 1 ? 0 : target.schedulingPolicy == 2 ? 100_000_000 : 4_000_000
        try task.memory.store(TimeSpec(nanoseconds: interval), at: a.address(1))
        return 0
    }
    table[.sched_setattr] = setAttributes
    table[.sched_getattr] = getAttributes
    table[.getpriority] = getPriority
    table[.setpriority] = setPriority
    table[.ioprio_get] = { (task, a) throws(Errno) in
        // IOPRIO_WHO_PROCESS 1, PGRP 2, USER 3.
        let target = a.int(0) == 1 ? try findTask(task, a.int(1)) : task
        if a.int(0) < 1 || a.int(0) > 3 { throw .EINVAL }
        // None set: best effort, as nice as the task.
        return UInt64(target.ioPriority == 0 ? 2 << 13 | 4 : target.ioPriority)
    }
    table[.ioprio_set] = { (task, a) throws(Errno) in
        if a.int(0) < 1 || a.int(0) > 3 { throw .EINVAL }
        let value = a.int(2)
        switch value >> 13 {
        case 0: if value & 0x1fff != 0 { throw .EINVAL }
        case 1: if !task.credentials.has(.CAP_SYS_ADMIN) && !task.credentials.has(.CAP_SYS_NICE) { throw .EPERM }
        case 2, 3: break
        default: throw .EINVAL
        }
        (a.int(0) == 1 ? try findTask(task, a.int(1)) : task).ioPriority = value
        return 0
    }
}

private func findTask(_ task: Task, _ id: Int32) throws(Errno) -> Task {
    if id < 0 { throw .EINVAL }
    if id == 0 { return task }
    guard let other = task.kernel.task(tid: id, in: task.pidNamespace) else { throw .ESRCH }
    return other
}

private func checkControl(_ task: Task, over other: Task) throws(Errno) {
    if other === task { return }
    guard let theirs = other.group.anyCredentials else { throw .ESRCH }
    let mine = task.credentials
    if mine.euid != theirs.euid, mine.euid != theirs.ruid, !mine.has(.CAP_SYS_NICE, in: theirs.userNamespace) { throw .EPERM }
}

/// Priorities of a policy: SCHED_OTHER 0, FIFO 1, RR 2, BATCH 3, IDLE 5, DEADLINE 6.
private func priorities(_ policy: Int32) throws(Errno) -> ClosedRange<Int32> {
    switch policy {
    case 1, 2: 1...99
    case 0, 3, 5, 6: 0...0
    default: throw .EINVAL
    }
}

private func setScheduler(_ task: Task, _ target: Task, _ policy: Int32, _ priority: Int32) throws(Errno) {
    let allowed = try priorities(policy)
    if !allowed.contains(priority) { throw .EINVAL }
    if policy == 6 { throw .EINVAL }
    try checkControl(task, over: target)
    if allowed.upperBound > 0, !task.credentials.has(.CAP_SYS_NICE),
       UInt64(priority) > target.group.limits[Limits.RLIMIT_RTPRIO].soft { throw .EPERM }
    target.schedulingPolicy = policy
    target.schedulingPriority = priority
}

/// struct sched_attr, its first version: 48 bytes.
private struct SchedulingAttributes: BitwiseCopyable {
    var size: UInt32 = 48
    var policy: UInt32 = 0
    var flags: UInt64 = 0
    var nice: Int32 = 0
    var priority: UInt32 = 0
    var runtime: UInt64 = 0
    var deadline: UInt64 = 0
    var period: UInt64 = 0
}

private func setAttributes(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.second == 0 || a.int(0) < 0 || a.uint(2) != 0 { throw .EINVAL }
    let size = try task.memory.load(a.address(1), as: UInt32.self)
    if size != 0 && size < 48 || size > 4096 { throw .E2BIG }
    let given = try task.memory.load(a.address(1), as: SchedulingAttributes.self)
    let target = try findTask(task, a.int(0))
    guard let policy = Int32(exactly: given.policy), let priority = Int32(exactly: given.priority) else { throw .EINVAL }
    try setScheduler(task, target, policy, priority)
    if policy == 0 || policy == 3 { try renice(task, target, min(19, max(-20, given.nice))) }
    return 0
}

private func getAttributes(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let size = a.uint(2)
    if a.second == 0 || size < 48 || size > 4096 || a.uint(3) != 0 { throw .EINVAL }
    let target = try findTask(task, a.int(0))
    var result = SchedulingAttributes()
    result.policy = UInt32(bitPattern: target.schedulingPolicy)
    if target.schedulingPolicy == 1 || target.schedulingPolicy == 2 {
        result.priority = UInt32(bitPattern: target.schedulingPriority)
    } else {
        result.nice = target.nice
    }
    try task.memory.store(result, at: a.address(1))
    return 0
}

// MARK: nice

/// The tasks that PRIO_PROCESS 0, PRIO_PGRP 1 or PRIO_USER 2 name.
private func selected(_ task: Task, _ which: Int32, _ who: Int32) throws(Errno) -> [Task] {
    switch which {
    case 0: return [try findTask(task, who)]
    case 1:
        let group: ProcessGroup? = who == 0 ? task.processGroup as? ProcessGroup
            : task.processGroup(withID: who) as? ProcessGroup
        guard let group else { throw .ESRCH }
        return task.kernel.treeLock.withLock { group.members }.flatMap(\.liveTasks)
    case 2:
        let uid: UInt32
        if who == 0 { uid = task.credentials.ruid } else {
            guard let found = task.credentials.userNamespace.kernelUID(UInt32(bitPattern: who)) else { throw .EINVAL }
            uid = found
        }
        let found = task.kernel.groups(in: task.pidNamespace).flatMap { entry in
            entry.group.anyCredentials?.ruid == uid ? entry.group.liveTasks : []
        }
        if found.isEmpty { throw .ESRCH }
        return found
    default: throw .EINVAL
    }
}

private func getPriority(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.int(0) < 0 || a.int(0) > 2 { throw .EINVAL }
    let found = try selected(task, a.int(0), a.int(1) < 0 ? Int32.max : a.int(1))
    guard let lowest = found.map(\.nice).min() else { throw .ESRCH }
    // The call's result is 20 - nice, so that it is never negative.
    return UInt64(20 - lowest)
}

private func setPriority(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.int(0) < 0 || a.int(0) > 2 { throw .EINVAL }
    let nice = min(19, max(-20, a.int(2)))
    for target in try selected(task, a.int(0), a.int(1) < 0 ? Int32.max : a.int(1)) { try renice(task, target, nice) }
    return 0
}

private func renice(_ task: Task, _ target: Task, _ nice: Int32) throws(Errno) {
    guard let theirs = target.group.anyCredentials else { throw .ESRCH }
    let mine = task.credentials
    if mine.euid != theirs.euid, mine.euid != theirs.ruid, !mine.has(.CAP_SYS_NICE, in: theirs.userNamespace) { throw .EPERM }
    // RLIMIT_NICE counts from 20 down: how far below 20 one may go.
    if nice < target.nice, !mine.has(.CAP_SYS_NICE),
       UInt64(20 - nice) > target.group.limits[Limits.RLIMIT_NICE].soft { throw .EACCES }
    target.nice = nice
}
