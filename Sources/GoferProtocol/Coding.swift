public import HostOS
public import LinuxABI

/// Appends a message's fields to a buffer that is used again for the next message.
public struct Encoder: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func reset() { bytes.removeAll(keepingCapacity: true) }

    public var count: Int { bytes.count }

    /// Drops what was appended after the first `count` bytes.
    public mutating func truncate(to count: Int) { bytes.removeLast(max(0, bytes.count - count)) }

    public mutating func u8(_ value: UInt8) { bytes.append(value) }
    public mutating func u16(_ value: UInt16) { integer(value) }
    public mutating func u32(_ value: UInt32) { integer(value) }
    public mutating func u64(_ value: UInt64) { integer(value) }

    /// At most 65535 bytes: what is longer was refused before.
    public mutating func bytes(_ value: ArraySlice<UInt8>) {
        let count = min(value.count, Int(UInt16.max))
        u16(UInt16(count))
        bytes.append(contentsOf: value[value.startIndex..<value.startIndex + count])
    }

    public mutating func bytes(_ value: [UInt8]) { bytes(value[...]) }

    public mutating func time(_ time: HostTime) {
        u64(UInt64(bitPattern: time.seconds))
        u32(time.nanoseconds)
    }

    public mutating func place(_ place: Place) {
        u64(place.handle)
        bytes(place.name)
    }

    /// Whole words, in one go.
    mutating func words<let count: Int>(_ words: InlineArray<count, UInt32>) { bytes.append(littleEndian: words) }

    @inline(__always)
    private mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) { bytes.append(littleEndian: value) }

    /// Overwrites the u8 at `offset`.
    public mutating func patch(byte: UInt8, at offset: Int) {
        guard offset >= 0, offset < bytes.count else { return }
        bytes[offset] = byte
    }

    /// Overwrites the u16 at `offset`.
    public mutating func patch(_ value: UInt16, at offset: Int) {
        guard offset >= 0, offset + 2 <= bytes.count else { return }
        bytes[offset] = UInt8(truncatingIfNeeded: value)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
}

/// Takes a message's fields out of a buffer. Whatever is in there: a field that reaches beyond the end throws EBADMSG.
public struct Decoder: Sendable {
    private let buffer: [UInt8]
    private var offset: Int
    private let end: Int

    public init(_ buffer: [UInt8], count: Int) {
        self.buffer = buffer
        offset = 0
        end = min(max(count, 0), buffer.count)
    }

    public var remaining: Int { end - offset }

    public mutating func u8() throws(Errno) -> UInt8 { try integer() }
    public mutating func u16() throws(Errno) -> UInt16 { try integer() }
    public mutating func u32() throws(Errno) -> UInt32 { try integer() }
    public mutating func u64() throws(Errno) -> UInt64 { try integer() }

    public mutating func bytes(limit: Int) throws(Errno) -> ArraySlice<UInt8> {
        let count = Int(try u16())
        guard count <= remaining else { throw .EBADMSG }
        guard count <= limit else { throw .ENAMETOOLONG }
        defer { offset += count }
        return buffer[offset..<offset + count]
    }

    public mutating func time() throws(Errno) -> HostTime {
        let seconds = try u64()
        let nanoseconds = try u32()
        return HostTime(seconds: Int64(bitPattern: seconds), nanoseconds: nanoseconds)
    }

    /// Nothing may follow the last field.
    public func finish() throws(Errno) {
        guard remaining == 0 else { throw .EBADMSG }
    }

    @inline(__always)
    private mutating func integer<T: FixedWidthInteger & BitwiseCopyable>() throws(Errno) -> T {
        let size = MemoryLayout<T>.size
        guard size <= remaining else { throw .EBADMSG }
        defer { offset += size }
        return buffer.load(littleEndian: T.self, at: offset)
    }
}
