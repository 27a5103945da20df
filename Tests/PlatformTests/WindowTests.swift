import CStub
import Glibc
import Testing
@testable import Systrap

/// The Sentry's side of a slot, against a stub that is honest and one that is not.
@Suite struct WindowTests {
    /// A slot with guard pages of known bytes around it.
    final class Slot {
        let memory: UnsafeMutableRawPointer
        let base: UnsafeMutableRawPointer
        static let size = Int(STUB_SLOT_SIZE)
        static let margin = 1 << 16

        init() {
            unsafe memory = .allocate(byteCount: Slot.size + 2 * Slot.margin, alignment: 4096)
            unsafe memset(memory, 0xa5, Slot.size + 2 * Slot.margin)
            unsafe base = memory + Slot.margin
            unsafe memset(base, 0, Slot.size)
        }

        deinit { unsafe memory.deallocate() }

        var slot: UnsafeMutablePointer<CStub.stub_slot> { unsafe base.assumingMemoryBound(to: CStub.stub_slot.self) }
        var marshal: UnsafeMutableRawPointer { unsafe base + Int(STUB_MARSHAL_OFFSET) }

        func setRanges(_ ranges: [(address: UInt64, length: UInt32, place: UInt32)], used: UInt32 = 0) {
            unsafe marshal.storeBytes(of: UInt32(ranges.count), as: UInt32.self)
            unsafe (marshal + 4).storeBytes(of: used, as: UInt32.self)
            for (i, range) in ranges.enumerated() {
                unsafe (marshal + 8 + 16 * i).storeBytes(of: range.address, as: UInt64.self)
                unsafe (marshal + 16 + 16 * i).storeBytes(of: range.length, as: UInt32.self)
                unsafe (marshal + 20 + 16 * i).storeBytes(of: range.place, as: UInt32.self)
            }
        }

        /// What lies around the slot is as it was.
        var marginsAreWhole: Bool {
            for i in 0..<Slot.margin {
                if unsafe memory.load(fromByteOffset: i, as: UInt8.self) != 0xa5 { return false }
                if unsafe base.load(fromByteOffset: Slot.size + i, as: UInt8.self) != 0xa5 { return false }
            }
            return true
        }
    }

