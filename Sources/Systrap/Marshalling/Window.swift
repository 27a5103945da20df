import CHostOS
import CStub
import Glibc
import Stubs

/// What a slot carries of the call at hand: the input that the stub has brought, and the output that it is to deliver
/// (CStub/marshal.c). Used by the context's own thread.
///
/// Everything in the slot can be changed by the guest at any time: each word is read once, and checked against the slot's
/// bounds. Bytes come out as copies. What the Sentry has left there it does not read again.
@safe struct Window {
    /// The slot's start.
    private let base: UnsafeMutableRawPointer
    /// A call is at hand of which the slot carries something.
    private(set) var isOpen = false
    /// It is plain: its ranges are what the table of calls gives. Otherwise the stub has filled a table of ranges.
    private var isPlain = false
    /// A plain call's entry in the table.
    private var items: UnsafePointer<UInt16>
    /// The words of its event: arguments, and perhaps input behind them.
    private var words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    /// How long its input is, and where in the slot: before `STUB_INPUT_OFFSET` it is in `words`.
    private var inputLength = 0, inputPlace = 0

    // Output that waits for delivery: one small piece for the command's own line, records in the control page, and bytes
    // in the window.
    private var compactLength = 0
    private var compactAddress: UInt64 = 0
    private var compact: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var records: UInt32 = 0
    private var recordBytes = 0
    /// The window's next free byte; nil while the stub has not been asked how much of it is input.
    private var cursor: Int?
    /// What may be written besides, by what the stub has found since.
    private var later: (address: UInt64, count: UInt64) = (0, 0)
    /// The first and the last address that something waits for.
    private var lowest = UInt64.max, highest: UInt64 = 0
    /// How much of the window has been in use.
    private(set) var reach = 0
    /// Lines are demoted for the stub (`Demotion`).
    var demotes = false

    static var capacity: Int { Int(STUB_WINDOW_SIZE) }
    private static var slotSize: Int { Int(STUB_SLOT_SIZE) }
    /// Where the words of an event begin.
    private static var wordsOffset: Int { 16 }
    private static var marshalOffset: Int { Int(STUB_MARSHAL_OFFSET) }
    private static var outputOffset: Int { Int(STUB_OUTPUT_OFFSET) }
    private static var outputRoom: Int { 4096 - outputOffset }
    private static var windowOffset: Int { Int(STUB_WINDOW_OFFSET) }
    private static var recordSize: Int { 16 }
    /// Output up to this size lies with its record.
    private static var inlineLimit: Int { 512 }

    init(slot: UnsafeMutableRawPointer) {
        unsafe base = slot
        unsafe items = MarshalTable.items(0)
    }

    /// A call has come.
    ///
    /// - Parameters:
    ///   - event: its flags.
    ///   - arguments: the words of the event. Those that held input are 0 afterwards.
    @inline(__always)
    mutating func open(_ event: UInt32, number: UInt32, _ arguments: inout (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)) {
        unsafe items = MarshalTable.items(number)
        cursor = nil
        later = (0, 0)
        let head = unsafe items.pointee
        isOpen = head & 0xff != 0
        isPlain = event & STUB_EVENT_PLAIN.rawValue != 0
        if !isPlain { return }
        words = arguments
        inputLength = Int(event >> UInt32(STUB_EVENT_LENGTH_SHIFT) & 0xff)
        inputPlace = Int(STUB_INPUT_OFFSET)
        var room = Int(STUB_INPUT_LIMIT)
        if event & STUB_EVENT_INLINE.rawValue != 0 {
            let free = min(Int(head >> 12), 6)
            inputPlace = Self.wordsOffset + 8 * (6 - free)
            room = free * 8
            Self.clear(&arguments, last: free)
        }
        if inputLength > room { inputLength = 0 }
        fetchOutputLines()
    }

    /// Output of a fixed size that is too large for the command's own line goes to lines that the stub's processor has had
    /// last: they come while the call is made.
    @inline(__always)
    private func fetchOutputLines() {
        for i in 1..<3 {
            let item = unsafe UInt32(items[i])
            if item & 31 != STUB_ITEM_OUT.rawValue || item >> 8 <= STUB_COMPACT_LIMIT / 4 { continue }
            var offset = 0
            while offset < Self.recordSize + Int(item >> 8) * 4 {
                unsafe host_prefetch_write(base + (Self.outputOffset + offset))
                offset += 64
            }
        }
    }

    private static func clear(_ words: inout (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64), last count: Int) {
        if count > 0 { words.5 = 0 }
        if count > 1 { words.4 = 0 }
        if count > 2 { words.3 = 0 }
        if count > 3 { words.2 = 0 }
        if count > 4 { words.1 = 0 }
    }

    /// The call is over, or its input is no longer what stands in the slot.
    mutating func close() { isOpen = false }

    // MARK: Input

