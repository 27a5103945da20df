/// A filter as the kernel takes it: instructions of classic BPF (struct sock_filter).
///
/// The numbers of calls fall into intervals, each with one fate; a binary search over their bounds finds a call's.
struct SeccompProgram {
    /// code | jt << 16 | jf << 24 | k << 32
    private(set) var instructions: [UInt64] = []

    /// All calls from `start` up to the next interval's have the fate that the code says: a part of `fates`.
    private struct Interval {
        var start: UInt32
        var code: Range<Int>
    }
    private var intervals: [Interval] = []
    private var fates: [UInt64] = []

    /// struct seccomp_data.
    private static let number: UInt32 = 0, architecture: UInt32 = 4, arguments: UInt32 = 16
    /// BPF_LD | W | ABS, ALU | AND | K, JMP | JA, JMP | JEQ | K, JMP | JGE | K, RET | K.
    private static let load: UInt16 = 0x20, and: UInt16 = 0x54, jump: UInt16 = 0x05
    private static let jumpEqual: UInt16 = 0x15, jumpGreaterEqual: UInt16 = 0x35, give: UInt16 = 0x06
    private static let x86_64: UInt32 = 0xc000_003e
    /// From here on the numbers of x32, which has the same architecture.
    private static let x32: UInt32 = 0x4000_0000

    init(_ filter: SeccompFilter) {
        instructions.reserveCapacity(512)
        intervals.reserveCapacity(256)
        fates = [Self.instruction(Self.give, filter.otherwise), Self.instruction(Self.give, SeccompFilter.allowAction),
                 Self.instruction(Self.give, SeccompFilter.killAction)]
        let otherwise = 0..<1, allowed = 1..<2, killed = 2..<3
        begin(0, otherwise)
        // Rules of the same call stay in their order.
        let order = filter.rules.indices.sorted {
            (filter.rules[$0].number, $0) < (filter.rules[$1].number, $1)
        }
        var at = 0
        while at < order.count {
            let number = filter.rules[order[at]].number
            var end = at
            while end < order.count, filter.rules[order[end]].number == number { end += 1 }
            let first = filter.rules[order[at]]
            if first.arguments.isEmpty && first.action == SeccompFilter.allowAction {
                begin(number, allowed)
            } else {
                let start = fates.count
                for index in order[at..<end] { add(filter.rules[index]) }
                fates.append(fates[0])
                begin(number, start..<fates.count)
            }
            begin(number + 1, otherwise)
            at = end
        }
        begin(Self.x32, killed)
        append(Self.load, Self.architecture)
        append(Self.jumpEqual, Self.x86_64, whenTrue: 1)
        append(Self.give, SeccompFilter.killAction)
        append(Self.load, Self.number)
        search(intervals.startIndex..<intervals.endIndex)
    }

    private mutating func begin(_ start: UInt32, _ code: Range<Int>) {
        if intervals.last?.start == start { intervals.removeLast() }
        if intervals.last?.code != code { intervals.append(Interval(start: start, code: code)) }
    }

    /// The rule's verdict behind its conditions, each of which jumps behind that when it fails.
    private mutating func add(_ rule: SeccompFilter.Rule) {
        var jumps: [Int] = []
        for argument in rule.arguments {
            for half in [UInt32(1), 0] {
                let mask = UInt32(truncatingIfNeeded: argument.mask >> (32 * UInt64(half)))
                if mask == 0 { continue }
                fates.append(Self.instruction(Self.load, Self.arguments + 8 * argument.index + 4 * half))
                if mask != .max { fates.append(Self.instruction(Self.and, mask)) }
                jumps.append(fates.count)
                fates.append(Self.instruction(Self.jumpEqual, UInt32(truncatingIfNeeded: argument.value >> (32 * UInt64(half)))))
            }
        }
        fates.append(Self.instruction(Self.give, rule.action))
        for jump in jumps { fates[jump] |= UInt64(fates.count - jump - 1) << 24 }
    }

    /// Instructions of the search among these.
    private func length(_ part: Range<Int>) -> Int {
        if part.count == 1 { return intervals[part.lowerBound].code.count }
        let middle = part.lowerBound + part.count / 2
        let below = length(part.lowerBound..<middle)
        return (below > 255 ? 2 : 1) + below + length(middle..<part.upperBound)
    }

    private mutating func search(_ part: Range<Int>) {
        if part.count == 1 { return instructions.append(contentsOf: fates[intervals[part.lowerBound].code]) }
        let middle = part.lowerBound + part.count / 2
        let bound = intervals[middle].start, below = length(part.lowerBound..<middle)
        if below > 255 {
            append(Self.jumpGreaterEqual, bound, whenFalse: 1)
            append(Self.jump, UInt32(below))
        } else {
            append(Self.jumpGreaterEqual, bound, whenTrue: UInt8(below))
        }
        search(part.lowerBound..<middle)
        search(middle..<part.upperBound)
    }

    private static func instruction(_ code: UInt16, _ value: UInt32, whenTrue: UInt8 = 0, whenFalse: UInt8 = 0) -> UInt64 {
        UInt64(code) | UInt64(whenTrue) << 16 | UInt64(whenFalse) << 24 | UInt64(value) << 32
    }

    private mutating func append(_ code: UInt16, _ value: UInt32, whenTrue: UInt8 = 0, whenFalse: UInt8 = 0) {
        instructions.append(Self.instruction(code, value, whenTrue: whenTrue, whenFalse: whenFalse))
    }
}
