/// A value of D-Bus's type system (D-Bus Specification, "Type System"), of the types that system services' interfaces use.
public enum DBusValue: Hashable, Sendable {
    case byte(UInt8)
    case boolean(Bool)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    case uint64(UInt64)
    case string(String)
    case objectPath(String)
    case signature(String)
    indirect case variant(DBusValue)
    /// - Parameter of: the signature of its elements, which an empty one has too.
    indirect case array(of: String, [DBusValue])
    indirect case structure([DBusValue])

    /// Its type as one complete type of a signature.
    public var signature: String {
        switch self {
        case .byte: "y"
        case .boolean: "b"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .variant: "v"
        case .array(let element, _): "a" + element
        case .structure(let members): "(" + members.map(\.signature).joined() + ")"
        }
    }

    /// A string or an object path.
    public var text: String? {
        switch self {
        case .string(let text), .objectPath(let text): text
        default: nil
        }
    }
}

/// What went wrong on a bus, in one line.
public struct DBusError: Error, Hashable, Sendable {
    /// The name of the error that the other side answered with ("org.freedesktop.systemd1.UnitExists"); empty when it
    /// answered nothing, or not by the rules.
    public var name: String
    public var message: String

    public init(name: String = "", _ message: String) {
        self.name = name
        self.message = message
    }
}

/// Where values of a type begin.
enum DBusAlignment {
    static func of(_ type: UInt8) -> Int {
        switch type {
        case UInt8(ascii: "y"), UInt8(ascii: "g"), UInt8(ascii: "v"): 1
        case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "("), UInt8(ascii: "{"): 8
        default: 4
        }
    }
}