    /// Looks for the range that holds `address`.
    ///
    /// - Returns: where it is in the slot (0: nowhere, it may be written), and the bytes from `address` to its end.
    @inline(__always)
    private func find(_ address: UInt64, output: Bool) -> (place: Int, count: Int)? {
        if output {
            let offset = address &- later.address
            if offset < later.count { return (0, Int(later.count &- offset)) }
        }
        if isPlain { return findPlain(address, output: output) }
        var at = unsafe base + Self.marshalOffset
        let count = min(unsafe host_load32(at), UInt32(STUB_RANGES))
        unsafe at += 8
        var i: UInt32 = 0
        while i < count {
            let start = unsafe host_load64(at), length = unsafe UInt64(host_load32(at + 8)), place = unsafe host_load32(at + 12)
            let offset = address &- start
            if offset < length, (place == 0) == output {
                let first = Int(place), end = first &+ Int(length)
                if !output, first < Self.marshalOffset || end > Self.slotSize { return nil }
                return (first &+ Int(offset), Int(length &- offset))
            }
            unsafe at += Self.recordSize
            i &+= 1
        }
        return nil
    }

    /// The same for a plain call.
    private func findPlain(_ address: UInt64, output: Bool) -> (place: Int, count: Int)? {
        for i in 1..<Int(STUB_MARSHAL_WORDS) {
            let item = unsafe UInt32(items[i])
            if item == 0 { break }
            let kind = item & 31
            if kind > STUB_ITEM_BOTH_COUNTED.rawValue { break }
            let isInput = kind == STUB_ITEM_PATH.rawValue || kind == STUB_ITEM_IN.rawValue
                || kind == STUB_ITEM_IN_COUNTED.rawValue
            if output ? isInput : !isInput && kind < STUB_ITEM_BOTH.rawValue { continue }
            let start = word(item >> 5), offset = address &- start
            if start == 0 { continue }
            if !output {
                if offset >= UInt64(inputLength) { continue }
                return (inputPlace + Int(offset), inputLength - Int(offset))
            }
            let isCounted = kind == STUB_ITEM_OUT_COUNTED.rawValue || kind == STUB_ITEM_OUT_COUNTED_PROBED.rawValue
                || kind == STUB_ITEM_BOTH_COUNTED.rawValue
            let parameter = item >> 8
            let length = isCounted ? counted(word(parameter), parameter >> 3) : UInt64(parameter) * 4
            if offset < length { return (0, Int(length &- offset)) }
        }
        return nil
    }

    /// One of the call's words.
    private func word(_ index: UInt32) -> UInt64 {
        switch index & 7 {
        case 0: words.0
        case 1: words.1
        case 2: words.2
        case 3: words.3
        case 4: words.4
        default: words.5
        }
    }

    private func counted(_ count: UInt64, _ unit: UInt32) -> UInt64 {
        let count = count & 0xffff_ffff
        if unit == STUB_UNIT_BYTE { return count }
        if unit == STUB_UNIT_BIT { return (count + 63) / 64 * 8 }
        return count * UInt64(unit) * 2
    }

    /// Copies input that was brought.
    ///
    /// - Returns: how many bytes: 0 when the first was not brought.
    @inline(__always)
    mutating func take(_ address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard isOpen, let (place, present) = find(address, output: false), let target = buffer.baseAddress else { return 0 }
        let count = min(present, buffer.count)
        if place < Int(STUB_INPUT_OFFSET) {
            unsafe withUnsafeBytes(of: words) { w in
                _ = unsafe memcpy(target, w.baseAddress! + (place - Self.wordsOffset), count)
            }
            return count
        }
        unsafe memcpy(target, base + place, count)
        noteUse(place, count)
        return count
    }

