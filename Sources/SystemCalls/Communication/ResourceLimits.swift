import HostOS
import Identity
import Kernel
import LinuxABI
import Memory
import Waiting

func registerResourceLimits(_ table: inout SystemCallTable) {
    table[.getrlimit] = { (task, a) throws(Errno) in
        let resource = try checkedResource(a.uint(0))
        try task.memory.store(task.group.limits[resource], at: a.address(1))
        return 0
    }
    table[.setrlimit] = { (task, a) throws(Errno) in
        let new = try task.memory.load(a.address(1), as: Limits.Limit.self)
        try change(task.group, try checkedResource(a.uint(0)), new, by: task)
        return 0
    }
    table[.prlimit64] = prlimit
    table[.getrusage] = getrusage
}

private func checkedResource(_ number: UInt32) throws(Errno) -> Int {
    if number >= UInt32(Limits.count) { throw .EINVAL }
    return Int(number)
}

private func change(_ group: ThreadGroup, _ resource: Int, _ new: Limits.Limit, by task: Task) throws(Errno) {
    if new.soft > new.hard { throw .EINVAL }
    // sysctl fs.nr_open.
    if resource == Limits.RLIMIT_NOFILE, new.hard > 1 << 20 { throw .EPERM }
    if new.hard > group.limits[resource].hard, !task.credentials.has(.CAP_SYS_RESOURCE) { throw .EPERM }
    group.setLimit(resource, new)
}

private func prlimit(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let new: Limits.Limit? = a.third == 0 ? nil : try task.memory.load(a.address(2), as: Limits.Limit.self)
    let resource = try checkedResource(a.uint(1))
    var target = task.group
    if a.int(0) != 0 {
        guard let other = task.kernel.task(tid: a.int(0), in: task.pidNamespace) else { throw .ESRCH }
        if other.group !== task.group { try checkAccess(task, to: other) }
        target = other.group
    }
    let old = target.limits[resource]
    if let new { try change(target, resource, new, by: task) }
    if a.fourth != 0 { try task.memory.store(old, at: a.address(3)) }
    return 0
}

/// All of the other's ids are the caller's real ones, or the caller may override limits.
private func checkAccess(_ task: Task, to other: Task) throws(Errno) {
    let mine = task.credentials
    guard let theirs = other.group.anyCredentials else { throw .ESRCH }
    let same = [theirs.euid, theirs.suid, theirs.ruid].allSatisfy { $0 == mine.ruid }
        && [theirs.egid, theirs.sgid, theirs.rgid].allSatisfy { $0 == mine.rgid }
    if !same, !mine.has(.CAP_SYS_RESOURCE, in: theirs.userNamespace) { throw .EPERM }
}

/// getrusage(2): times and the largest memory; the rest is 0.
private func getrusage(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let usage: Usage
    switch a.int(0) {
    case 0, 1: usage = task.group.usage // RUSAGE_SELF, RUSAGE_THREAD
    case -1: usage = task.kernel.treeLock.withLock { task.group.childUsage }
    default: throw .EINVAL
    }
    try task.memory.store(array: usage.record, at: a.address(1))
    return 0
}

extension Usage {
    /// struct rusage.
    var record: [UInt64] {
        var words = [UInt64](repeating: 0, count: 18)
        words[0] = user / nanosecondsPerSecond
        words[1] = user % nanosecondsPerSecond / 1000
        words[2] = system / nanosecondsPerSecond
        words[3] = system % nanosecondsPerSecond / 1000
        words[4] = maximumResident
        return words
    }
}
