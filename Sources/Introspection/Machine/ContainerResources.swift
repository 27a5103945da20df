import HostOS
import LinuxABI

/// What a container may use and what it has used, as its /proc and its control group show it.
public final class ContainerResources: @unchecked Sendable {
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

    /// Opened files of the container's control group on the host, by their names there: those of either version.
    public struct Counters: Sendable {
        public var files: [String: SharedFD] = [:]

        public init() {}
    }

    /// Guards `limitsStorage`. Innermost.
    private let lock = Lock()
    private var limitsStorage: Limits
    private let counters: Counters
    /// The container's sysctls.
    public let controls = ControlValues()

    public init(limits: Limits = Limits(), counters: Counters = Counters()) {
        limitsStorage = limits
        self.counters = counters
    }

    public var limits: Limits { lock.withLock { limitsStorage } }

    public func update(_ limits: Limits) { lock.withLock { limitsStorage = limits } }

    /// How many of the machine's processors its programs are shown: those of its set, and no more than its quota keeps busy.
    /// Programs start as many threads as there are processors; more than the quota only take time from each other.
    public func processorCount(of machine: Machine) -> Int {
        var count = machine.processorCount
        if let set = text("cpuset.cpus.effective") ?? text("cpuset.effective_cpus") {
            let own = Self.members(of: set.prefix { $0 != "\n" })
            if own > 0 { count = min(count, own) }
        }
        let limits = limits
        if let quota = limits.cpuQuota, limits.cpuPeriod > 0 {
            let whole = quota / limits.cpuPeriod + (quota % limits.cpuPeriod == 0 ? 0 : 1)
            count = min(count, Int(clamping: whole))
        }
        return max(1, count)
    }

    /// How many numbers there are in "0-3,7"; 0 when it is no such list.
    static func members(of list: Substring) -> Int {
        var count = 0
        for range in list.split(separator: ",") {
            let ends = range.split(separator: "-", maxSplits: 1).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, 0 <= first, first <= last, last < 1 << 16 else { return 0 }
            count += last - first + 1
        }
        return count
    }

    /// Bytes of memory in use, if the host counts them.
    public var memoryInUse: UInt64? { number("memory.current") ?? number("memory.usage_in_bytes") }

    /// How often a process was not made for want of permission to have one more.
    public var refusedProcesses: UInt64 { lines("pids.events")["max"] ?? 0 }

    /// The most that was ever in use.
    public var memoryPeak: UInt64? { number("memory.peak") ?? number("memory.max_usage_in_bytes") }

    /// "name value" lines of memory.stat, cpu.stat or memory.events, named as in version 2.
    public enum Table { case memory, cpu, memoryEvents }

    public func values(_ table: Table) -> [String: UInt64] {
        switch table {
        case .memory:
            let values = lines("memory.stat")
            // Version 1 has other names, and its totals include the groups below.
            return values["anon"] == nil && values["total_rss"] != nil ? Self.memoryOfVersion1(values) : values
        case .cpu:
            let values = lines("cpu.stat")
            return values["usage_usec"] == nil ? processorsOfVersion1(values) : values
        case .memoryEvents:
            if counters.files["memory.events"] != nil { return lines("memory.events") }
            var values = lines("memory.oom_control").filter { $0.key == "oom_kill" }
            values["oom"] = values["oom_kill"]
            values["max"] = number("memory.failcnt")
            return values
        }
    }

    private static func memoryOfVersion1(_ old: [String: UInt64]) -> [String: UInt64] {
        var values: [String: UInt64] = [:]
        let names = ["anon": "rss", "file": "cache", "shmem": "shmem", "file_mapped": "mapped_file", "file_dirty": "dirty",
                     "file_writeback": "writeback", "anon_thp": "rss_huge", "inactive_anon": "inactive_anon",
                     "active_anon": "active_anon", "inactive_file": "inactive_file", "active_file": "active_file",
                     "unevictable": "unevictable", "pgfault": "pgfault", "pgmajfault": "pgmajfault"]
        for (new, name) in names { values[new] = old["total_" + name] }
        return values
    }

    private func processorsOfVersion1(_ throttling: [String: UInt64]) -> [String: UInt64] {
        guard let usage = number("cpuacct.usage") else { return [:] }
        let ticks = lines("cpuacct.stat")
        // USER_HZ is 100 on x86-64.
        return ["usage_usec": usage / 1000, "user_usec": (ticks["user"] ?? 0) &* 10_000,
                "system_usec": (ticks["system"] ?? 0) &* 10_000, "nr_periods": throttling["nr_periods"] ?? 0,
                "nr_throttled": throttling["nr_throttled"] ?? 0, "throttled_usec": (throttling["throttled_time"] ?? 0) / 1000]
    }

    /// io.stat: "major:minor rbytes=..." per device, without a line feed at its end.
    public var ioStatistics: String {
        if let text = text("io.stat") { return text.last == "\n" ? String(text.dropLast()) : text }
        // Lines of "major:minor operation value", of bytes and of operations.
        var devices: [(name: String, values: [String: UInt64])] = []
        for (file, suffix) in [("blkio.throttle.io_service_bytes_recursive", "bytes"), ("blkio.throttle.io_serviced_recursive", "ios")] {
            for line in (text(file) ?? "").split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 3, let value = UInt64(words[2]), let first = words[1].first?.lowercased(),
                      ["Read", "Write", "Discard"].contains(words[1]) else { continue }
                let at = devices.firstIndex { $0.name == words[0] } ?? devices.count
                if at == devices.count { devices.append((String(words[0]), [:])) }
                devices[at].values[first + suffix] = value
            }
        }
        return devices.map { device in
            device.name + ["rbytes", "wbytes", "rios", "wios", "dbytes", "dios"].map { " \($0)=\(device.values[$0] ?? 0)" }.joined()
        }.joined(separator: "\n")
    }

    /// Pressure stall information (PSI): what the host measures, or none at all.
    ///
    /// - Parameter resource: "cpu", "memory", "io".
    public func pressure(_ resource: String) -> String {
        if let text = text("\(resource).pressure") { return text.last == "\n" ? String(text.dropLast()) : text }
        return ["some", "full"].map { "\($0) avg10=0.00 avg60=0.00 avg300=0.00 total=0" }.joined(separator: "\n")
    }

    private func number(_ file: String) -> UInt64? { text(file).flatMap { UInt64($0.prefix { $0 != "\n" }) } }

    private func lines(_ file: String) -> [String: UInt64] {
        var values: [String: UInt64] = [:]
        for line in (text(file) ?? "").split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2, let n = UInt64(parts[1]) { values[String(parts[0])] = n }
        }
        return values
    }

    private func text(_ name: String) -> String? {
        guard let file = counters.files[name] else { return nil }
        var buffer = [UInt8](repeating: 0, count: 16384)
        guard let n = try? unsafe buffer.withMutableBytes({ (b) throws(Errno) in try unsafe file.fd.pread(into: b, at: 0) })
        else { return nil }
        return String(decoding: buffer[..<n], as: UTF8.self)
    }
}
