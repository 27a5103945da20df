import HostOS
import LinuxABI
import Synchronization

/// Readiness of a file, in poll(2)'s bits.
public struct IOEvents: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let POLLIN = IOEvents(rawValue: 1)
    public static let POLLPRI = IOEvents(rawValue: 2)
    public static let POLLOUT = IOEvents(rawValue: 4)
    public static let POLLERR = IOEvents(rawValue: 8)
    public static let POLLHUP = IOEvents(rawValue: 0x10)
    public static let POLLNVAL = IOEvents(rawValue: 0x20)
    public static let POLLRDNORM = IOEvents(rawValue: 0x40)
    public static let POLLRDBAND = IOEvents(rawValue: 0x80)
    public static let POLLWRNORM = IOEvents(rawValue: 0x100)
    public static let POLLWRBAND = IOEvents(rawValue: 0x200)
    public static let POLLRDHUP = IOEvents(rawValue: 0x2000)

    /// POLLIN and POLLRDNORM: data can be read.
    public static let readable: IOEvents = [.POLLIN, .POLLRDNORM]
    /// POLLOUT and POLLWRNORM: data can be written.
    public static let writable: IOEvents = [.POLLOUT, .POLLWRNORM]
    public static let all = IOEvents(rawValue: .max)
}

/// Someone who wants to know when something changes. Lies in at most one queue.
open class WaitEntry: @unchecked Sendable {
    /// Which events it wants; POLLERR and POLLHUP are always told.
    public final let mask: IOEvents
    fileprivate final var next: WaitEntry?
    fileprivate final unowned(unsafe) var previous: WaitEntry?
    fileprivate final unowned(unsafe) var queue: WaitQueue?

    public init(mask: IOEvents) { self.mask = mask.union([.POLLERR, .POLLHUP]) }

    /// Called with the queue's lock held, by whoever caused the change: it must not block, nor call into files.
    ///
    /// - Returns: whether it took the event, for `WaitQueue.notify(limit:)`.
    open func notify(_ events: IOEvents) -> Bool { false }
}

/// An entry that wakes a task.
public final class TaskWaitEntry: WaitEntry, @unchecked Sendable {
    private let waiter: Waiter

    public init(_ waiter: Waiter, mask: IOEvents = .all) {
        self.waiter = waiter
        super.init(mask: mask)
    }

    public override func notify(_ events: IOEvents) -> Bool {
        waiter.unpark()
        return true
    }
}

/// Those who wait for one object to change. A change that nobody awaits costs one load.
public final class WaitQueue: @unchecked Sendable {
    /// Guards the list. Innermost: nothing is locked below it but an epoll's ready list and futex words.
    private let lock = Lock()
    private var first: WaitEntry?
    private unowned(unsafe) var last: WaitEntry?
    private let count = Atomic<Int>(0)

    public init() {}

    public var isEmpty: Bool { count.load(ordering: .sequentiallyConsistent) == 0 }

    /// Adds `entry` at the end. The caller looks at the object's state again afterwards.
    public func add(_ entry: WaitEntry) {
        lock.withLock {
            entry.next = nil
            unsafe entry.previous = last
            unsafe entry.queue = self
            if let last = unsafe last { last.next = entry } else { first = entry }
            unsafe last = entry
            count.add(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Takes `entry` out; nothing happens when it is not in this queue. It is not told of anything afterwards.
    public func remove(_ entry: WaitEntry) {
        lock.withLock {
            guard unsafe entry.queue === self else { return }
            let next = entry.next
            if let previous = unsafe entry.previous { previous.next = next } else { first = next }
            if let next { unsafe next.previous = entry.previous } else { unsafe last = entry.previous }
            entry.next = nil
            unsafe entry.previous = nil
            unsafe entry.queue = nil
            count.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Tells all entries that want one of `events`, or the first `limit` that take it.
    public func notify(_ events: IOEvents, limit: Int = .max) {
        // Dekker: the state was changed before; whoever adds an entry looks at the state afterwards.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isEmpty { return }
        lock.withLock {
            var left = limit
            var entry = first
            while let e = entry, left > 0 {
                entry = e.next
                if !e.mask.isDisjoint(with: events), e.notify(events) { left -= 1 }
            }
        }
    }
}

extension Waiter {
    /// Tries `attempt` until it gives a result, sleeping in `queue` in between.
    ///
    /// - Parameter attempt: nil means not yet.
    /// - Throws: `attempt`'s error; ERESTARTSYS when interrupted; ETIMEDOUT at the deadline.
    public func wait<R>(on queue: WaitQueue, for mask: IOEvents, until deadline: Deadline? = nil,
                        _ attempt: () throws(Errno) -> R?) throws(Errno) -> R {
        if let result = try attempt() { return result }
        let entry = TaskWaitEntry(self, mask: mask)
        queue.add(entry)
        defer { queue.remove(entry) }
        while true {
            if let result = try attempt() { return result }
            switch park(until: deadline) {
            case .woken: continue
            case .interrupted: throw .ERESTARTSYS
            case .timedOut:
                if let result = try attempt() { return result }
                throw .ETIMEDOUT
            }
        }
    }
}
