import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// Whoever wants to hear of the first message in an empty queue (mq_notify(3)).
open class MessageNotification: @unchecked Sendable {
    /// SIGEV_SIGNAL 0, NONE 1, THREAD 2, and the signal: what the queue's file shows.
    public let kind: Int32
    public let signal: Int32
    /// The process that asked.
    public let owner: AnyObject
    public let ownerID: Int32

    public init(kind: Int32, signal: Int32, owner: AnyObject, ownerID: Int32) {
        self.kind = kind
        self.signal = signal
        self.owner = owner
        self.ownerID = ownerID
    }

    /// Called once, with no lock of the queue held, by the task that sent the message.
    open func deliver(by sender: Caller) {}
}

/// A POSIX message queue (mq_overview(7)): a file of the mqueue file system.
public final class PosixMessageQueue: AnonymousInode, @unchecked Sendable {
    private struct Message {
        var priority: UInt32
        var bytes: [UInt8]
    }

    public let maximumMessages: Int
    public let messageSize: Int
    /// Who made it: RLIMIT_MSGQUEUE counts per user.
    let ownerUID: UInt32

    /// Guards all below. Above wait queues.
    private let queueLock = Lock()
    /// Highest priority first, oldest first among equals.
    private var messages: [Message] = []
    private var byteCount = 0
    private var notification: MessageNotification?
    private var receivers = 0
    let changed = WaitQueue()

    init(_ fileSystem: FileSystem, number: UInt64, _ node: NewNode, maximumMessages: Int, messageSize: Int) {
        self.maximumMessages = maximumMessages
        self.messageSize = messageSize
        ownerUID = node.uid
        super.init(fileSystem: fileSystem, number: number, type: .regular, mode: node.mode, uid: node.uid, gid: node.gid)
    }

    /// What RLIMIT_MSGQUEUE counts: the messages and the kernel's list of them.
    static func cost(_ messages: Int, _ size: Int) -> UInt64 { UInt64(messages) * (UInt64(size) + 56) }

    public override func attributes() throws(Errno) -> Attributes {
        var attributes = try super.attributes()
        attributes.size = 80
        return attributes
    }

    public override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        MessageQueueFile(self, path: path, flags: flags)
    }

    public var messageCount: Int { queueLock.withLock { messages.count } }

    /// mq_timedsend(2), with checked arguments.
    ///
    /// - Throws: EAGAIN, ETIMEDOUT, ERESTARTSYS.
    public func send(_ bytes: [UInt8], priority: UInt32, nonblocking: Bool, until deadline: Deadline?,
                     by caller: Caller) throws(Errno) {
        let told = try caller.waiter.wait(on: changed, for: .writable, until: deadline) {
            () throws(Errno) -> MessageNotification?? in
            try queueLock.withLock { () throws(Errno) -> MessageNotification?? in
                if messages.count >= maximumMessages {
                    if nonblocking { throw .EAGAIN }
                    return nil
                }
                let place = messages.firstIndex { $0.priority < priority } ?? messages.count
                messages.insert(Message(priority: priority, bytes: bytes), at: place)
                byteCount += bytes.count
                // A receiver that waits is told instead of whoever asked.
                guard messages.count == 1, receivers == 0, let notification else { return .some(nil) }
                self.notification = nil
                return .some(notification)
            }
        }
        changed.notify(.readable)
        told?.deliver(by: caller)
    }

    /// mq_timedreceive(2).
    ///
    /// - Throws: EAGAIN, ETIMEDOUT, ERESTARTSYS.
    public func receive(nonblocking: Bool, until deadline: Deadline?, by caller: Caller) throws(Errno) -> (bytes: [UInt8], priority: UInt32) {
        var waits = false
        defer { if waits { queueLock.withLock { receivers -= 1 } } }
        let message = try caller.waiter.wait(on: changed, for: .readable, until: deadline) { () throws(Errno) -> Message? in
            try queueLock.withLock { () throws(Errno) -> Message? in
                if messages.isEmpty {
                    if nonblocking { throw .EAGAIN }
                    if !waits {
                        waits = true
                        receivers += 1
                    }
                    return nil
                }
                let message = messages.removeFirst()
                byteCount -= message.bytes.count
                return message
            }
        }
        changed.notify(.writable)
        return (message.bytes, message.priority)
    }

    /// mq_notify(2): nil takes the caller's own request back.
    ///
    /// - Throws: EBUSY when another process is told already.
    public func setNotification(_ new: MessageNotification?, of owner: AnyObject) throws(Errno) {
        try queueLock.withLock { () throws(Errno) in
            if let new {
                if notification != nil { throw .EBUSY }
                notification = new
            } else if notification?.owner === owner {
                notification = nil
            }
        }
    }

    func poll() -> IOEvents {
        queueLock.withLock {
            var events: IOEvents = []
            if !messages.isEmpty { events.formUnion(.readable) }
            if messages.count < maximumMessages { events.formUnion(.writable) }
            return events
        }
    }

    /// What reading the queue's file shows.
    var text: String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.utf8.count))
        }
        let (size, notification) = queueLock.withLock { (byteCount, self.notification) }
        return "QSIZE:\(padded(size.description, 10)) NOTIFY:\(padded((notification?.kind ?? 0).description, 5)) "
            + "SIGNO:\(padded((notification?.signal ?? 0).description, 5)) NOTIFY_PID:\(padded((notification?.ownerID ?? 0).description, 6))\n"
    }
}

/// An open message queue: mqd_t.
public final class MessageQueueFile: OpenFile, @unchecked Sendable {
    public let queue: PosixMessageQueue

    init(_ queue: PosixMessageQueue, path: Path, flags: OpenFlags) {
        self.queue = queue
        super.init(path: path, flags: flags)
    }

    public override var isSeekable: Bool { true }

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        let text = Array(queue.text.utf8)
        guard let start = Int(exactly: offset), start < text.count else { return 0 }
        let want = min(text.count - start, destination.remaining)
        let given = destination.write(text, at: start, count: want)
        if given == 0, want > 0 { throw .EFAULT }
        return given
    }

    /// A process that closes a queue is not told of messages any more.
    public override func flush(by caller: Caller) throws(Errno) {
        guard let owner = caller.notificationOwner else { return }
        try queue.setNotification(nil, of: owner)
    }

    public override func poll() -> IOEvents { queue.poll() }
    public override var waitQueue: WaitQueue? { queue.changed }
}

extension Caller {
    /// The process that mq_notify(2) belongs to: tasks of a process share it.
    public var notificationOwner: AnyObject? { files }
}
