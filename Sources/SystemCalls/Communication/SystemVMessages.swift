import HostOS
import Kernel
import LinuxABI
import Memory

func registerMessageQueues(_ table: inout SystemCallTable) {
    table[.msgget] = { (task, a) throws(Errno) in
        let namespace = task.namespaces.ipc
        let queue = try namespace.messageQueues.get(a.int(0), flags: a.uint(1), task.credentials, in: namespace) {
            (_) throws(Errno) in
        } make: { () throws(Errno) in
            SystemVMessageQueue(key: a.int(0), mode: a.uint(1), by: task.credentials)
        }
        return UInt64(queue.id)
    }
    table[.msgsnd] = send
    table[.msgrcv] = receive
    table[.msgctl] = control
}

private let IPC_NOWAIT: UInt32 = 0o4000
private let MSG_NOERROR: UInt32 = 0o10000
private let MSG_EXCEPT: UInt32 = 0o20000
private let MSG_COPY: UInt32 = 0o40000

private func send(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let type = try task.memory.load(a.address(1), as: Int64.self)
    if a.third > UInt64(SystemVMessageQueue.MSGMAX) || type < 1 || a.int(0) < 0 { throw .EINVAL }
    let bytes = try task.memory.loadBytes(a.address(1) + 8, count: Int(a.third))
    let namespace = task.namespaces.ipc
    let queue = try namespace.messageQueues.find(a.int(0))
    try queue.lock.withLock { () throws(Errno) in try queue.checkPermission(0o200, task.credentials, in: namespace) }
    try queue.send(.init(type: type, bytes: bytes), wait: a.uint(3) & IPC_NOWAIT == 0, by: task)
    return 0
}

private func receive(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = a.uint(4)
    guard a.int(0) >= 0, let capacity = Int(exactly: a.third) else { throw .EINVAL }
    let type = Int64(bitPattern: a.fourth)
    let selection: SystemVMessageQueue.Selection
    if flags & MSG_COPY != 0 {
        if flags & MSG_EXCEPT != 0 || flags & IPC_NOWAIT == 0 { throw .EINVAL }
        selection = .copy(type)
    } else if type == 0 {
        selection = .first
    } else if type < 0 {
        selection = .upTo(type == .min ? .max : -type)
    } else {
        selection = flags & MSG_EXCEPT != 0 ? .not(type) : .type(type)
    }
    let namespace = task.namespaces.ipc
    let queue = try namespace.messageQueues.find(a.int(0))
    try queue.lock.withLock { () throws(Errno) in try queue.checkPermission(0o400, task.credentials, in: namespace) }
    let message = try queue.receive(selection, capacity: capacity, truncates: flags & MSG_NOERROR != 0,
                                    wait: flags & IPC_NOWAIT == 0, by: task)
    try task.memory.store(message.type, at: a.address(1))
    try task.memory.store(array: message.bytes, at: a.address(1) + 8)
    return UInt64(message.bytes.count)
}

/// struct msqid64_ds: 120 bytes.
private struct MessageQueueRecord: BitwiseCopyable {
    var permissions: IPCPermissionRecord
    var sendTime: UInt64
    var receiveTime: UInt64
    var changeTime: UInt64
    var bytes: UInt64
    var messages: UInt64
    var byteLimit: UInt64
    var lastSender: Int32
    var lastReceiver: Int32
    var unused: (UInt64, UInt64) = (0, 0)
}

private func control(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (id, command) = (a.int(0), a.int(1) & ~0x100)
    let namespace = task.namespaces.ipc
    let registry = namespace.messageQueues
    if id < 0 || command < 0 { throw .EINVAL }
    switch command {
    case IPCCommand.IPC_INFO, 12: // MSG_INFO
        let queues = registry.all
        let used = command == 12
        let messages = queues.reduce(0) { $0 + $1.messageCount }
        let bytes = queues.reduce(0) { $0 + $1.byteCount }
        // struct msginfo: msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql, msgseg.
        let info: [Int32] = [used ? Int32(queues.count) : 512000, used ? Int32(clamping: messages) : 16384, 8192, 16384,
                             32000, 16, used ? Int32(clamping: bytes) : 16384, 0xffff]
        try task.memory.store(array: info, at: a.address(2))
        return UInt64(registry.highestIndex)
    case IPCCommand.IPC_STAT, 11, 13: // MSG_STAT, MSG_STAT_ANY
        let queue = try registry.resolve(id, bySlot: command != IPCCommand.IPC_STAT)
        let record = try queue.lock.withLock { () throws(Errno) in
            if command != 13 { try queue.checkPermission(0o400, task.credentials, in: namespace) }
            return MessageQueueRecord(permissions: IPCPermissionRecord(queue, seenBy: task), sendTime: queue.sendTime,
                                      receiveTime: queue.receiveTime, changeTime: queue.changeTime,
                                      bytes: queue.byteCount, messages: UInt64(queue.messageCount),
                                      byteLimit: queue.byteLimit, lastSender: queue.lastSender,
                                      lastReceiver: queue.lastReceiver)
        }
        try task.memory.store(record, at: a.address(2))
        return command == IPCCommand.IPC_STAT ? 0 : UInt64(queue.id)
    case IPCCommand.IPC_RMID:
        let queue = try registry.find(id)
        try queue.lock.withLock { () throws(Errno) in try queue.checkOwnership(task.credentials, in: namespace) }
        registry.forget(queue)
        queue.notifyWaiters()
        return 0
    case IPCCommand.IPC_SET:
        let record = try task.memory.load(a.address(2), as: MessageQueueRecord.self)
        let queue = try registry.find(id)
        try queue.lock.withLock { () throws(Errno) in
            try queue.checkOwnership(task.credentials, in: namespace)
            if record.byteLimit > SystemVMessageQueue.MSGMNB, !task.has(.CAP_SYS_RESOURCE) { throw .EPERM }
            try record.permissions.apply(to: queue, by: task)
            // Nobody needs more, and the memory is ours.
            queue.byteLimit = min(record.byteLimit, 1 << 20)
        }
        queue.notifyWaiters()
        return 0
    default: throw .EINVAL
    }
}
