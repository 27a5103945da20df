import FileSystems
import HostOS
import Identity
import Kernel
import LinuxABI
import VFS

/// The tree of /proc/sys (proc_sys(5)).
enum Controls {
    static func fill(_ root: StaticDirectory, _ proc: ProcFileSystem) {
        let sys = ControlDirectory(proc: proc, directory: root, path: "")
        fillKernel(sys.directory("kernel"))
        fillFS(sys.directory("fs"))
        fillVM(sys.directory("vm"))
        NetworkControls.fill(sys.directory("net"))
        sys.directory("user").keep(["user", "pid", "net", "mnt", "uts", "ipc", "cgroup", "time"].map {
            ("max_\($0)_namespaces", "31231", .natural)
        } + [("max_inotify_instances", "128", .natural), ("max_inotify_watches", "65536", .natural)])
        sys.directory("crypto").fix([("fips_enabled", "0")])
        sys.directory("dev").directory("tty").fix([("legacy_tiocsti", "0")])
        _ = sys.directory("abi")
        _ = sys.directory("debug")
    }

    private static func fillKernel(_ d: ControlDirectory) {
        let proc = d.proc
        d.add("hostname", ControlFile(proc, mode: 0o644, { (_, caller) throws(Errno) -> [UInt8] in
            try uts(caller).hostName + [0x0a]
        }, write: { (_, bytes, caller) throws(Errno) in
            try privileged(caller).hostName = Array(try ControlFile.parse(bytes, .text).prefix(64))
        }))
        d.add("domainname", ControlFile(proc, mode: 0o644, { (_, caller) throws(Errno) -> [UInt8] in
            try uts(caller).domainName + [0x0a]
        }, write: { (_, bytes, caller) throws(Errno) in
            try privileged(caller).domainName = Array(try ControlFile.parse(bytes, .text).prefix(64))
        }))
        d.add("ns_last_pid", ProcFile(proc, { (proc, _) throws(Errno) -> [UInt8] in
            Array("\(proc.kernel.treeLock.withLock { proc.pidNamespace.lastID })\n".utf8)
        }))
        d.fix([
            ("ostype", KernelIdentity.systemName), ("osrelease", KernelIdentity.release), ("version", KernelIdentity.version),
            ("arch", KernelIdentity.machine), ("cap_last_cap", "40"), ("ngroups_max", "65536"), ("tainted", "0"),
            ("bootloader_type", "0"), ("bootloader_version", "0"), ("io_uring_disabled", "2"),
            ("unprivileged_bpf_disabled", "2"), ("unprivileged_userns_clone", "1"), ("auto_msgmni", "0"), ("modules_disabled", "1"),
        ])
        d.keep([
            ("pid_max", "\(PIDNamespace.maximumID)", .numbers(count: 1, 301...4_194_304)), ("threads-max", "127000", .natural),
            ("overflowuid", "65534", .upTo(65535)), ("overflowgid", "65534", .upTo(65535)), ("msgmax", "8192", .long),
            ("msgmnb", "16384", .natural), ("msgmni", "32000", .natural),
            ("sem", "32000\t1024000000\t500\t32000", .numbers(count: 4, 0...Int64(Int32.max))),
            ("shmall", "18446744073692774399", .text), ("shmmax", "18446744073692774399", .text), ("shmmni", "4096", .natural),
            ("shm_rmid_forced", "0", .flag), ("randomize_va_space", "2", .upTo(2)), ("core_pattern", "core", .text),
            ("core_uses_pid", "0", .flag), ("core_pipe_limit", "0", .natural),
            ("printk", "4\t4\t1\t7", .numbers(count: 4, 0...Int64(Int32.max))), ("printk_ratelimit", "5", .natural),
            ("dmesg_restrict", "1", .flag), ("kptr_restrict", "1", .upTo(2)), ("perf_event_paranoid", "4", .numbers(count: 1, -1...4)),
            ("panic", "0", .integer), ("panic_on_oops", "0", .flag), ("sysrq", "0", .natural),
            ("sched_rt_runtime_us", "950000", .integer), ("sched_rt_period_us", "1000000", .natural),
            ("sched_autogroup_enabled", "0", .flag), ("numa_balancing", "0", .natural), ("hung_task_timeout_secs", "120", .natural),
            ("watchdog", "0", .flag), ("nmi_watchdog", "0", .flag), ("modprobe", "/sbin/modprobe", .text), ("hotplug", "", .text),
            ("ctrl-alt-del", "0", .flag),
        ])
        let random = d.directory("random")
        random.fix([("boot_id", proc.machine.bootID), ("entropy_avail", "256"), ("poolsize", "256"),
                    ("write_wakeup_threshold", "256"), ("urandom_min_reseed_secs", "60")])
        random.add("uuid", ProcFile(proc, { (_, _) throws(Errno) -> [UInt8] in Array((UniqueID.random() + "\n").utf8) }))
        d.directory("pty").fix([("max", "4096"), ("nr", "0"), ("reserve", "1024")])
        let actions = "kill_process kill_thread trap errno user_notif trace log"
        d.directory("seccomp").fix([("actions_avail", actions + " allow"), ("actions_logged", actions)])
        d.directory("yama").keep([("ptrace_scope", "0", .upTo(3))])
        d.directory("keys").fix([("maxkeys", "200"), ("maxbytes", "20000"), ("root_maxkeys", "1000000"), ("root_maxbytes", "25000000")])
    }

