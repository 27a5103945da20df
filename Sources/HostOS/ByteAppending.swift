extension Array where Element == UInt8 {
    /// The bytes of `span`.
    @inlinable
    public init(copying span: Span<UInt8>) {
        unsafe self.init(unsafeUninitializedCapacity: span.count) { room, count in
            for i in span.indices { unsafe room[i] = span[i] }
            count = span.count
        }
    }

    /// Appends an integer's bytes, the lowest first.
    @inlinable @inline(__always)
    public mutating func append<T: FixedWidthInteger & BitwiseCopyable>(littleEndian value: T) {
        var bytes = value.littleEndian
        unsafe Swift.withUnsafeBytes(of: &bytes) { unsafe append(contentsOf: $0) }
    }

    /// Appends the bytes of each word in turn, the lowest first: x86-64's own order.
    @inlinable @inline(__always)
    public mutating func append<let count: Int>(littleEndian words: InlineArray<count, UInt32>) {
        var copy = words
        unsafe Swift.withUnsafeBytes(of: &copy) { unsafe append(contentsOf: $0) }
    }

    /// The integer whose bytes begin at `offset`, the lowest first. Traps when they are not all there.
    @inlinable @inline(__always)
    public func load<T: FixedWidthInteger & BitwiseCopyable>(littleEndian type: T.Type, at offset: Int) -> T {
        precondition(offset >= 0 && count - offset >= MemoryLayout<T>.size)
        return T(littleEndian: unsafe span.bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
    }
}

extension Span where Element == UInt8 {
    /// Eight bytes from `offset` on, as they lie in memory.
    ///
    /// - Precondition: they are all there.
    @inlinable @inline(__always)
    public func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && count - offset >= 8)
        return unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }

    /// Whether `other` holds the same bytes.
    @inlinable @inline(__always)
    public func equals(_ other: Span<UInt8>) -> Bool {
        if count != other.count { return false }
        var i = 0
        while count - i >= 8 {
            if word(at: i) != other.word(at: i) { return false }
            i += 8
        }
        while i < count {
            if unsafe self[unchecked: i] != other[unchecked: i] { return false }
            i += 1
        }
        return true
    }
}
