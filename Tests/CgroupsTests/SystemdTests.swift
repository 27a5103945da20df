import DBus
import HostOS
import LinuxABI
import Testing
@testable import Cgroups

@Suite struct SystemdTests {
    static let unit = SystemdUnit(name: "cri-containerd-abc.scope", slice: "kubepods-pod1.slice")

    /// Runs `body` with a manager that reacts so; returns what that was asked.
    func asked(_ reactions: [String: [FakeSystemd.Reaction]], isDirect: Bool = true, greeting: String? = nil, patience: Int32 = 20_000,
               _ body: (SystemdManager) throws(CgroupError) -> Void) throws -> (calls: [DBusMessage], error: CgroupError?) {
        let fake = try greeting.map { try FakeSystemd(reactions, greeting: $0) } ?? FakeSystemd(reactions)
        var failure: CgroupError?
        do throws(CgroupError) {
            let manager = try SystemdManager(owning: fake.near, isDirect: isDirect, patience: patience)
            try body(manager)
        } catch { failure = error }
        return (fake.calls(), failure)
    }

    @Test func startsAScope() throws {
        for early in [false, true] {
            let (calls, error) = try asked(["StartTransientUnit": [.job(result: "done", early: early)]]) { manager throws(CgroupError) in
                try manager.start(Self.unit, [("MemoryMax", .uint64(1 << 20))], processes: [77])
            }
            #expect(error == nil)
            #expect(calls.count == 1)
            let call = try #require(calls.first)
            #expect((call.path, call.interface, call.destination)
                == ("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "org.freedesktop.systemd1"))
            #expect(call.signature == "ssa(sv)a(sa(sv))")
            let values = try call.values()
            #expect(values[0] == .string("cri-containerd-abc.scope"))
            #expect(values[1] == .string("replace"))
            guard case .array(_, let list) = values[2] else { return #expect(Bool(false)) }
            func has(_ name: String, _ value: DBusValue) -> Bool { list.contains(.structure([.string(name), .variant(value)])) }
            #expect(has("Slice", .string("kubepods-pod1.slice")))
            #expect(has("PIDs", .array(of: "u", [.uint32(77)])))
            #expect(has("Delegate", .boolean(true)))
            #expect(has("DefaultDependencies", .boolean(false)))
            #expect(has("CollectMode", .string("inactive-or-failed")))
            #expect(has("MemoryMax", .uint64(1 << 20)))
            for kind in ["CPU", "Memory", "Tasks", "IO"] { #expect(has(kind + "Accounting", .boolean(true))) }
        }
    }

    @Test func introducesItselfOnABus() throws {
        let (calls, error) = try asked(["StopUnit": [.job(result: "done")]], isDirect: false) { manager throws(CgroupError) in
            try manager.stop(Self.unit)
        }
        #expect(error == nil)
        #expect(calls.map(\.member) == ["Hello", "AddMatch", "Subscribe", "StopUnit"])
        #expect(calls.map(\.destination) == ["org.freedesktop.DBus", "org.freedesktop.DBus", "org.freedesktop.systemd1", "org.freedesktop.systemd1"])
        #expect(Set(calls.map(\.serial)).count == 4)
    }

    @Test func triesAgainWhereAFailedUnitHasTheName() throws {
        let exists = FakeSystemd.Reaction.fail("org.freedesktop.systemd1.UnitExists", "Unit cri-containerd-abc.scope already exists.")
        var (calls, error) = try asked(["StartTransientUnit": [exists, .job(result: "done")]]) { manager throws(CgroupError) in
            try manager.start(Self.unit, [], processes: [1])
        }
        #expect(error == nil)
        #expect(calls.map(\.member) == ["StartTransientUnit", "ResetFailedUnit", "StartTransientUnit"])
        (calls, error) = try asked(["StartTransientUnit": [exists]]) { manager throws(CgroupError) in
            try manager.start(Self.unit, [], processes: [1])
        }
        #expect(error == CgroupError(message: "systemd: there is a unit cri-containerd-abc.scope already", errno: .EEXIST))
    }

    @Test func saysWhyAStartFailed() throws {
        func failure(_ reaction: FakeSystemd.Reaction, patience: Int32 = 20_000) throws -> CgroupError? {
            try asked(["StartTransientUnit": [reaction]], patience: patience) { manager throws(CgroupError) in
                try manager.start(Self.unit, [], processes: [1])
            }.error
        }
        #expect(try failure(.job(result: "failed"))?.message
            == "systemd: starting cri-containerd-abc.scope: its job ended as \"failed\"; systemctl status cri-containerd-abc.scope may say why")
        let refused = try failure(.fail("org.freedesktop.DBus.Error.InvalidArgs", "Cannot set property X"))
        #expect(refused == CgroupError(message: "systemd: starting cri-containerd-abc.scope: Cannot set property X", errno: .EINVAL))
        #expect(try failure(.fail("org.freedesktop.DBus.Error.AccessDenied", "no"))?.errno == .EACCES)
        #expect(try failure(.hangUp)?.message == "systemd: starting cri-containerd-abc.scope: the bus has closed the connection")
        #expect(try failure(.rubbish)?.message == "systemd: starting cri-containerd-abc.scope: malformed D-Bus message: its byte order or version")
        #expect(try failure(.silence, patience: 900)?.message == "systemd: starting cri-containerd-abc.scope: the bus does not answer (0 s)")
        #expect(try failure(.answer([]))?.message == "systemd: starting cri-containerd-abc.scope: StartTransientUnit did not answer with a job")
    }

    @Test func isNotLetIn() throws {
        let (calls, error) = try asked([:], greeting: "REJECTED EXTERNAL\r\n") { _ in }
        #expect(calls.isEmpty)
        #expect(error?.message == "systemd: the bus does not let us in: REJECTED EXTERNAL")
    }

    @Test func stopsWhatMayBeGone() throws {
        for reaction in [FakeSystemd.Reaction.job(result: "done"), .job(result: "canceled"),
                         .fail("org.freedesktop.systemd1.NoSuchUnit", "Unit not loaded.")] {
            #expect(try asked(["StopUnit": [reaction]]) { manager throws(CgroupError) in try manager.stop(Self.unit) }.error == nil)
        }
    }

    @Test func changesAUnitAtRuntimeOnly() throws {
        let (calls, _) = try asked([:]) { manager throws(CgroupError) in
            try manager.set([("TasksMax", .uint64(20))], of: Self.unit)
            try manager.set([], of: Self.unit)
        }
        #expect(calls.map(\.member) == ["SetUnitProperties"])
        #expect(try calls[0].values() == [.string("cri-containerd-abc.scope"), .boolean(true),
                                          .array(of: "(sv)", [.structure([.string("TasksMax"), .variant(.uint64(20))])])])
    }

