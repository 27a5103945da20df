/// What was typed and not read yet: a ring of 4096 bytes with marks at the ends of lines.
///
/// Positions count up for ever and wrap; a byte lies at its position modulo the size. In canonical mode the bytes from
/// `lineStart` on are the line that is still being edited.
struct InputBuffer {
    static var size: UInt64 { 4096 }

    private var bytes = [UInt8](repeating: 0, count: Int(size))
    /// Bit n: the byte at n ends a line.
    private var marks = [UInt64](repeating: 0, count: Int(size) / 64)
    private(set) var tail: UInt64 = 0
    private(set) var head: UInt64 = 0
    private(set) var lineStart: UInt64 = 0

    var count: Int { Int(truncatingIfNeeded: head &- tail) }
    var hasLine: Bool { lineStart != tail }
    /// Bytes of the line that is being edited.
    var editable: Int { Int(truncatingIfNeeded: head &- lineStart) }

    private static func index(_ position: UInt64) -> Int { Int(truncatingIfNeeded: position & (size - 1)) }

    private func isMarked(_ position: UInt64) -> Bool {
        let i = Self.index(position)
        return marks[i / 64] & (1 << UInt64(i % 64)) != 0
    }

    private mutating func mark(_ position: UInt64, _ on: Bool) {
        let i = Self.index(position)
        if on { marks[i / 64] |= 1 << UInt64(i % 64) } else { marks[i / 64] &= ~(1 << UInt64(i % 64)) }
    }

    /// How many more bytes may come. A line that is being edited is never refused: when it fills the buffer, its last
    /// byte is given up for the next, so that its end can still come.
    mutating func room(canonical: Bool) -> Int {
        let left = Int(Self.size) - 1 - count
        if left > 0 { return left }
        if !canonical || hasLine { return 0 }
        if left < 0 { head &-= 1 }
        return 1
    }

    mutating func append(_ byte: UInt8) {
        bytes[Self.index(head)] = byte
        mark(head, false)
        head &+= 1
    }

    /// Ends the line with `byte`, which EOF leaves out when it is read: then it is 0.
    mutating func endLine(_ byte: UInt8) {
        bytes[Self.index(head)] = byte
        mark(head, true)
        head &+= 1
        lineStart = head
    }

    /// The byte at `offset` of the line that is being edited.
    func edited(_ offset: Int) -> UInt8 { bytes[Self.index(lineStart &+ UInt64(offset))] }

    /// Drops the last `n` bytes of the line that is being edited.
    mutating func erase(_ n: Int) { head &-= UInt64(min(n, editable)) }

    mutating func removeAll() {
        tail = head
        lineStart = head
        for i in marks.indices { marks[i] = 0 }
    }

    /// The terminal became canonical or ceased to be: what is there is one piece of text.
    mutating func changeMode(canonical: Bool) {
        for i in marks.indices { marks[i] = 0 }
        if canonical, count > 0 {
            mark(head &- 1, true)
            lineStart = head
            pushed = true
        } else {
            lineStart = tail
            pushed = false
        }
    }

    /// The mark at the end is a change of mode's, not that of a line.
    private var pushed = false

    /// Takes up to `limit` bytes, to the end of the first line at most. An EOF mark is taken with the bytes before it.
    mutating func readLine(_ limit: Int) -> [UInt8] {
        var out: [UInt8] = []
        while tail != lineStart {
            let isEnd = isMarked(tail)
            let byte = bytes[Self.index(tail)]
            let isEOF = isEnd && byte == 0 && !(pushed && tail &+ 1 == lineStart)
            if !isEOF, out.count >= limit { return out }
            mark(tail, false)
            tail &+= 1
            if tail == lineStart { pushed = false }
            if isEOF { return out }
            out.append(byte)
            if isEnd { return out }
        }
        return out
    }

    mutating func readBytes(_ limit: Int) -> [UInt8] {
        let n = min(max(0, limit), count)
        var out: [UInt8] = []
        out.reserveCapacity(n)
        for _ in 0..<n {
            out.append(bytes[Self.index(tail)])
            tail &+= 1
        }
        lineStart = tail
        return out
    }

    /// Bytes that reads would give: FIONREAD. EOF marks do not count.
    func readable(canonical: Bool) -> Int {
        if !canonical { return count }
        var n = 0
        var at = tail
        while at != lineStart {
            if !(isMarked(at) && bytes[Self.index(at)] == 0) { n += 1 }
            at &+= 1
        }
        return n
    }
}
