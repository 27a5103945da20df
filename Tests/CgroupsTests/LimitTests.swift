import LinuxABI
import Testing
@testable import Cgroups

@Suite struct LimitTests {
    func refusal(_ change: (inout Limits) -> Void) -> String? {
        var limits = Limits()
        change(&limits)
        do throws(CgroupError) {
            try limits.check()
            return nil
        } catch { return error.errno == .EINVAL ? error.message : "another error" }
    }

    @Test func refusesWhatNobodyCanMean() {
        #expect(refusal { $0.memoryLimit = 4096 }
            == "linux.resources.memory.limit: 4096 bytes are less than the 1048576 that a process needs to start")
        #expect(refusal { $0.memoryLimit = -2 } == "linux.resources.memory.limit: -2 is negative; -1 stands for no limit")
        #expect(refusal { ($0.memoryLimit, $0.memorySwap) = (2 << 20, 1 << 20) }
            == "linux.resources.memory.swap: 1048576 is less than memory.limit, 2097152, which it includes")
        #expect(refusal { $0.cpuQuota = 999 } == "linux.resources.cpu.quota: 999 microseconds; the least is 1000")
        #expect(refusal { $0.cpuPeriod = 999 } == "linux.resources.cpu.period: 999 microseconds; 1000 to 1000000 are possible")
        #expect(refusal { $0.cpuPeriod = .max } != nil)
        #expect(refusal { $0.pids = .min } != nil)
        #expect(refusal { $0.blockWeight = 9 } == "linux.resources.blockIO.weight: 9; 10 to 1000 are possible")
    }

    @Test func takesWhatIsMeant() {
        #expect(refusal { _ in } == nil)
        #expect(refusal { ($0.memoryLimit, $0.memorySwap, $0.cpuQuota, $0.pids) = (-1, -1, -1, -1) } == nil)
        #expect(refusal { ($0.memoryLimit, $0.cpuQuota, $0.pids) = (0, 0, 0) } == nil)
        #expect(refusal { ($0.memoryLimit, $0.memorySwap, $0.cpuPeriod) = (64 << 20, -1, 100_000) } == nil)
    }

    /// A quota without a period keeps the period that there is, and a period the quota.
    @Test func changesHalfOfAQuota() throws {
        let tree = try Tree([:])
        let group = Cgroup(version: .v2, directories: [.init(controllers: [], path: "\(tree.path)/g")])
        func written(over old: String, quota: Int64?, period: UInt64?) throws -> String? {
            try tree.write("g/cpu.max", old)
            var limits = Limits()
            (limits.cpuQuota, limits.cpuPeriod) = (quota, period)
            try group.apply(limits)
            return tree.read("g/cpu.max")
        }
        #expect(try written(over: "30000 50000", quota: 20_000, period: nil) == "20000 50000")
        #expect(try written(over: "30000 50000", quota: nil, period: 60_000) == "30000 60000")
        #expect(try written(over: "max 1000", quota: nil, period: 60_000) == "max 60000")
        #expect(try written(over: "3 1000", quota: -1, period: nil) == "max 1000")
        #expect(throws: CgroupError.self) { try written(over: "30000 50000", quota: 2000, period: 1) }
        #expect(tree.read("g/cpu.max") == "30000 50000")
    }
}
