import HostOS

/// The processor as /proc/cpuinfo and sysfs show it: model and features by CPUID, nothing that tells one machine of a
/// model from another.
public struct Processor: Sendable {
    public var vendor: String
    public var family: UInt32
    public var model: UInt32
    public var stepping: UInt32
    public var name: String
    public var cpuidLevel: UInt32
    public var physicalBits: UInt32
    public var virtualBits: UInt32
    /// Bytes that CLFLUSH works on.
    public var lineSize: UInt32
    public var flags: [String]
    public var caches: [Cache]
    /// Kilohertz of the time stamp counter.
    public var kilohertz: UInt64

    /// A cache of one processor.
    public struct Cache: Sendable {
        public var level: UInt32
        /// "Data", "Instruction", "Unified".
        public var type: String
        public var kilobytes: UInt32
        public var ways: UInt32
        public var sets: UInt32
        public var lineSize: UInt32
    }

    /// Asks the processor. Each question is an exit to the host where this is a virtual machine.
    ///
    /// - Parameter moment: read before: the time since then tells the frequency.
    init(since moment: Moment) {
        let zero = HostMachine.cpuid(0)
        cpuidLevel = zero.eax
        vendor = Self.text([zero.ebx, zero.edx, zero.ecx])
        let one = HostMachine.cpuid(1)
        stepping = one.eax & 15
        model = (one.eax >> 4) & 15
        family = (one.eax >> 8) & 15
        if family == 6 || family == 15 { model |= ((one.eax >> 16) & 15) << 4 }
        if family == 15 { family += (one.eax >> 20) & 255 }
        lineSize = ((one.ebx >> 8) & 255) * 8
        let extended = HostMachine.cpuid(0x8000_0000).eax
        var brand: [UInt32] = []
        if extended >= 0x8000_0004 {
            for leaf in UInt32(0x8000_0002)...0x8000_0004 {
                let r = HostMachine.cpuid(leaf)
                brand += [r.eax, r.ebx, r.ecx, r.edx]
            }
        }
        name = Self.text(brand)
        let sizes = extended >= 0x8000_0008 ? HostMachine.cpuid(0x8000_0008).eax : 0x3024
        physicalBits = sizes & 255
        virtualBits = (sizes >> 8) & 255
        flags = ProcessorFlags.present(level: zero.eax, extended: extended)
        caches = Self.findCaches(level: zero.eax, vendor: vendor, extended: extended)
        kilohertz = moment.kilohertz
    }

    /// Bytes of registers up to the first NUL, without spaces around.
    private static func text(_ words: [UInt32]) -> String {
        var bytes: [UInt8] = []
        for word in words { for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) } }
        let visible = bytes.prefix { $0 != 0 }.drop { $0 == 0x20 }
        var end = visible.endIndex
        while end > visible.startIndex, visible[end - 1] == 0x20 { end -= 1 }
        return String(decoding: visible[..<end], as: UTF8.self)
    }

    private static func findCaches(level: UInt32, vendor: String, extended: UInt32) -> [Cache] {
        let leaf: UInt32
        if vendor == "AuthenticAMD", extended >= 0x8000_001d { leaf = 0x8000_001d } else if level >= 4 { leaf = 4 } else { return [] }
        var found: [Cache] = []
        for index in UInt32(0)..<8 {
            let r = HostMachine.cpuid(leaf, index)
            let kind = r.eax & 31
            if kind == 0 || kind > 3 { break }
            let ways = (r.ebx >> 22) + 1, partitions = ((r.ebx >> 12) & 1023) + 1, line = (r.ebx & 4095) + 1
            let sets = r.ecx &+ 1
            let bytes = UInt64(ways) * UInt64(partitions) * UInt64(line) * UInt64(sets)
            found.append(Cache(level: (r.eax >> 5) & 7, type: ["", "Data", "Instruction", "Unified"][Int(kind)],
                               kilobytes: UInt32(truncatingIfNeeded: bytes >> 10), ways: ways, sets: sets, lineSize: line))
        }
        return found
    }

    /// Clock and time stamp counter, read together.
    struct Moment: Sendable {
        private let time = HostClock.monotonic
        private let counter = HostMachine.timestampCounter

        /// The counter's frequency since then. Waits until that is two milliseconds ago, for less says little.
        var kilohertz: UInt64 {
            while HostClock.monotonic &- time < 2_000_000 {}
            let elapsed = max(1, HostClock.monotonic &- time)
            let (high, low) = (HostMachine.timestampCounter &- counter).multipliedFullWidth(by: 1_000_000)
            return high < elapsed ? elapsed.dividingFullWidth((high, low)).quotient : 0
        }
    }
}
