import HostOS
import Synchronization

/// Something that happens at a point in time.
open class Timer: @unchecked Sendable {
    fileprivate final var deadline: UInt64 = 0
    fileprivate final var index = -1

    public init() {}

    /// Called on the timer thread at the deadline, without a lock held. It must not block; it may arm itself again.
    open func fire() {}
}

/// All armed timers of a Sentry, in a heap; one thread sleeps until the first is due, and for ever when there is none.
public final class TimerQueue: @unchecked Sendable {
    /// Guards the heap and the timers' deadlines. Innermost.
    private let lock = Lock()
    private var heap: [Timer] = []
    private var started = false
    private let bell = Waiter()

    public init() {}

    /// Arms `timer`, in place of an earlier arming.
    public func arm(_ timer: Timer, at deadline: Deadline) {
        let isFirst = lock.withLock {
            if timer.index >= 0 { removeLocked(timer) }
            timer.deadline = deadline.nanoseconds
            timer.index = heap.count
            heap.append(timer)
            siftUp(timer.index)
            if !started {
                started = true
                try? Thread.start(stackSize: 128 << 10) { self.run() }
            }
            return timer.index == 0
        }
        if isFirst { bell.unpark() }
    }

    /// Disarms `timer`. Its `fire` may still be under way on the timer thread.
    ///
    /// - Returns: whether it was armed.
    @discardableResult
    public func disarm(_ timer: Timer) -> Bool {
        lock.withLock {
            if timer.index < 0 { return false }
            removeLocked(timer)
            return true
        }
    }

    private func run() {
        while true {
            var due: Timer?
            var next: Deadline?
            lock.withLock {
                guard let first = heap.first else { return }
                if first.deadline <= HostClock.monotonic {
                    removeLocked(first)
                    due = first
                } else {
                    next = Deadline(nanoseconds: first.deadline)
                }
            }
            if let due { due.fire() } else { _ = bell.park(until: next) }
        }
    }

    private func removeLocked(_ timer: Timer) {
        let index = timer.index
        timer.index = -1
        let moved = heap.removeLast()
        if moved === timer { return }
        heap[index] = moved
        moved.index = index
        siftUp(index)
        siftDown(moved.index)
    }

    private func siftUp(_ start: Int) {
        var i = start
        while i > 0, heap[i].deadline < heap[(i - 1) / 2].deadline {
            exchange(i, (i - 1) / 2)
            i = (i - 1) / 2
        }
    }

    private func siftDown(_ start: Int) {
        var i = start
        while true {
            var least = i
            for child in [2 * i + 1, 2 * i + 2] where child < heap.count && heap[child].deadline < heap[least].deadline {
                least = child
            }
            if least == i { return }
            exchange(i, least)
            i = least
        }
    }

    private func exchange(_ a: Int, _ b: Int) {
        heap.swapAt(a, b)
        heap[a].index = a
        heap[b].index = b
    }
}
