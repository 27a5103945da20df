/// Writes values one after the other, little-endian, aligned from where it began.
struct DBusEncoder {
    private(set) var bytes: [UInt8] = []

    mutating func align(_ alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }

    mutating func append(_ value: DBusValue) {
        switch value {
        case .byte(let n): bytes.append(n)
        case .boolean(let flag): append(flag ? 1 : 0, size: 4)
        case .int32(let n): append(UInt64(truncatingIfNeeded: n), size: 4)
        case .uint32(let n): append(UInt64(n), size: 4)
        case .int64(let n): append(UInt64(truncatingIfNeeded: n), size: 8)
        case .uint64(let n): append(n, size: 8)
        case .string(let text), .objectPath(let text):
            append(UInt64(text.utf8.count), size: 4)
            bytes += Array(text.utf8) + [0]
        case .signature(let text):
            bytes.append(UInt8(truncatingIfNeeded: text.utf8.count))
            bytes += Array(text.utf8) + [0]
        case .variant(let value):
            append(.signature(value.signature))
            append(value)
        case .array(let element, let values):
            append(0, size: 4)
            let length = bytes.count - 4
            // The padding before the first element is there even without one, and not counted.
            align(DBusAlignment.of(element.utf8.first ?? UInt8(ascii: "y")))
            let start = bytes.count
            for value in values { append(value) }
            let count = bytes.count - start
            for i in 0..<4 { bytes[length + i] = UInt8(truncatingIfNeeded: count >> (8 * i)) }
        case .structure(let members):
            align(8)
            for member in members { append(member) }
        }
    }

    private mutating func append(_ n: UInt64, size: Int) {
        align(size)
        for i in 0..<size { bytes.append(UInt8(truncatingIfNeeded: n >> (8 * UInt64(i)))) }
    }
}
