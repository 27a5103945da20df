import HostOS

/// The known names of one directory: open addressing, linear probing. Empty tables own no memory.
struct DentryTable {
    private var hashes: [UInt32] = []
    private var slots: [Dentry?] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Keyed by a secret of this process, so that a guest cannot choose names that collide.
    static func hash(_ name: Span<UInt8>) -> UInt32 { hash(name, keys) }

    static func hash(_ name: Span<UInt8>, _ keys: Keys) -> UInt32 {
        var h = keys.start ^ UInt64(truncatingIfNeeded: name.count)
        var i = 0
        while name.count - i >= 8 {
            h = mix(h ^ name.word(at: i), keys)
            i += 8
        }
        var rest: UInt64 = 0
        while i < name.count {
            rest = rest << 8 | UInt64(unsafe name[unchecked: i])
            i += 1
        }
        h = mix(h ^ rest, keys)
        return UInt32(truncatingIfNeeded: h ^ h >> 32)
    }

    /// Both halves of a product with a secret odd number, folded.
    @inline(__always)
    private static func mix(_ value: UInt64, _ keys: Keys) -> UInt64 {
        let product = value.multipliedFullWidth(by: keys.multiplier)
        return product.high ^ product.low
    }

    /// This process's.
    struct Keys {
        let start = UInt64.random(in: .min ... .max)
        let multiplier = UInt64.random(in: .min ... .max) | 0x8000_0001_0000_0001
    }

    static let keys = Keys()

    func find(_ name: Span<UInt8>, _ hash: UInt32) -> Dentry? {
        if count == 0 { return nil }
        let mask = slots.count - 1
        var i = Int(hash) & mask
        while let d = slots[i] {
            if hashes[i] == hash, d.nameStorage.equals(name) { return d }
            i = (i + 1) & mask
        }
        return nil
    }

    /// Puts `dentry` in, in place of one with the same name, which is returned.
    mutating func replace(_ dentry: Dentry) -> Dentry? {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        let mask = slots.count - 1
        var i = Int(dentry.hash) & mask
        while let d = slots[i] {
            if hashes[i] == dentry.hash, d.nameStorage == dentry.nameStorage {
                slots[i] = dentry
                return d
            }
            i = (i + 1) & mask
        }
        hashes[i] = dentry.hash
        slots[i] = dentry
        count += 1
        return nil
    }

    mutating func remove(_ dentry: Dentry) {
        if count == 0 { return }
        let mask = slots.count - 1
        var i = Int(dentry.hash) & mask
        while let d = slots[i] {
            if d === dentry {
                vacate(i)
                return
            }
            i = (i + 1) & mask
        }
    }

    /// Moves those behind slot `i` up, so that no probe ends early.
    private mutating func vacate(_ slot: Int) {
        let mask = slots.count - 1
        var hole = slot
        var i = (hole + 1) & mask
        while slots[i] != nil {
            let home = Int(hashes[i]) & mask
            if (i &- home) & mask >= (i &- hole) & mask {
                hashes[hole] = hashes[i]
                slots[hole] = slots[i]
                hole = i
            }
            i = (i + 1) & mask
        }
        slots[hole] = nil
        count -= 1
        if count == 0 {
            hashes = []
            slots = []
        }
    }

    private mutating func grow() {
        let old = slots
        let oldHashes = hashes
        let size = max(4, old.count * 2)
        slots = [Dentry?](repeating: nil, count: size)
        hashes = [UInt32](repeating: 0, count: size)
        for (i, dentry) in old.enumerated() where dentry != nil {
            var at = Int(oldHashes[i]) & (size - 1)
            while slots[at] != nil { at = (at + 1) & (size - 1) }
            slots[at] = dentry
            hashes[at] = oldHashes[i]
        }
    }

    /// Empties the table.
    ///
    /// - Returns: what was in it.
    mutating func takeAll() -> [Dentry] {
        let all = slots.compactMap { $0 }
        self = DentryTable()
        return all
    }

    var all: [Dentry] { slots.compactMap { $0 } }

    /// Takes those out that nothing but this table refers to and `mayGo` lets go.
    ///
    /// - Returns: what was taken out, to be released without the directory's lock.
    mutating func takeUnused(_ mayGo: (Dentry) -> Bool) -> [Dentry] {
        var gone: [Dentry] = []
        var kept: [Dentry] = []
        for i in slots.indices where slots[i] != nil {
            let unused = isKnownUniquelyReferenced(&slots[i])
            guard let dentry = slots[i] else { continue }
            if unused, mayGo(dentry) { gone.append(dentry) } else { kept.append(dentry) }
        }
        if gone.isEmpty { return gone }
        self = DentryTable()
        for dentry in kept { _ = replace(dentry) }
        return gone
    }
}
