/// Reads little-endian values as a signature says. Nothing that arrives is trusted.
struct DBusDecoder {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func malformed(_ what: String) -> DBusError { DBusError("malformed D-Bus message: \(what)") }

    mutating func align(_ alignment: Int) throws(DBusError) {
        while position % alignment != 0 {
            if try take(1).first != 0 { throw Self.malformed("padding is not zero") }
        }
    }

    /// All values of a signature.
    mutating func values(_ signature: String) throws(DBusError) -> [DBusValue] {
        let types = Array(signature.utf8)
        var at = 0
        var all: [DBusValue] = []
        while at < types.count { all.append(try value(types, &at, depth: 0)) }
        return all
    }

    private mutating func take(_ count: Int) throws(DBusError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else { throw Self.malformed("it ends early") }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    private mutating func number(_ size: Int) throws(DBusError) -> UInt64 {
        try align(size)
        var n: UInt64 = 0
        for (i, byte) in try take(size).enumerated() { n |= UInt64(byte) << (8 * UInt64(i)) }
        return n
    }

    private mutating func text(length: Int) throws(DBusError) -> String {
        let slice = try take(length)
        guard !slice.contains(0), let text = String(validating: slice, as: UTF8.self) else { throw Self.malformed("a string is none") }
        guard try take(1).first == 0 else { throw Self.malformed("a string has no end") }
        return text
    }

    /// - Parameter at: of the type in `types`; behind it afterwards.
    private mutating func value(_ types: [UInt8], _ at: inout Int, depth: Int) throws(DBusError) -> DBusValue {
        guard at < types.count, depth < 32 else { throw Self.malformed("its signature") }
        let type = types[at]
        at += 1
        switch type {
        case UInt8(ascii: "y"): return .byte(UInt8(truncatingIfNeeded: try number(1)))
        case UInt8(ascii: "b"):
            let n = try number(4)
            if n > 1 { throw Self.malformed("a truth value of \(n)") }
            return .boolean(n == 1)
        case UInt8(ascii: "i"): return .int32(Int32(truncatingIfNeeded: try number(4)))
        case UInt8(ascii: "u"): return .uint32(UInt32(truncatingIfNeeded: try number(4)))
        case UInt8(ascii: "x"): return .int64(Int64(truncatingIfNeeded: try number(8)))
        case UInt8(ascii: "t"): return .uint64(try number(8))
        case UInt8(ascii: "s"): return .string(try text(length: Int(try number(4))))
        case UInt8(ascii: "o"): return .objectPath(try text(length: Int(try number(4))))
        case UInt8(ascii: "g"): return .signature(try text(length: Int(try number(1))))
        case UInt8(ascii: "v"):
            let inner = Array(try text(length: Int(try number(1))).utf8)
            var first = 0
            let value = try value(inner, &first, depth: depth + 1)
            if first != inner.count { throw Self.malformed("a variant of several types") }
            return .variant(value)
        case UInt8(ascii: "a"): return try array(types, &at, depth: depth)
        case UInt8(ascii: "("):
            try align(8)
            var members: [DBusValue] = []
            while at < types.count, types[at] != UInt8(ascii: ")") { members.append(try value(types, &at, depth: depth + 1)) }
            if at >= types.count || members.isEmpty { throw Self.malformed("its signature") }
            at += 1
            return .structure(members)
        default: throw Self.malformed("type \"\(Character(Unicode.Scalar(type)))\" is not expected")
        }
    }

    private mutating func array(_ types: [UInt8], _ at: inout Int, depth: Int) throws(DBusError) -> DBusValue {
        let count = Int(try number(4))
        let element = at
        let end = try Self.skip(types, from: element, depth: depth + 1)
        try align(DBusAlignment.of(types[element]))
        guard count <= bytes.count - position else { throw Self.malformed("it ends early") }
        let last = position + count
        var values: [DBusValue] = []
        while position < last {
            at = element
            values.append(try value(types, &at, depth: depth + 1))
        }
        if position != last { throw Self.malformed("an array's length") }
        at = end
        return .array(of: String(decoding: types[element..<end], as: UTF8.self), values)
    }

    /// The index behind the complete type at `start`.
    private static func skip(_ types: [UInt8], from start: Int, depth: Int) throws(DBusError) -> Int {
        guard start < types.count, depth < 32 else { throw malformed("its signature") }
        if types[start] == UInt8(ascii: "a") { return try skip(types, from: start + 1, depth: depth + 1) }
        if types[start] != UInt8(ascii: "(") { return start + 1 }
        var at = start + 1
        while at < types.count, types[at] != UInt8(ascii: ")") { at = try skip(types, from: at, depth: depth + 1) }
        if at >= types.count { throw malformed("its signature") }
        return at + 1
    }
}
