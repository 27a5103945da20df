import HostOS
import LinuxABI
import Testing
@testable import Introspection

@Suite struct ResourcesTests {
    let machine = Machine(processorCount: 8, memory: 1 << 30, swap: 0, bootID: "")

    /// What a container with these counters and this quota is shown.
    func processors(set: (name: String, text: String)? = nil, quota: UInt64? = nil, period: UInt64 = 100_000) throws -> Int {
        var limits = ContainerResources.Limits()
        (limits.cpuQuota, limits.cpuPeriod) = (quota, period)
        var counters = ContainerResources.Counters()
        if let set {
            let file = try HostFD.currentDirectory.open("/tmp", 0x410002 /* O_TMPFILE | O_RDWR */, mode: 0o600)
            try file.writeAll(Array(set.text.utf8))
            counters.files[set.name] = SharedFD(owning: file)
        }
        return ContainerResources(limits: limits, counters: counters).processorCount(of: machine)
    }

    @Test func showsAsManyProcessorsAsThereIsTimeFor() throws {
        #expect(try processors() == 8)
        #expect(try processors(quota: 30_000) == 1)
        #expect(try processors(quota: 100_000) == 1)
        #expect(try processors(quota: 100_001) == 2)
        #expect(try processors(quota: 250_000) == 3)
        #expect(try processors(quota: 10_000_000) == 8)
        #expect(try processors(quota: .max) == 8)
        #expect(try processors(quota: 5, period: 0) == 8)
        #expect(try processors(set: ("cpuset.cpus.effective", "0-2,5\n")) == 4)
        #expect(try processors(set: ("cpuset.effective_cpus", "7\n")) == 1)
        #expect(try processors(set: ("cpuset.effective_cpus", "0-1000\n")) == 8)
        #expect(try processors(set: ("cpuset.cpus.effective", "0-3\n"), quota: 200_000) == 2)
        // What cannot be read limits nothing.
        for text in ["", "\n", "3-1\n", "x\n", "0-99999999\n"] { #expect(try processors(set: ("cpuset.cpus.effective", text)) == 8) }
    }
}
