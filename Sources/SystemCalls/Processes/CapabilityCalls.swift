import Identity
import Kernel
import LinuxABI
import Memory

func registerCapabilities(_ table: inout SystemCallTable) {
    table[.capget] = get
    table[.capset] = set
}

/// How many 32-bit words of each set a version of the header has.
///
/// - Throws: EINVAL for an unknown version, after the preferred one was written back.
private func words(_ task: Task, _ header: GuestAddress) throws(Errno) -> Int {
    switch try task.memory.load(header, as: UInt32.self) {
    case 0x1998_0330: return 1
    case 0x2007_1026, 0x2008_0522: return 2
    default:
        try task.memory.store(UInt32(0x2008_0522), at: header)
        throw .EINVAL
    }
}

private func get(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let count: Int
    do throws(Errno) { count = try words(task, a.address(0)) } catch {
        if error == .EINVAL, a.second == 0 { return 0 }
        throw error
    }
    let pid = try task.memory.load(a.address(0) + UInt64(4), as: Int32.self)
    if pid < 0 { throw .EINVAL }
    var target = task
    if pid != 0 {
        guard let other = task.kernel.task(tid: pid, in: task.pidNamespace) else { throw .ESRCH }
        target = other
    }
    if a.second == 0 { return 0 }
    let c = target.snapshot.credentials
    var data: [UInt32] = []
    for index in 0..<count {
        for set in [c.effective, c.permitted, c.inheritable] {
            data.append(UInt32(truncatingIfNeeded: set.rawValue >> UInt64(32 * index)))
        }
    }
    try task.memory.store(array: data, at: a.address(1))
    return 0
}

private func set(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let count = try words(task, a.address(0))
    let pid = try task.memory.load(a.address(0) + UInt64(4), as: Int32.self)
    if pid != 0, pid != task.id(in: task.pidNamespace) { throw .EPERM }
    let data = try task.memory.loadArray(a.address(1), count: count * 3, as: UInt32.self)
    func set(_ which: Int) -> Capabilities {
        var bits: UInt64 = 0
        for index in 0..<count { bits |= UInt64(data[index * 3 + which]) << UInt64(32 * index) }
        return Capabilities(rawValue: bits).intersection(.all)
    }
    let (effective, permitted, inheritable) = (set(0), set(1), set(2))
    let c = task.credentials
    let mayInherit = c.has(.CAP_SETPCAP, in: c.userNamespace) ? c.inheritable.union(c.bounding).union(c.permitted)
        : c.inheritable.union(c.permitted)
    if !inheritable.isSubset(of: mayInherit) || !inheritable.isSubset(of: c.inheritable.union(c.bounding)) { throw .EPERM }
    if !permitted.isSubset(of: c.permitted) || !effective.isSubset(of: permitted) { throw .EPERM }
    task.replace(credentials: c.changed {
        $0.effective = effective
        $0.permitted = permitted
        $0.inheritable = inheritable
        $0.ambient.formIntersection(permitted.intersection(inheritable))
    })
    return 0
}