    @Test func namesUnits() {
        #expect(SystemdUnit(path: "/a/b") == nil)
        #expect(SystemdUnit(path: "a.slice:b") == nil)
        #expect(SystemdUnit(path: "a.slice:b:") == nil)
        #expect(SystemdUnit(path: "/a.slice:b:c") == nil)
        #expect(SystemdUnit(path: "a-b.slice:cri:c")?.path == "/a.slice/a-b.slice/cri-c.scope")
        #expect(SystemdUnit(path: "a-b:cri:c") == SystemdUnit(name: "cri-c.scope", slice: "a-b.slice"))
        #expect(SystemdUnit(path: ":cri:c")?.path == "/system.slice/cri-c.scope")
        #expect(SystemdUnit(path: "::c")?.name == "c.scope")
        #expect(SystemdUnit(path: "-.slice:cri:c")?.path == "/cri-c.scope")
        #expect(SystemdUnit(path: "a.slice:x:a-b.slice") == SystemdUnit(name: "a-b.slice", slice: "a.slice"))
        #expect(SystemdUnit(path: "a.slice:x:a-b.slice")?.path == "/a.slice/a-b.slice")
    }

    @Test func tellsItsLimits() {
        var limits = Limits()
        (limits.memoryLimit, limits.memorySwap, limits.cpuShares, limits.pids) = (1000, 1500, 1024, -1)
        (limits.cpuQuota, limits.cpuPeriod, limits.cpus) = (33_333, 100_000, "0-1,9")
        limits.unified = ["memory.high": "900", "memory.max": "800", "io.max": "8:0 rbps=1"]
        func properties(_ version: Hierarchies.Version) -> [String: DBusValue] {
            Dictionary(uniqueKeysWithValues: limits.properties(version).map { ($0.name, $0.value) })
        }
        #expect(properties(.v2) == [
            "MemoryMax": .uint64(800), "MemorySwapMax": .uint64(500), "MemoryHigh": .uint64(900), "CPUWeight": .uint64(39),
            "CPUQuotaPeriodUSec": .uint64(100_000), "CPUQuotaPerSecUSec": .uint64(340_000), "TasksMax": .uint64(.max),
            "AllowedCPUs": .array(of: "y", [.byte(3), .byte(2)]),
        ])
        #expect(properties(.v1) == [
            "MemoryLimit": .uint64(1000), "CPUShares": .uint64(1024), "CPUQuotaPeriodUSec": .uint64(100_000),
            "CPUQuotaPerSecUSec": .uint64(340_000), "TasksMax": .uint64(.max),
        ])
        limits = Limits()
        (limits.memoryLimit, limits.cpuQuota) = (-1, -1)
        #expect(properties(.v2) == ["MemoryMax": .uint64(.max), "CPUQuotaPerSecUSec": .uint64(.max)])
        limits.cpus = "rubbish"
        #expect(properties(.v2)["AllowedCPUs"] == nil)
    }
}
