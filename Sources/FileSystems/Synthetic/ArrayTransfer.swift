import Memory

extension IOVector {
    /// Puts bytes of an array there, from `start` on.
    ///
    /// - Returns: how many were accepted.
    mutating func write(array: [UInt8], from start: Int = 0) -> Int {
        write(array, at: start, count: array.count - start)
    }
}
