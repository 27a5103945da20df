import Kernel
import LinuxABI
import Memory

func registerRemoteMemory(_ table: inout SystemCallTable) {
    table[.process_vm_readv] = { (task, a) throws(Errno) in try copy(task, a, writes: false) }
    table[.process_vm_writev] = { (task, a) throws(Errno) in try copy(task, a, writes: true) }
}

/// struct iovec[], with a sum of lengths that fits.
private func loadSegments(_ task: Task, _ address: GuestAddress, count: UInt64) throws(Errno) -> [IOSegment] {
    if count > 1024 { throw .EINVAL }
    let words = try task.memory.loadArray(address, count: Int(count) * 2, as: UInt64.self)
    var segments: [IOSegment] = []
    var total: UInt64 = 0
    for index in 0..<Int(count) {
        let length = words[index * 2 + 1]
        total &+= length
        if length > UInt64(Int64.max) || total > 0x7fff_f000 { throw .EINVAL }
        segments.append(IOSegment(base: GuestAddress(words[index * 2]), length: Int(length)))
    }
    return segments
}

private func copy(_ task: Task, _ a: SystemCallArguments, writes: Bool) throws(Errno) -> UInt64 {
    if a.sixth != 0 { throw .EINVAL }
    let local = try loadSegments(task, a.address(1), count: a.third)
    let remote = try loadSegments(task, a.address(3), count: a.fifth)
    guard let target = task.kernel.task(tid: a.int(0), in: task.pidNamespace) else { throw .ESRCH }
    if !task.mayAccess(target) { throw .EPERM }
    var mine = IOVector(task.memory, local)
    var theirs = IOVector(target.memoryManager.addressSpace.remote, remote)
    var done: UInt64 = 0
    while mine.remaining > 0, theirs.remaining > 0 {
        let chunk = min(mine.remaining, theirs.remaining, 64 << 10)
        let bytes = writes ? mine.readArray(limit: chunk) : theirs.readArray(limit: chunk)
        let stored = writes ? theirs.write(bytes, at: 0, count: bytes.count) : mine.write(bytes, at: 0, count: bytes.count)
        done += UInt64(stored)
        if bytes.count < chunk || stored < bytes.count { break }
    }
    if done == 0, mine.faulted || theirs.faulted { throw .EFAULT }
    return done
}
