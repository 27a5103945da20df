import FileSystems
import HostOS
import LinuxABI
import VFS

/// What is in sysfs. Each part is made when somebody looks into it.
struct SysTree: Sendable {
    let machine: Machine
    let resources: ContainerResources

    func fill(_ root: StaticDirectory, _ fs: SysFileSystem) {
        root.directory("devices") { fillDevices($0, fs) }
        root.directory("class") { classes in
            classes.directory("net").add("lo", FixedLink(fs, "../../devices/virtual/net/lo"))
            for name: FileName in ["block", "bdi", "mem", "misc", "tty", "power_supply", "thermal", "hwmon"] { _ = classes.directory(name) }
            classes.directory("dmi").add("id", FixedLink(fs, "../../devices/virtual/dmi/id"))
        }
        root.directory("bus") { bus in
            bus.directory("cpu").directory("devices")
            bus.directory("pci").directory("devices")
            bus.directory("node").directory("devices")
        }
        _ = root.directory("block")
        root.directory("dev").directory("block")
        root.directory("dev").directory("char")
        _ = root.directory("firmware")
        _ = root.directory("hypervisor")
        _ = root.directory("module")
        _ = root.directory("power")
        let filesystems = root.directory("fs")
        _ = filesystems.directory("cgroup")
        filesystems.directory("fuse").directory("connections")
        root.directory("kernel") { fillKernel($0, fs) }
    }

    private func fillDevices(_ devices: StaticDirectory, _ fs: SysFileSystem) {
        devices.directory("system").directory("cpu") { fillProcessors($0, fs) }
        devices.directory("system").directory("node") { fillNodes($0, fs) }
        let virtual = devices.directory("virtual")
        virtual.directory("net").directory("lo") { fillLoopback($0, fs) }
        virtual.directory("dmi").directory("id").add("product_name", FixedFile(fs, "Cloister\n"))
    }

    private func fix(_ d: StaticDirectory, _ fs: SysFileSystem, _ values: [(FileName, String)]) {
        for (name, text) in values { d.add(name, FixedFile(fs, text + "\n")) }
    }

    private var count: Int { resources.processorCount(of: machine) }
    private var all: [UInt64] { ProcessorSet.all(count) }
    private var list: String { ProcessorSet.list(all, of: count) }
    private var mask: String { ProcessorSet.mask(all, of: count) }

    private func mask(of n: Int) -> String {
        var set = [UInt64](repeating: 0, count: n / 64 + 1)
        set[n / 64] = 1 << UInt64(n % 64)
        return ProcessorSet.mask(set, of: count)
    }

    private func fillProcessors(_ cpu: StaticDirectory, _ fs: SysFileSystem) {
        // What the C library counts by follows the container's limits; the folders are as they were at first.
        for name: FileName in ["online", "possible", "present"] { cpu.add(name, SysFact(fs) { list + "\n" }) }
        let count = count
        fix(cpu, fs, [("offline", ""), ("isolated", ""),
                      ("kernel_max", "8191"), ("nohz_full", " (null)"), ("uevent", "")])
        fix(cpu.directory("smt"), fs, [("active", "0"), ("control", "notsupported")])
        fix(cpu.directory("vulnerabilities"), fs, ["gather_data_sampling", "itlb_multihit", "l1tf", "mds", "meltdown",
            "mmio_stale_data", "reg_file_data_sampling", "retbleed", "spec_rstack_overflow", "spec_store_bypass", "spectre_v1",
            "spectre_v2", "srbds", "tsx_async_abort"].map { (FileName($0), "Unknown: running in a sandbox") })
        for n in 0..<count {
            let one = cpu.directory(FileName("cpu\(n)"))
            if n > 0 { one.add("online", FixedFile(fs, "1\n")) }
            fix(one.directory("topology"), fs, [
                ("physical_package_id", "0"), ("die_id", "0"), ("core_id", "\(n)"), ("cluster_id", "\(n)"),
                ("core_cpus", mask(of: n)), ("core_cpus_list", "\(n)"), ("thread_siblings", mask(of: n)),
                ("thread_siblings_list", "\(n)"), ("core_siblings", mask), ("core_siblings_list", list), ("package_cpus", mask),
                ("package_cpus_list", list), ("die_cpus", mask), ("die_cpus_list", list), ("cluster_cpus", mask(of: n)),
                ("cluster_cpus_list", "\(n)"),
            ])
            for (index, cache) in machine.processor.caches.enumerated() {
                // The last level belongs to all, the others to one.
                let isShared = cache.level >= 3
                fix(one.directory("cache").directory(FileName("index\(index)")), fs, [
                    ("level", "\(cache.level)"), ("type", cache.type), ("size", "\(cache.kilobytes)K"), ("id", isShared ? "0" : "\(n)"),
                    ("coherency_line_size", "\(cache.lineSize)"), ("ways_of_associativity", "\(cache.ways)"),
                    ("number_of_sets", "\(cache.sets)"), ("physical_line_partition", "1"),
                    ("shared_cpu_map", isShared ? mask : mask(of: n)), ("shared_cpu_list", isShared ? list : "\(n)"),
                ])
            }
        }
    }

