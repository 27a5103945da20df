import LinuxABI
import Memory
import Testing

/// Pages that are there, and how often somebody has read.
private final class Pages: GuestMemory, @unchecked Sendable {
    var pages: [UInt64: [UInt8]] = [:]
    var reads = 0

    func put(_ bytes: [UInt8], at address: UInt64) {
        for (i, byte) in bytes.enumerated() {
            let at = address &+ UInt64(i)
            pages[at >> 12, default: [UInt8](repeating: 1, count: 4096)][Int(at & 4095)] = byte
        }
    }

    override func copyIn(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        reads += 1
        for i in 0..<buffer.count {
            let at = address.rawValue &+ UInt64(i)
            guard let page = pages[at >> 12] else { return i }
            unsafe buffer[i] = page[Int(at & 4095)]
        }
        return buffer.count
    }
}

@Suite struct PagewiseReaderTests {
    private let memory = Pages()

    private func read(_ address: UInt64, limit: Int = 1 << 20) throws -> [UInt8] {
        var reader = PagewiseReader(memory)
        return try reader.string(at: GuestAddress(address), limit: limit, tooLong: .E2BIG)
    }

    @Test func piecesOfOnePageAreReadOnce() throws {
        memory.put(Array("first\0second\0\0".utf8) + [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11], at: 0x5010)
        var reader = PagewiseReader(memory)
        // In any order.
        #expect(try reader.string(at: GuestAddress(0x5016), limit: 100, tooLong: .E2BIG) == Array("second".utf8))
        #expect(try reader.string(at: GuestAddress(0x5010), limit: 100, tooLong: .E2BIG) == Array("first".utf8))
        #expect(try reader.string(at: GuestAddress(0x501d), limit: 100, tooLong: .E2BIG) == [])
        #expect(try reader.word(at: GuestAddress(0x501e)) == 0x1122_3344_5566_7788)
        #expect(memory.reads == 1)
    }

    @Test func piecesMayLieOnTwoPages() throws {
        memory.put(Array("across\0".utf8), at: 0x5ffd)
        memory.put([1, 2, 3, 4, 5, 6, 7, 8], at: 0x6ffb)
        #expect(try read(0x5ffd) == Array("across".utf8))
        var reader = PagewiseReader(memory)
        #expect(try reader.word(at: GuestAddress(0x6ffb)) == 0x0807_0605_0403_0201)
    }

    @Test func longStringsEndAtTheirNUL() throws {
        let long = [UInt8](repeating: 7, count: 3 * 4096)
        memory.put(long + [0], at: 0x5123)
        #expect(try read(0x5123) == long)
        #expect(try read(0x5123, limit: long.count + 1) == long)
        #expect(throws: Errno.E2BIG) { try read(0x5123, limit: long.count) }
        #expect(throws: Errno.E2BIG) { try read(0x5123, limit: 0) }
    }

    @Test func whatIsNotThereFaults() throws {
        memory.put([5, 0], at: 0x5ffe)
        #expect(try read(0x5ffe) == [5])
        memory.put([5, 5], at: 0x7ffe)
        #expect(throws: Errno.EFAULT) { try read(0x7ffe) }
        var reader = PagewiseReader(memory)
        for place in [0, 0x7ff9, 0x8000, 0x7fff_ffff_fff8, 0xffff_ffff_ffff_fff9, .max] as [UInt64] {
            #expect(throws: Errno.EFAULT) { try reader.word(at: GuestAddress(place)) }
            #expect(throws: Errno.EFAULT) { try read(place) }
        }
        // And is looked for again.
        memory.put([9, 0], at: 0x8000)
        #expect(try read(0x7ffe) == [5, 5, 9])
    }

    @Test func theEndOfTheAddressSpaceIsNoEnd() throws {
        memory.put([1, 1], at: 0xffff_ffff_ffff_fffe)
        #expect(throws: Errno.EFAULT) { try read(0xffff_ffff_ffff_fffe) }
        var reader = PagewiseReader(memory)
        #expect(throws: Errno.EFAULT) { try reader.word(at: GuestAddress(0xffff_ffff_ffff_fffc)) }
    }
}
