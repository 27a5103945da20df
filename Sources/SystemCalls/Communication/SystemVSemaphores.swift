import HostOS
import Kernel
import LinuxABI
import Memory
import Waiting

func registerSemaphores(_ table: inout SystemCallTable) {
    table[.semget] = { (task, a) throws(Errno) in
        let count = a.int(1)
        if count < 0 || count > 32000 { throw .EINVAL }
        let namespace = task.namespaces.ipc
        let set = try namespace.semaphores.get(a.int(0), flags: a.uint(2), task.credentials, in: namespace) {
            (found) throws(Errno) in
            if Int(count) > found.count { throw .EINVAL }
        } make: { () throws(Errno) in
            if count == 0 { throw .EINVAL }
            return SemaphoreSet(key: a.int(0), count: Int(count), mode: a.uint(2), by: task.credentials)
        }
        return UInt64(set.id)
    }
    table[.semop] = { (task, a) throws(Errno) in try operate(task, a, until: nil) }
    table[.semtimedop] = { (task, a) throws(Errno) in
        try operate(task, a, until: try task.memory.loadTimeout(a.address(3)))
    }
    table[.semctl] = control
}

private func operate(_ task: Task, _ a: SystemCallArguments, until deadline: Deadline?) throws(Errno) -> UInt64 {
    let count = a.uint(2)
    if count == 0 { throw .EINVAL }
    if count > 500 { throw .E2BIG }
    let operations = try task.memory.loadArray(a.address(1), count: Int(count), as: SemaphoreSet.Operation.self)
    let namespace = task.namespaces.ipc
    let set = try namespace.semaphores.find(a.int(0))
    let alters = operations.contains { $0.change != 0 }
    if operations.contains(where: { Int($0.number) >= set.count }) { throw .EFBIG }
    try set.lock.withLock { () throws(Errno) in
        try set.checkPermission(alters ? 0o200 : 0o400, task.credentials, in: namespace)
    }
    try set.operate(operations, until: deadline, by: task)
    return 0
}

/// struct semid64_ds: 104 bytes.
private struct SemaphoreRecord: BitwiseCopyable {
    var permissions: IPCPermissionRecord
    var operationTime: UInt64
    var unused1: UInt64 = 0
    var changeTime: UInt64
    var unused2: UInt64 = 0
    var count: UInt64
    var unused3: (UInt64, UInt64) = (0, 0)
}

private func control(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (id, number, command) = (a.int(0), Int(a.int(1)), a.int(2) & ~0x100 /* IPC_64 */)
    let argument = a.address(3)
    let namespace = task.namespaces.ipc
    if id < 0 { throw .EINVAL }
    switch command {
    case IPCCommand.IPC_INFO, 19: // SEM_INFO
        let sets = namespace.semaphores.all
        let used = command == 19
        let total = sets.reduce(0) { $0 + $1.count }
        // struct seminfo: semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem.
        let info: [Int32] = [1_024_000_000, 32000, 1_024_000_000, 1_024_000_000, 32000, 500, 500,
                             used ? Int32(sets.count) : 20, 32767, used ? Int32(clamping: total) : 32767]
        try task.memory.store(array: info, at: argument)
        return UInt64(namespace.semaphores.highestIndex)
    case IPCCommand.IPC_STAT, 18, 20: // SEM_STAT, SEM_STAT_ANY
        let set = try namespace.semaphores.resolve(id, bySlot: command != IPCCommand.IPC_STAT)
        let record = try set.lock.withLock { () throws(Errno) in
            if command != 20 { try set.checkPermission(0o400, task.credentials, in: namespace) }
            return SemaphoreRecord(permissions: IPCPermissionRecord(set, seenBy: task), operationTime: set.operationTime,
                                   changeTime: set.changeTime, count: UInt64(set.count))
        }
        try task.memory.store(record, at: argument)
        return command == IPCCommand.IPC_STAT ? 0 : UInt64(set.id)
    case IPCCommand.IPC_RMID:
        let set = try namespace.semaphores.find(id)
        try set.lock.withLock { () throws(Errno) in try set.checkOwnership(task.credentials, in: namespace) }
        namespace.semaphores.forget(set)
        set.notifyWaiters()
        return 0
    case IPCCommand.IPC_SET:
        let record = try task.memory.load(argument, as: SemaphoreRecord.self)
        let set = try namespace.semaphores.find(id)
        try set.lock.withLock { () throws(Errno) in
            try set.checkOwnership(task.credentials, in: namespace)
            try record.permissions.apply(to: set, by: task)
        }
        return 0
    default: return try values(task, try namespace.semaphores.find(id), number, command, a)
    }
}

private func values(_ task: Task, _ set: SemaphoreSet, _ number: Int, _ command: Int32,
                    _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let namespace = task.namespaces.ipc
    func locked<R>(_ access: UInt32, _ body: () throws(Errno) -> R) throws(Errno) -> R {
        try set.lock.withLock { () throws(Errno) in
            try set.checkPermission(access, task.credentials, in: namespace)
            return try body()
        }
    }
    switch command {
    case 11: return UInt64(try locked(0o400) { () throws(Errno) in try set.lastPID(number) }) // GETPID
    case 12: return UInt64(try locked(0o400) { () throws(Errno) in try set.value(number) }) // GETVAL
    case 13: // GETALL
        let all = try locked(0o400) { () throws(Errno) in set.allValues }
        try task.memory.store(array: all, at: a.address(3))
        return 0
    case 14: return UInt64(try locked(0o400) { () throws(Errno) in try set.waiters(number, forZero: false) }) // GETNCNT
    case 15: return UInt64(try locked(0o400) { () throws(Errno) in try set.waiters(number, forZero: true) }) // GETZCNT
    case 16: // SETVAL
        let value = a.int(3)
        if value < 0 || value > Int32(SemaphoreSet.SEMVMX) { throw .ERANGE }
        try locked(0o200) { () throws(Errno) in try set.set(number, value, by: task) }
    case 17: // SETALL
        let new = try task.memory.loadArray(a.address(3), count: set.count, as: UInt16.self)
        if new.contains(where: { Int($0) > SemaphoreSet.SEMVMX }) { throw .ERANGE }
        try locked(0o200) { () throws(Errno) in set.setAll(new, by: task) }
    default: throw .EINVAL
    }
    set.notifyWaiters()
    return 0
}
