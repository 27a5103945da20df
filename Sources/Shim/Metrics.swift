import Cgroups
import Messages

/// A cgroup's counters as containerd reads them: in the form of the version that the host uses.
enum Metrics {
    static func message(_ statistics: Statistics) throws(MessageError) -> Proto.AnyMessage {
        switch statistics.version {
        case .v1: try Proto.AnyMessage("io.containerd.cgroups.v1.Metrics", version1(statistics))
        case .v2: try Proto.AnyMessage("io.containerd.cgroups.v2.Metrics", version2(statistics))
        }
    }

    private static func version1(_ s: Statistics) -> CgroupV1.Metrics {
        func detail(_ name: String) -> UInt64 { s.memoryDetails[name] ?? 0 }
        func total(_ name: String) -> UInt64 { s.memoryDetails["total_" + name] ?? detail(name) }
        func amount(_ a: Statistics.Amount) -> CgroupV1.MemoryEntry {
            .init(limit: a.limit, usage: a.usage, max: a.peak, failcnt: a.failures)
        }
        func entries(_ list: [Statistics.BlockEntry]) -> [CgroupV1.BlkIOEntry] {
            list.map { .init(op: $0.operation, major: $0.major, minor: $0.minor, value: $0.value) }
        }
        var memory = CgroupV1.MemoryStat()
        memory.cache = detail("cache")
        memory.rss = detail("rss")
        memory.rssHuge = detail("rss_huge")
        memory.mappedFile = detail("mapped_file")
        memory.dirty = detail("dirty")
        memory.writeback = detail("writeback")
        memory.pgPgIn = detail("pgpgin")
        memory.pgPgOut = detail("pgpgout")
        memory.pgFault = detail("pgfault")
        memory.pgMajFault = detail("pgmajfault")
        memory.inactiveAnon = detail("inactive_anon")
        memory.activeAnon = detail("active_anon")
        memory.inactiveFile = detail("inactive_file")
        memory.activeFile = detail("active_file")
        memory.unevictable = detail("unevictable")
        memory.hierarchicalMemoryLimit = detail("hierarchical_memory_limit")
        memory.hierarchicalSwapLimit = detail("hierarchical_memsw_limit")
        memory.totalCache = total("cache")
        memory.totalRss = total("rss")
        memory.totalRssHuge = total("rss_huge")
        memory.totalMappedFile = total("mapped_file")
        memory.totalDirty = total("dirty")
        memory.totalWriteback = total("writeback")
        memory.totalPgPgIn = total("pgpgin")
        memory.totalPgPgOut = total("pgpgout")
        memory.totalPgFault = total("pgfault")
        memory.totalPgMajFault = total("pgmajfault")
        memory.totalInactiveAnon = total("inactive_anon")
        memory.totalActiveAnon = total("active_anon")
        memory.totalInactiveFile = total("inactive_file")
        memory.totalActiveFile = total("active_file")
        memory.totalUnevictable = total("unevictable")
        memory.usage = amount(s.memory)
        memory.swap = amount(s.swap)
        return CgroupV1.Metrics(
            pids: .init(current: s.pids, limit: s.pidsLimit == .max ? 0 : s.pidsLimit),
            cpu: .init(usage: .init(total: s.cpu.usage, kernel: s.cpu.system, user: s.cpu.user, perCPU: s.cpu.perCPU),
                       throttling: .init(periods: s.cpu.periods, throttledPeriods: s.cpu.throttledPeriods,
                                         throttledTime: s.cpu.throttledTime)),
            memory: memory,
            blkio: .init(ioServiceBytesRecursive: entries(s.blockBytes), ioServicedRecursive: entries(s.blockOperations)),
            memoryOomControl: .init(oomKillDisable: s.memoryEvents["oom_kill_disable"] ?? 0,
                                    underOom: s.memoryEvents["under_oom"] ?? 0, oomKill: s.memoryEvents["oom_kill"] ?? 0))
    }

    private static func version2(_ s: Statistics) -> CgroupV2.Metrics {
        func detail(_ name: String) -> UInt64 { s.memoryDetails[name] ?? 0 }
        var memory = CgroupV2.MemoryStat()
        memory.anon = detail("anon")
        memory.file = detail("file")
        memory.kernelStack = detail("kernel_stack")
        memory.slab = detail("slab")
        memory.sock = detail("sock")
        memory.shmem = detail("shmem")
        memory.fileMapped = detail("file_mapped")
        memory.fileDirty = detail("file_dirty")
        memory.fileWriteback = detail("file_writeback")
        memory.anonThp = detail("anon_thp")
        memory.inactiveAnon = detail("inactive_anon")
        memory.activeAnon = detail("active_anon")
        memory.inactiveFile = detail("inactive_file")
        memory.activeFile = detail("active_file")
        memory.unevictable = detail("unevictable")
        memory.slabReclaimable = detail("slab_reclaimable")
        memory.slabUnreclaimable = detail("slab_unreclaimable")
        memory.pgfault = detail("pgfault")
        memory.pgmajfault = detail("pgmajfault")
        memory.usage = s.memory.usage
        memory.usageLimit = s.memory.limit
        memory.maxUsage = s.memory.peak
        memory.swapUsage = s.swap.usage
        memory.swapLimit = s.swap.limit
        let events = s.memoryEvents
        return CgroupV2.Metrics(
            pids: .init(current: s.pids, limit: s.pidsLimit == .max ? 0 : s.pidsLimit),
            cpu: .init(usageUsec: s.cpu.usage / 1000, userUsec: s.cpu.user / 1000, systemUsec: s.cpu.system / 1000,
                       nrPeriods: s.cpu.periods, nrThrottled: s.cpu.throttledPeriods,
                       throttledUsec: s.cpu.throttledTime / 1000),
            memory: memory, io: .init(usage: blockUsage(s.blockBytes)),
            memoryEvents: .init(low: events["low"] ?? 0, high: events["high"] ?? 0, max: events["max"] ?? 0,
                                oom: events["oom"] ?? 0, oomKill: events["oom_kill"] ?? 0))
    }

    /// One entry per device of the lines "MAJOR:MINOR rbytes=..." that were taken apart.
    private static func blockUsage(_ list: [Statistics.BlockEntry]) -> [CgroupV2.IOEntry] {
        var all: [CgroupV2.IOEntry] = []
        for entry in list {
            if all.last?.major != entry.major || all.last?.minor != entry.minor {
                all.append(.init(major: entry.major, minor: entry.minor))
            }
            let last = all.count - 1
            switch entry.operation {
            case "rbytes": all[last].rbytes = entry.value
            case "wbytes": all[last].wbytes = entry.value
            case "rios": all[last].rios = entry.value
            case "wios": all[last].wios = entry.value
            default: break
            }
        }
        return all
    }
}