    private static func uts(_ caller: Caller) throws(Errno) -> UTSNamespace {
        guard let task = caller as? Task else { throw .EINVAL }
        return task.namespaces.uts
    }

    /// The caller's names, if it may change them.
    private static func privileged(_ caller: Caller) throws(Errno) -> UTSNamespace {
        let uts = try uts(caller)
        if !caller.credentials.has(.CAP_SYS_ADMIN, in: uts.userNamespace) { throw .EPERM }
        return uts
    }

    private static func fillFS(_ d: ControlDirectory) {
        d.fix([("file-nr", "1024\t0\t9223372036854775807"), ("inode-nr", "4096\t0"), ("inode-state", "4096\t0\t0\t0\t0\t0\t0"),
               ("dentry-state", "4096\t2048\t45\t0\t0\t0"), ("aio-nr", "0")])
        d.keep([
            ("file-max", "9223372036854775807", .long), ("nr_open", "1048576", .natural), ("aio-max-nr", "65536", .long),
            ("pipe-max-size", "1048576", .numbers(count: 1, 4096...Int64(Int32.max))), ("pipe-user-pages-soft", "16384", .long),
            ("pipe-user-pages-hard", "0", .long), ("overflowuid", "65534", .upTo(65535)), ("overflowgid", "65534", .upTo(65535)),
            ("leases-enable", "1", .flag), ("lease-break-time", "45", .natural), ("mount-max", "100000", .natural),
            ("protected_symlinks", "1", .flag), ("protected_hardlinks", "1", .flag), ("protected_fifos", "1", .upTo(2)),
            ("protected_regular", "2", .upTo(2)), ("suid_dumpable", "0", .upTo(2)), ("dir-notify-enable", "1", .flag),
        ])
        d.directory("epoll").keep([("max_user_watches", "1800000", .long)])
        d.directory("inotify").keep([("max_queued_events", "16384", .natural), ("max_user_instances", "128", .natural),
                                     ("max_user_watches", "65536", .natural)])
        d.directory("mqueue").keep([
            ("msg_max", "10", .numbers(count: 1, 1...65536)), ("msgsize_max", "8192", .numbers(count: 1, 128...16_777_216)),
            ("queues_max", "256", .upTo(1_048_576)), ("msg_default", "10", .numbers(count: 1, 1...65536)),
            ("msgsize_default", "8192", .numbers(count: 1, 128...16_777_216)),
        ])
        _ = d.directory("binfmt_misc")
    }

    private static func fillVM(_ d: ControlDirectory) {
        d.keep([
            ("max_map_count", "1048576", .natural), ("mmap_min_addr", "65536", .long), ("overcommit_memory", "1", .upTo(2)),
            ("overcommit_ratio", "50", .natural), ("overcommit_kbytes", "0", .long), ("swappiness", "60", .upTo(200)),
            ("dirty_ratio", "20", .upTo(100)), ("dirty_background_ratio", "10", .upTo(100)), ("dirty_bytes", "0", .long),
            ("dirty_background_bytes", "0", .long), ("dirty_expire_centisecs", "3000", .natural),
            ("dirty_writeback_centisecs", "500", .natural), ("nr_hugepages", "0", .long), ("nr_overcommit_hugepages", "0", .long),
            ("min_free_kbytes", "67584", .natural), ("vfs_cache_pressure", "100", .natural), ("page-cluster", "3", .natural),
            ("panic_on_oom", "0", .upTo(2)), ("oom_kill_allocating_task", "0", .natural), ("oom_dump_tasks", "1", .flag),
            ("zone_reclaim_mode", "0", .natural), ("unprivileged_userfaultfd", "0", .flag), ("legacy_va_layout", "0", .flag),
            ("admin_reserve_kbytes", "8192", .long), ("user_reserve_kbytes", "131072", .long), ("mmap_rnd_bits", "32", .natural),
            ("compact_unevictable_allowed", "1", .flag), ("watermark_scale_factor", "10", .natural),
        ])
        for name in ["drop_caches", "compact_memory"] {
            d.add(name, ControlFile(d.proc, mode: 0o200, SystemFiles.nothing, write: { (_, bytes, caller) throws(Errno) in
                if !caller.has(.CAP_SYS_ADMIN) { throw .EPERM }
                _ = try ControlFile.parse(bytes, .numbers(count: 1, 1...4))
            }))
        }
    }
}
