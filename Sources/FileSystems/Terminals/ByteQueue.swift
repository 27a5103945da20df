/// Bytes in the order in which they came, in a ring that grows up to a limit.
struct ByteQueue {
    private var ring: [UInt8] = []
    private var first = 0
    private(set) var count = 0
    let limit: Int

    /// - Parameter limit: the most bytes it takes; a power of two.
    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { count == 0 }
    var room: Int { limit - count }

    /// Adds `byte`; nothing happens when the queue is full.
    mutating func append(_ byte: UInt8) {
        if count == limit { return }
        if count == ring.count { grow() }
        ring[(first + count) & (ring.count - 1)] = byte
        count += 1
    }

    mutating func append(_ bytes: some Sequence<UInt8>) { for b in bytes { append(b) } }

    mutating func removeFirst() -> UInt8? {
        if count == 0 { return nil }
        let byte = ring[first]
        first = (first + 1) & (ring.count - 1)
        count -= 1
        return byte
    }

    /// Takes up to `limit` bytes from the front.
    mutating func take(_ limit: Int) -> [UInt8] {
        let n = min(max(0, limit), count)
        if n == 0 { return [] }
        let upper = min(n, ring.count - first)
        var bytes = Array(ring[first..<(first + upper)])
        if upper < n { bytes.append(contentsOf: ring[0..<(n - upper)]) }
        first = (first + n) & (ring.count - 1)
        count -= n
        if count == 0 { first = 0 }
        return bytes
    }

    mutating func removeAll() {
        first = 0
        count = 0
    }

    private mutating func grow() {
        let old = take(count)
        ring = [UInt8](repeating: 0, count: max(256, min(limit, 2 * ring.count)))
        first = 0
        for (i, byte) in old.enumerated() { ring[i] = byte }
        count = old.count
    }
}