    private func fillNodes(_ node: StaticDirectory, _ fs: SysFileSystem) {
        fix(node, fs, [("online", "0"), ("possible", "0"), ("has_cpu", "0"), ("has_memory", "0"), ("has_normal_memory", "0")])
        let zero = node.directory("node0")
        let kilobytes = min(machine.memory, resources.limits.memory ?? .max) / 1024
        fix(zero, fs, [
            ("cpulist", list), ("cpumap", mask), ("distance", "10"),
            ("numastat", "numa_hit 0\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 0\nother_node 0"),
            ("meminfo", "Node 0 MemTotal:       \(kilobytes) kB\nNode 0 MemFree:        \(kilobytes) kB\nNode 0 MemUsed:        0 kB"),
        ])
        for n in 0..<count { zero.add(FileName("cpu\(n)"), FixedLink(fs, "../../cpu/cpu\(n)")) }
    }

    private func fillLoopback(_ lo: StaticDirectory, _ fs: SysFileSystem) {
        fix(lo, fs, [
            ("address", "00:00:00:00:00:00"), ("broadcast", "00:00:00:00:00:00"), ("mtu", "65536"), ("operstate", "unknown"),
            ("carrier", "1"), ("ifindex", "1"), ("iflink", "1"), ("flags", "0x9"), ("type", "772"), ("tx_queue_len", "1000"),
            ("dev_id", "0x0"), ("dev_port", "0"), ("addr_len", "6"), ("addr_assign_type", "0"), ("link_mode", "0"), ("dormant", "0"),
            ("carrier_changes", "0"), ("netdev_group", "0"), ("uevent", "INTERFACE=lo\nIFINDEX=1"), ("ifalias", ""),
        ])
        let counters = ["collisions", "multicast", "rx_bytes", "rx_compressed", "rx_crc_errors", "rx_dropped", "rx_errors",
                        "rx_fifo_errors", "rx_frame_errors", "rx_length_errors", "rx_missed_errors", "rx_nohandler", "rx_over_errors",
                        "rx_packets", "tx_aborted_errors", "tx_bytes", "tx_carrier_errors", "tx_compressed", "tx_dropped",
                        "tx_errors", "tx_fifo_errors", "tx_heartbeat_errors", "tx_packets", "tx_window_errors"]
        fix(lo.directory("statistics"), fs, counters.map { (FileName($0), "0") })
        lo.directory("queues").directory("rx-0")
        lo.directory("queues").directory("tx-0")
    }

    private func fillKernel(_ kernel: StaticDirectory, _ fs: SysFileSystem) {
        let huge = kernel.directory("mm").directory("transparent_hugepage")
        huge.add("enabled", SysSetting(fs, "madvise", choices: ["always", "madvise", "never"]))
        huge.add("defrag", SysSetting(fs, "madvise", choices: ["always", "defer", "defer+madvise", "madvise", "never"]))
        huge.add("shmem_enabled", SysSetting(fs, "never", choices: ["always", "within_size", "advise", "never", "deny", "force"]))
        huge.add("use_zero_page", SysSetting(fs, "1"))
        fix(huge, fs, [("hpage_pmd_size", "2097152")])
        let pages = kernel.directory("mm").directory("hugepages").directory("hugepages-2048kB")
        fix(pages, fs, [("nr_hugepages", "0"), ("free_hugepages", "0"), ("resv_hugepages", "0"), ("surplus_hugepages", "0"),
                        ("nr_overcommit_hugepages", "0")])
        fix(kernel.directory("cgroup"), fs, [("delegate", "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\nmemory.oom.group"),
                                             ("features", "nsdelegate\nfavordynmods\nmemory_localevents\nmemory_recursiveprot")])
        fix(kernel, fs, [("uevent_seqnum", "1"), ("profiling", "0"), ("kexec_loaded", "0"), ("kexec_crash_loaded", "0"), ("fscaps", "1"),
                         ("address_bits", "64"), ("cpu_byteorder", "little")])
        for name: FileName in ["security", "debug", "tracing", "config", "irq", "slab", "iommu_groups"] { _ = kernel.directory(name) }
    }
}
