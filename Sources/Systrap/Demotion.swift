import CHostOS

/// Whether lines that are handed over are demoted: moved, once written, to the cache that all processors share.
///
/// Between two cores that halves what a hand-over costs (600 to 350 ns with some 100 ns of work on either side, on Sapphire
/// Rapids), for the partner need not have the line fetched from this core's cache. Between two threads of one core, which
/// share that cache, it doubles it. Which of them it is nobody says, and a virtual machine's processors move: so the
/// fastest of some turns with it is compared with the fastest of some without, from time to time.
struct Demotion {
    private enum Stage { case settled, present, other }

    /// Turns of which the fastest counts.
    private static var trial: Int { 64 }
    /// Turns between comparisons.
    private static var interval: Int { 4096 }

    private(set) var isOn = true
    private var stage = Stage.present
    private var left = Demotion.trial
    private var last: UInt64 = 0
    private var fastest = UInt64.max
    /// Of the trial before.
    private var present = UInt64.max

    /// A call has arrived.
    ///
    /// - Returns: whether `isOn` has changed.
    @inline(__always)
    mutating func noteTurn() -> Bool {
        if stage == .settled && left > 1 {
            left -= 1
            return false
        }
        return compare(afterTurnAt: host_rdtsc())
    }

    /// - Parameter now: the time stamp counter.
    mutating func compare(afterTurnAt now: UInt64) -> Bool {
        left -= 1
        fastest = min(fastest, now &- last)
        last = now
        if left > 0 { return false }
        defer { fastest = .max }
        switch stage {
        case .settled:
            stage = .present
            left = Self.trial
            return false
        case .present:
            present = fastest
            stage = .other
            left = Self.trial
            isOn.toggle()
            return true
        case .other:
            stage = .settled
            left = Self.interval
            // What is as fast stays as it was.
            if fastest < present - present / 16 { return false }
            isOn.toggle()
            return true
        }
    }
}
