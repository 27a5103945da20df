import HostOS
import Testing
@testable import Runtime

@Suite struct MountPlanTests {
    private func spec(_ mounts: [Spec.Mount], readonly: Bool = false) -> Spec {
        var spec = Spec(version: "1.0.0")
        spec.root = .init(path: "/usr", readonly: readonly)
        spec.mounts = mounts
        return spec
    }

    @Test func servesTheRootFirst() throws {
        let plan = try MountPlan(spec([]), bundle: "/", overlay: false)
        #expect(plan.served == [.init(source: "/usr", destination: "/", options: ["rw", "rbind"])])
        #expect(plan.mounts.map(\.type) == ["gofer"])
        #expect(plan.mounts[0].cache == "exclusive")
        #expect(plan.servedBytes == Array("/usr\0/\0rw,rbind\0".utf8))
    }

    @Test func neverChangesWhatIsBelowAnOverlay() throws {
        let plan = try MountPlan(spec([]), bundle: "/", overlay: true)
        #expect(plan.served[0].options == ["ro", "rbind"])
        #expect(plan.mounts[0].type == "overlay")
    }

    @Test func leavesKernelFileSystemsToTheSentry() throws {
        let plan = try MountPlan(spec([
            .init(destination: "/proc", type: "proc"), .init(destination: "/dev", type: "tmpfs", options: ["mode=755"]),
            .init(destination: "/tmp", type: "tmpfs", options: ["rprivate", "nosuid"]),
            .init(destination: "/sys/fs/cgroup", type: "cgroup2"), .init(destination: "/sys/kernel/security", type: "securityfs"),
        ]), bundle: "/", overlay: false)
        #expect(plan.mounts.map(\.type) == ["gofer", "proc", "devtmpfs", "tmpfs", "cgroup"])
        #expect(plan.mounts[3].options == ["nosuid"])
        #expect(plan.mounts.dropFirst().allSatisfy { $0.goferIndex == -1 })
        #expect(plan.served.count == 1)
        #expect(plan.warnings.count == 1)
    }

    @Test func servesBindMounts() throws {
        let plan = try MountPlan(spec([
            .init(destination: "/etc/hosts", type: "none", source: "/etc/hosts", options: ["bind", "ro", "rprivate"]),
            .init(destination: "/data", type: "bind", source: "etc", options: ["rbind", "nodev"]),
        ]), bundle: "/", overlay: false)
        #expect(plan.served.dropFirst() == [.init(source: "/etc/hosts", destination: "/etc/hosts", options: ["ro", "bind"]),
                                            .init(source: "//etc", destination: "/data", options: ["rw", "rbind"])])
        #expect(plan.mounts.map(\.goferMount) == [0, 1, 2])
        #expect(plan.mounts[1].options == ["ro"])
        #expect(plan.mounts[2].options == ["nodev"])
        #expect(plan.mounts[2].cache == "shared")
    }

    /// The host's submounts are part of one mount of the guest.
    @Test func readOnlyGoesAllTheWayDown() throws {
        let plan = try MountPlan(spec([
            .init(destination: "/data", type: "bind", source: "/etc", options: ["rbind", "rro", "rnodev"]),
        ]), bundle: "/", overlay: false)
        #expect(plan.served[1].options == ["ro", "rbind"])
        #expect(plan.mounts[1].options == ["ro", "nodev"])
    }

    @Test func namesAMissingSource() {
        #expect(throws: RuntimeError(.notFound, "config.json: mounts[0]: source /does/not/exist (for /x): no such file or directory")) {
            try MountPlan(spec([.init(destination: "/x", type: "bind", source: "/does/not/exist")]), bundle: "/", overlay: false)
        }
    }

    @Test func namesAMissingRoot() {
        var spec = spec([])
        spec.root?.path = "rootfs"
        #expect(throws: RuntimeError(.notFound, "rootfs /bundle/rootfs: no such file or directory")) {
            try MountPlan(spec, bundle: "/bundle", overlay: false)
        }
    }

    @Test func refusesWhatItDoesNotKnow() {
        #expect(throws: RuntimeError.self) {
            try MountPlan(spec([.init(destination: "/x", type: "nfs", source: "a:/b")]), bundle: "/", overlay: false)
        }
    }
}
