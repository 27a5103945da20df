import CHostOS
import HostOS
import LinuxABI
import Synchronization

/// How many threads of the Sentry may spin at once: one less than there are processors, since a guest computes on one.
enum SpinBudget {
    private static let spinners = Atomic<Int>(0)

    static func take() -> Bool {
        if spinners.add(1, ordering: .relaxed).newValue < Processors.count { return true }
        spinners.subtract(1, ordering: .relaxed)
        return false
    }

    static func give() { spinners.subtract(1, ordering: .relaxed) }
}

/// The processors that this process may use, as it found them when it started.
enum Processors {
    private static let mask: [UInt64] = {
        var mask = [UInt64](repeating: 0, count: 16)
        let bytes = (try? unsafe mask.withMutableBytes { (m) throws(Errno) in
            try unsafe hostCall(.sched_getaffinity, 0, m.count, Int(m.baseAddress))
        }) ?? 0
        return Array(mask[..<(bytes / 8)])
    }()

    static let count = max(1, mask.reduce(0) { $0 + $1.nonzeroBitCount })

    /// Binds the calling thread to one of them.
    static func enter(_ processor: Int) {
        guard processor < mask.count * 64 else { return }
        var only = [UInt64](repeating: 0, count: mask.count)
        only[processor / 64] = 1 << UInt64(processor % 64)
        set(only)
    }

    /// Leaves that one, for any other.
    static func leave(_ processor: Int) {
        guard processor < mask.count * 64 else { return }
        var others = mask
        others[processor / 64] &= ~(1 << UInt64(processor % 64))
        set(others)
        set(mask)
    }

    private static func set(_ mask: [UInt64]) {
        // A cpuset may have taken it away meanwhile: then the thread stays where it is.
        _ = try? unsafe mask.withBytes { (m) throws(Errno) in
            try unsafe hostCall(.sched_setaffinity, 0, m.count, Int(m.baseAddress))
        }
    }
}

/// How a thread of the Sentry waits for its stub's thread.
///
/// While calls follow each other closely and a processor is free, it looks for the next one on that other processor: the
/// hand-over costs what two cache lines cost. Otherwise it sleeps on the processor where the stub's thread runs: then waking
/// it is a switch there, and no interrupt to a processor that idles, which costs ten times as much. A guest that computes
/// is not disturbed in either way.
struct Pace {
    /// Ticks of the time stamp counter: what is worth to be looked for, some 20 us.
    private static var close: UInt64 { 60_000 }
    /// A gap between two looks that only another thread on this processor explains.
    private static var preemption: UInt64 { 40_000 }
    /// How often the stub's thread looks for its answer, some 20 us, before it sleeps.
    private static var stubLooks: UInt32 { 1000 }
    /// Instead of that, while both share a processor: it yields so often (CStub.h).
    private static var stubYields: UInt32 { 0x8000_0000 | 64 }

    private static var enough: Int { 3 }
    private var score = 0
    private(set) var isFast = false
    /// The processor that the thread is bound to.
    private var processor = -1

    /// What the stub's thread is to do while it waits.
    var stubPatience: UInt32 { isFast ? Self.stubLooks : Self.stubYields }

    /// Looks for the word to change to `wanted`.
    ///
    /// - Parameter start: when the wait began.
    mutating func spin(_ word: UnsafeMutablePointer<UInt32>, until wanted: UInt32, start: UInt64) -> Bool {
        guard SpinBudget.take() else { return false }
        defer { SpinBudget.give() }
        // Each look takes the line away from the stub that fills it.
        var last = start
        while true {
            for _ in 0..<8 {
                host_pause()
                if unsafe host_load32(word) == wanted { return true }
            }
            let now = host_rdtsc()
            if now &- last > Self.preemption {
                slow()
                return false
            }
            if now &- start > Self.close { return false }
            last = now
        }
    }

    private mutating func slow() {
        score = 0
        isFast = false
    }

    /// Goes to where the stub's thread was last.
    ///
    /// - Parameter cpu: that processor's number plus 1; 0: nobody knows.
    mutating func settle(near cpu: UInt32) {
        if isFast {
            score -= 1
            if score <= 0 { isFast = false }
        }
        if Processors.count == 1 || cpu == 0 || processor == Int(cpu) - 1 { return }
        processor = Int(cpu) - 1
        Processors.enter(processor)
    }

    /// The thread was woken after `ticks`.
    mutating func note(_ ticks: UInt64) {
        if Processors.count == 1 { return }
        if ticks > Self.close {
            score = 0
            return
        }
        score += 1
        if score < Self.enough || isFast { return }
        isFast = true
        if processor >= 0 { Processors.leave(processor) }
        processor = -1
    }
}
