import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// A file of a control group: limits and counters of the container at the root, names and zeroes below.
final class CgroupFile: SyntheticFile, @unchecked Sendable {
    enum Kind: String, CaseIterable {
        case controllers = "cgroup.controllers"
        case events = "cgroup.events"
        case freeze = "cgroup.freeze"
        case kill = "cgroup.kill"
        case maxDepth = "cgroup.max.depth"
        case maxDescendants = "cgroup.max.descendants"
        case procs = "cgroup.procs"
        case stat = "cgroup.stat"
        case subtreeControl = "cgroup.subtree_control"
        case threads = "cgroup.threads"
        case type = "cgroup.type"
        case cpuMax = "cpu.max"
        case cpuStat = "cpu.stat"
        case cpuWeight = "cpu.weight"
        case cpus = "cpuset.cpus"
        case cpusEffective = "cpuset.cpus.effective"
        case memsEffective = "cpuset.mems.effective"
        case ioStat = "io.stat"
        case cpuPressure = "cpu.pressure"
        case memoryPressure = "memory.pressure"
        case ioPressure = "io.pressure"
        case memoryCurrent = "memory.current"
        case memoryPeak = "memory.peak"
        case memoryEventsLocal = "memory.events.local"
        case memoryOOMGroup = "memory.oom.group"
        case memoryEvents = "memory.events"
        case memoryHigh = "memory.high"
        case memoryLow = "memory.low"
        case memoryMax = "memory.max"
        case memoryMin = "memory.min"
        case memoryStat = "memory.stat"
        case swapCurrent = "memory.swap.current"
        case swapMax = "memory.swap.max"
        case pidsCurrent = "pids.current"
        case pidsEvents = "pids.events"
        case pidsMax = "pids.max"

        var mode: UInt32 {
            switch self {
            case .kill: 0o200
            case .freeze, .maxDepth, .maxDescendants, .procs, .subtreeControl, .threads, .type, .cpuMax, .cpuWeight, .cpus,
                 .memoryHigh, .memoryLow, .memoryMax, .memoryMin, .swapMax, .pidsMax: 0o644
            default: 0o444
            }
        }
    }

    private unowned let directory: CgroupDirectory
    private let kind: Kind

    init(_ directory: CgroupDirectory, _ kind: Kind) {
        self.directory = directory
        self.kind = kind
        super.init(directory.cgroups, number: directory.cgroups.nextInode(), mode: kind.mode)
    }

    private var resources: ContainerResources { directory.cgroups.resources }
    private static let controllers = "cpuset cpu io memory pids"

