import HostOS
import LinuxABI

/// What a container may use and what it has used, as its /proc and its control group show it.
public final class ContainerResources: Sendable {
    /// OCI's linux.resources; nil for no limit.
    public struct Limits: Sendable {
        /// Bytes.
        public var memory: UInt64?
        /// Bytes of swap beyond memory.
        public var swap: UInt64?
        public var memoryReservation: UInt64?
        /// Microseconds of processor time in each period.
        public var cpuQuota: UInt64?
        public var cpuPeriod: UInt64 = 100_000
        /// cgroup v2's cpu.weight.
        public var cpuWeight: UInt64 = 100
        public var processes: UInt64?

        public init() {}
    }

    /// Opened files of the container's control group on the host, version 2's names; nil for those that it has not.
    public struct Counters: Sendable {
        public var memoryCurrent: SharedFD?
        public var memoryStat: SharedFD?
        public var memoryEvents: SharedFD?
        public var cpuStat: SharedFD?
        public var ioStat: SharedFD?

        public init() {}
    }

    public let limits: Limits
    private let counters: Counters
    /// The container's sysctls.
    public let controls = ControlValues()

    public init(limits: Limits = Limits(), counters: Counters = Counters()) {
        self.limits = limits
        self.counters = counters
    }

    /// Bytes of memory in use, if the host counts them.
    public var memoryInUse: UInt64? {
        guard let text = Self.read(counters.memoryCurrent) else { return nil }
        return Self.number(text[...])
    }

    /// "name value" lines of memory.stat, cpu.stat or memory.events.
    public enum Table { case memory, cpu, memoryEvents }

    public func values(_ table: Table) -> [String: UInt64] {
        let text: [UInt8]?
        switch table {
        case .memory: text = Self.read(counters.memoryStat)
        case .cpu: text = Self.read(counters.cpuStat)
        case .memoryEvents: text = Self.read(counters.memoryEvents)
        }
        var values: [String: UInt64] = [:]
        for line in (text ?? []).split(separator: 0x0a) {
            let parts = line.split(separator: 0x20)
            if parts.count == 2, let n = Self.number(parts[1]) { values[String(decoding: parts[0], as: UTF8.self)] = n }
        }
        return values
    }

    public var ioStatistics: [UInt8] { Self.read(counters.ioStat) ?? [] }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        UInt64(String(decoding: digits.prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self))
    }

    private static func read(_ file: SharedFD?) -> [UInt8]? {
        guard let file else { return nil }
        var buffer = [UInt8](repeating: 0, count: 16384)
        guard let n = try? unsafe buffer.withMutableBytes({ (b) throws(Errno) in try unsafe file.fd.pread(into: b, at: 0) })
        else { return nil }
        return Array(buffer[..<n])
    }
}
