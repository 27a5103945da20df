/// Why bytes are no message, or a message can't be bytes.
public enum MessageError: Error, Equatable, Sendable {
    /// The bytes are not an encoding of the message, or stand for more memory than a message may take.
    case malformed
    /// More than `messageLimit` bytes.
    case tooLarge(Int)
}

/// The largest encoded message: ttrpc's limit of 4 MiB.
public let messageLimit = 4 << 20

/// A protobuf message as a Swift value. Encoding and decoding go through the C that protobuf-c generates from
/// `Protos/`; nothing of C lives longer than the call.
///
/// No message of ours contains itself (the generator refuses it), so input can't nest deeper than the schema.
public protocol Message: Sendable {
    /// A message with every field at its default.
    init()

    /// - Throws: `malformed`, `tooLarge`. Unknown fields are skipped; text that is not UTF-8 is repaired.
    static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self

    /// - Throws: `tooLarge`.
    func encode() throws(MessageError) -> [UInt8]
}

extension Proto.AnyMessage {
    /// A message with the full name of its type.
    public init(_ typeURL: String, _ message: some Message) throws(MessageError) {
        self.init(typeURL: typeURL, value: try message.encode())
    }

    /// The type's name without the prefix that some peers write before it.
    public var typeName: String {
        guard let slash = typeURL.utf8.lastIndex(of: UInt8(ascii: "/")) else { return typeURL }
        return String(typeURL[typeURL.utf8.index(after: slash)...])
    }
}

extension Proto.Timestamp {
    /// - Parameter nanoseconds: since the epoch.
    public init(nanoseconds: Int64) {
        let rest = nanoseconds % 1_000_000_000
        let nanos = rest < 0 ? rest &+ 1_000_000_000 : rest
        self.init(seconds: (nanoseconds &- nanos) / 1_000_000_000, nanos: Int32(truncatingIfNeeded: nanos))
    }

    /// Nanoseconds since the epoch, held within what 64 bits can say.
    public var nanoseconds: Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product.addingReportingOverflow(Int64(nanos)).partialValue
    }

    /// What Go calls the zero time, 1 January of the year 1: "has not happened".
    public static var never: Self { .init(seconds: -62_135_596_800) }
}