    private static func limit(_ value: UInt64?) -> String { value.map { String($0) } ?? "max" }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] {
        let text = text(caller)
        return text.isEmpty && kind != .subtreeControl ? [] : Array((text + "\n").utf8)
    }

    private func text(_ caller: Caller) -> String {
        let limits = resources.limits
        let isRoot = directory.isRoot
        switch kind {
        case .controllers: return Self.controllers
        case .subtreeControl: return ""
        case .events: return "populated \(directory.isPopulated ? 1 : 0)\nfrozen 0"
        case .freeze: return "0"
        case .kill: return ""
        case .maxDepth, .maxDescendants: return "max"
        case .type: return "domain"
        case .procs, .threads: return processes(caller)
        case .stat: return "nr_descendants \(directory.subgroups.count)\nnr_dying_descendants 0"
        case .cpuMax: return isRoot ? "\(Self.limit(limits.cpuQuota)) \(limits.cpuPeriod)" : "max 100000"
        case .cpuWeight: return isRoot ? "\(limits.cpuWeight)" : "100"
        case .cpuStat: return cpuStatistics()
        case .cpus: return ""
        case .cpusEffective: 
            let last = directory.cgroups.container.processorCount - 1
            return last > 0 ? "0-\(last)" : "0"
        case .memsEffective: return "0"
        case .ioStat: return isRoot ? resources.ioStatistics : ""
        case .cpuPressure: return resources.pressure("cpu")
        case .memoryPressure: return resources.pressure("memory")
        case .ioPressure: return resources.pressure("io")
        case .memoryPeak: return "\(isRoot ? resources.memoryPeak ?? memoryInUse : 0)"
        case .memoryOOMGroup: return "0"
        case .memoryCurrent: return "\(isRoot ? memoryInUse : 0)"
        case .memoryMax: return Self.limit(isRoot ? limits.memory : nil)
        case .memoryHigh: return "max"
        case .memoryLow: return "\(isRoot ? limits.memoryReservation ?? 0 : 0)"
        case .memoryMin: return "0"
        case .memoryEvents, .memoryEventsLocal: return memoryEvents()
        case .memoryStat: return memoryStatistics()
        case .swapCurrent: return "0"
        case .swapMax: return Self.limit(isRoot ? limits.swap : nil)
        case .pidsCurrent: return "\(threadCount)"
        case .pidsEvents: return "max \(isRoot ? resources.refusedProcesses : 0)"
        case .pidsMax: return Self.limit(isRoot ? limits.processes : nil)
        }
    }

    private var threadCount: Int { directory.cgroups.members(of: directory).reduce(0) { $0 + $1.liveTasks.count } }

    private func processes(_ caller: Caller) -> String {
        guard let namespace = (caller as? Task)?.pidNamespace else { return "" }
        var ids: [Int32] = []
        for group in directory.cgroups.members(of: directory) {
            ids += kind == .procs ? [group.id(in: namespace)] : group.liveTasks.map { $0.id(in: namespace) }
        }
        return ids.filter { $0 > 0 }.sorted().map { String($0) }.joined(separator: "\n")
    }

    private var memoryInUse: UInt64 {
        if let known = resources.memoryInUse { return known }
        return directory.cgroups.members(of: directory).reduce(0) { sum, group in
            sum &+ (group.liveTasks.first.map { MemoryNumbers($0.memoryManager).resident &* 1024 } ?? 0)
        }
    }

    private func cpuStatistics() -> String {
        var values = resources.values(.cpu)
        if values.isEmpty {
            let usage = directory.cgroups.members(of: directory).map(\.usage)
            let (user, system) = (usage.reduce(0) { $0 &+ $1.user } / 1000, usage.reduce(0) { $0 &+ $1.system } / 1000)
            values = ["usage_usec": user &+ system, "user_usec": user, "system_usec": system]
        }
        return ["usage_usec", "user_usec", "system_usec", "nr_periods", "nr_throttled", "throttled_usec", "nr_bursts", "burst_usec"]
            .map { "\($0) \(values[$0] ?? 0)" }.joined(separator: "\n")
    }

    private func memoryStatistics() -> String {
        let values = resources.values(.memory)
        return ["anon", "file", "kernel", "kernel_stack", "pagetables", "sec_pagetables", "percpu", "sock", "vmalloc", "shmem",
                "file_mapped", "file_dirty", "file_writeback", "swapcached", "anon_thp", "file_thp", "shmem_thp", "inactive_anon",
                "active_anon", "inactive_file", "active_file", "unevictable", "slab_reclaimable", "slab_unreclaimable", "slab",
                "pgfault", "pgmajfault"].map { "\($0) \(values[$0] ?? 0)" }.joined(separator: "\n")
    }

    private func memoryEvents() -> String {
        let values = resources.values(.memoryEvents)
        return ["low", "high", "max", "oom", "oom_kill", "oom_group_kill"].map { "\($0) \(values[$0] ?? 0)" }.joined(separator: "\n")
    }

    override func store(_ bytes: [UInt8], by caller: Caller) throws(Errno) {
        let word = TaskState.word(bytes)
        switch kind {
        case .procs, .threads: try move(word, caller)
        case .kill:
            if word != "1" { throw .EINVAL }
            if directory.isRoot { throw .EOPNOTSUPP }
            for group in directory.cgroups.members(of: directory) { group.kill(.signaled(9)) }
        case .subtreeControl:
            for item in word.split(separator: " ") {
                guard let sign = item.first, sign == "+" || sign == "-" else { throw .EINVAL }
                if !Self.controllers.split(separator: " ").contains(item.dropFirst()) { throw .ENOENT }
            }
        // Limits of the container are the host's to set.
        case .cpuMax, .cpuWeight, .memoryHigh, .memoryLow, .memoryMax, .memoryMin, .swapMax, .pidsMax, .cpus:
            if directory.isRoot { throw .EPERM }
        default: throw .EOPNOTSUPP
        }
    }

    /// Puts a process here; 0 means the caller's.
    private func move(_ word: String, _ caller: Caller) throws(Errno) {
        guard let task = caller as? Task, let pid = Int32(word), pid >= 0 else { throw .EINVAL }
        let cgroups = directory.cgroups
        guard let group = pid == 0 ? task.group : cgroups.kernel.group(pid: pid, in: task.pidNamespace) else { throw .ESRCH }
        if group.container !== cgroups.container { throw .EACCES }
        cgroups.treeLock.withLock {
            cgroups.places[ObjectIdentifier(group)] = directory.isRoot ? nil : .init(group: group, directory: directory)
        }
    }
}
