import CHostOS
import CStub
import HostOS
import LinuxABI
import Synchronization

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
        if processor >= mask.count * 64 || host_bound_processor() == Int32(truncatingIfNeeded: processor) + 1 { return }
        var only = [UInt64](repeating: 0, count: mask.count)
        only[processor / 64] = 1 << UInt64(processor % 64)
        set(only)
        host_note_bound_processor(Int32(truncatingIfNeeded: processor) + 1)
    }

    /// Leaves the one that the calling thread is bound to, if any, for any other.
    static func leave() {
        let processor = Int(host_bound_processor()) - 1
        if processor < 0 { return }
        var others = mask
        others[processor / 64] &= ~(1 << UInt64(processor % 64))
        set(others)
        set(mask)
        host_note_bound_processor(0)
    }

    /// Lets the calling thread run anywhere again: it stays where it is as long as nobody wants its place.
    static func unbind() {
        if host_bound_processor() == 0 { return }
        set(mask)
        host_note_bound_processor(0)
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
    /// Ticks of the time stamp counter: how long it looks for the next call, some 20 us.
    private static var close: UInt64 { 60_000 }
    /// Calls that follow each other faster than that, some 10 us, are worth another processor.
    private static var quick: UInt64 { 20_000 }
    /// So many of them in a row: to move there takes as long as they would save.
    private static var enough: Int { 16 }
    /// What looking in vain counts, against one for each success, and how much of that counts.
    private static var failure: Int { 16 }
    private static var most: Int { 64 }
    /// Who arrives on another processor later than that, some 300 us, has had to wait there: one that idles takes 40, on a
    /// virtual machine whose host is busy 200.
    private static var arrival: UInt64 { 600_000 }
    /// What was in somebody's way counts no more after this, about a second.
    private static var forgiven: UInt64 { 2_000_000_000 }
    /// How often the stub's thread looks for its answer, some 20 us, before it sleeps.
    private static var stubLooks: UInt32 { 500 }
    /// Instead of that, while both share a processor: it yields so often (CStub.h).
    private static var stubYields: UInt32 { 0x8000_0000 | 64 }

    private(set) var isFast = false
    /// While it is fast: the balance of looks. Else how many quick calls there were in a row.
    private var score = 0
    /// Quick calls that are let pass first, since it was in somebody's way when it looked: more each time.
    private var rest = 0
    private var penalty = 0
    private var lastTime: UInt64 = 0
    /// How often the thread had to let another one go first, when it was last asked for.
    private var switches = 0

    /// Of what is handed over while it is fast.
    var demotion = Demotion()

    /// What the stub's thread is to do while it waits.
    var stubPatience: UInt32 { isFast ? Self.stubLooks | (demotion.isOn ? STUB_DEMOTES : 0) : Self.stubYields }

    /// Looks for the word to change to `wanted`. After the first moment, others go first on this processor: threads whose
    /// stubs are in a conversation with this one's may share it.
    ///
    /// - Parameter start: when the wait began.
    mutating func spin(_ word: UnsafeMutablePointer<UInt32>, until wanted: UInt32, start: UInt64) -> Bool {
        if score < Self.most { score += 1 }
        // Each look takes the line away from the stub that fills it.
        for _ in 0..<16 {
            host_pause()
            host_pause()
            if unsafe host_load32(word) == wanted { return true }
        }
        guard LookoutBudget.take() else { return false }
        defer { LookoutBudget.give() }
        var start = start, last = start
        while true {
            for _ in 0..<16 {
                host_pause()
                if unsafe host_load32(word) == wanted { return true }
            }
            HostProcessors.yield()
            let now = host_rdtsc()
            if now &- last > Lookout.preemption {
                if hasMadeWay() {
                    makeWay()
                    return false
                }
                start &+= now &- last
            }
            if now &- start > Self.close { return false }
            last = now
        }
    }

    /// Whether another thread had this one's processor since it was last asked. Else the processor itself was away: taken
    /// by the host of a virtual machine, say.
    private mutating func hasMadeWay() -> Bool {
        let count = HostProcessors.involuntarySwitches
        defer { switches = count }
        return count != switches
    }

    /// Somebody computes on the processor where it looks.
    private mutating func makeWay() {
        isFast = false
        score = 0
        let now = host_rdtsc()
        penalty = now &- lastTime > Self.forgiven ? 16 : min(penalty * 2, 4096)
        rest = penalty
        lastTime = now
    }

    /// Before it sleeps: goes to where the stub's thread was last, unless it looks on another processor most of the time.
    ///
    /// - Parameter cpu: that processor's number plus 1; 0: nobody knows.
    mutating func settle(near cpu: UInt32) {
        if isFast {
            score -= Self.failure
            if score >= 0 { return }
            isFast = false
            score = 0
        }
        if Processors.count > 1 && cpu != 0 { Processors.enter(Int(cpu) - 1) }
    }

    /// The thread was woken after `ticks`.
    mutating func note(_ ticks: UInt64) {
        if isFast || Processors.count == 1 { return }
        if ticks > Self.quick {
            score = 0
        } else if rest > 0 {
            rest -= 1
        } else {
            score += 1
            if score < Self.enough { return }
            score = Self.most / 2
            isFast = true
            let start = host_rdtsc()
            Processors.leave()
            switches = HostProcessors.involuntarySwitches
            if host_rdtsc() &- start > Self.arrival { makeWay() }
        }
    }
}
