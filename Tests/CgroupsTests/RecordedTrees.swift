import HostOS

/// Files of containers' control groups as kernels show them: `grep -H ""` in the group of a container with a limit of 64 MiB
/// and 0.3 processors, after a process of it was killed for want of memory.
enum RecordedTrees {
    /// Linux 6.18, version 1.
    static let version1 = """
        blkio/g/blkio.throttle.io_service_bytes_recursive:Total 0
        blkio/g/blkio.throttle.io_serviced_recursive:Total 0
        cpu/g/cpu.stat:nr_periods 4
        cpu/g/cpu.stat:nr_throttled 0
        cpu/g/cpu.stat:throttled_time 0
        cpu/g/cpu.stat:nr_bursts 0
        cpu/g/cpu.stat:burst_time 0
        cpuacct/g/cpuacct.stat:user 0
        cpuacct/g/cpuacct.stat:system 6
        cpuacct/g/cpuacct.usage:63504150
        cpuacct/g/cpuacct.usage_percpu:22646176 40857974
        cpuset/g/cpuset.cpus:0-1
        cpuset/g/cpuset.effective_cpus:0-1
        memory/g/memory.failcnt:114
        memory/g/memory.limit_in_bytes:67108864
        memory/g/memory.max_usage_in_bytes:67108864
        memory/g/memory.memsw.failcnt:0
        memory/g/memory.memsw.limit_in_bytes:9223372036854771712
        memory/g/memory.memsw.max_usage_in_bytes:67371008
        memory/g/memory.memsw.usage_in_bytes:385024
        memory/g/memory.oom_control:oom_kill_disable 0
        memory/g/memory.oom_control:under_oom 0
        memory/g/memory.oom_control:oom_kill 2
        memory/g/memory.stat:cache 4096
        memory/g/memory.stat:rss 0
        memory/g/memory.stat:rss_huge 0
        memory/g/memory.stat:shmem 0
        memory/g/memory.stat:mapped_file 0
        memory/g/memory.stat:dirty 4096
        memory/g/memory.stat:writeback 0
        memory/g/memory.stat:workingset_refault_anon 0
        memory/g/memory.stat:workingset_refault_file 0
        memory/g/memory.stat:swap 0
        memory/g/memory.stat:swapcached 0
        memory/g/memory.stat:pgpgin 16161
        memory/g/memory.stat:pgpgout 16160
        memory/g/memory.stat:pgfault 16419
        memory/g/memory.stat:pgmajfault 0
        memory/g/memory.stat:inactive_anon 0
        memory/g/memory.stat:active_anon 0
        memory/g/memory.stat:inactive_file 4096
        memory/g/memory.stat:active_file 0
        memory/g/memory.stat:unevictable 0
        memory/g/memory.stat:hierarchical_memory_limit 67108864
        memory/g/memory.stat:hierarchical_memsw_limit 9223372036854771712
        memory/g/memory.stat:total_cache 4096
        memory/g/memory.stat:total_rss 0
        memory/g/memory.stat:total_rss_huge 0
        memory/g/memory.stat:total_shmem 0
        memory/g/memory.stat:total_mapped_file 0
        memory/g/memory.stat:total_dirty 4096
        memory/g/memory.stat:total_writeback 0
        memory/g/memory.stat:total_workingset_refault_anon 0
        memory/g/memory.stat:total_workingset_refault_file 0
        memory/g/memory.stat:total_swap 0
        memory/g/memory.stat:total_swapcached 0
        memory/g/memory.stat:total_pgpgin 16161
        memory/g/memory.stat:total_pgpgout 16160
        memory/g/memory.stat:total_pgfault 16419
        memory/g/memory.stat:total_pgmajfault 0
        memory/g/memory.stat:total_inactive_anon 0
        memory/g/memory.stat:total_active_anon 0
        memory/g/memory.stat:total_inactive_file 4096
        memory/g/memory.stat:total_active_file 0
        memory/g/memory.stat:total_unevictable 0
        memory/g/memory.usage_in_bytes:385024
        pids/g/pids.current:1
        pids/g/pids.events:max 0
        pids/g/pids.max:max
        """

