/// Something whose signal is queued at most once, and which is asked when it is delivered: a POSIX timer.
open class SignalSource: @unchecked Sendable {
    /// Whether its signal lies in a queue. Guarded by the receiving group's signal lock.
    final var isQueued = false

    public init() {}

    /// Called when the signal leaves the queue, with the receiving group's signal lock held: fills in the overrun count.
    open func dequeued(_ info: inout SignalInfo) {}
}

/// Signals that wait for a thread or a process: at most one of each standard signal, real-time ones in their order.
/// Guarded by the group's signal lock.
struct SignalQueue {
    private struct Entry {
        var info: SignalInfo
        var source: SignalSource?
    }

    /// Which signals wait.
    private(set) var set = SignalSet()
    private var entries: [Entry] = []

    var count: Int { entries.count }

    /// What waits, oldest first.
    var waiting: [SignalInfo] { entries.map(\.info) }

    /// Adds a signal; a standard one that waits already stays as it is.
    ///
    /// - Parameter limit: how many entries there may be: one beyond it is only marked in the set.
    /// - Returns: false when the information was dropped because of `limit`.
    @discardableResult
    mutating func add(_ info: SignalInfo, source: SignalSource?, limit: Int) -> Bool {
        let signal = info.signal
        if signal < Signal.SIGRTMIN, set.contains(signal) { return true }
        set.insert(SignalSet(signal))
        if entries.count >= limit, signal != Signal.SIGKILL { return false }
        source?.isQueued = true
        entries.append(Entry(info: info, source: source))
        return true
    }

    /// Takes out the next signal of `wanted`: synchronous ones first, then the lowest number, oldest first.
    mutating func next(in wanted: SignalSet) -> SignalInfo? {
        let ready = set.intersection(wanted)
        guard let signal = ready.intersection(.synchronous).first ?? ready.first else { return nil }
        guard let index = entries.firstIndex(where: { $0.info.signal == signal }) else {
            // Its information did not fit (RLIMIT_SIGPENDING): what Linux then makes up.
            set.remove(SignalSet(signal))
            return SignalInfo(signal, code: SignalInfo.SI_USER)
        }
        var entry = entries.remove(at: index)
        if !entries.contains(where: { $0.info.signal == signal }) { set.remove(SignalSet(signal)) }
        entry.source?.isQueued = false
        entry.source?.dequeued(&entry.info)
        return entry.info
    }

    /// Forgets all signals of `unwanted`.
    mutating func remove(_ unwanted: SignalSet) {
        if set.isDisjoint(with: unwanted) { return }
        set.subtract(unwanted)
        entries.removeAll {
            if !unwanted.contains($0.info.signal) { return false }
            $0.source?.isQueued = false
            return true
        }
    }

    /// Takes the signal of `source` out: its timer is gone.
    mutating func remove(from source: SignalSource) {
        guard let index = entries.firstIndex(where: { $0.source === source }) else { return }
        let signal = entries[index].info.signal
        entries.remove(at: index)
        source.isQueued = false
        if !entries.contains(where: { $0.info.signal == signal }) { set.remove(SignalSet(signal)) }
    }
}
