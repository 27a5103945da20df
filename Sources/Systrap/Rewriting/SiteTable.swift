/// How often the `syscall` instructions of one address space were trapped.
///
/// Open addressing by address, at most `capacity` entries: what does not fit is trapped for ever.
struct SiteTable {
    static let capacity = 4096
    /// Traps before a site is looked at.
    static let threshold: UInt16 = 16
    /// Before one is looked at again that could not be rewritten: the program may have changed what stands there.
    static let patience: UInt16 = 4096

    /// A bit beside the count of traps.
    private static let settled: UInt16 = 0x8000
    private var keys: [UInt64] = []
    private var counts: [UInt16] = []
    private(set) var count = 0

    private func slot(_ site: UInt64) -> Int {
        var index = Int(truncatingIfNeeded: (site &* 0x9e37_79b9_7f4a_7c15) >> 32) & (keys.count - 1)
        while keys[index] != 0 && keys[index] != site { index = (index + 1) & (keys.count - 1) }
        return index
    }

    /// Counts a trap.
    ///
    /// - Returns: whether the site is now to be looked at.
    mutating func note(_ site: UInt64) -> Bool {
        if site == 0 { return false }
        if count * 2 >= keys.count { grow() }
        let index = slot(site)
        if keys[index] == 0 {
            if count >= Self.capacity { return false }
            keys[index] = site
            count += 1
        }
        let mark = counts[index] & Self.settled
        let count = (counts[index] &+ 1) & ~Self.settled
        counts[index] = count | mark
        // Again later, when nothing came of it.
        return count % (mark == 0 ? Self.threshold : Self.patience) == 0
    }

    /// Does not ask for this site again for a long time.
    mutating func settle(_ site: UInt64) { set(site, Self.settled) }

    /// Begins to count anew.
    mutating func restart(_ site: UInt64) { set(site, 0) }

    private mutating func set(_ site: UInt64, _ value: UInt16) {
        if keys.isEmpty || site == 0 { return }
        let index = slot(site)
        if keys[index] == site { counts[index] = value }
    }

    private mutating func grow() {
        if keys.count > 2 * Self.capacity { return }
        let (oldKeys, oldCounts) = (keys, counts)
        let size = max(128, keys.count * 2)
        keys = [UInt64](repeating: 0, count: size)
        counts = [UInt16](repeating: 0, count: size)
        for (key, value) in zip(oldKeys, oldCounts) where key != 0 {
            let index = slot(key)
            (keys[index], counts[index]) = (key, value)
        }
    }
}