    private func bytes(_ count: Int, _ seed: UInt8 = 1) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) &+ seed } }

    private func put(_ window: inout Window, _ address: UInt64, _ data: [UInt8]) -> Int {
        unsafe data.withUnsafeBytes { unsafe window.put(address, from: $0) }
    }

    private func take(_ window: inout Window, _ address: UInt64, _ count: Int) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: count)
        let taken = unsafe room.withUnsafeMutableBytes { unsafe window.take(address, into: $0) }
        return Array(room[..<taken])
    }

    private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    /// A call whose ranges are in the slot.
    private func open(_ window: inout Window) {
        var words: Words = (0, 0, 0, 0, 0, 0)
        window.open(STUB_EVENT_CALL.rawValue, number: 0, &words)
    }

    /// A plain call with `length` bytes of input. Returns its arguments as they are seen.
    @discardableResult
    private func open(_ window: inout Window, _ number: UInt32, _ words: Words, length: UInt32 = 0, inline: Bool = false) -> [UInt64] {
        var words = words
        let flags = STUB_EVENT_PLAIN.rawValue | (inline ? STUB_EVENT_INLINE.rawValue : 0)
        window.open(STUB_EVENT_CALL.rawValue | flags | length << UInt32(STUB_EVENT_LENGTH_SHIFT), number: number, &words)
        return [words.0, words.1, words.2, words.3, words.4, words.5]
    }

    @Test func aPlainCallsOutputIsWhatTheTableSays() {
        let slot = Slot()
        var window = unsafe Window(slot: slot.base)
        // read(3, 0x1000, 100)
        #expect(open(&window, 0, (3, 0x1000, 100, 7, 8, 9)) == [3, 0x1000, 100, 7, 8, 9])
        #expect(window.writable(0x1000) == 100 && window.writable(0x1063) == 1 && window.writable(0x1064) == 0)
        #expect(window.writable(0xfff) == 0)
        #expect(put(&window, 0x1000, bytes(200)) == 100)
        #expect(take(&window, 0x1000, 1).isEmpty)
        _ = unsafe window.handOver(slot.slot)
        // fstat(3, 0x2000), and nothing at all for what no call is.
        open(&window, 5, (3, 0x2000, 0, 0, 0, 0))
        #expect(window.writable(0x2000) == 144)
        open(&window, 5, (3, 0, 0, 0, 0, 0))
        #expect(window.writable(0) == 0)
        for number: UInt32 in [511, 512, 513, 0x7fff_ffff, .max] {
            open(&window, number, (0x1000, 0x1000, 0x1000, 0x1000, 0x1000, 0x1000), length: 192)
            #expect(!window.isOpen && window.writable(0x1000) == 0 && take(&window, 0x1000, 1).isEmpty)
        }
    }

    @Test func aPlainCallsInputLiesBehindItsArguments() throws {
        let slot = Slot()
        var window = unsafe Window(slot: slot.base)
        // write(1, 0x1000, 10): the words behind are not arguments.
        let data = bytes(24)
        let words = data.withUnsafeBytes { w in (0..<3).map { w.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) } }
        #expect(open(&window, 1, (1, 0x1000, 10, words[0], words[1], words[2]), length: 10, inline: true) == [1, 0x1000, 10, 0, 0, 0])
        #expect(take(&window, 0x1000, 100) == Array(data[..<10]))
        #expect(take(&window, 0x1004, 3) == Array(data[4..<7]))
        #expect(take(&window, 0x100a, 1).isEmpty)
        #expect(window.writable(0x1000) == 0)
        // A command in between uses the line.
        unsafe slot.slot.pointee.words = (9, 9, 9, 9, 9, 9)
        let view = try #require(unsafe window.view(0x1002, 100))
        #expect(unsafe [UInt8](view) == Array(data[2..<10]))
        // More than fits there, or none that could.
        open(&window, 1, (1, 0x1000, 25, 0, 0, 0), length: 25, inline: true)
        #expect(take(&window, 0x1000, 1).isEmpty)
        open(&window, 16, (1, 0x1000, 25, 0, 0, 0), length: 8, inline: true)
        #expect(take(&window, 0x1000, 1).isEmpty)
    }

    @Test func aPlainCallsInputLiesInItsPlace() {
        let slot = Slot()
        var window = unsafe Window(slot: slot.base)
        let data = bytes(192)
        unsafe data.withUnsafeBytes { unsafe (slot.base + 64).copyMemory(from: $0.baseAddress!, byteCount: 192) }
        // stat(0x1000, 0x2000)
        #expect(open(&window, 4, (0x1000, 0x2000, 3, 4, 5, 6), length: 192) == [0x1000, 0x2000, 3, 4, 5, 6])
        #expect(take(&window, 0x1000, 4096) == data)
        #expect(window.writable(0x2000) == 144)
        open(&window, 4, (0x1000, 0x2000, 3, 4, 5, 6), length: 193)
        #expect(take(&window, 0x1000, 4096).isEmpty)
        // poll(0x3000, 2, 0): both.
        open(&window, 7, (0x3000, 2, 0, 0, 0, 0), length: 16)
        #expect(take(&window, 0x3008, 8) == Array(data[8..<16]))
        #expect(put(&window, 0x3000, bytes(16)) == 16)
    }

    @Test func inputIsFoundByItsAddress() {
        let slot = Slot()
        var window = unsafe Window(slot: slot.base)
        let data = bytes(100)
        unsafe data.withUnsafeBytes { unsafe (slot.base + 2000).copyMemory(from: $0.baseAddress!, byteCount: 100) }
        slot.setRanges([(0x1000, 100, 0), (0x2000, 100, 2000)])
        open(&window)
        #expect(take(&window, 0x2000, 100) == data)
        #expect(take(&window, 0x2010, 200) == Array(data[16...]))
        #expect(take(&window, 0x2064, 1).isEmpty)
        #expect(take(&window, 0x1fff, 1).isEmpty)
        // A range that may be written has brought nothing.
        #expect(take(&window, 0x1000, 1).isEmpty)
        window.close()
        #expect(take(&window, 0x2000, 1).isEmpty)
    }

    @Test func outputGoesWhereItMay() {
        let slot = Slot()
        var window = unsafe Window(slot: slot.base)
        slot.setRanges([(0x1000, 20000, 0)])
        open(&window)
        #expect(put(&window, 0x800, bytes(4)) == 0)
        #expect(!window.hasOutput)
        #expect(put(&window, 0x1000, bytes(16)) == 16)
        #expect(put(&window, 0x1100, bytes(300, 9)) == 300)
        #expect(put(&window, 0x2000, bytes(10000, 3)) == 10000)
        #expect(put(&window, 0x1000 + 19990, bytes(20)) == 10)
        #expect(window.isPending(0x1008, 1) && window.isPending(0x2000 + 9999, 4) && !window.isPending(0x1000 + 20000, 8))
        #expect(unsafe window.handOver(slot.slot) == 3 | 16 << 16)
        #expect(unsafe slot.slot.pointee.words.1 == 0x1000)
        #expect(!window.hasOutput)
        let output = unsafe slot.base + Int(STUB_OUTPUT_OFFSET)
        #expect(unsafe output.load(as: UInt64.self) == 0x1100)
        #expect(unsafe output.load(fromByteOffset: 8, as: UInt32.self) == 300)
        #expect(unsafe output.load(fromByteOffset: 12, as: UInt32.self) == 0)
        let next = unsafe output + 16 + 304
        let place = unsafe Int(next.load(fromByteOffset: 12, as: UInt32.self))
        #expect(place >= Int(STUB_WINDOW_OFFSET))
        let stored = unsafe [UInt8](UnsafeRawBufferPointer(start: slot.base + place, count: 10000))
        #expect(stored == bytes(10000, 3))
        #expect(unsafe window.handOver(slot.slot) == 0)
    }

    @Test func roomIsCarriedWithoutACopy() throws {
        let slot = Slot()
        var window = unsafe Window(slot: slot.base)
        slot.setRanges([(0x1000, 60000, 0)], used: 1000)
        open(&window)
        let room = try #require(unsafe window.room(0x1000, 50000))
        #expect(unsafe room.count == 50000)
        let offset = unsafe UnsafeRawPointer(room.baseAddress!) - UnsafeRawPointer(slot.base)
        #expect(offset >= Int(STUB_WINDOW_OFFSET) + 1000)
        #expect(unsafe window.put(0x1000, from: UnsafeRawBufferPointer(rebasing: room[..<40000])) == 40000)
        _ = unsafe window.handOver(slot.slot)
        #expect(unsafe (slot.base + Int(STUB_OUTPUT_OFFSET)).load(fromByteOffset: 12, as: UInt32.self) == UInt32(offset))
    }

    @Test func recordsAreBounded() {
        let slot = Slot()
        var window = unsafe Window(slot: slot.base)
        slot.setRanges([(0x1000, 60000, 0)])
        open(&window)
        var taken = 0
        while put(&window, 0x1000 + UInt64(taken) * 8, bytes(8)) == 8, taken < 1000 { taken += 1 }
        #expect(taken > 16 && taken < 100)
        #expect(slot.marginsAreWhole)
        _ = unsafe window.handOver(slot.slot)
        #expect(put(&window, 0x1000, bytes(8)) == 8)
    }

    @Test(arguments: 0..<8) func nothingThatStandsThereHurts(seed: Int) {
        let slot = Slot()
        var window = unsafe Window(slot: slot.base)
        var random = Random(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1)
        let interesting: [UInt32] = [0, 1, 7, 1023, 1024, 3071, 3072, 4096, 8192, 0x11fff, 0x12000, 0x12001, 0x7fff_ffff, 0x8000_0000,
                                     .max, .max - 7]
        for _ in 0..<20_000 {
            let kind = random.next() % 4
            if kind == 0 {
                unsafe (slot.marshal + Int(random.next() % 520)).storeBytes(of: UInt8(truncatingIfNeeded: random.next()), as: UInt8.self)
            } else {
                let word = interesting[Int(random.next() % UInt64(interesting.count))]
                unsafe (slot.marshal + Int(random.next() % 130) * 4).storeBytes(of: word, as: UInt32.self)
            }
            let address = random.next() % 3 == 0 ? random.next() : UInt64(interesting[Int(random.next() % UInt64(interesting.count))])
            if random.next() % 2 == 0 {
                open(&window)
            } else {
                let words: Words = (address, random.next() % 5000, address, random.next(), address, random.next())
                open(&window, UInt32(random.next() % 520), words, length: UInt32(random.next() % 256), inline: random.next() % 2 == 0)
            }
            _ = take(&window, address, Int(random.next() % 100_000))
            _ = put(&window, address, bytes(Int(random.next() % 2000)))
            if let room = unsafe window.room(address &+ 1, Int(random.next() % 100_000)) {
                let inside = unsafe UnsafeRawPointer(room.baseAddress!) >= UnsafeRawPointer(slot.base)
                    && room.baseAddress! + room.count <= slot.base + Slot.size
                #expect(inside)
                _ = unsafe window.put(address &+ 1, from: UnsafeRawBufferPointer(room))
            }
            if let view = unsafe window.view(address, Int(random.next() % 100_000)) {
                let inside = unsafe view.baseAddress! >= UnsafeRawPointer(slot.base)
                    && view.baseAddress! + view.count <= UnsafeRawPointer(slot.base) + Slot.size
                #expect(inside)
            }
            _ = window.writable(address)
            _ = unsafe window.handOver(slot.slot)
        }
        #expect(slot.marginsAreWhole)
    }

    /// A thread that changes every byte while the Sentry works with it.
    @Test func aFlippingThreadHurtsNobody() async {
        let slot = Slot()
        let flipper = unsafe Flipper(slot.marshal, 4096 - Int(STUB_MARSHAL_OFFSET))
        flipper.start()
        var window = unsafe Window(slot: slot.base)
        let data = bytes(700)
        for i in 0..<200_000 {
            if i % 64 == 0 { slot.setRanges([(0x1000, 5000, 0), (0x5000, 300, 2000), (0x9000, 9000, UInt32(STUB_WINDOW_OFFSET))]) }
            open(&window)
            _ = take(&window, 0x5000, 300)
            _ = take(&window, 0x9000, 9000)
            _ = put(&window, 0x1000, data)
            if let room = unsafe window.room(0x1000, 5000) { _ = unsafe window.put(0x1000, from: UnsafeRawBufferPointer(room)) }
            _ = unsafe window.handOver(slot.slot)
        }
        flipper.stop()
        #expect(slot.marginsAreWhole)
    }
}

private struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Changes bytes at random until it is stopped.
private final class Flipper: @unchecked Sendable {
    private let start_: UnsafeMutableRawPointer
    private let count: Int
    private let done = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    private var thread = pthread_t()

    init(_ start: UnsafeMutableRawPointer, _ count: Int) {
        unsafe start_ = start
        self.count = count
        unsafe done.initialize(to: 0)
    }

    func start() {
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe pthread_create(&thread, nil, { raw in
            let flipper = unsafe Unmanaged<Flipper>.fromOpaque(raw!).takeRetainedValue()
            flipper.run()
            return unsafe nil
        }, context)
    }

    private func run() {
        var random = Random(state: 88172645463325252)
        while unsafe done.pointee == 0 {
            for _ in 0..<1000 {
                let word = random.next()
                unsafe (start_ + Int(word % UInt64(count))).storeBytes(of: UInt8(truncatingIfNeeded: word >> 32), as: UInt8.self)
            }
        }
    }

    func stop() {
        unsafe done.pointee = 1
        unsafe pthread_join(thread, nil)
        unsafe done.deallocate()
    }
}
