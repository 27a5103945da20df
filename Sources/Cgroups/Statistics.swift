import HostOS

/// What a group has used. Counters that the host does not keep are 0.
public struct Statistics: Hashable, Sendable {
    public struct CPU: Hashable, Sendable {
        /// Nanoseconds.
        public var usage: UInt64 = 0
        public var user: UInt64 = 0
        public var system: UInt64 = 0
        /// Nanoseconds on each CPU (version 1).
        public var perCPU: [UInt64] = []
        public var periods: UInt64 = 0
        public var throttledPeriods: UInt64 = 0
        /// Nanoseconds.
        public var throttledTime: UInt64 = 0
    }

    /// Bytes; `limit` is UInt64.max without one.
    public struct Amount: Hashable, Sendable {
        public var usage: UInt64 = 0
        public var peak: UInt64 = 0
        public var limit: UInt64 = 0
        public var failures: UInt64 = 0
    }

    public struct BlockEntry: Hashable, Sendable {
        public var major: UInt64
        public var minor: UInt64
        /// Version 1: "Read", "Write"...; version 2: "rbytes", "wbytes", "rios", "wios"...
        public var operation: String
        public var value: UInt64
    }

    public var version: Hierarchies.Version
    public var cpu = CPU()
    public var memory = Amount()
    /// Version 1: memory and swap together; version 2: swap.
    public var swap = Amount()
    /// Lines of memory.stat, by name.
    public var memoryDetails: [String: UInt64] = [:]
    /// Lines of memory.events (version 2); of memory.oom_control with version 1.
    public var memoryEvents: [String: UInt64] = [:]
    public var pids: UInt64 = 0
    public var pidsLimit: UInt64 = 0
    /// blkio.throttle.io_service_bytes and io_serviced (version 1), io.stat (version 2: only the first list).
    public var blockBytes: [BlockEntry] = []
    public var blockOperations: [BlockEntry] = []

    public init(version: Hierarchies.Version) { self.version = version }
}

extension Cgroup {
    public func statistics() -> Statistics {
        version == .v1 ? statistics1() : statistics2()
    }

    func text(_ controller: String, _ file: String) -> String {
        guard let path = path(of: controller), let bytes = try? HostFD.currentDirectory.readFile("\(path)/\(file)")
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A file with one number; "max" is UInt64.max.
    private func number(_ controller: String, _ file: String) -> UInt64 {
        let word = text(controller, file).prefix { $0 != "\n" }
        return word == "max" ? .max : UInt64(word) ?? 0
    }

    /// A file with lines of a name and a number.
    private func table(_ controller: String, _ file: String) -> [String: UInt64] {
        var all: [String: UInt64] = [:]
        for line in text(controller, file).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let value = UInt64(words[1]) { all[String(words[0])] = value }
        }
        return all
    }

    private func statistics1() -> Statistics {
        var result = Statistics(version: .v1)
        result.cpu.usage = number("cpuacct", "cpuacct.usage")
        result.cpu.perCPU = text("cpuacct", "cpuacct.usage_percpu").split(whereSeparator: { $0 == " " || $0 == "\n" })
            .compactMap { UInt64($0) }
        let ticks = table("cpuacct", "cpuacct.stat")
        // USER_HZ is 100 on x86-64.
        result.cpu.user = (ticks["user"] ?? 0) &* 10_000_000
        result.cpu.system = (ticks["system"] ?? 0) &* 10_000_000
        let throttling = table("cpu", "cpu.stat")
        result.cpu.periods = throttling["nr_periods"] ?? 0
        result.cpu.throttledPeriods = throttling["nr_throttled"] ?? 0
        result.cpu.throttledTime = throttling["throttled_time"] ?? 0
        func amount(_ prefix: String) -> Statistics.Amount {
            Statistics.Amount(usage: number("memory", "\(prefix).usage_in_bytes"),
                              peak: number("memory", "\(prefix).max_usage_in_bytes"),
                              limit: number("memory", "\(prefix).limit_in_bytes"),
                              failures: number("memory", "\(prefix).failcnt"))
        }
        result.memory = amount("memory")
        result.swap = amount("memory.memsw")
        result.memoryDetails = table("memory", "memory.stat")
        result.memoryEvents = table("memory", "memory.oom_control")
        result.pids = number("pids", "pids.current")
        result.pidsLimit = number("pids", "pids.max")
        result.blockBytes = blockEntries1("blkio.throttle.io_service_bytes_recursive")
        result.blockOperations = blockEntries1("blkio.throttle.io_serviced_recursive")
        return result
    }

    /// Lines of "major:minor operation value".
    private func blockEntries1(_ file: String) -> [Statistics.BlockEntry] {
        text("blkio", file).split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == ":" })
            guard words.count == 4, let major = UInt64(words[0]), let minor = UInt64(words[1]), let value = UInt64(words[3])
            else { return nil }
            return Statistics.BlockEntry(major: major, minor: minor, operation: String(words[2]), value: value)
        }
    }

    private func statistics2() -> Statistics {
        var result = Statistics(version: .v2)
        let cpu = table("cpu", "cpu.stat")
        result.cpu.usage = (cpu["usage_usec"] ?? 0) &* 1000
        result.cpu.user = (cpu["user_usec"] ?? 0) &* 1000
        result.cpu.system = (cpu["system_usec"] ?? 0) &* 1000
        result.cpu.periods = cpu["nr_periods"] ?? 0
        result.cpu.throttledPeriods = cpu["nr_throttled"] ?? 0
        result.cpu.throttledTime = (cpu["throttled_usec"] ?? 0) &* 1000
        result.memoryDetails = table("memory", "memory.stat")
        result.memoryEvents = table("memory", "memory.events")
        result.memory = Statistics.Amount(usage: number("memory", "memory.current"), peak: number("memory", "memory.peak"),
                                          limit: number("memory", "memory.max"), failures: result.memoryEvents["max"] ?? 0)
        result.swap = Statistics.Amount(usage: number("memory", "memory.swap.current"),
                                        peak: number("memory", "memory.swap.peak"),
                                        limit: number("memory", "memory.swap.max"))
        result.pids = number("pids", "pids.current")
        result.pidsLimit = number("pids", "pids.max")
        // Lines of "major:minor name=value name=value...".
        for line in text("io", "io.stat").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let device = words.first?.split(separator: ":"), device.count == 2,
                  let major = UInt64(device[0]), let minor = UInt64(device[1]) else { continue }
            for word in words.dropFirst() {
                let pair = word.split(separator: "=")
                guard pair.count == 2, let value = UInt64(pair[1]) else { continue }
                result.blockBytes.append(.init(major: major, minor: minor, operation: String(pair[0]), value: value))
            }
        }
        return result
    }

    /// How often the kernel has killed a process of the group for want of memory.
    public var oomKills: UInt64 {
        table("memory", version == .v1 ? "memory.oom_control" : "memory.events")["oom_kill"] ?? 0
    }
}
