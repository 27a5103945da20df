import LinuxABI
import Platform
import Synchronization

/// What a task has called, by number: written by its own thread, read by anybody.
final class CallCounters: @unchecked Sendable {
    struct Slot: ~Copyable {
        let calls = Atomic<UInt64>(0)
        let errors = Atomic<UInt64>(0)
        let nanoseconds = Atomic<UInt64>(0)
        let rewritten = Atomic<UInt64>(0)
    }

    private let slots = InlineArray<468, Slot> { _ in Slot() }

    /// On the task's own thread.
    func note(_ number: Int, failed: Bool, nanoseconds: UInt64, _ arrival: CallArrival) {
        guard number >= 0, number < slots.count else { return }
        increase(slots[number].calls, 1)
        if failed { increase(slots[number].errors, 1) }
        increase(slots[number].nanoseconds, nanoseconds)
        if arrival == .rewritten { increase(slots[number].rewritten, 1) }
    }

    /// One writer: no locked instruction.
    private func increase(_ counter: borrowing Atomic<UInt64>, _ by: UInt64) {
        counter.store(counter.load(ordering: .relaxed) &+ by, ordering: .relaxed)
    }

    func add(to sums: inout [CallStatistics]) {
        for number in sums.indices where number < slots.count {
            sums[number].calls &+= slots[number].calls.load(ordering: .relaxed)
            sums[number].errors &+= slots[number].errors.load(ordering: .relaxed)
            sums[number].nanoseconds &+= slots[number].nanoseconds.load(ordering: .relaxed)
            sums[number].rewritten &+= slots[number].rewritten.load(ordering: .relaxed)
        }
    }
}

/// What all tasks have called of one number since counting began.
public struct CallStatistics: Sendable {
    public var number: Int
    /// Calls that came to the Sentry, those of them that failed, and the time until they were answered.
    public var calls: UInt64 = 0
    public var errors: UInt64 = 0
    public var nanoseconds: UInt64 = 0
    /// Of the calls: by a jump instead of a trap.
    public var rewritten: UInt64 = 0
    /// Calls that the platform dealt with by itself: not among `calls`, and counted always.
    public var unseen = UnseenCalls()

    public init(number: Int) { self.number = number }
}

extension Kernel {
    /// Begins to count the calls of all tasks, those to come included.
    ///
    /// - Returns: whether they were not counted before.
    public func countCalls() -> Bool {
        if countsCalls.exchange(true, ordering: .acquiringAndReleasing) { return false }
        for task in treeLock.withLock({ Array(rootPIDNamespace.tasks.values) }) { task.addHook(.counts) }
        return true
    }

    /// By number: one entry for each call of Linux's table.
    public func callStatistics() -> [CallStatistics] {
        var sums = (0..<SystemCallNumber.limit).map { CallStatistics(number: $0) }
        let (tasks, past) = treeLock.withLock { (Array(rootPIDNamespace.tasks.values), pastCalls) }
        for (number, sum) in past.enumerated() {
            sums[number].calls = sum.calls
            sums[number].errors = sum.errors
            sums[number].nanoseconds = sum.nanoseconds
            sums[number].rewritten = sum.rewritten
        }
        for task in tasks where !task.hasExited { task.counters?.add(to: &sums) }
        for (number, calls) in platform.unseenCalls where sums.indices.contains(number) { sums[number].unseen = calls }
        return sums
    }
}

extension Task {
    /// Counts a call that has been answered. On the task's own thread.
    func count(_ number: Int, nanoseconds: UInt64) {
        if counters == nil {
            let new = CallCounters()
            kernel.treeLock.withLock { counters = new }
        }
        let outcome = Int64(bitPattern: context.outcome)
        let failed = pendingRestart == nil && outcome < 0 && outcome >= -4095
        counters?.note(number, failed: failed, nanoseconds: nanoseconds, context.arrival)
    }

    /// Leaves the ended task's counts to the kernel. The tree lock is held.
    func leaveCounts() {
        guard let counters else { return }
        if kernel.pastCalls.isEmpty { kernel.pastCalls = (0..<SystemCallNumber.limit).map { CallStatistics(number: $0) } }
        counters.add(to: &kernel.pastCalls)
    }
}
