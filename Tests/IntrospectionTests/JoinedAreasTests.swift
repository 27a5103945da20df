import Testing
@testable import Introspection

@Suite struct JoinedAreasTests {
    /// A mapping as smaps has it.
    func area(_ pages: Range<UInt64>, flags: String, permissions: String = "rw-p", name: String = "") -> MemoryMaps.Area {
        let kilobytes = UInt64(pages.count * 4)
        func line(_ name: String, _ value: UInt64) -> [UInt8] {
            let value = String(value)
            return Array((name + String(repeating: " ", count: 24 - name.utf8.count - value.utf8.count) + value + " kB").utf8)
        }
        return MemoryMaps.Area(start: pages.lowerBound << 12, end: pages.upperBound << 12, permissions: Array(permissions.utf8), offset: 0,
                               name: Array(name.utf8),
                               details: [line("Size:", kilobytes), line("KernelPageSize:", 4), line("Private_Hugetlb:", kilobytes / 2),
                                         Array("THPeligible:           \(flags.contains("hg") ? 1 : 0)".utf8), Array("VmFlags: \(flags) ".utf8)])
    }

    func text(_ areas: [MemoryMaps.Area]) -> [String] {
        areas.flatMap { ["\($0.start >> 12)-\($0.end >> 12)"] + $0.details.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test("What only the wish for huge pages tells apart is one mapping, without the mark, and its numbers are added up")
    func joined() {
        let areas = [area(0..<8, flags: "rd wr"), area(8..<508, flags: "rd hg wr"), area(508..<510, flags: "rd wr")]
        #expect(text(JoinedAreas.of(areas)) == [
            "0-510", "Size:               2040 kB", "KernelPageSize:        4 kB", "Private_Hugetlb:    1020 kB",
            "THPeligible:           0", "VmFlags: rd wr ",
        ])
    }

    @Test("What another flag, permission, name or a gap tells apart stays apart; so do two of a kind")
    func apart() {
        let first = area(0..<8, flags: "rd hg")
        for second in [area(8..<9, flags: "rd nr"), area(8..<9, flags: "rd", permissions: "r--p"), area(8..<9, flags: "rd", name: "[heap]"),
                       area(9..<10, flags: "rd"), area(8..<9, flags: "rd hg")] {
            #expect(JoinedAreas.of([first, second]).count == 2)
        }
        let shared = [area(0..<8, flags: "rd sh", permissions: "rw-s"), area(8..<9, flags: "rd sh hg", permissions: "rw-s")]
        #expect(JoinedAreas.of(shared).count == 2)
    }
}
