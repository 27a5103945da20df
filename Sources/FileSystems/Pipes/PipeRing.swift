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

    /// Segments that are not in use have no page.
    private var slots: [PipeSegment]
    private var head = 0
    /// Segments in use.
    private(set) var used = 0
    /// Bytes in all segments: FIONREAD.
    private(set) var byteCount = 0
    /// A page that a reader emptied, for the next write.
    private var spare: [UInt8] = []

    private static var empty: PipeSegment { PipeSegment(page: [], start: 0, end: 0, isPacket: false) }

    init(slots count: Int) { slots = .init(repeating: Self.empty, count: count) }

    var slotCount: Int { slots.count }
    var isEmpty: Bool { used == 0 }
    var isFull: Bool { used >= slots.count }

    /// Changes the number of slots.
    ///
    /// - Returns: false when more are in use.
    mutating func resize(slots count: Int) -> Bool {
        if count < used { return false }
        var new = [PipeSegment](repeating: Self.empty, count: count)
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
        if used == 0 { head = 0 }
        let i = index(used)
        swap(&slots[i].page, &spare)
        if slots[i].page.isEmpty { slots[i].page = [UInt8](repeating: 0, count: Self.pageBytes) }
        let taken = source.read(into: &slots[i].page, at: 0, count: min(Self.pageBytes, source.remaining))
        if taken == 0 || source.faulted {
            swap(&slots[i].page, &spare)
            return 0
        }
        slots[i].start = 0
        slots[i].end = taken
        slots[i].isPacket = packet
        used += 1
        byteCount += taken
        return taken
    }

    /// Lets the last page take all that `source` has beyond whole pages, as Linux does before it uses a slot.
    ///
    /// - Returns: bytes taken; nil when they do not fit there; 0 when not all could be read.
    mutating func merge(_ source: inout IOVector) -> Int? {
        let count = source.remaining & (Self.pageBytes - 1)
        if count == 0 || used == 0 { return nil }
        let last = index(used - 1)
        let end = slots[last].end
        if slots[last].isPacket || end + count > slots[last].page.count { return nil }
        // Written in place, unless tee shared the page.
        var taken = source.read(into: &slots[last].page, at: end, count: count)
        if source.faulted { taken = 0 }
        slots[last].end = end + taken
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
    /// - Returns: bytes given, whether a slot became free, and whether the segment was a packet.
    mutating func consume(into destination: inout IOVector) -> (count: Int, freed: Bool, wasPacket: Bool) {
        let (start, count, isPacket) = (slots[head].start, slots[head].count, slots[head].isPacket)
        let want = min(count, destination.remaining)
        // Taken out meanwhile, it need not be counted.
        var page: [UInt8] = []
        swap(&slots[head].page, &page)
        let given = destination.write(page, at: start, count: want)
        swap(&slots[head].page, &page)
        if given < want { return (0, false, false) }
        if given == count || isPacket {
            drop()
            return (given, true, isPacket)
        }
        slots[head].start = start + given
        byteCount -= given
        return (given, false, isPacket)
    }

    /// The segment `offset` places behind the first.
    func segment(_ offset: Int) -> PipeSegment? { offset < used ? slots[index(offset)] : nil }

    /// Takes the first segment out, or `limit` bytes from its front.
    mutating func popFirst(limit: Int) -> PipeSegment? {
        guard used > 0, limit > 0 else { return nil }
        var segment = slots[head]
        if segment.count > limit {
            segment.end = segment.start + limit
            slots[head].start += limit
            byteCount -= limit
            return segment
        }
        slots[head] = Self.empty
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

    private mutating func drop() {
        byteCount -= slots[head].count
        if spare.isEmpty { swap(&slots[head].page, &spare) } else { slots[head].page = [] }
        slots[head].start = 0
        slots[head].end = 0
        head = head + 1 == slots.count ? 0 : head + 1
        used -= 1
    }

    private func index(_ offset: Int) -> Int {
        let i = head + offset
        return i >= slots.count ? i - slots.count : i
    }
}
