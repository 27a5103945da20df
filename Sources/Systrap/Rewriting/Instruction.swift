/// One x86-64 instruction, as far as copying it to another place needs to know it.
///
/// A decoder of lengths (Intel's manual, volume 2, chapter 2 and appendix A; AMD's volume 3, appendix A): it knows where
/// the parts of an instruction lie, not what it does.
struct Instruction: Equatable {
    /// Which table the opcode is from.
    enum Map: UInt8 {
        case oneByte, twoBytes, threeBytes38, threeBytes3A
        /// VEX and EVEX forms.
        case vector
    }

    var length = 0
    var map = Map.oneByte
    var opcode: UInt8 = 0
    /// 0x66 without REX.W: immediates of 16 bits.
    var hasOperandSize = false
    var hasAddressSize = false
    var hasWideOperand = false
    /// The ModRM byte's place; nil: it has none.
    var modRM: Int?
    /// Bits 3 to 5 of the ModRM byte: for some opcodes, which instruction it is.
    var extension_: UInt8 = 0
    /// Where a displacement of 32 bits from the end of the instruction lies; nil: no operand is relative to rip.
    var relativeDisplacement: Int?
    /// Where the immediate or the jump's distance begins, and its size.
    var immediate = 0
    var immediateSize = 0

    /// Decodes the instruction at `start`.
    ///
    /// - Returns: nil for bytes that are no instruction in 64-bit mode, or not all there.
    init?(_ code: [UInt8], at start: Int) {
        var at = start
        func byte(_ index: Int) -> UInt8? { index >= start && index < code.count && index < start + 15 ? code[index] : nil }

        var rex: UInt8 = 0
        prefixes: while let b = byte(at) {
            switch b {
            case 0x66: hasOperandSize = true
            case 0x67: hasAddressSize = true
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0, 0xf2, 0xf3: break
            case 0x40...0x4f:
                rex = b
                at += 1
                break prefixes
            default: break prefixes
            }
            at += 1
        }
        hasWideOperand = rex & 8 != 0
        if hasWideOperand { hasOperandSize = false }
        guard let first = byte(at) else { return nil }
        at += 1
        var form: Form
        switch first {
        case 0xc4, 0xc5, 0x62:
            if rex != 0 { return nil }
            let payload = first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3
            guard let p = byte(at), let op = byte(at + payload) else { return nil }
            let table = first == 0xc5 ? 1 : p & (first == 0x62 ? 7 : 31)
            at += payload + 1
            (map, opcode) = (.vector, op)
            switch table {
            case 1: form = Self.twoByteForm(op)
            case 2, 5, 6: form = .modRM
            case 3: form = .modRM8
            default: return nil
            }
            if form != .none && form != .modRM8 { form = .modRM }
        case 0x0f:
            guard let second = byte(at) else { return nil }
            at += 1
            if second == 0x38 || second == 0x3a {
                guard let third = byte(at) else { return nil }
                at += 1
                (map, opcode) = (second == 0x38 ? .threeBytes38 : .threeBytes3A, third)
                form = second == 0x38 ? .modRM : .modRM8
            } else {
                (map, opcode) = (.twoBytes, second)
                form = Self.twoByteForm(second)
            }
        default:
            opcode = first
            form = Self.oneByteForm(first)
        }
        if form == .invalid { return nil }
        if form.hasModRM {
            guard let m = byte(at) else { return nil }
            modRM = at - start
            extension_ = m >> 3 & 7
            at += 1
            let (mode, base) = (m >> 6, m & 7)
            if mode != 3 {
                var displacement = mode == 1 ? 1 : mode == 2 ? 4 : 0
                if base == 4 {
                    guard let sib = byte(at) else { return nil }
                    at += 1
                    if mode == 0 && sib & 7 == 5 { displacement = 4 }
                } else if mode == 0 && base == 5 {
                    displacement = 4
                    relativeDisplacement = at - start
                }
                at += displacement
            }
        }
        immediate = at - start
        immediateSize = size(of: form)
        at += immediateSize
        length = at - start
        if length > 15 || at > code.count { return nil }
    }

    /// What follows an opcode.
    private enum Form {
        case invalid, none, byte, word, full, relative, enter, modRM, modRM8, modRMFull, group3, move, offset
        var hasModRM: Bool {
            switch self {
            case .modRM, .modRM8, .modRMFull, .group3: true
            default: false
            }
        }
    }

    private func size(of form: Form) -> Int {
        let full = hasOperandSize ? 2 : 4
        switch form {
        case .byte, .modRM8: return 1
        case .word: return 2
        case .enter: return 3
        case .full, .modRMFull: return full
        case .relative: return 4
        case .group3: return extension_ > 1 ? 0 : opcode == 0xf6 ? 1 : full
        case .move: return hasWideOperand ? 8 : full
        case .offset: return hasAddressSize ? 4 : 8
        case .invalid, .none, .modRM: return 0
        }
    }

    private static func oneByteForm(_ opcode: UInt8) -> Form {
        switch opcode {
        case 0x00...0x3f:
            switch opcode & 7 {
            case 0...3: .modRM
            case 4: .byte
            case 5: .full
            default: .invalid
            }
        case 0x50...0x5f, 0x6c...0x6f, 0x90...0x99, 0x9b...0x9f, 0xa4...0xa7, 0xaa...0xaf, 0xc3, 0xc9, 0xcb, 0xcc, 0xcf,
             0xd7, 0xec...0xef, 0xf1, 0xf4, 0xf5, 0xf8...0xfd: .none
        case 0x63, 0x84...0x8f, 0xd0...0xd3, 0xd8...0xdf, 0xfe, 0xff: .modRM
        case 0x68, 0xa9: .full
        case 0x69, 0x81, 0xc7: .modRMFull
        case 0x6a, 0x70...0x7f, 0xa8, 0xb0...0xb7, 0xcd, 0xe0...0xe7, 0xeb: .byte
        case 0x6b, 0x80, 0x83, 0xc0, 0xc1, 0xc6: .modRM8
        case 0xa0...0xa3: .offset
        case 0xb8...0xbf: .move
        case 0xc2, 0xca: .word
        case 0xc8: .enter
        case 0xe8, 0xe9: .relative
        case 0xf6, 0xf7: .group3
        default: .invalid
        }
    }

    private static func twoByteForm(_ opcode: UInt8) -> Form {
        switch opcode {
        case 0x04, 0x0a, 0x0c, 0x0e, 0x0f, 0x24...0x27, 0x36, 0x38...0x3f, 0x7a, 0x7b, 0xa6, 0xa7: .invalid
        case 0x05...0x09, 0x0b, 0x30...0x35, 0x37, 0x77, 0xa0...0xa2, 0xa8...0xaa, 0xc8...0xcf: .none
        case 0x70...0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4...0xc6: .modRM8
        case 0x80...0x8f: .relative
        default: .modRM
        }
    }
}
