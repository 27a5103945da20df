/// What a cgroup's processes may use; nil and empty: not said.
public struct Limits: Hashable, Sendable {
    /// Bytes; -1: none.
    public var memoryLimit: Int64?
    /// Memory and swap together, bytes; -1: none.
    public var memorySwap: Int64?
    /// Bytes that reclaim spares while others have more than theirs.
    public var memoryReservation: Int64?
    /// A weight against other groups, 2 to 262144.
    public var cpuShares: UInt64?
    /// Microseconds of CPU time per period; -1: none.
    public var cpuQuota: Int64?
    /// Microseconds.
    public var cpuPeriod: UInt64?
    /// CPUs and memory nodes, as "0-3,7".
    public var cpus = ""
    public var memoryNodes = ""
    /// Processes and threads; 0 or less: no limit.
    public var pids: Int64?
    /// A weight against other groups, 10 to 1000.
    public var blockWeight: UInt16?
    /// Files of the version 2 tree to write, by name.
    public var unified: [String: String] = [:]

    public init() {}

    /// Version 2's cpu.weight for version 1's cpu.shares: [2, 262144] onto [1, 10000], as every runtime converts it.
    public static func weight(ofShares shares: UInt64) -> UInt64 {
        1 + (min(max(shares, 2), 262_144) - 2) * 9999 / 262_142
    }

    /// Version 2's io.weight for version 1's blkio.weight.
    static func ioWeight(of weight: UInt16) -> UInt64 { 1 + (UInt64(min(max(weight, 10), 1000)) - 10) * 9999 / 990 }

    /// Version 2 counts swap by itself; -1: none, nil: not said.
    var swapLimit: Int64? {
        guard let memorySwap, memorySwap != 0 else { return nil }
        return memorySwap < 0 ? -1 : max(0, memorySwap - max(0, memoryLimit ?? 0))
    }

    /// The version 1 controllers that these limits cannot do without.
    var controllers: Set<String> {
        var needed: Set<String> = []
        if memoryLimit ?? 0 > 0 || memorySwap ?? 0 > 0 || memoryReservation ?? 0 > 0 { needed.insert("memory") }
        if cpuShares ?? 0 > 0 || cpuQuota ?? 0 > 0 || cpuPeriod ?? 0 > 0 { needed.insert("cpu") }
        if !cpus.isEmpty || !memoryNodes.isEmpty { needed.insert("cpuset") }
        if pids ?? 0 > 0 { needed.insert("pids") }
        if blockWeight ?? 0 > 0 { needed.insert("blkio") }
        return needed
    }

    /// A file of a cgroup's directory and what to write into it.
    struct Setting: Hashable {
        var controller: String
        var file: String
        var value: String
        /// A kernel without this file is no error (an older one, or one built without swap accounting).
        var optional = false
    }

    /// In the order in which version 1 wants them.
    var version1: [Setting] {
        var all: [Setting] = []
        func set(_ controller: String, _ file: String, _ value: String, optional: Bool = false) {
            all.append(Setting(controller: controller, file: file, value: value, optional: optional))
        }
        if let memoryLimit, memoryLimit != 0 { set("memory", "memory.limit_in_bytes", "\(memoryLimit)") }
        if let memorySwap, memorySwap != 0 { set("memory", "memory.memsw.limit_in_bytes", "\(memorySwap)", optional: true) }
        if let memoryReservation, memoryReservation != 0 {
            set("memory", "memory.soft_limit_in_bytes", "\(memoryReservation)", optional: true)
        }
        if let cpuShares, cpuShares != 0 { set("cpu", "cpu.shares", "\(cpuShares)") }
        if let cpuPeriod, cpuPeriod != 0 { set("cpu", "cpu.cfs_period_us", "\(cpuPeriod)") }
        if let cpuQuota, cpuQuota != 0 { set("cpu", "cpu.cfs_quota_us", "\(cpuQuota)") }
        if !cpus.isEmpty { set("cpuset", "cpuset.cpus", cpus) }
        if !memoryNodes.isEmpty { set("cpuset", "cpuset.mems", memoryNodes) }
        if let pids, pids != 0 { set("pids", "pids.max", pids > 0 ? "\(pids)" : "max") }
        if let blockWeight, blockWeight != 0 { set("blkio", "blkio.weight", "\(blockWeight)", optional: true) }
        return all
    }

    var version2: [Setting] {
        var all: [Setting] = []
        func set(_ controller: String, _ file: String, _ value: String, optional: Bool = false) {
            all.append(Setting(controller: controller, file: file, value: value, optional: optional))
        }
        func bytes(_ value: Int64) -> String { value < 0 ? "max" : "\(value)" }
        if let memoryLimit, memoryLimit != 0 { set("memory", "memory.max", bytes(memoryLimit)) }
        if let swapLimit { set("memory", "memory.swap.max", bytes(swapLimit), optional: true) }
        if let memoryReservation, memoryReservation > 0 { set("memory", "memory.low", "\(memoryReservation)") }
        if let cpuShares, cpuShares != 0 {
            set("cpu", "cpu.weight", "\(Self.weight(ofShares: cpuShares))")
        }
        if cpuQuota ?? 0 != 0 || cpuPeriod ?? 0 != 0 {
            let quota = cpuQuota ?? -1, period = cpuPeriod ?? 0
            set("cpu", "cpu.max", "\(quota > 0 ? "\(quota)" : "max") \(period == 0 ? 100_000 : period)")
        }
        if !cpus.isEmpty { set("cpuset", "cpuset.cpus", cpus) }
        if !memoryNodes.isEmpty { set("cpuset", "cpuset.mems", memoryNodes) }
        if let pids, pids != 0 { set("pids", "pids.max", pids > 0 ? "\(pids)" : "max") }
        if let blockWeight, blockWeight != 0 {
            set("io", "io.weight", "\(Self.ioWeight(of: blockWeight))", optional: true)
        }
        for (file, value) in unified.sorted(by: { $0.key < $1.key }) {
            set(String(file.prefix { $0 != "." }), file, value)
        }
        return all
    }
}
