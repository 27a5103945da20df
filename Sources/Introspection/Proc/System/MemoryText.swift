import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// How much memory the container has and uses, in bytes.
struct MemoryUse {
    var total: UInt64
    var used: UInt64 = 0
    var anonymous: UInt64
    var file: UInt64
    var shared: UInt64
    var kernel: UInt64

    /// What `proc` shows.
    init(_ proc: ProcFileSystem) {
        self.init(proc.kernel, proc.pidNamespace, proc.machine, proc.resources)
    }

    /// By the counters of the container's control group, or else by adding up the processes that `namespace` sees.
    init(_ kernel: Kernel, _ namespace: PIDNamespace, _ machine: Machine, _ resources: ContainerResources) {
        total = min(machine.memory, resources.limits.memory ?? .max)
        let values = resources.values(.memory)
        anonymous = values["anon"] ?? 0
        file = values["file"] ?? 0
        shared = values["shmem"] ?? 0
        self.kernel = values["kernel"] ?? values["slab"] ?? 0
        if let current = resources.memoryInUse {
            used = current
        } else {
            addProcesses(kernel, namespace)
        }
        used = min(used, total)
    }

    private mutating func addProcesses(_ kernel: Kernel, _ namespace: PIDNamespace) {
        var seen: Set<ObjectIdentifier> = []
        for (_, group) in kernel.groups(in: namespace) {
            guard let memory = group.liveTasks.first?.memoryManager, seen.insert(ObjectIdentifier(memory)).inserted else { continue }
            let numbers = MemoryNumbers(memory)
            used &+= numbers.resident &* 1024
            anonymous &+= numbers.residentAnonymous &* 1024
            shared &+= numbers.residentShared &* 1024
            file &+= numbers.residentFile &* 1024
        }
    }

    var free: UInt64 { total - used }
    /// What could be used without swapping: page cache can be given up.
    var available: UInt64 { min(total, free &+ (file > shared ? file - shared : 0)) }
}

/// The same for sysinfo(2).
public final class ContainerMemory: MemoryReport, @unchecked Sendable {
    private unowned let kernel: Kernel
    private let namespace: PIDNamespace
    private let machine: Machine
    private let resources: ContainerResources

    public init(kernel: Kernel, pidNamespace: PIDNamespace, machine: Machine, resources: ContainerResources) {
        self.kernel = kernel
        namespace = pidNamespace
        self.machine = machine
        self.resources = resources
        super.init()
    }

    public override var information: Information {
        let use = MemoryUse(kernel, namespace, machine, resources)
        var information = Information()
        information.total = use.total
        information.free = use.free
        information.shared = use.shared
        information.swap = resources.limits.swap ?? 0
        return information
    }
}

/// Memory, as /proc tells of it.
enum MemoryText {
    static func meminfo(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        let use = MemoryUse(proc)
        let swap = proc.resources.limits.swap ?? 0
        var t = TextBuilder(capacity: 1600)
        let rows: [(StaticString, UInt64)] = [
            ("MemTotal", use.total), ("MemFree", use.free), ("MemAvailable", use.available), ("Buffers", 0),
            ("Cached", use.file), ("SwapCached", 0), ("Active", use.anonymous / 2 + use.file / 2),
            ("Inactive", use.anonymous - use.anonymous / 2 + use.file - use.file / 2), ("Active(anon)", use.anonymous / 2),
            ("Inactive(anon)", use.anonymous - use.anonymous / 2), ("Active(file)", use.file / 2),
            ("Inactive(file)", use.file - use.file / 2), ("Unevictable", 0), ("Mlocked", 0), ("SwapTotal", swap),
            ("SwapFree", swap), ("Zswap", 0), ("Zswapped", 0), ("Dirty", 0), ("Writeback", 0), ("AnonPages", use.anonymous),
            ("Mapped", use.file), ("Shmem", use.shared), ("KReclaimable", 0), ("Slab", use.kernel), ("SReclaimable", 0),
            ("SUnreclaim", use.kernel), ("KernelStack", 0), ("PageTables", 0), ("SecPageTables", 0), ("NFS_Unstable", 0),
            ("Bounce", 0), ("WritebackTmp", 0), ("CommitLimit", use.total / 2 &+ swap), ("Committed_AS", use.used),
            ("VmallocTotal", 35_184_372_087_808), ("VmallocUsed", 0), ("VmallocChunk", 0), ("Percpu", 0),
            ("HardwareCorrupted", 0), ("AnonHugePages", 0), ("ShmemHugePages", 0), ("ShmemPmdMapped", 0),
            ("FileHugePages", 0), ("FilePmdMapped", 0),
        ]
        for (name, bytes) in rows { t.putKilobytes(name, bytes / 1024, column: 24) }
        t.put("HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\nHugePages_Surp:        0\n")
        t.putKilobytes("Hugepagesize", 2048, column: 24)
        t.putKilobytes("Hugetlb", 0, column: 24)
        t.putKilobytes("DirectMap4k", 0, column: 24)
        t.putKilobytes("DirectMap2M", use.total / 1024, column: 24)
        t.putKilobytes("DirectMap1G", 0, column: 24)
        return t.bytes
    }

    static func vmstat(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        let use = MemoryUse(proc)
        let values = proc.resources.values(.memory)
        var t = TextBuilder(capacity: 800)
        let rows: [(StaticString, UInt64)] = [
            ("nr_free_pages", use.free / 4096), ("nr_zone_inactive_anon", use.anonymous / 8192),
            ("nr_zone_active_anon", use.anonymous / 8192), ("nr_zone_inactive_file", use.file / 8192),
            ("nr_zone_active_file", use.file / 8192), ("nr_anon_pages", use.anonymous / 4096), ("nr_mapped", use.file / 4096),
            ("nr_file_pages", use.file / 4096), ("nr_dirty", 0), ("nr_writeback", 0), ("nr_shmem", use.shared / 4096),
            ("nr_slab_unreclaimable", use.kernel / 4096), ("pgpgin", 0), ("pgpgout", 0), ("pswpin", 0), ("pswpout", 0),
            ("pgfault", values["pgfault"] ?? 0), ("pgmajfault", values["pgmajfault"] ?? 0), ("pgscan_kswapd", 0),
            ("pgscan_direct", 0), ("oom_kill", proc.resources.values(.memoryEvents)["oom_kill"] ?? 0),
        ]
        for (name, value) in rows {
            t.put(name)
            t.space()
            t.put(value)
            t.newline()
        }
        return t.bytes
    }

    static func zoneinfo(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        let use = MemoryUse(proc)
        let pages = use.total / 4096
        return Array(("Node 0, zone   Normal\n  pages free     \(use.free / 4096)\n        min      \(pages / 256)\n        low      \(pages / 200)\n"
            + "        high     \(pages / 170)\n        spanned  \(pages)\n        present  \(pages)\n        managed  \(pages)\n").utf8)
    }

    static func buddyinfo(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        let blocks = MemoryUse(proc).free >> 22
        var t = TextBuilder(capacity: 120)
        t.put("Node 0, zone   Normal ")
        for order in 0...10 {
            t.put(order == 10 ? blocks : 0, width: 6)
            t.space()
        }
        t.newline()
        return t.bytes
    }

    static func swaps(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        Array("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n".utf8)
    }
}
