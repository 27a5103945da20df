/// A message of the D-Bus protocol (D-Bus Specification, "Message Protocol"), in the byte order of this machine.
public struct DBusMessage: Hashable, Sendable {
    public enum Kind: UInt8, Sendable { case call = 1, reply = 2, error = 3, signal = 4 }

    public var kind: Kind
    public var serial: UInt32 = 0
    /// Of the call that this answers; 0: none.
    public var replySerial: UInt32 = 0
    public var path = ""
    public var interface = ""
    public var member = ""
    public var errorName = ""
    public var destination = ""
    public var sender = ""
    public var signature = ""
    public private(set) var body: [UInt8] = []

    /// The specification allows 128 MiB. Nobody whom we ask has so much to say.
    public static let maximumLength = 16 << 20
    /// As much of a message as tells its length.
    public static let prefixLength = 16

    public init(_ kind: Kind, _ values: [DBusValue] = []) {
        self.kind = kind
        signature = values.map(\.signature).joined()
        var encoder = DBusEncoder()
        for value in values { encoder.append(value) }
        body = encoder.bytes
    }

    /// The fields of a header by their codes.
    private enum Field: UInt8 {
        case path = 1, interface, member, errorName, replySerial, destination, sender, signature
    }

    public var bytes: [UInt8] {
        var fields: [DBusValue] = []
        func add(_ field: Field, _ value: DBusValue, if isThere: Bool) {
            if isThere { fields.append(.structure([.byte(field.rawValue), .variant(value)])) }
        }
        add(.path, .objectPath(path), if: !path.isEmpty)
        add(.interface, .string(interface), if: !interface.isEmpty)
        add(.member, .string(member), if: !member.isEmpty)
        add(.errorName, .string(errorName), if: !errorName.isEmpty)
        add(.replySerial, .uint32(replySerial), if: replySerial != 0)
        add(.destination, .string(destination), if: !destination.isEmpty)
        add(.sender, .string(sender), if: !sender.isEmpty)
        add(.signature, .signature(signature), if: !signature.isEmpty)
        var encoder = DBusEncoder()
        encoder.append(.byte(UInt8(ascii: "l")))
        encoder.append(.byte(kind.rawValue))
        encoder.append(.byte(0))
        encoder.append(.byte(1))
        encoder.append(.uint32(UInt32(truncatingIfNeeded: body.count)))
        encoder.append(.uint32(serial))
        encoder.append(.array(of: "(yv)", fields))
        encoder.align(8)
        return encoder.bytes + body
    }

    /// How long the message is that begins with these bytes, at least `prefixLength` of them.
    public static func length(ofPrefix prefix: [UInt8]) throws(DBusError) -> Int {
        guard prefix.count >= prefixLength else { throw DBusDecoder.malformed("it ends early") }
        guard prefix[0] == UInt8(ascii: "l"), prefix[3] == 1 else { throw DBusDecoder.malformed("its byte order or version") }
        var decoder = DBusDecoder(Array(prefix[..<prefixLength]))
        guard case .uint32(let body)? = try decoder.values("yyyyu").last, case .uint32(let fields)? = try decoder.values("uu").last else {
            throw DBusDecoder.malformed("its header")
        }
        let (header, rest) = (prefixLength + (Int(fields) + 7) / 8 * 8, Int(body))
        guard header + rest <= maximumLength else { throw DBusDecoder.malformed("\(header + rest) bytes are too many") }
        return header + rest
    }

    /// Reads a whole message.
    public init(parsing bytes: [UInt8]) throws(DBusError) {
        guard try Self.length(ofPrefix: bytes) == bytes.count else { throw DBusDecoder.malformed("its length") }
        var decoder = DBusDecoder(bytes)
        let header = try decoder.values("yyyyuua(yv)")
        guard header.count == 7, case .byte(let type) = header[1], let kind = Kind(rawValue: type), case .uint32(let serial) = header[5],
              case .array(_, let fields) = header[6] else { throw DBusDecoder.malformed("its header") }
        self.kind = kind
        self.serial = serial
        for field in fields {
            guard case .structure(let pair) = field, pair.count == 2, case .byte(let code) = pair[0], case .variant(let value) = pair[1]
            else { throw DBusDecoder.malformed("its header") }
            // Codes that are not known are to be passed over.
            switch (Field(rawValue: code), value) {
            case (.path?, .objectPath(let text)): path = text
            case (.interface?, .string(let text)): interface = text
            case (.member?, .string(let text)): member = text
            case (.errorName?, .string(let text)): errorName = text
            case (.destination?, .string(let text)): destination = text
            case (.sender?, .string(let text)): sender = text
            case (.signature?, .signature(let text)): signature = text
            case (.replySerial?, .uint32(let n)): replySerial = n
            case (nil, _): break
            default: throw DBusDecoder.malformed("the type of header field \(code)")
            }
        }
        try decoder.align(8)
        body = Array(bytes[decoder.position...])
    }

    /// What it carries.
    public func values() throws(DBusError) -> [DBusValue] {
        var decoder = DBusDecoder(body)
        let values = try decoder.values(signature)
        if decoder.position != body.count { throw DBusDecoder.malformed("more in it than its signature says") }
        return values
    }

    /// An error message as an error.
    public var asError: DBusError {
        let text = (try? values())?.first?.text ?? ""
        return DBusError(name: errorName, text.isEmpty ? errorName : text)
    }
}
