import DBus

/// Properties of a unit (systemd.resource-control(5)), by their names on the bus: times in microseconds, sizes in bytes,
/// UInt64.max for "infinity", sets of CPUs as bits.
typealias UnitProperties = [(name: String, value: DBusValue)]

extension Limits {
    /// What systemd has to know of these limits: it writes them again whenever it likes, on a reload for example.
    func properties(_ version: Hierarchies.Version) -> UnitProperties {
        var all: UnitProperties = []
        func set(_ name: String, _ value: UInt64) { all.append((name, .uint64(value))) }
        func number(_ n: Int64) -> UInt64 { n < 0 ? .max : UInt64(n) }
        let isUnified = version == .v2
        if let memoryLimit, memoryLimit != 0 { set(isUnified ? "MemoryMax" : "MemoryLimit", number(memoryLimit)) }
        if isUnified {
            if let memoryReservation, memoryReservation > 0 { set("MemoryLow", number(memoryReservation)) }
            if let swap = swapLimit { set("MemorySwapMax", number(swap)) }
        }
        if let cpuShares, cpuShares != 0 {
            set(isUnified ? "CPUWeight" : "CPUShares", isUnified ? Self.weight(ofShares: cpuShares) : cpuShares)
        }
        if let cpuPeriod, cpuPeriod != 0 { set("CPUQuotaPeriodUSec", cpuPeriod) }
        if let cpuQuota, cpuQuota != 0 { set("CPUQuotaPerSecUSec", Self.quotaPerSecond(cpuQuota, period: cpuPeriod ?? 0)) }
        if let pids, pids != 0 { set("TasksMax", pids > 0 ? UInt64(pids) : .max) }
        if let blockWeight, blockWeight != 0 {
            set(isUnified ? "IOWeight" : "BlockIOWeight", isUnified ? Self.ioWeight(of: blockWeight) : UInt64(blockWeight))
        }
        if isUnified {
            if !cpus.isEmpty, let bits = Self.bits(cpus) { all.append(("AllowedCPUs", bits)) }
            if !memoryNodes.isEmpty, let bits = Self.bits(memoryNodes) { all.append(("AllowedMemoryNodes", bits)) }
            for (file, name) in Self.unifiedNames {
                guard let text = unified[file], let value = text == "max" ? .max : UInt64(text) else { continue }
                all.removeAll { $0.name == name }
                set(name, value)
            }
        }
        return all
    }

    private static let unifiedNames = [
        ("cpu.weight", "CPUWeight"), ("memory.high", "MemoryHigh"), ("memory.low", "MemoryLow"), ("memory.max", "MemoryMax"),
        ("memory.min", "MemoryMin"), ("memory.swap.max", "MemorySwapMax"), ("pids.max", "TasksMax"),
    ]

    /// Systemd knows hundredths of a processor only; less than was asked for would be a broken promise.
    private static func quotaPerSecond(_ quota: Int64, period: UInt64) -> UInt64 {
        if quota < 0 { return .max }
        let (product, isTooMuch) = UInt64(quota).multipliedReportingOverflow(by: 1_000_000)
        if isTooMuch { return .max }
        let exact = product / (period == 0 ? 100_000 : period)
        return (exact / 10_000 + (exact % 10_000 == 0 ? 0 : 1)) * 10_000
    }

    /// "0-3,7" as bytes of bits, the lowest first; nil when it is no such list.
    private static func bits(_ list: String) -> DBusValue? {
        var bytes: [UInt8] = []
        for range in list.split(separator: ",") {
            let ends = range.split(separator: "-", maxSplits: 1).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, 0 <= first, first <= last, last < 8192 else { return nil }
            while bytes.count <= last / 8 { bytes.append(0) }
            for n in first...last { bytes[n / 8] |= 1 << UInt8(n % 8) }
        }
        return .array(of: "y", bytes.map { .byte($0) })
    }
}
