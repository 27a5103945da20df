/// A piece of the stub's memory for trampolines, which the program does not see.
struct CodeZone {
    static let size: UInt64 = 64 << 10
    private static let granule: UInt64 = 16
    private static let granulesPerPage = 256

    let base: UInt64
    /// One bit per 16 bytes.
    private var used = [UInt64](repeating: 0, count: Int(size / granule / 64))

    init(base: UInt64) {
        self.base = base
        // The pointer to the stub's entry.
        used[0] = 1
    }

    /// Where the entry's address stands.
    var pointer: UInt64 { base }
    var end: UInt64 { base &+ Self.size }

    func contains(_ address: UInt64) -> Bool { address &- base < Self.size }

    private func isUsed(_ granule: Int) -> Bool { used[granule / 64] >> UInt64(granule % 64) & 1 != 0 }

    /// Takes a place for a trampoline of `length` bytes to which `plan` can jump, in a page that is in use if there is one.
    mutating func take(_ length: Int, for plan: SitePlan) -> UInt64? {
        let count = (length + Int(Self.granule) - 1) / Int(Self.granule)
        let pages = Int(Self.size / Self.granule) / Self.granulesPerPage
        let inUse = (0..<pages).map { page in used[(page * 4)..<(page * 4 + 4)].contains { $0 != 0 } }
        for wanted in [true, false] {
            for page in 0..<pages where inUse[page] == wanted {
                let first = page * Self.granulesPerPage
                for start in first...(first + Self.granulesPerPage - count) {
                    let address = base &+ UInt64(start) * Self.granule
                    if !isUsed(start), plan.admits(target: address), (start..<(start + count)).allSatisfy({ !isUsed($0) }) {
                        for i in start..<(start + count) { used[i / 64] |= 1 << UInt64(i % 64) }
                        return address
                    }
                }
            }
        }
        return nil
    }

    /// Gives a place back that no thread has ever been sent to.
    mutating func giveBack(_ address: UInt64, _ length: Int) {
        let first = Int((address &- base) / Self.granule)
        for i in first..<(first + (length + Int(Self.granule) - 1) / Int(Self.granule)) { used[i / 64] &= ~(1 << UInt64(i % 64)) }
    }
}

/// Where zones may lie.
enum ZonePlaces {
    /// Sites within this distance of a zone reach all of it.
    static let reach: UInt64 = 0x7ff0_0000

    /// Candidates for a new zone for `plan`, best first: `filler` says that the memory there is the stub's own reserve,
    /// which can be replaced; elsewhere it must be found free.
    ///
    /// - Parameters:
    ///   - mapping: the mapping that the site lies in.
    ///   - limit: the end of the program's address space; from there up to `fillEnd` everything is the stub's.
    static func candidates(_ plan: SitePlan, mapping: Range<UInt64>, limit: UInt64, fillEnd: UInt64) -> [(base: UInt64, isFiller: Bool)] {
        var places: [(base: UInt64, isFiller: Bool)] = []
        let site = plan.start
        // Above the limit, at a distance whose highest byte is an invalid opcode.
        for high: UInt64 in [0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61] {
            // Far enough that its neighbours below are served as well.
            for room: UInt64 in [0xf0_0000, 0x80_0000, 0] {
                let base = align(site &+ high << 24 &+ room)
                if base >= limit &+ CodeZone.size && base &+ CodeZone.size < fillEnd { places.append((base, true)) }
            }
        }
        if !places.isEmpty { return Array(places.prefix(8)) }
        // Below the program's code.
        for high: UInt64 in [0x16, 0x2c, 0x66, 0x7e] where site > high << 24 &+ 0x10_0000 {
            for room: UInt64 in [0x80_0000, 0x40_0000, 0xc0_0000] { places.append((align(site &- high << 24 &+ room), false)) }
        }
        if plan.stopsFourth { return places }
        for step: UInt64 in 1...12 where mapping.lowerBound > step << 20 &+ 0x1_0000 {
            places.append((align(mapping.lowerBound &- step << 20), false))
        }
        // Far above: where a heap gets last.
        for step: UInt64 in 0..<4 { places.append((align(site &+ 0x7800_0000 &- step << 24), false)) }
        return places.filter { $0.base >= 0x1_0000 && $0.base &+ CodeZone.size <= limit }
    }

    private static func align(_ address: UInt64) -> UInt64 { address & ~(CodeZone.size - 1) }
}
