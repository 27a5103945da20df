/// A strict JSON parser over bytes. Its own, because config.json comes from outside: every byte is checked, nesting is
/// bounded, and a mistake is told with its line and column.
struct JSONParser {
    struct Failure: Error {
        var message: String
        var line: Int
        var column: Int
    }

    private let bytes: [UInt8]
    private var at = 0
    private static let deepest = 64

    static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        if parser.at < bytes.count { throw parser.failure("unexpected text after the end of the document") }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { at = 3 }
    }

    private func failure(_ message: String) -> Failure {
        let before = bytes[..<min(at, bytes.count)]
        let line = before.count { $0 == 10 } + 1
        let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
        return Failure(message: message, line: line, column: at - start + 1)
    }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 32 || byte == 9 || byte == 10 || byte == 13 { at += 1 }
    }

    private func found() -> String {
        guard let byte = current else { return "the end of the file" }
        return byte > 32 && byte < 127 ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        if depth > Self.deepest { throw failure("nested too deep") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"): return try number()
        case let byte? where byte >= 48 && byte <= 57: return try number()
        default: throw failure("expected a value, found \(found())")
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[at...].starts(with: text.utf8) else { throw failure("expected a value, found \(found())") }
        at += text.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        at += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if current == UInt8(ascii: "}") { at += 1; return .object(members) }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("expected a member's name, found \(found())") }
            let name = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw failure("expected ':' after \"\(name)\", found \(found())") }
            at += 1
            members[name] = try value(depth: depth + 1)
            skipSpace()
            switch current {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "}"): at += 1; return .object(members)
            default: throw failure("expected ',' or '}', found \(found())")
            }
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        at += 1
        var values: [JSONValue] = []
        skipSpace()
        if current == UInt8(ascii: "]") { at += 1; return .array(values) }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "]"): at += 1; return .array(values)
            default: throw failure("expected ',' or ']', found \(found())")
            }
        }
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = at
        var whole = true
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 48 && $0 <= 57 } ?? false }
        if current == UInt8(ascii: "-") { at += 1 }
        guard isDigit(current) else { throw failure("expected a digit, found \(found())") }
        if current == UInt8(ascii: "0") { at += 1 } else { while isDigit(current) { at += 1 } }
        if current == UInt8(ascii: ".") {
            whole = false
            at += 1
            guard isDigit(current) else { throw failure("expected a digit, found \(found())") }
            while isDigit(current) { at += 1 }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            whole = false
            at += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { at += 1 }
            guard isDigit(current) else { throw failure("expected a digit, found \(found())") }
            while isDigit(current) { at += 1 }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if whole, let integer = Int64(text) { return .integer(integer) }
        if whole, let integer = UInt64(text) { return .unsigned(integer) }
        guard let real = Double(text), real.isFinite else { throw failure("number out of range") }
        return .real(real)
    }

    private mutating func string() throws(Failure) -> String {
        at += 1
        var text: [UInt8] = []
        while true {
            guard let byte = current else { throw failure("the string does not end") }
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                guard let string = String(validating: text, as: UTF8.self) else { throw failure("the string is not UTF-8") }
                return string
            case UInt8(ascii: "\\"):
                at += 1
                try escape(into: &text)
            case 0..<32: throw failure("control character in a string")
            default:
                text.append(byte)
                at += 1
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let byte = current else { throw failure("the string does not end") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = UInt32(try fourDigits())
            if code >= 0xd800 && code < 0xdc00, bytes[at...].starts(with: [0x5c, 0x75]) {
                at += 2
                let low = UInt32(try fourDigits())
                guard low >= 0xdc00 && low < 0xe000 else { throw failure("half of a surrogate pair") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
            text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default:
            at -= 1
            throw failure("unknown escape \(found())")
        }
    }

    private mutating func fourDigits() throws(Failure) -> UInt16 {
        guard at + 4 <= bytes.count, let code = UInt16(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16),
              bytes[at] != UInt8(ascii: "+") else { throw failure("expected four hexadecimal digits") }
        at += 4
        return code
    }
}
