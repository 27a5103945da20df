import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// A counter to wait for (eventfd(2)).
public final class EventFile: OpenFile, @unchecked Sendable {
    /// Guards the counter.
    private let lock = Lock()
    private var counter: UInt64
    private let isSemaphore: Bool
    private let queue = WaitQueue()

    public init(path: Path, initial: UInt64, semaphore: Bool, nonblocking: Bool) {
        counter = initial
        isSemaphore = semaphore
        super.init(path: path, flags: nonblocking ? [.O_RDWR, .O_NONBLOCK] : .O_RDWR)
    }

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if destination.remaining < 8 { throw .EINVAL }
        let value = try caller.waiter.wait(on: queue, for: .readable) { () throws(Errno) -> UInt64? in
            if let value = take() { return value }
            if isNonblocking { throw .EAGAIN }
            return nil
        }
        queue.notifyUnlocked(.writable)
        if !destination.write(value: value) { throw .EFAULT }
        return 8
    }

    private func take() -> UInt64? {
        lock.withLock {
            if counter == 0 { return nil }
            let value = isSemaphore ? 1 : counter
            counter -= value
            return value
        }
    }

    public override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        if source.remaining < 8 { throw .EINVAL }
        guard let value = source.read(as: UInt64.self) else { throw .EFAULT }
        if value == .max { throw .EINVAL }
        try caller.waiter.wait(on: queue, for: .writable) { () throws(Errno) -> Void? in
            if add(value) { return () }
            if isNonblocking { throw .EAGAIN }
            return nil
        }
        queue.notifyUnlocked(.readable)
        return 8
    }

    /// - Returns: false when the counter would pass its maximum, 2^64 - 2.
    private func add(_ value: UInt64) -> Bool {
        lock.withLock {
            if UInt64.max - counter <= value { return false }
            counter += value
            return true
        }
    }

    public override func poll() -> IOEvents {
        let value = lock.withLock { counter }
        var events: IOEvents = []
        if value > 0 { events.insert(.POLLIN) }
        if value < .max - 1 { events.insert(.POLLOUT) }
        return events
    }

    public override var waitQueue: WaitQueue? { queue }
    public override var anonymousName: String? { "anon_inode:[eventfd]" }

    public override var fdinfo: String {
        let value = String(lock.withLock { counter }, radix: 16)
        return "eventfd-count: " + String(repeating: " ", count: max(0, 16 - value.utf8.count)) + value + "\n"
    }
}
