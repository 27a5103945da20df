import Testing
@testable import Cgroups

@Suite struct HierarchiesTests {
    static let v1mounts = """
        24 30 0:22 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
        25 24 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw
        26 24 0:24 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd
        27 24 0:25 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:12 - cgroup cgroup rw,cpu,cpuacct
        28 24 0:26 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
        29 24 0:27 / /sys/fs/cgroup/rdma rw,nosuid shared:14 - cgroup cgroup rw,rdma
        31 24 0:26 / /mnt/again rw,nosuid shared:13 - cgroup cgroup rw,memory
        """

    @Test func findsVersion1() {
        let host = Hierarchies(mountinfo: Self.v1mounts, own: "4:memory:/user.slice\n3:cpu,cpuacct:/\n1:name=systemd:/a/b\n0::/\n")
        #expect(host.version == .v1)
        #expect(host.trees == [
            .init(controllers: ["name=systemd"], mount: "/sys/fs/cgroup/systemd", own: "/a/b"),
            .init(controllers: ["cpu", "cpuacct"], mount: "/sys/fs/cgroup/cpu,cpuacct", own: ""),
            .init(controllers: ["memory"], mount: "/sys/fs/cgroup/memory", own: "/user.slice"),
        ])
    }

    @Test func findsVersion2() {
        let host = Hierarchies(mountinfo: "30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
                               own: "0::/user.slice/x.scope\n")
        #expect(host.version == .v2)
        #expect(host.trees == [.init(controllers: [], mount: "/sys/fs/cgroup", own: "/user.slice/x.scope")])
    }

    @Test func takesPathsFromWhereTheTreeIsMounted() {
        let host = Hierarchies(mountinfo: "30 24 0:26 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
                               own: "4:memory:/docker/abc/inner\n")
        #expect(host.trees.first?.own == "/inner")
    }

    @Test func isContentWithoutAny() {
        #expect(Hierarchies(mountinfo: "1 1 8:1 / / rw - ext4 /dev/sda rw\nrubbish\n", own: "").trees.isEmpty)
    }

    @Test func placesGroups() {
        let host = Hierarchies(mountinfo: Self.v1mounts, own: "4:memory:/user.slice\n")
        #expect(Cgroup(host, path: "/a/../b").path(of: "memory") == "/sys/fs/cgroup/memory/a/b")
        #expect(Cgroup(host, path: "c").path(of: "memory") == "/sys/fs/cgroup/memory/user.slice/c")
        #expect(Cgroup(host, path: "kube-pod1.slice:cri:abc").path(of: "cpu")
            == "/sys/fs/cgroup/cpu,cpuacct/kube.slice/kube-pod1.slice/cri-abc.scope")
        #expect(Cgroup(host, path: ":p:n").path(of: "cpu") == "/sys/fs/cgroup/cpu,cpuacct/system.slice/p-n.scope")
    }
}
