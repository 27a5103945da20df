import CHostOS
import LinuxABI
import Synchronization

/// How many threads of this process may look for a word to change at once, instead of sleeping: as many as there are
/// processors beside one, on which a guest computes. A process that has one processor never looks.
public enum LookoutBudget {
    private static let taken = Atomic<Int>(0)
    private static let limit = 2 * (HostProcessors.count - 1)

    public static func take() -> Bool {
        if taken.add(1, ordering: .relaxed).newValue <= limit { return true }
        taken.subtract(1, ordering: .relaxed)
        return false
    }

    public static func give() { taken.subtract(1, ordering: .relaxed) }
}

/// Looks for a word to change, for a moment, before its owner sleeps until it does.
///
/// To wake a thread on a processor that idles costs some 30 us, twenty times as much as a switch of threads; one that looks
/// is there at once. So it pays to look when the sleep would be about as long as that, and when nobody else wants the
/// processor: those who do go first, by sched_yield(2), and one who keeps it ends the look. What happened to earlier waits
/// tells: after a sleep of that length the next wait looks; whenever a look was in vain, more and more waits do not.
public struct Lookout {
    /// Ticks of the time stamp counter: how long it looks, some 40 us.
    private static var patience: UInt64 { 80_000 }
    /// Sleeps as long as these might have been looks.
    private static var short: UInt64 { 16_000 }
    private static var long: UInt64 { 200_000 }
    /// A gap between two looks that only another thread on this processor explains.
    public static var preemption: UInt64 { 40_000 }

    private var pays = false
    private var penalty: UInt32 = 0
    private var rest: UInt32 = 0

    public init() {}

    /// Looks until the word does not hold `seen`.
    ///
    /// - Returns: whether it came to that; false: the owner sleeps, and tells how long (`slept`).
    public mutating func look(_ word: UnsafeRawPointer, while seen: UInt32) -> Bool {
        if !pays || !LookoutBudget.take() { return false }
        defer { LookoutBudget.give() }
        let start = host_rdtsc()
        var last = start
        while true {
            for _ in 0..<16 {
                if unsafe host_load32(word) != seen {
                    penalty = 0
                    return true
                }
                host_pause()
            }
            HostProcessors.yield()
            let now = host_rdtsc()
            if now &- start > Self.patience || now &- last > Self.preemption { break }
            last = now
        }
        pays = false
        penalty = min(penalty * 2 + 1, 1023)
        rest = penalty
        return unsafe host_load32(word) != seen
    }

    /// The time stamp counter.
    public static var now: UInt64 { host_rdtsc() }

    /// The owner has slept since the counter was at `start`.
    public mutating func slept(since start: UInt64) {
        let ticks = Self.now &- start
        if ticks < Self.short || ticks > Self.long { return }
        if rest > 0 { rest -= 1 } else { pays = true }
    }
}
