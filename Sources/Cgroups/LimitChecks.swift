extension Limits {
    /// Less than this holds no process: what starts one needs page tables and a stack.
    static let leastMemory: Int64 = 1 << 20

    /// - Throws: EINVAL with the limit's name in the specification, when no kernel could hold it or nobody can mean it.
    public func check() throws(CgroupError) {
        func refuse(_ name: String, _ text: String) throws(CgroupError) -> Never {
            throw CgroupError(message: "linux.resources.\(name): \(text)", errno: .EINVAL)
        }
        func atLeastMinusOne(_ value: Int64?, _ name: String) throws(CgroupError) {
            if let value, value < -1 { try refuse(name, "\(value) is negative; -1 stands for no limit") }
        }
        try atLeastMinusOne(memoryLimit, "memory.limit")
        try atLeastMinusOne(memorySwap, "memory.swap")
        try atLeastMinusOne(memoryReservation, "memory.reservation")
        try atLeastMinusOne(cpuQuota, "cpu.quota")
        try atLeastMinusOne(pids, "pids.limit")
        if let memoryLimit, memoryLimit > 0 {
            if memoryLimit < Self.leastMemory {
                try refuse("memory.limit", "\(memoryLimit) bytes are less than the \(Self.leastMemory) that a process needs to start")
            }
            if let memorySwap, memorySwap > 0, memorySwap < memoryLimit {
                try refuse("memory.swap", "\(memorySwap) is less than memory.limit, \(memoryLimit), which it includes")
            }
        }
        if let cpuQuota, cpuQuota > 0, cpuQuota < 1000 {
            try refuse("cpu.quota", "\(cpuQuota) microseconds; the least is 1000")
        }
        if let cpuPeriod, cpuPeriod != 0, !(1000...1_000_000).contains(cpuPeriod) {
            try refuse("cpu.period", "\(cpuPeriod) microseconds; 1000 to 1000000 are possible")
        }
        if let blockWeight, blockWeight != 0, !(10...1000).contains(blockWeight) {
            try refuse("blockIO.weight", "\(blockWeight); 10 to 1000 are possible")
        }
    }
}
