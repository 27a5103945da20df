// Generated from Protos/cgroup_v2.proto by Protos/generate. Do not edit.
import CMessages

/// Counters of a cgroup of version 2. A limit of none is the largest number.
public enum CgroupV2 {
    public struct Metrics: Message, Equatable {
        public var pids: CgroupV2.PidsStat? = nil
        public var cpu: CgroupV2.CPUStat? = nil
        public var memory: CgroupV2.MemoryStat? = nil
        public var rdma: CgroupV2.RdmaStat? = nil
        public var io: CgroupV2.IOStat? = nil
        public var hugetlb: [CgroupV2.HugeTlbStat] = []
        public var memoryEvents: CgroupV2.MemoryEvents? = nil
        public var network: [CgroupV2.NetworkStat] = []

        public init() {}

        public init(pids: CgroupV2.PidsStat? = nil, cpu: CgroupV2.CPUStat? = nil, memory: CgroupV2.MemoryStat? = nil, rdma: CgroupV2.RdmaStat? = nil, io: CgroupV2.IOStat? = nil, hugetlb: [CgroupV2.HugeTlbStat] = [], memoryEvents: CgroupV2.MemoryEvents? = nil, network: [CgroupV2.NetworkStat] = []) {
            self.pids = pids
            self.cpu = cpu
            self.memory = memory
            self.rdma = rdma
            self.io = io
            self.hugetlb = hugetlb
            self.memoryEvents = memoryEvents
            self.network = network
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Pressure: shares of time in percent, and the total in microseconds.
    public struct PSIData: Message, Equatable {
        public var avg10: Double = 0
        public var avg60: Double = 0
        public var avg300: Double = 0
        public var total: UInt64 = 0

        public init() {}

        public init(avg10: Double = 0, avg60: Double = 0, avg300: Double = 0, total: UInt64 = 0) {
            self.avg10 = avg10
            self.avg60 = avg60
            self.avg300 = avg300
            self.total = total
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PSIStats: Message, Equatable {
        public var some: CgroupV2.PSIData? = nil
        public var full: CgroupV2.PSIData? = nil

        public init() {}

        public init(some: CgroupV2.PSIData? = nil, full: CgroupV2.PSIData? = nil) {
            self.some = some
            self.full = full
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
        public var usageUsec: UInt64 = 0
        public var userUsec: UInt64 = 0
        public var systemUsec: UInt64 = 0
        public var nrPeriods: UInt64 = 0
        public var nrThrottled: UInt64 = 0
        public var throttledUsec: UInt64 = 0
        public var psi: CgroupV2.PSIStats? = nil
        public var nrBursts: UInt64 = 0
        public var burstUsec: UInt64 = 0

        public init() {}

        public init(usageUsec: UInt64 = 0, userUsec: UInt64 = 0, systemUsec: UInt64 = 0, nrPeriods: UInt64 = 0, nrThrottled: UInt64 = 0, throttledUsec: UInt64 = 0, psi: CgroupV2.PSIStats? = nil, nrBursts: UInt64 = 0, burstUsec: UInt64 = 0) {
            self.usageUsec = usageUsec
            self.userUsec = userUsec
            self.systemUsec = systemUsec
            self.nrPeriods = nrPeriods
            self.nrThrottled = nrThrottled
            self.throttledUsec = throttledUsec
            self.psi = psi
            self.nrBursts = nrBursts
            self.burstUsec = burstUsec
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct MemoryStat: Message, Equatable {
        public var anon: UInt64 = 0
        public var file: UInt64 = 0
        public var kernelStack: UInt64 = 0
        public var slab: UInt64 = 0
        public var sock: UInt64 = 0
        public var shmem: UInt64 = 0
        public var fileMapped: UInt64 = 0
        public var fileDirty: UInt64 = 0
        public var fileWriteback: UInt64 = 0
        public var anonThp: UInt64 = 0
        public var inactiveAnon: UInt64 = 0
        public var activeAnon: UInt64 = 0
        public var inactiveFile: UInt64 = 0
        public var activeFile: UInt64 = 0
        public var unevictable: UInt64 = 0
        public var slabReclaimable: UInt64 = 0
        public var slabUnreclaimable: UInt64 = 0
        public var pgfault: UInt64 = 0
        public var pgmajfault: UInt64 = 0
        public var workingsetRefault: UInt64 = 0
        public var workingsetActivate: UInt64 = 0
        public var workingsetNodereclaim: UInt64 = 0
        public var pgrefill: UInt64 = 0
        public var pgscan: UInt64 = 0
        public var pgsteal: UInt64 = 0
        public var pgactivate: UInt64 = 0
        public var pgdeactivate: UInt64 = 0
        public var pglazyfree: UInt64 = 0
        public var pglazyfreed: UInt64 = 0
        public var thpFaultAlloc: UInt64 = 0
        public var thpCollapseAlloc: UInt64 = 0
        public var usage: UInt64 = 0
        public var usageLimit: UInt64 = 0
        public var swapUsage: UInt64 = 0
        public var swapLimit: UInt64 = 0
        public var maxUsage: UInt64 = 0
        public var swapMaxUsage: UInt64 = 0
        public var psi: CgroupV2.PSIStats? = nil

        public init() {}

        public init(anon: UInt64 = 0, file: UInt64 = 0, kernelStack: UInt64 = 0, slab: UInt64 = 0, sock: UInt64 = 0, shmem: UInt64 = 0, fileMapped: UInt64 = 0, fileDirty: UInt64 = 0, fileWriteback: UInt64 = 0, anonThp: UInt64 = 0, inactiveAnon: UInt64 = 0, activeAnon: UInt64 = 0, inactiveFile: UInt64 = 0, activeFile: UInt64 = 0, unevictable: UInt64 = 0, slabReclaimable: UInt64 = 0, slabUnreclaimable: UInt64 = 0, pgfault: UInt64 = 0, pgmajfault: UInt64 = 0, workingsetRefault: UInt64 = 0, workingsetActivate: UInt64 = 0, workingsetNodereclaim: UInt64 = 0, pgrefill: UInt64 = 0, pgscan: UInt64 = 0, pgsteal: UInt64 = 0, pgactivate: UInt64 = 0, pgdeactivate: UInt64 = 0, pglazyfree: UInt64 = 0, pglazyfreed: UInt64 = 0, thpFaultAlloc: UInt64 = 0, thpCollapseAlloc: UInt64 = 0, usage: UInt64 = 0, usageLimit: UInt64 = 0, swapUsage: UInt64 = 0, swapLimit: UInt64 = 0, maxUsage: UInt64 = 0, swapMaxUsage: UInt64 = 0, psi: CgroupV2.PSIStats? = nil) {
            self.anon = anon
            self.file = file
            self.kernelStack = kernelStack
            self.slab = slab
            self.sock = sock
            self.shmem = shmem
            self.fileMapped = fileMapped
            self.fileDirty = fileDirty
            self.fileWriteback = fileWriteback
            self.anonThp = anonThp
            self.inactiveAnon = inactiveAnon
            self.activeAnon = activeAnon
            self.inactiveFile = inactiveFile
            self.activeFile = activeFile
            self.unevictable = unevictable
            self.slabReclaimable = slabReclaimable
            self.slabUnreclaimable = slabUnreclaimable
            self.pgfault = pgfault
            self.pgmajfault = pgmajfault
            self.workingsetRefault = workingsetRefault
            self.workingsetActivate = workingsetActivate
            self.workingsetNodereclaim = workingsetNodereclaim
            self.pgrefill = pgrefill
            self.pgscan = pgscan
            self.pgsteal = pgsteal
            self.pgactivate = pgactivate
            self.pgdeactivate = pgdeactivate
            self.pglazyfree = pglazyfree
            self.pglazyfreed = pglazyfreed
            self.thpFaultAlloc = thpFaultAlloc
            self.thpCollapseAlloc = thpCollapseAlloc
            self.usage = usage
            self.usageLimit = usageLimit
            self.swapUsage = swapUsage
            self.swapLimit = swapLimit
            self.maxUsage = maxUsage
            self.swapMaxUsage = swapMaxUsage
            self.psi = psi
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct MemoryEvents: Message, Equatable {
        public var low: UInt64 = 0
        public var high: UInt64 = 0
        public var max: UInt64 = 0
        public var oom: UInt64 = 0
        public var oomKill: UInt64 = 0
        public var oomGroupKill: UInt64 = 0

        public init() {}

        public init(low: UInt64 = 0, high: UInt64 = 0, max: UInt64 = 0, oom: UInt64 = 0, oomKill: UInt64 = 0, oomGroupKill: UInt64 = 0) {
            self.low = low
            self.high = high
            self.max = max
            self.oom = oom
            self.oomKill = oomKill
            self.oomGroupKill = oomGroupKill
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct RdmaStat: Message, Equatable {
        public var current: [CgroupV2.RdmaEntry] = []
        public var limit: [CgroupV2.RdmaEntry] = []

        public init() {}

        public init(current: [CgroupV2.RdmaEntry] = [], limit: [CgroupV2.RdmaEntry] = []) {
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

    public struct IOStat: Message, Equatable {
        public var usage: [CgroupV2.IOEntry] = []
        public var psi: CgroupV2.PSIStats? = nil

        public init() {}

        public init(usage: [CgroupV2.IOEntry] = [], psi: CgroupV2.PSIStats? = nil) {
            self.usage = usage
            self.psi = psi
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct IOEntry: Message, Equatable {
        public var major: UInt64 = 0
        public var minor: UInt64 = 0
        public var rbytes: UInt64 = 0
        public var wbytes: UInt64 = 0
        public var rios: UInt64 = 0
        public var wios: UInt64 = 0

        public init() {}

        public init(major: UInt64 = 0, minor: UInt64 = 0, rbytes: UInt64 = 0, wbytes: UInt64 = 0, rios: UInt64 = 0, wios: UInt64 = 0) {
            self.major = major
            self.minor = minor
            self.rbytes = rbytes
            self.wbytes = wbytes
            self.rios = rios
            self.wios = wios
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct HugeTlbStat: Message, Equatable {
        public var current: UInt64 = 0
        public var max: UInt64 = 0
        public var pagesize: String = ""
        public var failcnt: UInt64 = 0

        public init() {}

        public init(current: UInt64 = 0, max: UInt64 = 0, pagesize: String = "", failcnt: UInt64 = 0) {
            self.current = current
            self.max = max
            self.pagesize = pagesize
            self.failcnt = failcnt
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
}

extension CgroupV2.Metrics: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__Metrics) {
        pids = unsafe CTree.message(c.pids)
        cpu = unsafe CTree.message(c.cpu)
        memory = unsafe CTree.message(c.memory)
        rdma = unsafe CTree.message(c.rdma)
        io = unsafe CTree.message(c.io)
        hugetlb = unsafe CTree.messages(c.n_hugetlb, c.hugetlb)
        memoryEvents = unsafe CTree.message(c.memory_events)
        network = unsafe CTree.messages(c.n_network, c.network)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__Metrics>) { unsafe io__containerd__cgroups__v2__metrics__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__Metrics>, _ tree: CTree) {
        unsafe c.pointee.pids = tree.message(pids)
        unsafe c.pointee.cpu = tree.message(cpu)
        unsafe c.pointee.memory = tree.message(memory)
        unsafe c.pointee.rdma = tree.message(rdma)
        unsafe c.pointee.io = tree.message(io)
        unsafe (c.pointee.n_hugetlb, c.pointee.hugetlb) = tree.messages(hugetlb)
        unsafe c.pointee.memory_events = tree.message(memoryEvents)
        unsafe (c.pointee.n_network, c.pointee.network) = tree.messages(network)
    }
}

extension CgroupV2.PSIData: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__PSIData) {
        avg10 = unsafe c.avg10
        avg60 = unsafe c.avg60
        avg300 = unsafe c.avg300
        total = unsafe c.total
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__PSIData>) { unsafe io__containerd__cgroups__v2__psidata__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__PSIData>, _ tree: CTree) {
        unsafe c.pointee.avg10 = avg10
        unsafe c.pointee.avg60 = avg60
        unsafe c.pointee.avg300 = avg300
        unsafe c.pointee.total = total
    }
}

extension CgroupV2.PSIStats: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__PSIStats) {
        some = unsafe CTree.message(c.some)
        full = unsafe CTree.message(c.full)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__PSIStats>) { unsafe io__containerd__cgroups__v2__psistats__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__PSIStats>, _ tree: CTree) {
        unsafe c.pointee.some = tree.message(some)
        unsafe c.pointee.full = tree.message(full)
    }
}

extension CgroupV2.PidsStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__PidsStat) {
        current = unsafe c.current
        limit = unsafe c.limit
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__PidsStat>) { unsafe io__containerd__cgroups__v2__pids_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__PidsStat>, _ tree: CTree) {
        unsafe c.pointee.current = current
        unsafe c.pointee.limit = limit
    }
}

extension CgroupV2.CPUStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__CPUStat) {
        usageUsec = unsafe c.usage_usec
        userUsec = unsafe c.user_usec
        systemUsec = unsafe c.system_usec
        nrPeriods = unsafe c.nr_periods
        nrThrottled = unsafe c.nr_throttled
        throttledUsec = unsafe c.throttled_usec
        psi = unsafe CTree.message(c.psi)
        nrBursts = unsafe c.nr_bursts
        burstUsec = unsafe c.burst_usec
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__CPUStat>) { unsafe io__containerd__cgroups__v2__cpustat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__CPUStat>, _ tree: CTree) {
        unsafe c.pointee.usage_usec = usageUsec
        unsafe c.pointee.user_usec = userUsec
        unsafe c.pointee.system_usec = systemUsec
        unsafe c.pointee.nr_periods = nrPeriods
        unsafe c.pointee.nr_throttled = nrThrottled
        unsafe c.pointee.throttled_usec = throttledUsec
        unsafe c.pointee.psi = tree.message(psi)
        unsafe c.pointee.nr_bursts = nrBursts
        unsafe c.pointee.burst_usec = burstUsec
    }
}

extension CgroupV2.MemoryStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__MemoryStat) {
        anon = unsafe c.anon
        file = unsafe c.file
        kernelStack = unsafe c.kernel_stack
        slab = unsafe c.slab
        sock = unsafe c.sock
        shmem = unsafe c.shmem
        fileMapped = unsafe c.file_mapped
        fileDirty = unsafe c.file_dirty
        fileWriteback = unsafe c.file_writeback
        anonThp = unsafe c.anon_thp
        inactiveAnon = unsafe c.inactive_anon
        activeAnon = unsafe c.active_anon
        inactiveFile = unsafe c.inactive_file
        activeFile = unsafe c.active_file
        unevictable = unsafe c.unevictable
        slabReclaimable = unsafe c.slab_reclaimable
        slabUnreclaimable = unsafe c.slab_unreclaimable
        pgfault = unsafe c.pgfault
        pgmajfault = unsafe c.pgmajfault
        workingsetRefault = unsafe c.workingset_refault
        workingsetActivate = unsafe c.workingset_activate
        workingsetNodereclaim = unsafe c.workingset_nodereclaim
        pgrefill = unsafe c.pgrefill
        pgscan = unsafe c.pgscan
        pgsteal = unsafe c.pgsteal
        pgactivate = unsafe c.pgactivate
        pgdeactivate = unsafe c.pgdeactivate
        pglazyfree = unsafe c.pglazyfree
        pglazyfreed = unsafe c.pglazyfreed
        thpFaultAlloc = unsafe c.thp_fault_alloc
        thpCollapseAlloc = unsafe c.thp_collapse_alloc
        usage = unsafe c.usage
        usageLimit = unsafe c.usage_limit
        swapUsage = unsafe c.swap_usage
        swapLimit = unsafe c.swap_limit
        maxUsage = unsafe c.max_usage
        swapMaxUsage = unsafe c.swap_max_usage
        psi = unsafe CTree.message(c.psi)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__MemoryStat>) { unsafe io__containerd__cgroups__v2__memory_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__MemoryStat>, _ tree: CTree) {
        unsafe c.pointee.anon = anon
        unsafe c.pointee.file = file
        unsafe c.pointee.kernel_stack = kernelStack
        unsafe c.pointee.slab = slab
        unsafe c.pointee.sock = sock
        unsafe c.pointee.shmem = shmem
        unsafe c.pointee.file_mapped = fileMapped
        unsafe c.pointee.file_dirty = fileDirty
        unsafe c.pointee.file_writeback = fileWriteback
        unsafe c.pointee.anon_thp = anonThp
        unsafe c.pointee.inactive_anon = inactiveAnon
        unsafe c.pointee.active_anon = activeAnon
        unsafe c.pointee.inactive_file = inactiveFile
        unsafe c.pointee.active_file = activeFile
        unsafe c.pointee.unevictable = unevictable
        unsafe c.pointee.slab_reclaimable = slabReclaimable
        unsafe c.pointee.slab_unreclaimable = slabUnreclaimable
        unsafe c.pointee.pgfault = pgfault
        unsafe c.pointee.pgmajfault = pgmajfault
        unsafe c.pointee.workingset_refault = workingsetRefault
        unsafe c.pointee.workingset_activate = workingsetActivate
        unsafe c.pointee.workingset_nodereclaim = workingsetNodereclaim
        unsafe c.pointee.pgrefill = pgrefill
        unsafe c.pointee.pgscan = pgscan
        unsafe c.pointee.pgsteal = pgsteal
        unsafe c.pointee.pgactivate = pgactivate
        unsafe c.pointee.pgdeactivate = pgdeactivate
        unsafe c.pointee.pglazyfree = pglazyfree
        unsafe c.pointee.pglazyfreed = pglazyfreed
        unsafe c.pointee.thp_fault_alloc = thpFaultAlloc
        unsafe c.pointee.thp_collapse_alloc = thpCollapseAlloc
        unsafe c.pointee.usage = usage
        unsafe c.pointee.usage_limit = usageLimit
        unsafe c.pointee.swap_usage = swapUsage
        unsafe c.pointee.swap_limit = swapLimit
        unsafe c.pointee.max_usage = maxUsage
        unsafe c.pointee.swap_max_usage = swapMaxUsage
        unsafe c.pointee.psi = tree.message(psi)
    }
}

extension CgroupV2.MemoryEvents: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__MemoryEvents) {
        low = unsafe c.low
        high = unsafe c.high
        max = unsafe c.max
        oom = unsafe c.oom
        oomKill = unsafe c.oom_kill
        oomGroupKill = unsafe c.oom_group_kill
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__MemoryEvents>) { unsafe io__containerd__cgroups__v2__memory_events__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__MemoryEvents>, _ tree: CTree) {
        unsafe c.pointee.low = low
        unsafe c.pointee.high = high
        unsafe c.pointee.max = max
        unsafe c.pointee.oom = oom
        unsafe c.pointee.oom_kill = oomKill
        unsafe c.pointee.oom_group_kill = oomGroupKill
    }
}

extension CgroupV2.RdmaStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__RdmaStat) {
        current = unsafe CTree.messages(c.n_current, c.current)
        limit = unsafe CTree.messages(c.n_limit, c.limit)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__RdmaStat>) { unsafe io__containerd__cgroups__v2__rdma_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__RdmaStat>, _ tree: CTree) {
        unsafe (c.pointee.n_current, c.pointee.current) = tree.messages(current)
        unsafe (c.pointee.n_limit, c.pointee.limit) = tree.messages(limit)
    }
}

extension CgroupV2.RdmaEntry: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__RdmaEntry) {
        device = unsafe CTree.text(c.device)
        hcaHandles = unsafe c.hca_handles
        hcaObjects = unsafe c.hca_objects
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__RdmaEntry>) { unsafe io__containerd__cgroups__v2__rdma_entry__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__RdmaEntry>, _ tree: CTree) {
        unsafe c.pointee.device = tree.text(device)
        unsafe c.pointee.hca_handles = hcaHandles
        unsafe c.pointee.hca_objects = hcaObjects
    }
}

extension CgroupV2.IOStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__IOStat) {
        usage = unsafe CTree.messages(c.n_usage, c.usage)
        psi = unsafe CTree.message(c.psi)
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__IOStat>) { unsafe io__containerd__cgroups__v2__iostat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__IOStat>, _ tree: CTree) {
        unsafe (c.pointee.n_usage, c.pointee.usage) = tree.messages(usage)
        unsafe c.pointee.psi = tree.message(psi)
    }
}

