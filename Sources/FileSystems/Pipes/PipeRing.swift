import Memory

/// One page of a pipe, or what is left of it. Pages are shared by reference count: tee copies none.
public struct PipeSegment: Sendable {
    var page: [UInt8]
    var start: Int
    var end: Int
    /// O_DIRECT: one write's bytes, which one read takes as a whole.
    var isPacket: Bool

    var count: Int { end - start }
}

/// The bytes in a pipe: a ring of segments, each of one page at most. Linux's counts and merges, since poll and partial
/// writes show them.
struct PipeRing {
    static var pageBytes: Int { 4096 }

    private var slots: [PipeSegment?]
    private var head = 0
    /// Segments in use.
    private(set) var used = 0
    /// Bytes in all segments: FIONREAD.
    private(set) var byteCount = 0
    /// A page that a reader emptied, for the next write.
    private var spare: [UInt8] = []

    init(slots count: Int) { slots = .init(repeating: nil, count: count) }

    var slotCount: Int { slots.count }
    var isEmpty: Bool { used == 0 }
    var isFull: Bool { used >= slots.count }

    /// Changes the number of slots.
    ///
    /// - Returns: false when more are in use.
    mutating func resize(slots count: Int) -> Bool {
        if count < used { return false }
        var new = [PipeSegment?](repeating: nil, count: count)
        for i in 0..<used { new[i] = slots[index(i)] }
        slots = new
        head = 0
        return true
    }

    /// Takes the next bytes of `source`: at most one page's, all of them or none.
    ///
    /// - Precondition: not full.
    /// - Returns: bytes taken; 0 when not all could be read.
    mutating func append(_ source: inout IOVector, packet: Bool) -> Int {
        var page = spare.isEmpty ? [UInt8](repeating: 0, count: Self.pageBytes) : spare
        spare = []
        let taken = source.read(into: &page, at: 0, count: min(Self.pageBytes, source.remaining))
        if taken == 0 || source.faulted {
            spare = page
            return 0
        }
        push(PipeSegment(page: page, start: 0, end: taken, isPacket: packet))
        return taken
    }

    /// Lets the last page take all that `source` has beyond whole pages, as Linux does before it uses a slot.
    ///
    /// - Returns: bytes taken; nil when they do not fit there; 0 when not all could be read.
    mutating func merge(_ source: inout IOVector) -> Int? {
        let count = source.remaining & (Self.pageBytes - 1)
        if count == 0 || used == 0 { return nil }
        let last = index(used - 1)
        guard let tail = slots[last], !tail.isPacket, tail.end + count <= tail.page.count else { return nil }
        // Taken out of its slot, so that the page is written in place unless tee shared it.
        slots[last] = nil
        var segment = tail
        var taken = source.read(into: &segment.page, at: segment.end, count: count)
        if source.faulted { taken = 0 }
        segment.end += taken
        slots[last] = segment
        byteCount += taken
        return taken
    }

    /// - Precondition: not full.
    mutating func push(_ segment: PipeSegment) {
        slots[index(used)] = segment
        used += 1
        byteCount += segment.count
    }

    /// Gives the bytes of the first segment to `destination`, and drops the segment when it is empty or a packet. Bytes
    /// that cannot all be stored stay.
    ///
    /// - Precondition: not empty.
    /// - Returns: bytes given, and whether a slot became free.
    mutating func consume(into destination: inout IOVector) -> (count: Int, freed: Bool) {
        guard let segment = slots[head] else { return (0, false) }
        let want = min(segment.count, destination.remaining)
        let given = destination.write(segment.page, at: segment.start, count: want)
        if given < want { return (0, false) }
        if segment.isPacket || given == segment.count {
            drop()
            return (given, true)
        }
        advance(given)
        return (given, false)
    }

    /// The segment `offset` places behind the first.
    func segment(_ offset: Int) -> PipeSegment? { offset < used ? slots[index(offset)] : nil }

    /// Takes the first segment out, or `limit` bytes from its front.
    mutating func popFirst(limit: Int) -> PipeSegment? {
        guard used > 0, limit > 0, var segment = slots[head] else { return nil }
        if segment.count > limit {
            segment.end = segment.start + limit
            advance(limit)
            return segment
        }
        slots[head] = nil
        head = head + 1 == slots.count ? 0 : head + 1
        used -= 1
        byteCount -= segment.count
        return segment
    }

    /// Puts a segment before the first; makes a slot when there is none.
    mutating func pushFirst(_ segment: PipeSegment) {
        if isFull { _ = resize(slots: slotCount + 1) }
        head = head == 0 ? slots.count - 1 : head - 1
        slots[head] = segment
        used += 1
        byteCount += segment.count
    }

    private mutating func advance(_ count: Int) {
        slots[head]?.start += count
        byteCount -= count
    }

    private mutating func drop() {
        guard let segment = slots[head] else { return }
        slots[head] = nil
        byteCount -= segment.count
        head = head + 1 == slots.count ? 0 : head + 1
        used -= 1
        if spare.isEmpty { spare = segment.page }
    }

    private func index(_ offset: Int) -> Int {
        let i = head + offset
        return i >= slots.count ? i - slots.count : i
    }
}
