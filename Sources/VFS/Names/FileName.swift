import HostOS

/// One name of a directory entry: bytes without '/' and NUL. Linux gives them no encoding, and neither do we.
public struct FileName: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let bytes: [UInt8]

    @inlinable public init(_ bytes: [UInt8]) { self.bytes = bytes }
    @inlinable public init(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }
    public init(_ text: String) { bytes = Array(text.utf8) }
    public init(stringLiteral text: StaticString) {
        bytes = unsafe Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    public var isDot: Bool { bytes.count == 1 && bytes[0] == 0x2e }
    public var isDotDot: Bool { bytes.count == 2 && bytes[0] == 0x2e && bytes[1] == 0x2e }

    @inlinable func equals(_ other: Span<UInt8>) -> Bool {
        bytes.span.equals(other)
    }

    /// For logs.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// NAME_MAX.
    public static var maximumLength: Int { 255 }
}