extension CgroupV2.IOEntry: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__IOEntry) {
        major = unsafe c.major
        minor = unsafe c.minor
        rbytes = unsafe c.rbytes
        wbytes = unsafe c.wbytes
        rios = unsafe c.rios
        wios = unsafe c.wios
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__IOEntry>) { unsafe io__containerd__cgroups__v2__ioentry__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__IOEntry>, _ tree: CTree) {
        unsafe c.pointee.major = major
        unsafe c.pointee.minor = minor
        unsafe c.pointee.rbytes = rbytes
        unsafe c.pointee.wbytes = wbytes
        unsafe c.pointee.rios = rios
        unsafe c.pointee.wios = wios
    }
}

extension CgroupV2.HugeTlbStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__HugeTlbStat) {
        current = unsafe c.current
        max = unsafe c.max
        pagesize = unsafe CTree.text(c.pagesize)
        failcnt = unsafe c.failcnt
    }

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__HugeTlbStat>) { unsafe io__containerd__cgroups__v2__huge_tlb_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__HugeTlbStat>, _ tree: CTree) {
        unsafe c.pointee.current = current
        unsafe c.pointee.max = max
        unsafe c.pointee.pagesize = tree.text(pagesize)
        unsafe c.pointee.failcnt = failcnt
    }
}

extension CgroupV2.NetworkStat: @unsafe CBacked {
    init(reading c: Io__Containerd__Cgroups__V2__NetworkStat) {
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

    static func prepare(_ c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__NetworkStat>) { unsafe io__containerd__cgroups__v2__network_stat__init(c) }

    func write(to c: UnsafeMutablePointer<Io__Containerd__Cgroups__V2__NetworkStat>, _ tree: CTree) {
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
