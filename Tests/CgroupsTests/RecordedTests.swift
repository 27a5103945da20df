import Testing
@testable import Cgroups

/// The trees of real kernels, read and written.
@Suite struct RecordedTests {
    @Test func version1() throws {
        let tree = try RecordedTrees.tree(RecordedTrees.version1)
        let group = Cgroup(version: .v1, directories: ["blkio", "cpu", "cpuacct", "cpuset", "memory", "pids"].map {
            .init(controllers: [$0], path: "\(tree.path)/\($0)/g")
        })
        let used = group.statistics()
        #expect(used.memory == .init(usage: 385_024, peak: 67_108_864, limit: 67_108_864, failures: 114))
        #expect(used.swap.peak == 67_371_008)
        #expect(used.memoryDetails["total_pgfault"] == 16_419)
        #expect(used.memoryDetails["hierarchical_memory_limit"] == 67_108_864)
        #expect((used.cpu.usage, used.cpu.user, used.cpu.system) == (63_504_150, 0, 60_000_000))
        #expect(used.cpu.perCPU == [22_646_176, 40_857_974])
        #expect((used.cpu.periods, used.cpu.throttledPeriods) == (4, 0))
        #expect((used.pids, used.pidsLimit) == (1, .max))
        // "Total" has no device.
        #expect(used.blockBytes.isEmpty)
        #expect(group.oomKills == 2)
        #expect(Set(group.openCounters().map { counter in
            counter.file.close()
            return counter.name
        }).isSuperset(of: ["memory.usage_in_bytes", "memory.stat", "cpuacct.usage", "cpu.stat", "pids.events", "cpuset.effective_cpus"]))
    }

    @Test func version2() throws {
        let tree = try RecordedTrees.tree(RecordedTrees.version2)
        let group = Cgroup(version: .v2, directories: [.init(controllers: [], path: "\(tree.path)/g")])
        let used = group.statistics()
        #expect(used.memory.limit == 67_108_864)
        #expect(used.memory.usage > 0 && used.memory.usage < used.memory.limit)
        #expect(used.memoryDetails["anon"] ?? 0 > 0)
        #expect(used.cpu.usage > 0 && used.cpu.user &+ used.cpu.system <= used.cpu.usage &+ 1000)
        #expect(used.cpu.periods > 0 && used.cpu.throttledPeriods > 0 && used.cpu.throttledTime > 0)
        #expect(used.pids > 0)
        #expect(used.pidsLimit == .max)
        #expect(group.oomKills == 1)
        var limits = Limits()
        (limits.cpuQuota, limits.memoryLimit) = (45_000, 100_000_000)
        try group.apply(limits)
        #expect(tree.read("g/cpu.max")?.hasPrefix("45000 100000") == true)
        #expect(tree.read("g/memory.max")?.hasPrefix("100000000") == true)
    }
}
