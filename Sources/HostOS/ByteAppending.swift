extension Array where Element == UInt8 {
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
