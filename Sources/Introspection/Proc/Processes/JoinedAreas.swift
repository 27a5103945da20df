import Kernel

/// Mappings of which only this kernel's wish for huge pages tells two apart: the guest is shown what it would be without
/// (`HugePages`).
enum JoinedAreas {
    /// Whether nothing in /proc/PID/maps stands against it.
    static func mayBeOne(_ a: MemoryMaps.Area, _ b: MemoryMaps.Area) -> Bool {
        a.end == b.start && a.inode == 0 && b.inode == 0 && a.permissions == b.permissions && a.name == b.name
            && a.permissions.last == UInt8(ascii: "p")
    }

    /// - Parameter areas: as smaps has them, in the order of addresses.
    static func of(_ areas: [MemoryMaps.Area]) -> [MemoryMaps.Area] {
        var joined: [MemoryMaps.Area] = []
        var wasHuge = false
        for var area in areas {
            let isHuge = hide(&area)
            if let last = joined.last, isHuge != wasHuge, mayBeOne(last, area), flags(last) == flags(area) {
                joined[joined.count - 1].end = area.end
                joined[joined.count - 1].details = zip(last.details, area.details).map { sum($0, $1) }
            } else {
                joined.append(area)
            }
            wasHuge = isHuge
        }
        return joined
    }

    private static func flags(_ area: MemoryMaps.Area) -> [UInt8]? { area.details.first { $0.starts(with: "VmFlags:".utf8) } }

    /// Takes the mark away.
    ///
    /// - Returns: whether it was there.
    private static func hide(_ area: inout MemoryMaps.Area) -> Bool {
        guard let line = area.details.firstIndex(where: { $0.starts(with: "VmFlags:".utf8) }) else { return false }
        // Each word has a space behind it.
        let words = area.details[line].split(separator: 0x20)
        let others = words.filter { !$0.elementsEqual("hg".utf8) }
        if others.count == words.count { return false }
        area.details[line] = others.flatMap { Array($0) + [0x20] }
        if let eligible = area.details.firstIndex(where: { $0.starts(with: "THPeligible:".utf8) }) {
            area.details[eligible] = area.details[eligible].map { $0 == UInt8(ascii: "1") ? UInt8(ascii: "0") : $0 }
        }
        return true
    }

    /// Both lines of "Name:     number kB" in one; the first, when it is another kind or the same for all pages.
    private static func sum(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        if !a.reversed().starts(with: "Bk ".utf8) || a.starts(with: "KernelPageSize".utf8) || a.starts(with: "MMUPageSize".utf8) {
            return a
        }
        func number(_ line: [UInt8]) -> UInt64 {
            line.reduce(0) { (n, c) in c >= 0x30 && c <= 0x39 ? n &* 10 &+ UInt64(c - 0x30) : n }
        }
        let digits = Array(String(number(a) &+ number(b)).utf8)
        var line = Array(a.prefix { $0 != 0x3a })
        line.append(0x3a)
        let width = a.count - 3 - line.count
        line += [UInt8](repeating: 0x20, count: max(1, width - digits.count))
        line += digits
        line += Array(" kB".utf8)
        return line
    }
}
