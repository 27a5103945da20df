import CHostOS
import CStub
import HostOS
import Platform
import Stubs

/// How often stubs have answered calls by themselves: each thread counts in its slot, and this is what those that have ended
/// have left. The guest's word.
final class AnsweredCalls: @unchecked Sendable {
    /// Guards `sums`. A leaf.
    private let lock = Lock()
    private var sums = [UInt64](repeating: 0, count: MarshalTable.counted.count)

    /// The sums, to which nothing was added that would pass the largest number.
    static func add(_ counts: [UInt64], to sums: inout [UInt64]) {
        for i in sums.indices where i < counts.count {
            let (sum, overflow) = sums[i].addingReportingOverflow(counts[i])
            sums[i] = overflow ? .max : sum
        }
    }

    /// Takes over what the thread on slot `index` has counted, which stands or has ended.
    func collect(_ arena: Arena, _ index: Int) {
        let counts = arena.answered(index)
        if counts.allSatisfy({ $0 == 0 }) { return }
        arena.clearAnswered(index)
        lock.withLock { Self.add(counts, to: &sums) }
    }

    /// All of them, with what `live` stubs have counted so far.
    func unseen(_ live: [SystrapAddressSpace]) -> [Int: UnseenCalls] {
        var all = lock.withLock { sums }
        for space in live where space.answered === self {
            for index in space.arena.slotsInUse { Self.add(space.arena.answered(index), to: &all) }
        }
        var calls: [Int: UnseenCalls] = [:]
        for (call, count) in zip(MarshalTable.counted, all) where count > 0 {
            calls[call.number] = call.isNative ? UnseenCalls(native: count) : UnseenCalls(answered: count)
        }
        return calls
    }
}
