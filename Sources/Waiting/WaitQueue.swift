import HostOS
import LinuxABI
import Synchronization

/// Someone who wants to know when something changes. Lies in at most one queue.
open class WaitEntry: @unchecked Sendable {
    /// Which events it wants; POLLERR and POLLHUP are always told. Changed only while the entry is in no queue.
    public final var mask: IOEvents {
        didSet { mask.formUnion([.POLLERR, .POLLHUP]) }
    }

    /// Whether it takes what it is told of, so that a limited notification need not tell another.
    public final let isExclusive: Bool

    /// The task that `notify` wakes, if it does that.
    fileprivate final let waiter: Waiter?
    fileprivate final var next: WaitEntry?
    fileprivate final unowned(unsafe) var previous: WaitEntry?
    fileprivate final unowned(unsafe) var queue: WaitQueue?

    public init(mask: IOEvents, exclusive: Bool = false) {
        self.mask = mask.union([.POLLERR, .POLLHUP])
        isExclusive = exclusive
        waiter = nil
    }

    fileprivate init(waking waiter: Waiter, mask: IOEvents, exclusive: Bool) {
        self.mask = mask.union([.POLLERR, .POLLHUP])
        isExclusive = exclusive
        self.waiter = waiter
    }

    /// Called with the queue's lock held, by whoever caused the change: it must not block, nor call into files.
    ///
    /// - Returns: of an exclusive entry: whether it took the event.
    open func notify(_ events: IOEvents) -> Bool { false }
}

/// An entry that wakes a task.
public final class TaskWaitEntry: WaitEntry, @unchecked Sendable {
    public init(_ waiter: Waiter, mask: IOEvents = .all, exclusive: Bool = false) {
        super.init(waking: waiter, mask: mask, exclusive: exclusive)
    }
}

/// Tasks that have been told of a change, and that still sleep.
public struct DelayedWakes: Sendable {
    fileprivate var waiters: [Waiter] = []

    public init() {}

    /// Wakes them. Once it has been filled, this has to follow soon.
    public func wake() {
        for waiter in waiters { waiter.wake() }
    }
}

/// Those who wait for one object to change. A change that nobody awaits costs one load.
public final class WaitQueue: @unchecked Sendable {
    /// Guards the list. Innermost: nothing is locked below it but an epoll's ready list, that epoll's own queue, and
    /// futex words.
    private let lock = Lock()
    private var first: WaitEntry?
    private unowned(unsafe) var last: WaitEntry?
    @usableFromInline let count = Atomic<Int>(0)

    public init() {}

    deinit {
        // Entries may outlive the object that they waited for (an epoll's do).
        var entry = first
        while let e = entry {
            entry = e.next
            e.next = nil
            unsafe e.previous = nil
            unsafe e.queue = nil
        }
    }

    @inlinable public var isEmpty: Bool { count.load(ordering: .sequentiallyConsistent) == 0 }

    /// Adds `entry`: exclusive ones at the end, others before them. The caller looks at the object's state again
    /// afterwards.
    public func add(_ entry: WaitEntry) {
        lock.withLock {
            unsafe entry.queue = self
            if entry.isExclusive {
                entry.next = nil
                unsafe entry.previous = last
                if let last = unsafe last { last.next = entry } else { first = entry }
                unsafe last = entry
            } else {
                unsafe entry.previous = nil
                entry.next = first
                if let first { unsafe first.previous = entry } else { unsafe last = entry }
                first = entry
            }
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

    /// Tells all entries that want one of `events`, and of the exclusive ones the first `limit` that take it.
    public func notify(_ events: IOEvents, limit: Int = .max) {
        // Dekker: the state was changed before; whoever adds an entry looks at the state afterwards.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isEmpty { return }
        tell(events, limit: limit)
    }

    /// The same, but the tasks that it wakes are woken by `DelayedWakes.wake`: the caller holds a lock that they want as soon
    /// as they run.
    public func notify(_ events: IOEvents, later wakes: inout DelayedWakes) {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isEmpty { return }
        lock.withLock {
            var entry = first
            while let e = entry {
                entry = e.next
                if e.mask.isDisjoint(with: events) { continue }
                if let waiter = e.waiter {
                    if waiter.unparkLater() { wakes.waiters.append(waiter) }
                } else {
                    _ = e.notify(events)
                }
            }
        }
    }

    /// The same for a caller that has changed the state below a `Lock` and has just let go of it, which is a barrier too.
    @inlinable @inline(__always)
    public func notifyUnlocked(_ events: IOEvents) {
        if !isEmpty { tell(events, limit: .max) }
    }

    @usableFromInline
    func tell(_ events: IOEvents, limit: Int) {
        // The one who is woken last may run at once, here, and want the lock: it is woken behind that.
        let last = lock.withLock { () -> Waiter? in
            var left = limit
            var entry = first
            var last: Waiter?
            while let e = entry, left > 0 {
                entry = e.next
                if e.mask.isDisjoint(with: events) { continue }
                if let waiter = e.waiter {
                    if waiter.unparkLater() {
                        last?.wake()
                        last = waiter
                    }
                } else if !e.notify(events) {
                    continue
                }
                if e.isExclusive { left -= 1 }
            }
            return last
        }
        last?.wake()
    }
}
