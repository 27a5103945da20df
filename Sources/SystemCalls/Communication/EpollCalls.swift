import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import VFS
import Waiting

func registerEpoll(_ table: inout SystemCallTable) {
    table[.epoll_create] = { (task, a) throws(Errno) in
        if a.int(0) <= 0 { throw .EINVAL }
        return try task.install(EpollFile(path: task.anonymousPath()), closeOnExec: false)
    }
    table[.epoll_create1] = { (task, a) throws(Errno) in
        if a.uint(0) & ~cloexecFlag != 0 { throw .EINVAL }
        return try task.install(EpollFile(path: task.anonymousPath()), closeOnExec: a.uint(0) != 0)
    }
    table[.epoll_ctl] = control
    table[.epoll_wait] = { (task, a) throws(Errno) in try wait(task, a, until: millisecondDeadline(a.int(3))) }
    table[.epoll_pwait] = { (task, a) throws(Errno) in
        try task.swapMask(a.address(4), size: a.sixth)
        return try wait(task, a, until: millisecondDeadline(a.int(3)))
    }
    table[.epoll_pwait2] = { (task, a) throws(Errno) in
        let deadline = try task.memory.loadTimeout(a.address(3))
        try task.swapMask(a.address(4), size: a.sixth)
        return try wait(task, a, until: deadline)
    }
}

/// nil for a negative number: no deadline.
private func millisecondDeadline(_ milliseconds: Int32) -> Deadline? {
    // A call that does not wait needs no clock.
    milliseconds < 0 ? nil : milliseconds == 0 ? Deadline(nanoseconds: 0) : .after(UInt64(milliseconds) * 1_000_000)
}

private func control(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let operation = a.int(1)
    let fd = a.int(2)
    // EPOLL_CTL_ADD 1, DEL 2, MOD 3: all but DEL bring an event.
    var event = EpollEvent(events: 0, data: 0)
    if operation != 2 { event = try EpollEvent(task.memory, a.address(3)) }
    let outer = try task.files.file(a.int(0))
    let file = try task.files.file(fd)
    if file.waitQueue == nil { throw .EPERM }
    guard let epoll = outer as? EpollFile, file !== outer else { throw .EINVAL }
    switch operation {
    case 1: try epoll.add(file, fd: fd, event)
    case 2: try epoll.remove(file, fd: fd)
    case 3: try epoll.modify(file, fd: fd, event)
    default: throw .EINVAL
    }
    return 0
}

private func wait(_ task: Task, _ a: SystemCallArguments, until deadline: Deadline?) throws(Errno) -> UInt64 {
    let capacity = a.int(2)
    if capacity <= 0 || Int(capacity) > Int(Int32.max) / EpollEvent.size { throw .EINVAL }
    return try task.withFile(a.int(0)) { (file) throws(Errno) in
        let count = try file.ifExactly(EpollFile.self) { (epoll) throws(Errno) in
            try epoll.wait(a.address(1), capacity: Int(capacity), until: deadline, by: task)
        }
        guard let count else { throw .EINVAL }
        return UInt64(count)
    }
}
