internal import CStub

/// One piece of a call's input or output, as the stub's code takes it from the table (CStub/marshal.c). Arguments are
/// counted from 0.
struct MarshalItem {
    let word: UInt16
    /// How many pieces of memory it can be.
    let ranges: Int

    private init(_ kind: stub_item, _ argument: Int, _ parameter: Int = 0, ranges: Int = 1) {
        precondition(argument >= 0 && argument < 6 && parameter >= 0 && parameter < 256)
        word = UInt16(kind.rawValue) | UInt16(argument) << 5 | UInt16(parameter) << 8
        self.ranges = ranges
    }

    private static func size(_ bytes: Int) -> Int {
        precondition(bytes > 0 && bytes % 4 == 0)
        return bytes / 4
    }

    private static func count(_ argument: Int, _ unit: Unit) -> Int { argument | unit.code << 3 }

    enum Unit {
        case byte
        /// Of a set of bits, in words of 64.
        case bit
        /// An even number of bytes, up to 62.
        case bytes(Int)

        fileprivate var code: Int {
            switch self {
            case .byte: Int(STUB_UNIT_BYTE)
            case .bit: Int(STUB_UNIT_BIT)
            case .bytes(let count): count / 2
            }
        }
    }

    /// A string up to its NUL, at most 4096 bytes.
    static func path(_ argument: Int) -> Self { Self(STUB_ITEM_PATH, argument) }
    /// A structure that is read.
    static func input(_ argument: Int, bytes: Int) -> Self { Self(STUB_ITEM_IN, argument, size(bytes)) }
    /// A structure that is written, when all else is done: a place that cannot be written is EFAULT and no more.
    static func output(_ argument: Int, bytes: Int) -> Self { Self(STUB_ITEM_OUT, argument, size(bytes)) }
    /// One whose fault is to be known before the call has an effect.
    static func probed(_ argument: Int, bytes: Int) -> Self { Self(STUB_ITEM_OUT_PROBED, argument, size(bytes)) }
    /// A structure that is read, and then written if it can be.
    static func both(_ argument: Int, bytes: Int) -> Self { Self(STUB_ITEM_BOTH, argument, size(bytes), ranges: 2) }
    static func input(_ argument: Int, count: Int, _ unit: Unit = .byte) -> Self {
        Self(STUB_ITEM_IN_COUNTED, argument, Self.count(count, unit))
    }
    static func output(_ argument: Int, count: Int, _ unit: Unit = .byte) -> Self {
        Self(STUB_ITEM_OUT_COUNTED, argument, Self.count(count, unit))
    }
    /// A buffer that is filled with what is gone from where it was.
    static func probed(_ argument: Int, count: Int, _ unit: Unit = .byte) -> Self {
        Self(STUB_ITEM_OUT_COUNTED_PROBED, argument, Self.count(count, unit))
    }
    static func both(_ argument: Int, count: Int, _ unit: Unit) -> Self {
        Self(STUB_ITEM_BOTH_COUNTED, argument, Self.count(count, unit), ranges: 2)
    }
    /// A value whose length lies behind another pointer (socklen_t *).
    static func output(_ argument: Int, measured length: Int) -> Self {
        Self(STUB_ITEM_OUT_MEASURED, argument, length, ranges: 3)
    }
    /// struct iovec[] and its buffers.
    static func input(_ argument: Int, vector count: Int) -> Self {
        Self(STUB_ITEM_IN_VECTOR, argument, count, ranges: Int(STUB_RANGES))
    }
    static func output(_ argument: Int, vector count: Int) -> Self {
        Self(STUB_ITEM_OUT_VECTOR, argument, count, ranges: Int(STUB_RANGES))
    }
    /// struct msghdr and what it names.
    static func message(_ argument: Int) -> Self { Self(STUB_ITEM_IN_MESSAGE, argument, ranges: Int(STUB_RANGES)) }
    static func received(_ argument: Int) -> Self { Self(STUB_ITEM_OUT_MESSAGE, argument, ranges: Int(STUB_RANGES)) }
    /// What the command in argument 1 of fcntl(2) or ioctl(2) has at argument 2.
    static let fileControl = Self(STUB_ITEM_FCNTL, 2, ranges: 2)
    static let deviceControl = Self(STUB_ITEM_IOCTL, 2, ranges: 2)
    /// pselect6(2)'s pair of a signal set's address and size.
    static func mask(_ argument: Int) -> Self { Self(STUB_ITEM_MASK, argument, ranges: 2) }
}
