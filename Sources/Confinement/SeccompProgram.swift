/// A filter as the kernel takes it: instructions of classic BPF (struct sock_filter).
///
/// The numbers of calls fall into intervals, each with one fate; a binary search over their bounds finds a call's.
struct SeccompProgram {
    /// code | jt << 16 | jf << 24 | k << 32
    private(set) var instructions: [UInt64] = []

    /// struct seccomp_data.
    private static let number: UInt32 = 0, architecture: UInt32 = 4, arguments: UInt32 = 16
    /// BPF_LD | W | ABS, ALU | AND | K, JMP | JA, JMP | JEQ | K, JMP | JGE | K, RET | K.
    private static let load: UInt16 = 0x20, and: UInt16 = 0x54, jump: UInt16 = 0x05
    private static let jumpEqual: UInt16 = 0x15, jumpGreaterEqual: UInt16 = 0x35, give: UInt16 = 0x06
    private static let x86_64: UInt32 = 0xc000_003e

    init(_ filter: SeccompFilter) {
        append(Self.load, Self.architecture)
        append(Self.jumpEqual, Self.x86_64, whenTrue: 1)
        append(Self.give, SeccompFilter.killAction)
        append(Self.load, Self.number)
        let intervals = Self.intervals(filter)
        instructions += Self.search(intervals[...])
    }

    /// All calls from `start` up to the next interval's.
    private struct Interval {
        var start: UInt32
        var code: [UInt64]
    }

    private static func intervals(_ filter: SeccompFilter) -> [Interval] {
        let otherwise = [instruction(give, filter.otherwise)]
        var intervals = [Interval(start: 0, code: otherwise)]
        func begin(_ start: UInt32, _ code: [UInt64]) {
            if intervals[intervals.count - 1].start == start { intervals.removeLast() }
            if intervals.last?.code != code { intervals.append(Interval(start: start, code: code)) }
        }
        for (number, rules) in filter.rules.sorted(by: { $0.key < $1.key }) {
            let number = UInt32(truncatingIfNeeded: number)
            begin(number, rules.flatMap(code) + otherwise)
            begin(number + 1, otherwise)
        }
        // The ABI of x32 has the same architecture and numbers from here on.
        begin(0x4000_0000, [instruction(give, SeccompFilter.killAction)])
        return intervals
    }

    private static func search(_ intervals: ArraySlice<Interval>) -> [UInt64] {
        if intervals.count == 1 { return trimmed(intervals[intervals.startIndex].code) }
        let middle = intervals.startIndex + intervals.count / 2
        let below = search(intervals[..<middle]), above = search(intervals[middle...])
        let bound = intervals[middle].start
        if below.count <= 255 {
            return [instruction(jumpGreaterEqual, bound, whenTrue: UInt8(below.count))] + below + above
        }
        return [instruction(jumpGreaterEqual, bound, whenFalse: 1), instruction(jump, UInt32(below.count))] + below + above
    }

    /// Nothing is reached behind the first verdict that is unconditional.
    private static func trimmed(_ code: [UInt64]) -> [UInt64] {
        if let first = code.first, UInt16(truncatingIfNeeded: first) == give { return [first] }
        return code
    }

    /// The rule's verdict behind its conditions, each of which jumps behind that when it fails.
    private static func code(_ rule: SeccompFilter.Rule) -> [UInt64] {
        var steps: [(load: UInt32, mask: UInt32, value: UInt32)] = []
        for argument in rule.arguments {
            for (offset, shift) in [(UInt32(4), UInt64(32)), (0, 0)] {
                let mask = UInt32(truncatingIfNeeded: argument.mask >> shift)
                if mask == 0 { continue }
                steps.append((arguments + 8 * argument.index + offset, mask, UInt32(truncatingIfNeeded: argument.value >> shift)))
            }
        }
        var code = [instruction(give, rule.action)]
        for step in steps.reversed() {
            code.insert(instruction(jumpEqual, step.value, whenFalse: UInt8(code.count)), at: 0)
            if step.mask != .max { code.insert(instruction(and, step.mask), at: 0) }
            code.insert(instruction(load, step.load), at: 0)
        }
        return code
    }

    private static func instruction(_ code: UInt16, _ value: UInt32, whenTrue: UInt8 = 0, whenFalse: UInt8 = 0) -> UInt64 {
        UInt64(code) | UInt64(whenTrue) << 16 | UInt64(whenFalse) << 24 | UInt64(value) << 32
    }

    private mutating func append(_ code: UInt16, _ value: UInt32, whenTrue: UInt8 = 0) {
        instructions.append(Self.instruction(code, value, whenTrue: whenTrue))
    }
}
