// Generated from Protos/cgroup_v1.proto by Protos/generate. Do not edit.
import CMessages

/// Counters of a cgroup of version 1.
public enum CgroupV1 {
    public struct Metrics: Message, Equatable {
        public var hugetlb: [CgroupV1.HugetlbStat] = []
        public var pids: CgroupV1.PidsStat? = nil
        public var cpu: CgroupV1.CPUStat? = nil
        public var memory: CgroupV1.MemoryStat? = nil
        public var blkio: CgroupV1.BlkIOStat? = nil
        public var rdma: CgroupV1.RdmaStat? = nil
        public var network: [CgroupV1.NetworkStat] = []
        public var cgroupStats: CgroupV1.CgroupStats? = nil
        public var memoryOomControl: CgroupV1.MemoryOomControl? = nil

        public init() {}

        public init(hugetlb: [CgroupV1.HugetlbStat] = [], pids: CgroupV1.PidsStat? = nil, cpu: CgroupV1.CPUStat? = nil, memory: CgroupV1.MemoryStat? = nil, blkio: CgroupV1.BlkIOStat? = nil, rdma: CgroupV1.RdmaStat? = nil, network: [CgroupV1.NetworkStat] = [], cgroupStats: CgroupV1.CgroupStats? = nil, memoryOomControl: CgroupV1.MemoryOomControl? = nil) {
            self.hugetlb = hugetlb
            self.pids = pids
            self.cpu = cpu
            self.memory = memory
            self.blkio = blkio
            self.rdma = rdma
            self.network = network
            self.cgroupStats = cgroupStats
            self.memoryOomControl = memoryOomControl
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct HugetlbStat: Message, Equatable {
        public var usage: UInt64 = 0
        public var max: UInt64 = 0
        public var failcnt: UInt64 = 0
        public var pagesize: String = ""

        public init() {}

        public init(usage: UInt64 = 0, max: UInt64 = 0, failcnt: UInt64 = 0, pagesize: String = "") {
            self.usage = usage
            self.max = max
            self.failcnt = failcnt
            self.pagesize = pagesize
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PidsStat: Message, Equatable {
        public var current: UInt64 = 0
        public var limit: UInt64 = 0

        public init() {}

        public init(current: UInt64 = 0, limit: UInt64 = 0) {
            self.current = current
            self.limit = limit
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CPUStat: Message, Equatable {
        public var usage: CgroupV1.CPUUsage? = nil
        public var throttling: CgroupV1.Throttle? = nil

        public init() {}

        public init(usage: CgroupV1.CPUUsage? = nil, throttling: CgroupV1.Throttle? = nil) {
            self.usage = usage
            self.throttling = throttling
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// In nanoseconds.
    public struct CPUUsage: Message, Equatable {
        public var total: UInt64 = 0
        public var kernel: UInt64 = 0
        public var user: UInt64 = 0
        public var perCPU: [UInt64] = []

        public init() {}

        public init(total: UInt64 = 0, kernel: UInt64 = 0, user: UInt64 = 0, perCPU: [UInt64] = []) {
            self.total = total
            self.kernel = kernel
            self.user = user
            self.perCPU = perCPU
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct Throttle: Message, Equatable {
        public var periods: UInt64 = 0
        public var throttledPeriods: UInt64 = 0
        public var throttledTime: UInt64 = 0

        public init() {}

        public init(periods: UInt64 = 0, throttledPeriods: UInt64 = 0, throttledTime: UInt64 = 0) {
            self.periods = periods
            self.throttledPeriods = throttledPeriods
            self.throttledTime = throttledTime
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct MemoryStat: Message, Equatable {
        public var cache: UInt64 = 0
        public var rss: UInt64 = 0
        public var rssHuge: UInt64 = 0
        public var mappedFile: UInt64 = 0
        public var dirty: UInt64 = 0
        public var writeback: UInt64 = 0
        public var pgPgIn: UInt64 = 0
        public var pgPgOut: UInt64 = 0
        public var pgFault: UInt64 = 0
        public var pgMajFault: UInt64 = 0
        public var inactiveAnon: UInt64 = 0
        public var activeAnon: UInt64 = 0
        public var inactiveFile: UInt64 = 0
        public var activeFile: UInt64 = 0
        public var unevictable: UInt64 = 0
        public var hierarchicalMemoryLimit: UInt64 = 0
        public var hierarchicalSwapLimit: UInt64 = 0
        public var totalCache: UInt64 = 0
        public var totalRss: UInt64 = 0
        public var totalRssHuge: UInt64 = 0
        public var totalMappedFile: UInt64 = 0
        public var totalDirty: UInt64 = 0
        public var totalWriteback: UInt64 = 0
        public var totalPgPgIn: UInt64 = 0
        public var totalPgPgOut: UInt64 = 0
        public var totalPgFault: UInt64 = 0
        public var totalPgMajFault: UInt64 = 0
        public var totalInactiveAnon: UInt64 = 0
        public var totalActiveAnon: UInt64 = 0
        public var totalInactiveFile: UInt64 = 0
        public var totalActiveFile: UInt64 = 0
        public var totalUnevictable: UInt64 = 0
        public var usage: CgroupV1.MemoryEntry? = nil
        public var swap: CgroupV1.MemoryEntry? = nil
        public var kernel: CgroupV1.MemoryEntry? = nil
        public var kernelTcp: CgroupV1.MemoryEntry? = nil

        public init() {}

        public init(cache: UInt64 = 0, rss: UInt64 = 0, rssHuge: UInt64 = 0, mappedFile: UInt64 = 0, dirty: UInt64 = 0, writeback: UInt64 = 0, pgPgIn: UInt64 = 0, pgPgOut: UInt64 = 0, pgFault: UInt64 = 0, pgMajFault: UInt64 = 0, inactiveAnon: UInt64 = 0, activeAnon: UInt64 = 0, inactiveFile: UInt64 = 0, activeFile: UInt64 = 0, unevictable: UInt64 = 0, hierarchicalMemoryLimit: UInt64 = 0, hierarchicalSwapLimit: UInt64 = 0, totalCache: UInt64 = 0, totalRss: UInt64 = 0, totalRssHuge: UInt64 = 0, totalMappedFile: UInt64 = 0, totalDirty: UInt64 = 0, totalWriteback: UInt64 = 0, totalPgPgIn: UInt64 = 0, totalPgPgOut: UInt64 = 0, totalPgFault: UInt64 = 0, totalPgMajFault: UInt64 = 0, totalInactiveAnon: UInt64 = 0, totalActiveAnon: UInt64 = 0, totalInactiveFile: UInt64 = 0, totalActiveFile: UInt64 = 0, totalUnevictable: UInt64 = 0, usage: CgroupV1.MemoryEntry? = nil, swap: CgroupV1.MemoryEntry? = nil, kernel: CgroupV1.MemoryEntry? = nil, kernelTcp: CgroupV1.MemoryEntry? = nil) {
            self.cache = cache
            self.rss = rss
            self.rssHuge = rssHuge
            self.mappedFile = mappedFile
            self.dirty = dirty
            self.writeback = writeback
            self.pgPgIn = pgPgIn
            self.pgPgOut = pgPgOut
            self.pgFault = pgFault
            self.pgMajFault = pgMajFault
            self.inactiveAnon = inactiveAnon
            self.activeAnon = activeAnon
            self.inactiveFile = inactiveFile
            self.activeFile = activeFile
            self.unevictable = unevictable
            self.hierarchicalMemoryLimit = hierarchicalMemoryLimit
            self.hierarchicalSwapLimit = hierarchicalSwapLimit
            self.totalCache = totalCache
            self.totalRss = totalRss
            self.totalRssHuge = totalRssHuge
            self.totalMappedFile = totalMappedFile
            self.totalDirty = totalDirty
            self.totalWriteback = totalWriteback
            self.totalPgPgIn = totalPgPgIn
            self.totalPgPgOut = totalPgPgOut
            self.totalPgFault = totalPgFault
            self.totalPgMajFault = totalPgMajFault
            self.totalInactiveAnon = totalInactiveAnon
            self.totalActiveAnon = totalActiveAnon
            self.totalInactiveFile = totalInactiveFile
            self.totalActiveFile = totalActiveFile
            self.totalUnevictable = totalUnevictable
            self.usage = usage
            self.swap = swap
            self.kernel = kernel
            self.kernelTcp = kernelTcp
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct MemoryEntry: Message, Equatable {
        public var limit: UInt64 = 0
        public var usage: UInt64 = 0
        public var max: UInt64 = 0
        public var failcnt: UInt64 = 0

        public init() {}

        public init(limit: UInt64 = 0, usage: UInt64 = 0, max: UInt64 = 0, failcnt: UInt64 = 0) {
            self.limit = limit
            self.usage = usage
            self.max = max
            self.failcnt = failcnt
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct MemoryOomControl: Message, Equatable {
        public var oomKillDisable: UInt64 = 0
        public var underOom: UInt64 = 0
        public var oomKill: UInt64 = 0

        public init() {}

        public init(oomKillDisable: UInt64 = 0, underOom: UInt64 = 0, oomKill: UInt64 = 0) {
            self.oomKillDisable = oomKillDisable
            self.underOom = underOom
            self.oomKill = oomKill
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct BlkIOStat: Message, Equatable {
        public var ioServiceBytesRecursive: [CgroupV1.BlkIOEntry] = []
        public var ioServicedRecursive: [CgroupV1.BlkIOEntry] = []
        public var ioQueuedRecursive: [CgroupV1.BlkIOEntry] = []
        public var ioServiceTimeRecursive: [CgroupV1.BlkIOEntry] = []
        public var ioWaitTimeRecursive: [CgroupV1.BlkIOEntry] = []
        public var ioMergedRecursive: [CgroupV1.BlkIOEntry] = []
        public var ioTimeRecursive: [CgroupV1.BlkIOEntry] = []
        public var sectorsRecursive: [CgroupV1.BlkIOEntry] = []

        public init() {}

        public init(ioServiceBytesRecursive: [CgroupV1.BlkIOEntry] = [], ioServicedRecursive: [CgroupV1.BlkIOEntry] = [], ioQueuedRecursive: [CgroupV1.BlkIOEntry] = [], ioServiceTimeRecursive: [CgroupV1.BlkIOEntry] = [], ioWaitTimeRecursive: [CgroupV1.BlkIOEntry] = [], ioMergedRecursive: [CgroupV1.BlkIOEntry] = [], ioTimeRecursive: [CgroupV1.BlkIOEntry] = [], sectorsRecursive: [CgroupV1.BlkIOEntry] = []) {
            self.ioServiceBytesRecursive = ioServiceBytesRecursive
            self.ioServicedRecursive = ioServicedRecursive
            self.ioQueuedRecursive = ioQueuedRecursive
            self.ioServiceTimeRecursive = ioServiceTimeRecursive
            self.ioWaitTimeRecursive = ioWaitTimeRecursive
            self.ioMergedRecursive = ioMergedRecursive
            self.ioTimeRecursive = ioTimeRecursive
            self.sectorsRecursive = sectorsRecursive
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct BlkIOEntry: Message, Equatable {
        public var op: String = ""
        public var device: String = ""
        public var major: UInt64 = 0
        public var minor: UInt64 = 0
        public var value: UInt64 = 0

        public init() {}

        public init(op: String = "", device: String = "", major: UInt64 = 0, minor: UInt64 = 0, value: UInt64 = 0) {
            self.op = op
            self.device = device
            self.major = major
            self.minor = minor
            self.value = value
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct RdmaStat: Message, Equatable {
        public var current: [CgroupV1.RdmaEntry] = []
        public var limit: [CgroupV1.RdmaEntry] = []

        public init() {}

        public init(current: [CgroupV1.RdmaEntry] = [], limit: [CgroupV1.RdmaEntry] = []) {
            self.current = current
            self.limit = limit
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct RdmaEntry: Message, Equatable {
        public var device: String = ""
        public var hcaHandles: UInt32 = 0
        public var hcaObjects: UInt32 = 0

        public init() {}

        public init(device: String = "", hcaHandles: UInt32 = 0, hcaObjects: UInt32 = 0) {
            self.device = device
            self.hcaHandles = hcaHandles
            self.hcaObjects = hcaObjects
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct NetworkStat: Message, Equatable {
        public var name: String = ""
        public var rxBytes: UInt64 = 0
        public var rxPackets: UInt64 = 0
        public var rxErrors: UInt64 = 0
        public var rxDropped: UInt64 = 0
        public var txBytes: UInt64 = 0
        public var txPackets: UInt64 = 0
        public var txErrors: UInt64 = 0
        public var txDropped: UInt64 = 0

        public init() {}

        public init(name: String = "", rxBytes: UInt64 = 0, rxPackets: UInt64 = 0, rxErrors: UInt64 = 0, rxDropped: UInt64 = 0, txBytes: UInt64 = 0, txPackets: UInt64 = 0, txErrors: UInt64 = 0, txDropped: UInt64 = 0) {
            self.name = name
            self.rxBytes = rxBytes
            self.rxPackets = rxPackets
            self.rxErrors = rxErrors
            self.rxDropped = rxDropped
            self.txBytes = txBytes
            self.txPackets = txPackets
            self.txErrors = txErrors
            self.txDropped = txDropped
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CgroupStats: Message, Equatable {
        public var nrSleeping: UInt64 = 0
        public var nrRunning: UInt64 = 0
        public var nrStopped: UInt64 = 0
        public var nrUninterruptible: UInt64 = 0
        public var nrIOWait: UInt64 = 0

        public init() {}

        public init(nrSleeping: UInt64 = 0, nrRunning: UInt64 = 0, nrStopped: UInt64 = 0, nrUninterruptible: UInt64 = 0, nrIOWait: UInt64 = 0) {
            self.nrSleeping = nrSleeping
            self.nrRunning = nrRunning
            self.nrStopped = nrStopped
            self.nrUninterruptible = nrUninterruptible
            self.nrIOWait = nrIOWait
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension CgroupV1.Metrics: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__Metrics) {
        hugetlb = unsafe CTree.messages(c.n_hugetlb, c.hugetlb)
        pids = unsafe CTree.message(c.pids)
        cpu = unsafe CTree.message(c.cpu)
        memory = unsafe CTree.message(c.memory)
        blkio = unsafe CTree.message(c.blkio)
        rdma = unsafe CTree.message(c.rdma)
        network = unsafe CTree.messages(c.n_network, c.network)
        cgroupStats = unsafe CTree.message(c.cgroup_stats)
        memoryOomControl = unsafe CTree.message(c.memory_oom_control)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__Metrics>) { unsafe io__containerd__cgroups__v1__metrics__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__Metrics>, _ tree: CTree) {
        unsafe (c.pointee.n_hugetlb, c.pointee.hugetlb) = tree.messages(hugetlb)
        unsafe c.pointee.pids = tree.message(pids)
        unsafe c.pointee.cpu = tree.message(cpu)
        unsafe c.pointee.memory = tree.message(memory)
        unsafe c.pointee.blkio = tree.message(blkio)
        unsafe c.pointee.rdma = tree.message(rdma)
        unsafe (c.pointee.n_network, c.pointee.network) = tree.messages(network)
        unsafe c.pointee.cgroup_stats = tree.message(cgroupStats)
        unsafe c.pointee.memory_oom_control = tree.message(memoryOomControl)
    }
}

extension CgroupV1.HugetlbStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__HugetlbStat) {
        usage = unsafe c.usage
        max = unsafe c.max
        failcnt = unsafe c.failcnt
        pagesize = unsafe CTree.text(c.pagesize)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__HugetlbStat>) { unsafe io__containerd__cgroups__v1__hugetlb_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__HugetlbStat>, _ tree: CTree) {
        unsafe c.pointee.usage = usage
        unsafe c.pointee.max = max
        unsafe c.pointee.failcnt = failcnt
        unsafe c.pointee.pagesize = tree.text(pagesize)
    }
}

extension CgroupV1.PidsStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__PidsStat) {
        current = unsafe c.current
        limit = unsafe c.limit
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__PidsStat>) { unsafe io__containerd__cgroups__v1__pids_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__PidsStat>, _ tree: CTree) {
        unsafe c.pointee.current = current
        unsafe c.pointee.limit = limit
    }
}

extension CgroupV1.CPUStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__CPUStat) {
        usage = unsafe CTree.message(c.usage)
        throttling = unsafe CTree.message(c.throttling)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__CPUStat>) { unsafe io__containerd__cgroups__v1__cpustat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__CPUStat>, _ tree: CTree) {
        unsafe c.pointee.usage = tree.message(usage)
        unsafe c.pointee.throttling = tree.message(throttling)
    }
}

extension CgroupV1.CPUUsage: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__CPUUsage) {
        total = unsafe c.total
        kernel = unsafe c.kernel
        user = unsafe c.user
        perCPU = unsafe CTree.scalars(c.n_per_cpu, c.per_cpu)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__CPUUsage>) { unsafe io__containerd__cgroups__v1__cpuusage__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__CPUUsage>, _ tree: CTree) {
        unsafe c.pointee.total = total
        unsafe c.pointee.kernel = kernel
        unsafe c.pointee.user = user
        unsafe (c.pointee.n_per_cpu, c.pointee.per_cpu) = tree.scalars(perCPU)
    }
}

extension CgroupV1.Throttle: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__Throttle) {
        periods = unsafe c.periods
        throttledPeriods = unsafe c.throttled_periods
        throttledTime = unsafe c.throttled_time
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__Throttle>) { unsafe io__containerd__cgroups__v1__throttle__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__Throttle>, _ tree: CTree) {
        unsafe c.pointee.periods = periods
        unsafe c.pointee.throttled_periods = throttledPeriods
        unsafe c.pointee.throttled_time = throttledTime
    }
}

extension CgroupV1.MemoryStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__MemoryStat) {
        cache = unsafe c.cache
        rss = unsafe c.rss
        rssHuge = unsafe c.rss_huge
        mappedFile = unsafe c.mapped_file
        dirty = unsafe c.dirty
        writeback = unsafe c.writeback
        pgPgIn = unsafe c.pg_pg_in
        pgPgOut = unsafe c.pg_pg_out
        pgFault = unsafe c.pg_fault
        pgMajFault = unsafe c.pg_maj_fault
        inactiveAnon = unsafe c.inactive_anon
        activeAnon = unsafe c.active_anon
        inactiveFile = unsafe c.inactive_file
        activeFile = unsafe c.active_file
        unevictable = unsafe c.unevictable
        hierarchicalMemoryLimit = unsafe c.hierarchical_memory_limit
        hierarchicalSwapLimit = unsafe c.hierarchical_swap_limit
        totalCache = unsafe c.total_cache
        totalRss = unsafe c.total_rss
        totalRssHuge = unsafe c.total_rss_huge
        totalMappedFile = unsafe c.total_mapped_file
        totalDirty = unsafe c.total_dirty
        totalWriteback = unsafe c.total_writeback
        totalPgPgIn = unsafe c.total_pg_pg_in
        totalPgPgOut = unsafe c.total_pg_pg_out
        totalPgFault = unsafe c.total_pg_fault
        totalPgMajFault = unsafe c.total_pg_maj_fault
        totalInactiveAnon = unsafe c.total_inactive_anon
        totalActiveAnon = unsafe c.total_active_anon
        totalInactiveFile = unsafe c.total_inactive_file
        totalActiveFile = unsafe c.total_active_file
        totalUnevictable = unsafe c.total_unevictable
        usage = unsafe CTree.message(c.usage)
        swap = unsafe CTree.message(c.swap)
        kernel = unsafe CTree.message(c.kernel)
        kernelTcp = unsafe CTree.message(c.kernel_tcp)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__MemoryStat>) { unsafe io__containerd__cgroups__v1__memory_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__MemoryStat>, _ tree: CTree) {
        unsafe c.pointee.cache = cache
        unsafe c.pointee.rss = rss
        unsafe c.pointee.rss_huge = rssHuge
        unsafe c.pointee.mapped_file = mappedFile
        unsafe c.pointee.dirty = dirty
        unsafe c.pointee.writeback = writeback
        unsafe c.pointee.pg_pg_in = pgPgIn
        unsafe c.pointee.pg_pg_out = pgPgOut
        unsafe c.pointee.pg_fault = pgFault
        unsafe c.pointee.pg_maj_fault = pgMajFault
        unsafe c.pointee.inactive_anon = inactiveAnon
        unsafe c.pointee.active_anon = activeAnon
        unsafe c.pointee.inactive_file = inactiveFile
        unsafe c.pointee.active_file = activeFile
        unsafe c.pointee.unevictable = unevictable
        unsafe c.pointee.hierarchical_memory_limit = hierarchicalMemoryLimit
        unsafe c.pointee.hierarchical_swap_limit = hierarchicalSwapLimit
        unsafe c.pointee.total_cache = totalCache
        unsafe c.pointee.total_rss = totalRss
        unsafe c.pointee.total_rss_huge = totalRssHuge
        unsafe c.pointee.total_mapped_file = totalMappedFile
        unsafe c.pointee.total_dirty = totalDirty
        unsafe c.pointee.total_writeback = totalWriteback
        unsafe c.pointee.total_pg_pg_in = totalPgPgIn
        unsafe c.pointee.total_pg_pg_out = totalPgPgOut
        unsafe c.pointee.total_pg_fault = totalPgFault
        unsafe c.pointee.total_pg_maj_fault = totalPgMajFault
        unsafe c.pointee.total_inactive_anon = totalInactiveAnon
        unsafe c.pointee.total_active_anon = totalActiveAnon
        unsafe c.pointee.total_inactive_file = totalInactiveFile
        unsafe c.pointee.total_active_file = totalActiveFile
        unsafe c.pointee.total_unevictable = totalUnevictable
        unsafe c.pointee.usage = tree.message(usage)
        unsafe c.pointee.swap = tree.message(swap)
        unsafe c.pointee.kernel = tree.message(kernel)
        unsafe c.pointee.kernel_tcp = tree.message(kernelTcp)
    }
}

extension CgroupV1.MemoryEntry: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__MemoryEntry) {
        limit = unsafe c.limit
        usage = unsafe c.usage
        max = unsafe c.max
        failcnt = unsafe c.failcnt
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__MemoryEntry>) { unsafe io__containerd__cgroups__v1__memory_entry__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__MemoryEntry>, _ tree: CTree) {
        unsafe c.pointee.limit = limit
        unsafe c.pointee.usage = usage
        unsafe c.pointee.max = max
        unsafe c.pointee.failcnt = failcnt
    }
}

extension CgroupV1.MemoryOomControl: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__MemoryOomControl) {
        oomKillDisable = unsafe c.oom_kill_disable
        underOom = unsafe c.under_oom
        oomKill = unsafe c.oom_kill
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__MemoryOomControl>) { unsafe io__containerd__cgroups__v1__memory_oom_control__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__MemoryOomControl>, _ tree: CTree) {
        unsafe c.pointee.oom_kill_disable = oomKillDisable
        unsafe c.pointee.under_oom = underOom
        unsafe c.pointee.oom_kill = oomKill
    }
}

extension CgroupV1.BlkIOStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__BlkIOStat) {
        ioServiceBytesRecursive = unsafe CTree.messages(c.n_io_service_bytes_recursive, c.io_service_bytes_recursive)
        ioServicedRecursive = unsafe CTree.messages(c.n_io_serviced_recursive, c.io_serviced_recursive)
        ioQueuedRecursive = unsafe CTree.messages(c.n_io_queued_recursive, c.io_queued_recursive)
        ioServiceTimeRecursive = unsafe CTree.messages(c.n_io_service_time_recursive, c.io_service_time_recursive)
        ioWaitTimeRecursive = unsafe CTree.messages(c.n_io_wait_time_recursive, c.io_wait_time_recursive)
        ioMergedRecursive = unsafe CTree.messages(c.n_io_merged_recursive, c.io_merged_recursive)
        ioTimeRecursive = unsafe CTree.messages(c.n_io_time_recursive, c.io_time_recursive)
        sectorsRecursive = unsafe CTree.messages(c.n_sectors_recursive, c.sectors_recursive)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__BlkIOStat>) { unsafe io__containerd__cgroups__v1__blk_iostat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__BlkIOStat>, _ tree: CTree) {
        unsafe (c.pointee.n_io_service_bytes_recursive, c.pointee.io_service_bytes_recursive) = tree.messages(ioServiceBytesRecursive)
        unsafe (c.pointee.n_io_serviced_recursive, c.pointee.io_serviced_recursive) = tree.messages(ioServicedRecursive)
        unsafe (c.pointee.n_io_queued_recursive, c.pointee.io_queued_recursive) = tree.messages(ioQueuedRecursive)
        unsafe (c.pointee.n_io_service_time_recursive, c.pointee.io_service_time_recursive) = tree.messages(ioServiceTimeRecursive)
        unsafe (c.pointee.n_io_wait_time_recursive, c.pointee.io_wait_time_recursive) = tree.messages(ioWaitTimeRecursive)
        unsafe (c.pointee.n_io_merged_recursive, c.pointee.io_merged_recursive) = tree.messages(ioMergedRecursive)
        unsafe (c.pointee.n_io_time_recursive, c.pointee.io_time_recursive) = tree.messages(ioTimeRecursive)
        unsafe (c.pointee.n_sectors_recursive, c.pointee.sectors_recursive) = tree.messages(sectorsRecursive)
    }
}

extension CgroupV1.BlkIOEntry: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__BlkIOEntry) {
        op = unsafe CTree.text(c.op)
        device = unsafe CTree.text(c.device)
        major = unsafe c.major
        minor = unsafe c.minor
        value = unsafe c.value
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__BlkIOEntry>) { unsafe io__containerd__cgroups__v1__blk_ioentry__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__BlkIOEntry>, _ tree: CTree) {
        unsafe c.pointee.op = tree.text(op)
        unsafe c.pointee.device = tree.text(device)
        unsafe c.pointee.major = major
        unsafe c.pointee.minor = minor
        unsafe c.pointee.value = value
    }
}

extension CgroupV1.RdmaStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__RdmaStat) {
        current = unsafe CTree.messages(c.n_current, c.current)
        limit = unsafe CTree.messages(c.n_limit, c.limit)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__RdmaStat>) { unsafe io__containerd__cgroups__v1__rdma_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__RdmaStat>, _ tree: CTree) {
        unsafe (c.pointee.n_current, c.pointee.current) = tree.messages(current)
        unsafe (c.pointee.n_limit, c.pointee.limit) = tree.messages(limit)
    }
}

extension CgroupV1.RdmaEntry: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__RdmaEntry) {
        device = unsafe CTree.text(c.device)
        hcaHandles = unsafe c.hca_handles
        hcaObjects = unsafe c.hca_objects
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__RdmaEntry>) { unsafe io__containerd__cgroups__v1__rdma_entry__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__RdmaEntry>, _ tree: CTree) {
        unsafe c.pointee.device = tree.text(device)
        unsafe c.pointee.hca_handles = hcaHandles
        unsafe c.pointee.hca_objects = hcaObjects
    }
}

extension CgroupV1.NetworkStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__NetworkStat) {
        name = unsafe CTree.text(c.name)
        rxBytes = unsafe c.rx_bytes
        rxPackets = unsafe c.rx_packets
        rxErrors = unsafe c.rx_errors
        rxDropped = unsafe c.rx_dropped
        txBytes = unsafe c.tx_bytes
        txPackets = unsafe c.tx_packets
        txErrors = unsafe c.tx_errors
        txDropped = unsafe c.tx_dropped
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__NetworkStat>) { unsafe io__containerd__cgroups__v1__network_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__NetworkStat>, _ tree: CTree) {
        unsafe c.pointee.name = tree.text(name)
        unsafe c.pointee.rx_bytes = rxBytes
        unsafe c.pointee.rx_packets = rxPackets
        unsafe c.pointee.rx_errors = rxErrors
        unsafe c.pointee.rx_dropped = rxDropped
        unsafe c.pointee.tx_bytes = txBytes
        unsafe c.pointee.tx_packets = txPackets
        unsafe c.pointee.tx_errors = txErrors
        unsafe c.pointee.tx_dropped = txDropped
    }
}

extension CgroupV1.CgroupStats: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V1__CgroupStats) {
        nrSleeping = unsafe c.nr_sleeping
        nrRunning = unsafe c.nr_running
        nrStopped = unsafe c.nr_stopped
        nrUninterruptible = unsafe c.nr_uninterruptible
        nrIOWait = unsafe c.nr_io_wait
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__CgroupStats>) { unsafe io__containerd__cgroups__v1__cgroup_stats__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V1__CgroupStats>, _ tree: CTree) {
        unsafe c.pointee.nr_sleeping = nrSleeping
        unsafe c.pointee.nr_running = nrRunning
        unsafe c.pointee.nr_stopped = nrStopped
        unsafe c.pointee.nr_uninterruptible = nrUninterruptible
        unsafe c.pointee.nr_io_wait = nrIOWait
    }
}
