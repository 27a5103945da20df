import HostOS
import Identity
import LinuxABI
import Waiting

/// A System V message queue (msgget(2)).
public final class SystemVMessageQueue: IPCObject, @unchecked Sendable {
    public struct Message: Sendable {
        public var type: Int64
        public var bytes: [UInt8]

        public init(type: Int64, bytes: [UInt8]) {
            self.type = type
            self.bytes = bytes
        }
    }

    public static let MSGMAX = 8192
    public static let MSGMNB: UInt64 = 16384

    // Guarded by the lock.

    private var messages: [Message] = []
    public private(set) var byteCount: UInt64 = 0
    /// msg_qbytes.
    public var byteLimit = SystemVMessageQueue.MSGMNB
    public private(set) var sendTime: UInt64 = 0
    public private(set) var receiveTime: UInt64 = 0
    public private(set) var lastSender: Int32 = 0
    public private(set) var lastReceiver: Int32 = 0
    public var messageCount: Int { messages.count }

    private let queue = WaitQueue()

    /// Which message a receiver wants.
    public enum Selection: Sendable {
        case first
        case type(Int64)
        /// MSG_EXCEPT.
        case not(Int64)
        /// The lowest type up to this one.
        case upTo(Int64)
        /// MSG_COPY: the message at this place, which stays.
        case copy(Int64)
    }

    /// msgsnd(2).
    ///
    /// - Throws: EAGAIN, EIDRM, EINTR.
    public func send(_ message: Message, wait: Bool, by task: Task) throws(Errno) {
        let size = UInt64(message.bytes.count)
        try waiting(task) { () throws(Errno) -> Void? in
            try lock.withLock { () throws(Errno) -> Void? in
                if isRemoved { throw .EIDRM }
                if byteCount + size > byteLimit || UInt64(messages.count) + 1 > byteLimit {
                    if !wait { throw .EAGAIN }
                    return nil
                }
                messages.append(message)
                byteCount += size
                sendTime = HostClock.realtime / 1_000_000_000
                lastSender = task.group.id(in: task.pidNamespace)
                return ()
            }
        }
        queue.notify(.readable)
    }

    /// msgrcv(2).
    ///
    /// - Parameter truncates: MSG_NOERROR.
    /// - Throws: ENOMSG, E2BIG, EIDRM, EINTR.
    public func receive(_ selection: Selection, capacity: Int, truncates: Bool, wait: Bool, by task: Task) throws(Errno) -> Message {
        let message = try waiting(task) { () throws(Errno) -> Message? in
            try lock.withLock { () throws(Errno) -> Message? in
                if isRemoved { throw .EIDRM }
                guard let index = find(selection) else {
                    if !wait { throw .ENOMSG }
                    return nil
                }
                var message = messages[index]
                if message.bytes.count > capacity {
                    if !truncates { throw .E2BIG }
                }
                let size = UInt64(message.bytes.count)
                message.bytes = Array(message.bytes.prefix(capacity))
                if case .copy = selection { return message }
                messages.remove(at: index)
                byteCount -= size
                receiveTime = HostClock.realtime / 1_000_000_000
                lastReceiver = task.group.id(in: task.pidNamespace)
                return message
            }
        }
        queue.notify(.writable)
        return message
    }

    private func find(_ selection: Selection) -> Int? {
        switch selection {
        case .first: return messages.isEmpty ? nil : 0
        case .type(let type): return messages.firstIndex { $0.type == type }
        case .not(let type): return messages.firstIndex { $0.type != type }
        case .upTo(let limit):
            var best: Int?
            for (index, message) in messages.enumerated() where message.type <= limit {
                if best.map({ messages[$0].type > message.type }) ?? true { best = index }
            }
            return best
        case .copy(let place): return Int(exactly: place).flatMap { messages.indices.contains($0) ? $0 : nil }
        }
    }

    private func waiting<R>(_ task: Task, _ attempt: () throws(Errno) -> R?) throws(Errno) -> R {
        do throws(Errno) { return try task.waiter.wait(on: queue, for: .all, attempt) } catch {
            throw error == .ERESTARTSYS ? .EINTR : error
        }
    }

    /// Lets those who wait look again: it was removed, or its limit changed.
    public func notifyWaiters() { queue.notify(.all) }
}
