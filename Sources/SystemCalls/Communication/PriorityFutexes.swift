import HostOS
import Kernel
import LinuxABI
import Memory
import Waiting

/// The priority-inheriting operations of futex(2).
func priorityFutex(_ task: Task, _ a: SystemCallArguments, _ command: UInt32) throws(Errno) -> UInt64 {
    let futexes = task.kernel.priorityFutexes
    let word = a.address(0)
    let isPrivate = a.uint(1) & FutexOperation.PRIVATE_FLAG != 0
    switch command {
    case FutexOperation.LOCK_PI, FutexOperation.LOCK_PI2:
        // LOCK_PI has always meant CLOCK_REALTIME.
        let realtime = command == FutexOperation.LOCK_PI || a.uint(1) & FutexOperation.CLOCK_REALTIME != 0
        try futexes.acquire(word, private: isPrivate, tries: false, until: try deadline(task, a, realtime), by: task)
    case FutexOperation.TRYLOCK_PI:
        try futexes.acquire(word, private: isPrivate, tries: true, until: nil, by: task)
    case FutexOperation.UNLOCK_PI:
        try futexes.release(word, private: isPrivate, by: task)
    case FutexOperation.WAIT_REQUEUE_PI:
        try futexes.wait(word, expected: a.uint(2), then: a.address(4), private: isPrivate,
                         until: try deadline(task, a, a.uint(1) & FutexOperation.CLOCK_REALTIME != 0), by: task)
    case FutexOperation.CMP_REQUEUE_PI:
        if a.int(2) != 1 { throw .EINVAL }
        return UInt64(try futexes.requeue(word, expected: a.uint(5), to: a.address(4), count: a.int(3), private: isPrivate,
                                          by: task))
    default: throw .ENOSYS
    }
    return 0
}

/// The absolute timeout in the fourth argument, nil for none.
private func deadline(_ task: Task, _ a: SystemCallArguments, _ realtime: Bool) throws(Errno) -> Deadline? {
    if a.fourth == 0 { return nil }
    let time = try task.memory.loadTimeSpec(a.address(3))
    return (realtime ? GuestClock.realtime : .monotonic).deadline(at: time)
}
