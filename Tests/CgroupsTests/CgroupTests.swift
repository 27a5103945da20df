import HostOS
import LinuxABI
import Testing
@testable import Cgroups

/// A folder with files as a kernel's cgroup tree has them, gone with this object.
final class Tree {
    let path: String
    private static let here = HostFD.currentDirectory

    init(_ files: [String: String]) throws {
        path = "/tmp/cloister-test-\(HostClock.monotonic)-\(Thread.id)"
        try Self.here.makeDirectory(path, mode: 0o755)
        for (name, text) in files { try write(name, text) }
    }

    func write(_ name: String, _ text: String) throws {
        let full = "\(path)/\(name)"
        try Self.here.makeDirectories(String(full[..<full.lastIndex(of: "/")!]), mode: 0o755)
        try Self.here.replaceFile(full, with: Array(text.utf8), mode: 0o644)
    }

    func read(_ name: String) -> String? {
        (try? Self.here.readFile("\(path)/\(name)")).map { String(decoding: $0, as: UTF8.self) }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in (try? here.list(path)) ?? [] {
            if (try? here.unlink("\(path)/\(name)")) == nil { remove("\(path)/\(name)") }
        }
        try? here.unlink(path, directory: true)
    }
}

@Suite struct CgroupTests {
    @Test func countsVersion1() throws {
        let tree = try Tree([
            "memory/g/memory.usage_in_bytes": "4096\n", "memory/g/memory.limit_in_bytes": "9223372036854771712\n",
            "memory/g/memory.max_usage_in_bytes": "8192\n", "memory/g/memory.failcnt": "3\n",
            "memory/g/memory.stat": "cache 100\nrss 200\ntotal_inactive_file 50\n",
            "memory/g/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
            "cpu/g/cpuacct.usage": "123456789\n", "cpu/g/cpuacct.usage_percpu": "100 200 \n",
            "cpu/g/cpuacct.stat": "user 5\nsystem 7\n",
            "cpu/g/cpu.stat": "nr_periods 1\nnr_throttled 2\nthrottled_time 3\n",
            "pids/g/pids.current": "4\n", "pids/g/pids.max": "max\n",
        ])
        let group = Cgroup(version: .v1, directories: [
            .init(controllers: ["memory"], path: "\(tree.path)/memory/g"),
            .init(controllers: ["cpu", "cpuacct"], path: "\(tree.path)/cpu/g"),
            .init(controllers: ["pids"], path: "\(tree.path)/pids/g"),
        ])
        let used = group.statistics()
        #expect(used.memory == .init(usage: 4096, peak: 8192, limit: 9_223_372_036_854_771_712, failures: 3))
        #expect(used.memoryDetails["total_inactive_file"] == 50)
        #expect(used.cpu.usage == 123_456_789)
        #expect(used.cpu.perCPU == [100, 200])
        #expect((used.cpu.user, used.cpu.system) == (50_000_000, 70_000_000))
        #expect((used.cpu.periods, used.cpu.throttledPeriods, used.cpu.throttledTime) == (1, 2, 3))
        #expect((used.pids, used.pidsLimit) == (4, .max))
        #expect(group.oomKills == 2)
        #expect(used.blockBytes.isEmpty)
    }

    @Test func countsVersion2() throws {
        let tree = try Tree([
            "g/memory.current": "4096\n", "g/memory.max": "max\n", "g/memory.stat": "anon 1\nfile 2\ninactive_file 3\n",
            "g/memory.events": "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n", "g/memory.swap.current": "0\n",
            "g/cpu.stat": "usage_usec 10\nuser_usec 6\nsystem_usec 4\nnr_periods 0\nnr_throttled 0\nthrottled_usec 2\n",
            "g/pids.current": "2\n", "g/pids.max": "100\n",
            "g/io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\nrubbish\n",
        ])
        let group = Cgroup(version: .v2, directories: [.init(controllers: [], path: "\(tree.path)/g")])
        let used = group.statistics()
        #expect(used.memory == .init(usage: 4096, peak: 0, limit: .max, failures: 9))
        #expect((used.cpu.usage, used.cpu.user, used.cpu.system, used.cpu.throttledTime) == (10_000, 6000, 4000, 2000))
        #expect((used.pids, used.pidsLimit) == (2, 100))
        #expect(used.blockBytes.prefix(2) == [.init(major: 8, minor: 0, operation: "rbytes", value: 1),
                                              .init(major: 8, minor: 0, operation: "wbytes", value: 2)])
        #expect(group.oomKills == 1)
    }

    @Test func setsLimitsOfVersion2() throws {
        let tree = try Tree(["g/memory.max": "", "g/memory.swap.max": "", "g/cpu.max": "", "g/cpu.weight": "", "g/pids.max": ""])
        let group = Cgroup(version: .v2, directories: [.init(controllers: [], path: "\(tree.path)/g")])
        var limits = Limits()
        (limits.memoryLimit, limits.memorySwap) = (10_000_000, 15_000_000)
        (limits.cpuShares, limits.cpuQuota, limits.pids) = (1024, 50_000, -1)
        try group.apply(limits)
        #expect(tree.read("g/memory.max") == "10000000")
        #expect(tree.read("g/memory.swap.max") == "5000000")
        #expect(tree.read("g/cpu.max") == "50000 100000")
        #expect(tree.read("g/cpu.weight") == "39")
        #expect(tree.read("g/pids.max") == "max")
    }

    @Test func givesNewGroupsTheirCPUs() throws {
        let tree = try Tree(["cpuset/cpuset.cpus": "0-3\n", "cpuset/cpuset.mems": "0\n"])
        var group = Cgroup(.init(version: .v1, trees: [.init(controllers: ["cpuset"], mount: "\(tree.path)/cpuset", own: "")]),
                           path: "/a/b")
        // Not a real tree: the kernel would have made the files in the new folder.
        let warnings = try group.create(Limits())
        #expect(warnings.count == 1)
        #expect(group.directories.isEmpty)
    }

    @Test func failsWhenALimitNeedsAMissingController() throws {
        let tree = try Tree([:])
        let host = Hierarchies(version: .v1, trees: [.init(controllers: ["cpu"], mount: tree.path, own: "")])
        var limits = Limits()
        limits.memoryLimit = 1 << 20
        var group = Cgroup(host, path: "/g")
        #expect(throws: CgroupError.self) { try group.create(limits) }
        #expect(!HostFD.currentDirectory.exists("\(tree.path)/g"))
        var other = Cgroup(host, path: "/g")
        #expect(try other.create(Limits()).isEmpty)
        #expect(HostFD.currentDirectory.exists("\(tree.path)/g"))
    }

    @Test func removesGroupsBelow() throws {
        let tree = try Tree([:])
        try HostFD.currentDirectory.makeDirectories("\(tree.path)/g/a/b", mode: 0o755)
        try Cgroup(version: .v2, directories: [.init(controllers: [], path: "\(tree.path)/g")]).delete()
        #expect(!HostFD.currentDirectory.exists("\(tree.path)/g"))
        // Again: gone is gone.
        try Cgroup(version: .v2, directories: [.init(controllers: [], path: "\(tree.path)/g")]).delete()
    }
}
