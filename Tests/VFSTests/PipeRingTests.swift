import LinuxABI
import Memory
import Testing
@testable import FileSystems

/// The ring of a pipe against a plain list of bytes.
@Suite struct PipeRingTests {
    private func put(_ ring: inout PipeRing, _ bytes: [UInt8], packet: Bool = false) -> Int {
        var source = IOVector(KernelBuffer(bytes))
        var done = packet ? 0 : ring.merge(&source) ?? 0
        while source.remaining > 0, !ring.isFull { done += ring.append(&source, packet: packet) }
        return done
    }

    private func take(_ ring: inout PipeRing, _ count: Int) -> [UInt8] {
        let buffer = KernelBuffer(count: count)
        var destination = IOVector(buffer)
        var done = 0
        while !ring.isEmpty, destination.remaining > 0 {
            let step = ring.consume(into: &destination)
            done += step.count
            if step.wasPacket { break }
        }
        return Array(buffer.bytes[..<done])
    }

    @Test func keepsTheOrderOfBytes() {
        var ring = PipeRing(slots: 4)
        var model: [UInt8] = []
        var next: UInt8 = 0
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            if Bool.random(using: &random) {
                let count = Int.random(in: 1...6000, using: &random)
                let bytes = (0..<count).map { _ in next &+= 1; return next }
                let done = put(&ring, bytes)
                model += bytes[..<done]
                next = model.last ?? next
            } else {
                let count = Int.random(in: 1...9000, using: &random)
                let got = take(&ring, count)
                #expect(got == Array(model.prefix(count)))
                model.removeFirst(got.count)
            }
            #expect(ring.byteCount == model.count && ring.isEmpty == model.isEmpty)
        }
    }

    @Test func joinsSmallWritesInOnePage() {
        var ring = PipeRing(slots: 2)
        for i in 0..<4096 { #expect(put(&ring, [UInt8(truncatingIfNeeded: i)]) == 1) }
        #expect(ring.used == 1)
        #expect(put(&ring, [1]) == 1 && ring.used == 2)
        #expect(take(&ring, 5000).count == 4097)
    }

    @Test func packetsStayWhole() {
        var ring = PipeRing(slots: 4)
        _ = put(&ring, [1, 2, 3], packet: true)
        _ = put(&ring, [4, 5], packet: true)
        #expect(take(&ring, 2) == [1, 2])
        #expect(take(&ring, 10) == [4, 5])
        #expect(ring.isEmpty && ring.byteCount == 0)
    }

    @Test func aSharedPageIsNotWrittenInPlace() {
        var ring = PipeRing(slots: 4)
        _ = put(&ring, [1, 2])
        let shared = ring.segment(0)
        _ = put(&ring, [3])
        #expect(shared?.page.prefix(3) == [1, 2, 0])
        #expect(take(&ring, 10) == [1, 2, 3])
    }
}
