extension Array where Element == UInt8 {
    /// Appends `count` bytes of `source`, all of them or none.
    ///
    /// - Parameter count: 0 or more.
    /// - Returns: whether they could be read.
    public mutating func append(wholeOf source: inout IOVector, _ count: Int) -> Bool {
        if count <= 256 {
            return unsafe withUnsafeTemporaryAllocation(byteCount: 256, alignment: 16) { room in
                let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<count])
                if unsafe source.read(into: piece) < count { return false }
                unsafe append(contentsOf: UnsafeRawBufferPointer(piece))
                return true
            }
        }
        append(contentsOf: repeatElement(0, count: count))
        let taken = source.read(into: &self, at: self.count - count, count: count)
        if taken < count { removeLast(count) }
        return taken == count
    }
}

extension IOVector {
    /// Takes up to `count` bytes into `array` from `offset` on.
    ///
    /// - Precondition: `offset` and `count` lie within the array.
    /// - Returns: how many were taken: fewer when the vector is empty or a page cannot be read.
    public mutating func read(into array: inout [UInt8], at offset: Int, count: Int) -> Int {
        unsafe array.withUnsafeMutableBytes { bytes in
            unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
        }
    }

    /// Puts `count` bytes of `array` from `offset` on there.
    ///
    /// - Precondition: `offset` and `count` lie within the array.
    /// - Returns: how many were accepted: fewer when the vector is full or a page cannot be written.
    public mutating func write(_ array: [UInt8], at offset: Int, count: Int) -> Int {
        unsafe array.withUnsafeBytes { bytes in
            unsafe write(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
        }
    }
}
