import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import Sockets
import VFS
import Waiting

func registerPosixMessageQueues(_ table: inout SystemCallTable) {
    table[.mq_open] = open
    table[.mq_unlink] = { (task, a) throws(Errno) in
        let name = try task.memory.loadCString(a.address(0), limit: 4096)
        try task.namespaces.ipc.posixQueues.unlink(name, by: task)
        return 0
    }
    table[.mq_timedsend] = send
    table[.mq_timedreceive] = receive
    table[.mq_notify] = notify
    table[.mq_getsetattr] = exchangeAttributes
}

extension IPCNamespace {
    /// Its POSIX message queues, which a mount of type mqueue shows.
    public var posixQueues: MqueueFileSystem { state { MqueueFileSystem() } }
}

/// mount(2)'s "mqueue": the queues of the caller's ipc namespace.
public final class MqueueType: FileSystemType, @unchecked Sendable {
    public init() { super.init(name: "mqueue", allowsUserMount: true) }

    public override func make(source: [UInt8], options: [UInt8], by caller: Caller) throws(Errno) -> FileSystem {
        guard let task = caller as? Task else { return MqueueFileSystem() }
        return task.namespaces.ipc.posixQueues
    }
}

/// struct mq_attr.
private struct QueueAttributes: BitwiseCopyable {
    var flags: Int64 = 0
    var maximumMessages: Int64 = 0
    var messageSize: Int64 = 0
    var currentMessages: Int64 = 0
    var reserved: (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
}

private func open(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    var shape: MqueueFileSystem.Shape?
    if a.fourth != 0 {
        let given = try task.memory.load(a.address(3), as: QueueAttributes.self)
        shape = .init(messages: Int(given.maximumMessages), size: Int(given.messageSize))
    }
    let name = try task.memory.loadCString(a.address(0), limit: 4096)
    let flags = OpenFlags(rawValue: a.uint(1))
    let file = try task.namespaces.ipc.posixQueues.open(name, flags: flags, mode: a.uint(2), shape: shape, by: task)
    // mq_open has always set the close-on-exec flag.
    return try task.install(file, closeOnExec: true)
}

private func queueFile(_ task: Task, _ fd: Int32) throws(Errno) -> MessageQueueFile {
    guard let file = try task.files.file(fd) as? MessageQueueFile else { throw .EBADF }
    return file
}

/// The absolute timeout of CLOCK_REALTIME in the fifth argument.
private func deadline(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> Deadline? {
    if a.fifth == 0 { return nil }
    return GuestClock.realtime.deadline(at: try task.memory.loadTimeSpec(a.address(4)))
}

private func send(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let until = try deadline(task, a)
    let priority = a.uint(3)
    // MQ_PRIO_MAX.
    if priority >= 32768 { throw .EINVAL }
    let file = try queueFile(task, a.int(0))
    if !file.flags.isWritable { throw .EBADF }
    if a.third > UInt64(file.queue.messageSize) { throw .EMSGSIZE }
    let bytes = try task.memory.loadBytes(a.address(1), count: Int(a.third))
    try file.queue.send(bytes, priority: priority, nonblocking: file.isNonblocking, until: until, by: task)
    return 0
}

private func receive(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let until = try deadline(task, a)
    let file = try queueFile(task, a.int(0))
    if !file.flags.isReadable { throw .EBADF }
    if a.third < UInt64(file.queue.messageSize) { throw .EMSGSIZE }
    let message = try file.queue.receive(nonblocking: file.isNonblocking, until: until, by: task)
    if a.fourth != 0 { try task.memory.store(message.priority, at: a.address(3)) }
    try task.memory.store(array: message.bytes, at: a.address(1))
    return UInt64(message.bytes.count)
}

private func exchangeAttributes(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    var new: QueueAttributes?
    let nonblock = Int64(nonblockFlag)
    if a.second != 0 {
        let given = try task.memory.load(a.address(1), as: QueueAttributes.self)
        if given.flags & ~nonblock != 0 { throw .EINVAL }
        new = given
    }
    let file = try queueFile(task, a.int(0))
    let old = QueueAttributes(flags: file.isNonblocking ? nonblock : 0, maximumMessages: Int64(file.queue.maximumMessages),
                              messageSize: Int64(file.queue.messageSize), currentMessages: Int64(file.queue.messageCount))
    if let new {
        if new.flags != 0 { file.flags.insert(.O_NONBLOCK) } else { file.flags.remove(.O_NONBLOCK) }
    }
    if a.third != 0 { try task.memory.store(old, at: a.address(2)) }
    return 0
}

// MARK: Notification

/// A process that is told by a signal.
private final class SignalNotification: MessageNotification, @unchecked Sendable {
    private weak let group: ThreadGroup?
    private let value: UInt64

    init(_ task: Task, kind: Int32, signal: Int32, value: UInt64) {
        group = task.group
        self.value = value
        super.init(kind: kind, signal: signal, owner: task.files, ownerID: task.group.id(in: task.pidNamespace))
    }

    override func deliver(by sender: Caller) {
        guard kind == 0, let group, let task = sender as? Task else { return }
        var info = SignalInfo(signal, code: SignalInfo.SI_MESGQ, sender: task, to: group)
        info.value = value
        group.send(info)
    }
}

/// A process of which a thread waits at a netlink socket for its cookie (SIGEV_THREAD).
private final class CookieNotification: MessageNotification, @unchecked Sendable {
    private let socket: NetlinkSocketFile
    private let cookie: [UInt8]

    init(_ task: Task, socket: NetlinkSocketFile, cookie: [UInt8]) {
        self.socket = socket
        self.cookie = cookie
        super.init(kind: 2, signal: 0, owner: task.files, ownerID: task.group.id(in: task.pidNamespace))
    }

    /// The last byte says why: NOTIFY_WOKENUP 1, NOTIFY_REMOVED 2.
    override func deliver(by sender: Caller) { socket.push(cookie.dropLast() + [1]) }
}

private func notify(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let file: MessageQueueFile
    var new: MessageNotification?
    if a.second == 0 {
        file = try queueFile(task, a.int(0))
    } else {
        let event = try task.memory.load(a.address(1), as: (value: UInt64, signal: Int32, kind: Int32).self)
        switch event.kind {
        case 0:
            if !Signal.isValid(event.signal) { throw .EINVAL }
            new = SignalNotification(task, kind: 0, signal: event.signal, value: event.value)
        case 1: new = SignalNotification(task, kind: 1, signal: 0, value: 0)
        case 2:
            let cookie = try task.memory.loadBytes(GuestAddress(event.value), count: 32)
            guard let socket = try task.files.file(event.signal) as? NetlinkSocketFile else { throw .EBADF }
            new = CookieNotification(task, socket: socket, cookie: cookie)
        default: throw .EINVAL
        }
        file = try queueFile(task, a.int(0))
    }
    try file.queue.setNotification(new, of: task.files)
    return 0
}
