/// One instruction of a classic BPF program (struct sock_filter).
struct FilterInstruction {
    var code: UInt16
    var whenTrue: UInt8 = 0
    var whenFalse: UInt8 = 0
    var value: UInt32

    var word: UInt64 {
        UInt64(code) | UInt64(whenTrue) << 16 | UInt64(whenFalse) << 24 | UInt64(value) << 32
    }
}

/// What a system call's arguments must satisfy.
enum FilterCondition {
    /// The arguments `address` and `length` name memory below L.
    case range(address: Int, length: Int)
    /// No bit outside of `mask`.
    case only(Int, mask: UInt32)
    /// All bits of `mask` in the lower half.
    case has(Int, mask: UInt32)
    case equal(Int, UInt64)
    /// The upper half.
    case upper(Int, UInt32)
    /// The lower half, which is all that an int parameter has.
    case low(Int, UInt32)
    /// The lower half without the bits of `ignoring` is one of these.
    case oneOf(Int, ignoring: UInt32 = 0, [UInt32])
    /// The lower half lies in the range.
    case between(Int, UInt32, UInt32)
}

enum FilterVerdict: UInt32 {
    case allow = 0x7fff_0000
    case notify = 0x7fc0_0000
    case trap = 0x0003_0000
}

/// Assembles a seccomp filter: rules by system call number, each with alternatives of conditions.
struct FilterBuilder {
    var program: [FilterInstruction] = []

    static let load: UInt16 = 0x20, and: UInt16 = 0x54, addX: UInt16 = 0x0c, toX: UInt16 = 0x07, ret: UInt16 = 0x06
    static let jumpEqual: UInt16 = 0x15, jumpGreater: UInt16 = 0x25, jumpGreaterEqual: UInt16 = 0x35
    static let jumpBits: UInt16 = 0x45, jumpAlways: UInt16 = 0x05

    /// Offsets in struct seccomp_data.
    static let number: UInt32 = 0, architecture: UInt32 = 4, pointer: UInt32 = 8
    private static func low(_ argument: Int) -> UInt32 { 16 + 8 * UInt32(argument) }
    private static func high(_ argument: Int) -> UInt32 { 20 + 8 * UInt32(argument) }

    mutating func add(_ code: UInt16, _ value: UInt32, whenTrue: UInt8 = 0, whenFalse: UInt8 = 0) {
        program.append(FilterInstruction(code: code, whenTrue: whenTrue, whenFalse: whenFalse, value: value))
    }

    mutating func verdict(_ verdict: FilterVerdict) { add(Self.ret, verdict.rawValue) }

    /// Sets the distance of a forward jump, whose instruction was added at `index`, to the end of the program so far.
    mutating func land(_ index: Int) { program[index].whenFalse = UInt8(program.count - index - 1) }

    /// The call `number`, loaded already, gets `verdict` when all conditions of one alternative hold, else TRAP.
    mutating func rule(_ number: Int, _ alternatives: [[FilterCondition]] = [[]], _ verdict: FilterVerdict = .allow) {
        let start = program.count
        add(Self.jumpEqual, UInt32(number))
        for conditions in alternatives {
            let part = conditions.flatMap(Self.steps)
            for (i, step) in part.enumerated() {
                var instruction = step.instruction
                // Over the rest of this alternative and its verdict.
                switch step.fails {
                case .never: break
                case .whenTrue: instruction.whenTrue = UInt8(part.count - i)
                case .whenFalse: instruction.whenFalse = UInt8(part.count - i)
                }
                program.append(instruction)
            }
            self.verdict(verdict)
        }
        self.verdict(.trap)
        land(start)
    }

    /// An instruction of a condition, and on which outcome the condition has failed. Else the next one follows.
    private struct Step {
        enum Failure { case never, whenTrue, whenFalse }
        var instruction: FilterInstruction
        var fails = Failure.never

        init(_ code: UInt16, _ value: UInt32 = 0, fails: Failure = .never, skip: UInt8 = 0) {
            instruction = FilterInstruction(code: code, whenTrue: skip, value: value)
            self.fails = fails
        }
    }

    private static func steps(_ condition: FilterCondition) -> [Step] {
        switch condition {
        case .range(let address, let length):
            return [
                Step(load, high(address)), Step(jumpGreater, 0x7fff, fails: .whenTrue), Step(toX),
                Step(load, high(length)), Step(jumpGreater, 0x7fff, fails: .whenTrue), Step(addX),
                Step(jumpGreaterEqual, UInt32(StubLayout.argumentLimit >> 32) - 1, fails: .whenTrue),
            ]
        case .only(let argument, let mask):
            return [Step(load, high(argument)), Step(jumpEqual, 0, fails: .whenFalse),
                    Step(load, low(argument)), Step(jumpBits, ~mask, fails: .whenTrue)]
        case .has(let argument, let mask):
            return [Step(load, low(argument)), Step(and, mask), Step(jumpEqual, mask, fails: .whenFalse)]
        case .equal(let argument, let value):
            return [Step(load, high(argument)), Step(jumpEqual, UInt32(value >> 32), fails: .whenFalse),
                    Step(load, low(argument)), Step(jumpEqual, UInt32(truncatingIfNeeded: value), fails: .whenFalse)]
        case .upper(let argument, let value):
            return [Step(load, high(argument)), Step(jumpEqual, value, fails: .whenFalse)]
        case .low(let argument, let value):
            return [Step(load, low(argument)), Step(jumpEqual, value, fails: .whenFalse)]
        case .oneOf(let argument, let ignored, let values):
            // Each but the last jumps over the others when it matches.
            return [Step(load, low(argument)), Step(and, ~ignored)] + values.enumerated().map { i, value in
                let last = i == values.count - 1
                return Step(jumpEqual, value, fails: last ? .whenFalse : .never, skip: UInt8(values.count - 1 - i))
            }
        case .between(let argument, let from, let to):
            return [Step(load, low(argument)), Step(jumpGreaterEqual, from, fails: .whenFalse),
                    Step(jumpGreater, to, fails: .whenTrue)]
        }
    }
}
