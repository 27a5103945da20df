import LinuxABI

/// A filter in classic BPF, as seccomp(2) takes it: checked, so that running it needs no checks.
public struct SeccompProgram: Sendable {
    /// struct sock_filter.
    public struct Instruction: BitwiseCopyable, Sendable {
        public var code: UInt16
        public var ifTrue: UInt8
        public var ifFalse: UInt8
        public var operand: UInt32
    }

    /// struct seccomp_data.
    public struct Call: Sendable {
        public var number: Int32
        public var instructionPointer: UInt64
        public var arguments: InlineArray<6, UInt64>

        public init(number: Int32, instructionPointer: UInt64, arguments: InlineArray<6, UInt64>) {
            self.number = number
            self.instructionPointer = instructionPointer
            self.arguments = arguments
        }

        /// AUDIT_ARCH_X86_64.
        public static var architecture: UInt32 { 0xc000_003e }

        /// The 32-bit word at a byte offset that is a multiple of 4 and below 64.
        fileprivate func word(_ offset: UInt32) -> UInt32 {
            switch offset {
            case 0: return UInt32(bitPattern: number)
            case 4: return Self.architecture
            default:
                let value = offset < 16 ? instructionPointer : arguments[Int((offset - 16) / 8) % 6]
                return UInt32(truncatingIfNeeded: offset & 4 == 0 ? value : value >> 32)
            }
        }
    }

    public let instructions: [Instruction]

    /// BPF_MAXINSNS.
    public static var maximumLength: Int { 4096 }

    /// - Throws: EINVAL for what seccomp(2) does not let through.
    public init(_ instructions: [Instruction]) throws(Errno) {
        if instructions.isEmpty || instructions.count > Self.maximumLength { throw .EINVAL }
        for (place, instruction) in instructions.enumerated() {
            if !Self.isAllowed(instruction, at: place, of: instructions.count) { throw .EINVAL }
        }
        guard let last = instructions.last, last.code == 0x06 || last.code == 0x16 else { throw .EINVAL }
        self.instructions = instructions
    }

    private static func isAllowed(_ i: Instruction, at place: Int, of count: Int) -> Bool {
        let left = count - place - 1
        switch i.code {
        case 0x20: return i.operand < 64 && i.operand & 3 == 0 // a word of the call
        case 0x80, 0x81, 0x00, 0x01: return true // its length, a constant
        case 0x60, 0x61, 0x02, 0x03: return i.operand < 16 // scratch memory
        case 0x06, 0x16, 0x07, 0x87, 0x84: return true // return, transfers, negation
        case 0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x3c, 0x54, 0x5c, 0x44, 0x4c, 0xa4, 0xac, 0x6c, 0x7c: return true
        case 0x34: return i.operand != 0
        case 0x64, 0x74: return i.operand < 32
        case 0x05: return i.operand < UInt32(left)
        case 0x15, 0x1d, 0x35, 0x3d, 0x25, 0x2d, 0x45, 0x4d: return Int(i.ifTrue) < left && Int(i.ifFalse) < left
        default: return false
        }
    }

    /// The filter's verdict on a call.
    public func run(_ call: Call) -> UInt32 { evaluate(call, seesArguments: true) ?? 0 }

    /// The verdict if it depends on nothing but the call's number; nil otherwise.
    func verdict(ofNumber number: Int32) -> UInt32? {
        evaluate(Call(number: number, instructionPointer: 0, arguments: .init(repeating: 0)), seesArguments: false)
    }

    private func evaluate(_ call: Call, seesArguments: Bool) -> UInt32? {
        var a: UInt32 = 0
        var x: UInt32 = 0
        var memory = InlineArray<16, UInt32>(repeating: 0)
        var place = 0
        while place < instructions.count {
            let i = instructions[place]
            let k = i.operand
            place += 1
            // Bit 3 chooses between the constant and the index register.
            let operand = i.code & 8 != 0 ? x : k
            switch i.code {
            case 0x20:
                if !seesArguments, k >= 8 { return nil }
                a = call.word(k)
            case 0x80: a = 64
            case 0x81: x = 64
            case 0x00: a = k
            case 0x01: x = k
            case 0x60: a = memory[Int(k & 15)]
            case 0x61: x = memory[Int(k & 15)]
            case 0x02: memory[Int(k & 15)] = a
            case 0x03: memory[Int(k & 15)] = x
            case 0x07: x = a
            case 0x87: a = x
            case 0x06: return k
            case 0x16: return a
            case 0x84: a = 0 &- a
            case 0x04, 0x0c: a = a &+ operand
            case 0x14, 0x1c: a = a &- operand
            case 0x24, 0x2c: a = a &* operand
            case 0x34, 0x3c:
                // Division by 0 ends a filter with 0: KILL.
                if operand == 0 { return 0 }
                a /= operand
            case 0x54, 0x5c: a &= operand
            case 0x44, 0x4c: a |= operand
            case 0xa4, 0xac: a ^= operand
            case 0x64, 0x6c: a = a &<< operand
            case 0x74, 0x7c: a = a &>> operand
            case 0x05: place += Int(k)
            case 0x15, 0x1d: place += Int(a == operand ? i.ifTrue : i.ifFalse)
            case 0x35, 0x3d: place += Int(a >= operand ? i.ifTrue : i.ifFalse)
            case 0x25, 0x2d: place += Int(a > operand ? i.ifTrue : i.ifFalse)
            default: place += Int(a & operand != 0 ? i.ifTrue : i.ifFalse)
            }
        }
        return 0
    }
}