    /// The brought bytes from `address` on themselves, at most `count`: the guest can change them while they are looked at.
    mutating func view(_ address: UInt64, _ count: Int) -> UnsafeRawBufferPointer? {
        guard isOpen, let (place, present) = find(address, output: false) else { return nil }
        let taken = min(present, count)
        if place < Int(STUB_INPUT_OFFSET) {
            let kept = unsafe base + Int(STUB_KEPT_OFFSET)
            unsafe kept.storeBytes(of: words, as: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64).self)
            return unsafe UnsafeRawBufferPointer(start: kept + (place - Self.wordsOffset), count: taken)
        }
        noteUse(place, taken)
        return unsafe UnsafeRawBufferPointer(start: base + place, count: taken)
    }

    private mutating func noteUse(_ place: Int, _ count: Int) { reach = max(reach, place + count - Self.windowOffset) }

    // MARK: Output

    /// How many bytes from `address` on may be written, by what the stub has found.
    func writable(_ address: UInt64) -> Int { isOpen ? find(address, output: true)?.count ?? 0 : 0 }

    /// Whether something waits for delivery.
    var hasOutput: Bool { compactLength > 0 || records > 0 }

    /// Whether some of it may lie in the window.
    var hasWindowOutput: Bool { records > 0 }

    /// Whether something waits for delivery within [address, address + count), or near it.
    func isPending(_ address: UInt64, _ count: Int) -> Bool {
        address < highest && address &+ UInt64(truncatingIfNeeded: count) > lowest
    }

    /// Leaves output for the stub to deliver.
    ///
    /// - Returns: how many bytes: fewer when not all of it may be written or there is no room.
    mutating func put(_ address: UInt64, from bytes: UnsafeRawBufferPointer) -> Int {
        guard isOpen, let source = bytes.baseAddress, let (_, writable) = find(address, output: true) else { return 0 }
        let count = min(writable, bytes.count)
        if count <= Int(STUB_COMPACT_LIMIT), !hasOutput {
            compactAddress = address
            compactLength = count
            unsafe withUnsafeMutableBytes(of: &compact) { unsafe $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: count)) }
        } else {
            guard unsafe record(address, source, count) else { return 0 }
        }
        lowest = min(lowest, address)
        highest = max(highest, address &+ UInt64(count))
        return count
    }

    private mutating func record(_ address: UInt64, _ source: UnsafeRawPointer, _ count: Int) -> Bool {
        if recordBytes + Self.recordSize > Self.outputRoom { return false }
        let at = unsafe base + (Self.outputOffset + recordBytes)
        let place: Int
        let offset = unsafe source - UnsafeRawPointer(base) - Self.windowOffset
        if offset >= 0, offset <= Self.capacity - count {
            // Produced in the window itself.
            place = Self.windowOffset + offset
            cursor = max(cursor ?? 0, Self.rounded(offset + count))
            recordBytes += Self.recordSize
        } else if count <= Self.inlineLimit, recordBytes + Self.recordSize + Self.rounded(count) <= Self.outputRoom {
            place = 0
            unsafe memcpy(at + Self.recordSize, source, count)
            recordBytes += Self.recordSize + Self.rounded(count)
        } else {
            let free = start()
            if free + count > Self.capacity { return false }
            place = Self.windowOffset + free
            unsafe memcpy(base + place, source, count)
            cursor = Self.rounded(free + count)
            recordBytes += Self.recordSize
        }
        if place != 0 { noteUse(place, count) }
        unsafe at.storeBytes(of: address, as: UInt64.self)
        unsafe (at + 8).storeBytes(of: UInt32(truncatingIfNeeded: count), as: UInt32.self)
        unsafe (at + 12).storeBytes(of: UInt32(truncatingIfNeeded: place), as: UInt32.self)
        if demotes && place == 0 { unsafe Self.demote(at, Self.recordSize + count) }
        records += 1
        return true
    }

    private static func demote(_ start: UnsafeMutableRawPointer, _ count: Int) {
        var offset = 0
        while offset < count {
            unsafe host_demote(start + offset)
            offset += 64
        }
    }

    private static func rounded(_ count: Int) -> Int { (count + 7) & ~7 }

    /// The first free byte of the window.
    private mutating func start() -> Int {
        if let cursor { return cursor }
        let used = min(unsafe host_load32(base + (Self.marshalOffset + 4)), UInt32(STUB_WINDOW_SIZE))
        let first = Self.rounded(Int(used))
        cursor = first
        return first
    }

    /// Lets output go to `count` bytes from `address` on.
    mutating func allow(_ address: UInt64, _ count: Int) { later = (address, UInt64(count)) }

    /// Room in the window for output to `address`, which `put` carries from there without a copy.
    ///
    /// - Returns: nil when there is less than a page of it.
    mutating func room(_ address: UInt64, _ count: Int) -> UnsafeMutableRawBufferPointer? {
        guard isOpen, let (_, writable) = find(address, output: true) else { return nil }
        // Aligned for the host's copies.
        let free = (start() + 63) & ~63
        let length = min(min(writable, count), Self.capacity - free)
        if length < min(count, 4096) { return nil }
        return unsafe UnsafeMutableRawBufferPointer(start: base + (Self.windowOffset + free), count: length)
    }

    /// Puts into a command's operands what there is to deliver; it counts as delivered then.
    ///
    /// - Returns: what goes into the command's `number`.
    @inline(__always)
    mutating func handOver(_ slot: UnsafeMutablePointer<CStub.stub_slot>) -> UInt32 {
        if !hasOutput { return 0 }
        let outputs = records | UInt32(truncatingIfNeeded: compactLength) << 16
        if compactLength > 0 {
            unsafe slot.pointee.words.1 = compactAddress
            unsafe slot.pointee.words.2 = compact.0
            unsafe slot.pointee.words.3 = compact.1
            unsafe slot.pointee.words.4 = compact.2
            unsafe slot.pointee.words.5 = compact.3
        }
        compactLength = 0
        records = 0
        recordBytes = 0
        cursor = nil
        (lowest, highest) = (.max, 0)
        return outputs
    }

    /// The window's pages are gone.
    mutating func forgetUse() { reach = 0 }
}