    /// Linux 6.1, version 2.
    static let version2 = """
        g/cgroup.controllers:cpuset cpu io memory hugetlb pids rdma misc
        g/cgroup.events:populated 1
        g/cgroup.events:frozen 0
        g/cpu.max:30000 100000
        g/cpu.pressure:some avg10=39.25 avg60=16.50 avg300=4.03 total=12536163
        g/cpu.pressure:full avg10=38.86 avg60=16.29 avg300=3.98 total=12396162
        g/cpu.stat:usage_usec 5515690
        g/cpu.stat:user_usec 1145895
        g/cpu.stat:system_usec 4369795
        g/cpu.stat:nr_periods 202
        g/cpu.stat:nr_throttled 182
        g/cpu.stat:throttled_usec 18682658
        g/cpu.stat:nr_bursts 0
        g/cpu.stat:burst_usec 0
        g/cpu.weight:39
        g/memory.current:3592192
        g/memory.events:low 0
        g/memory.events:high 0
        g/memory.events:max 46
        g/memory.events:oom 1
        g/memory.events:oom_kill 1
        g/memory.events:oom_group_kill 0
        g/memory.low:0
        g/memory.max:67108864
        g/memory.peak:67108864
        g/memory.pressure:some avg10=1.03 avg60=0.22 avg300=0.04 total=151756
        g/memory.pressure:full avg10=1.03 avg60=0.22 avg300=0.04 total=151756
        g/memory.stat:anon 2887680
        g/memory.stat:file 69632
        g/memory.stat:kernel 634880
        g/memory.stat:kernel_stack 131072
        g/memory.stat:pagetables 212992
        g/memory.stat:sec_pagetables 0
        g/memory.stat:percpu 432
        g/memory.stat:sock 0
        g/memory.stat:vmalloc 16384
        g/memory.stat:shmem 69632
        g/memory.stat:file_mapped 65536
        g/memory.stat:file_dirty 0
        g/memory.stat:file_writeback 0
        g/memory.stat:swapcached 0
        g/memory.stat:anon_thp 2097152
        g/memory.stat:file_thp 0
        g/memory.stat:shmem_thp 0
        g/memory.stat:inactive_anon 2887680
        g/memory.stat:active_anon 69632
        g/memory.stat:inactive_file 0
        g/memory.stat:active_file 0
        g/memory.stat:unevictable 0
        g/memory.stat:slab_reclaimable 25088
        g/memory.stat:slab_unreclaimable 137752
        g/memory.stat:slab 162840
        g/memory.stat:workingset_refault_anon 0
        g/memory.stat:workingset_refault_file 0
        g/memory.stat:workingset_activate_anon 0
        g/memory.stat:workingset_activate_file 0
        g/memory.stat:workingset_restore_anon 0
        g/memory.stat:workingset_restore_file 0
        g/memory.stat:workingset_nodereclaim 0
        g/memory.stat:pgscan 0
        g/memory.stat:pgsteal 0
        g/memory.stat:pgscan_kswapd 0
        g/memory.stat:pgscan_direct 0
        g/memory.stat:pgsteal_kswapd 0
        g/memory.stat:pgsteal_direct 0
        g/memory.stat:pgfault 1106
        g/memory.stat:pgmajfault 0
        g/memory.stat:pgrefill 0
        g/memory.stat:pgactivate 19
        g/memory.stat:pgdeactivate 0
        g/memory.stat:pglazyfree 0
        g/memory.stat:pglazyfreed 0
        g/memory.stat:thp_fault_alloc 30
        g/memory.stat:thp_collapse_alloc 0
        g/memory.swap.current:0
        g/memory.swap.max:max
        g/pids.current:10
        g/pids.events:max 0
        g/pids.max:max
        g/pids.peak:13
        """

    /// As a tree of folders and files.
    static func tree(_ record: String) throws -> Tree {
        var files: [String: String] = [:]
        for line in record.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            files[String(parts[0]), default: ""] += parts[1] + "\n"
        }
        return try Tree(files)
    }
}
