extension Instruction {
    /// What becomes of an instruction at another place.
    enum Movement: Equatable {
        /// Its bytes, with a displacement adjusted when they are relative to rip.
        case copied
        /// A jump: condition 0 to 15, nil: always. The distance counts from the end of the original.
        case jump(condition: UInt8?)
        case `return`
    }

    /// How this instruction can be moved; nil: not at all. A list of what is known to be safe: nothing here can observe
    /// where it stands, other than by faulting.
    var movement: Movement? {
        switch map {
        case .oneByte: return oneByteMovement
        case .twoBytes:
            switch opcode {
            case 0x80...0x8f: return hasOperandSize ? nil : .jump(condition: opcode & 15)
            case 0x10...0x1f, 0x28...0x2f, 0x40...0x76, 0x7e, 0x7f, 0x90...0x9f, 0xa3, 0xab, 0xaf, 0xb0, 0xb1, 0xb3, 0xb6...0xb8,
                 0xba...0xc1, 0xc6, 0xc8...0xfe: return .copied
            default: return nil
            }
        case .threeBytes38, .threeBytes3A, .vector: return .copied
        }
    }

    private var oneByteMovement: Movement? {
        switch opcode {
        case 0x00...0x3f, 0x50...0x5f, 0x63, 0x68...0x6b, 0x80...0x8e, 0x90...0x99, 0xa8, 0xa9, 0xb0...0xbf, 0xc0, 0xc1, 0xc9,
             0xd0...0xd3, 0xf6, 0xf7: return .copied
        case 0x8f, 0xc6, 0xc7: return extension_ == 0 ? .copied : nil
        case 0xfe: return extension_ < 2 ? .copied : nil
        case 0xff: return extension_ < 2 || extension_ == 6 ? .copied : nil
        case 0x70...0x7f: return hasOperandSize ? nil : .jump(condition: opcode & 15)
        case 0xeb, 0xe9: return hasOperandSize ? nil : .jump(condition: nil)
        case 0xc3: return .return
        default: return nil
        }
    }

    /// Whether what follows is reached only by jumps.
    var endsFlow: Bool { map == .oneByte && (movement == .jump(condition: nil) || movement == .return) }

    /// Whether it does nothing: what lies between functions.
    func isPadding(_ code: [UInt8], at start: Int) -> Bool {
        if map == .oneByte { return opcode == 0xcc || opcode == 0x90 && length <= 2 }
        return map == .twoBytes && opcode == 0x1f
    }

    /// The bytes that do at `target` what the instruction, which is `code` from `start` on and lies at `address`, does there.
    ///
    /// - Returns: nil when something that it names is out of reach.
    func moved(_ code: [UInt8], from start: Int, address: UInt64, to target: UInt64) -> [UInt8]? {
        var bytes = Array(code[start..<(start + length)])
        switch movement {
        case nil: return nil
        case .return: return bytes
        case .copied:
            guard let place = relativeDisplacement else { return bytes }
            let operand = address &+ UInt64(length) &+ UInt64(bitPattern: signed(code, start + place, 4))
            guard let distance = Self.distance(from: target &+ UInt64(length), to: operand) else { return nil }
            Self.put(distance, into: &bytes, at: place)
            return bytes
        case .jump(let condition):
            let goal = address &+ UInt64(length) &+ UInt64(bitPattern: signed(code, start + immediate, immediateSize))
            bytes = condition.map { [0x0f, 0x80 | $0] } ?? [0xe9]
            guard let distance = Self.distance(from: target &+ UInt64(bytes.count) &+ 4, to: goal) else { return nil }
            bytes += [0, 0, 0, 0]
            Self.put(distance, into: &bytes, at: bytes.count - 4)
            return bytes
        }
    }

    private func signed(_ code: [UInt8], _ at: Int, _ size: Int) -> Int64 {
        if size == 1 { return Int64(Int8(bitPattern: code[at])) }
        var value: UInt32 = 0
        for i in 0..<4 { value |= UInt32(code[at + i]) << UInt32(8 * i) }
        return Int64(Int32(bitPattern: value))
    }

    /// What a displacement of 32 bits must be; nil: too far.
    static func distance(from: UInt64, to: UInt64) -> Int32? { Int32(exactly: Int64(bitPattern: to &- from)) }

    static func put(_ value: Int32, into bytes: inout [UInt8], at place: Int) {
        for i in 0..<4 { bytes[place + i] = UInt8(truncatingIfNeeded: value >> Int32(8 * i)) }
    }

    /// Opcodes that no 64-bit processor takes: a byte that stops whoever jumps to it.
    static let invalidOpcodes: [UInt8] = [
        0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a, 0xd4, 0xd6, 0xea,
    ]

    private static let invalidSet: [Bool] = {
        var set = [Bool](repeating: false, count: 256)
        for opcode in invalidOpcodes { set[Int(opcode)] = true }
        return set
    }()

    static func isInvalid(_ opcode: UInt8) -> Bool { invalidSet[Int(opcode)] }
}
