/// The host's /proc/PID/maps and smaps as text.
enum MapLines {
    /// The mapping with exactly these permissions that `address` lies in.
    static func mapping(of address: UInt64, in text: [UInt8], permissions: StaticString) -> Range<UInt64>? {
        for line in text.split(separator: 0x0a) {
            guard let (range, rest) = range(line), range.contains(address) else { continue }
            let wanted = unsafe UnsafeBufferPointer(start: permissions.utf8Start, count: permissions.utf8CodeUnitCount)
            return unsafe rest.starts(with: wanted) ? range : nil
        }
        return nil
    }

    /// The lines without those about `hidden` mappings, and what follows them in smaps.
    static func without(_ hidden: [Range<UInt64>], _ text: [UInt8]) -> [UInt8] {
        if hidden.isEmpty { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var isHidden = false
        for line in text.split(separator: 0x0a) {
            if let (range, _) = range(line) { isHidden = hidden.contains { $0 == range } }
            if isHidden { continue }
            result.append(contentsOf: line)
            result.append(0x0a)
        }
        return result
    }

    /// "start-end " at the beginning of a line, and what follows; nil for another kind of line.
    private static func range(_ line: ArraySlice<UInt8>) -> (Range<UInt64>, ArraySlice<UInt8>)? {
        var at = line.startIndex
        guard let start = hex(line, &at), at < line.endIndex, line[at] == 0x2d else { return nil }
        at += 1
        guard let end = hex(line, &at), at < line.endIndex, line[at] == 0x20, start < end else { return nil }
        return (start..<end, line[(at + 1)...])
    }

    private static func hex(_ line: ArraySlice<UInt8>, _ at: inout Int) -> UInt64? {
        let begin = at
        var value: UInt64 = 0
        while at < line.endIndex {
            switch line[at] {
            case 0x30...0x39: value = value << 4 | UInt64(line[at] - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(line[at] - 0x57)
            default: return at > begin && at - begin <= 16 ? value : nil
            }
            at += 1
        }
        return nil
    }
}
