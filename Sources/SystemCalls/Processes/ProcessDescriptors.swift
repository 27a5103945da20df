import Kernel
import LinuxABI
import Memory
import VFS

func registerProcessDescriptors(_ table: inout SystemCallTable) {
    table[.pidfd_open] = { (task, a) throws(Errno) in
        let flags = a.uint(1)
        if flags & ~OpenFlags.O_NONBLOCK.rawValue != 0 || a.int(0) <= 0 { throw .EINVAL }
        guard let target = task.kernel.task(tid: a.int(0), in: task.pidNamespace) else { throw .ESRCH }
        guard let group = task.kernel.group(pid: a.int(0), in: task.pidNamespace), group === target.group else { throw .EINVAL }
        return UInt64(try installProcessDescriptor(task, group, nonblocking: flags != 0))
    }
    table[.pidfd_send_signal] = sendSignal
    table[.pidfd_getfd] = { (task, a) throws(Errno) in
        if a.uint(2) != 0 { throw .EINVAL }
        let group = try processDescriptor(task, a.int(0)).group
        guard let target = group.liveTasks.first else { throw .ESRCH }
        if !task.mayAccess(target) { throw .EPERM }
        let file = try target.snapshot.files.anyFile(a.int(1))
        return UInt64(try task.files.install(file, closeOnExec: true, limit: task.limit(Limits.RLIMIT_NOFILE)))
    }
    table[.kcmp] = compare
}

/// The process behind a descriptor.
///
/// - Throws: EBADF for a descriptor of something else.
func processDescriptor(_ task: Task, _ fd: Int32) throws(Errno) -> ProcessDescriptor {
    guard let file = try task.files.file(fd) as? ProcessDescriptor else { throw .EBADF }
    return file
}

func installProcessDescriptor(_ task: Task, _ group: ThreadGroup, nonblocking: Bool) throws(Errno) -> Int32 {
    let file = ProcessDescriptor(path: task.vfs.anonymous.makePath(type: .regular, by: task), group: group,
                                 nonblocking: nonblocking)
    return try task.files.install(file, closeOnExec: true, limit: task.limit(Limits.RLIMIT_NOFILE))
}

private func sendSignal(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.uint(3) != 0 { throw .EINVAL }
    let file = try task.files.file(a.int(0))
    guard let group = (file as? ProcessDescriptor)?.group ?? (file.inode as? ProcessReference)?.referencedGroup else { throw .EBADF }
    let signal = a.int(1)
    try checkSignal(signal)
    if a.third == 0 {
        try task.sendSignal(signal, to: group) { SignalInfo(signal, code: SignalInfo.SI_USER, sender: task, to: $0) }
    } else {
        let info = try loadInfo(task, a.address(2), signal: signal)
        if group !== task.group, info.code >= 0 || info.code == SignalInfo.SI_TKILL { throw .EPERM }
        try task.sendSignal(signal, to: group) { _ in info }
    }
    return 0
}

/// kcmp(2): an order of kernel objects, that means nothing but equal or not.
private func compare(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    guard let one = task.kernel.task(tid: a.int(0), in: task.pidNamespace),
          let other = task.kernel.task(tid: a.int(1), in: task.pidNamespace) else { throw .ESRCH }
    if !task.mayAccess(one) || !task.mayAccess(other) { throw .EPERM }
    let (x, y) = (one.snapshot, other.snapshot)
    switch a.int(2) {
    case 0:
        return order(try x.files.anyFile(Int32(truncatingIfNeeded: a.fourth)), try y.files.anyFile(Int32(truncatingIfNeeded: a.fifth)))
    case 1: return order(one.memoryManager, other.memoryManager)
    case 2: return order(x.files, y.files)
    case 3: return order(x.directories, y.directories)
    case 4: return order(one.handlers, other.handlers)
    case 5, 6: return order(one.group, other.group)
    default: throw .EINVAL
    }
}

private func order(_ a: AnyObject, _ b: AnyObject) -> UInt64 {
    if a === b { return 0 }
    return ObjectIdentifier(a) < ObjectIdentifier(b) ? 1 : 2
}
