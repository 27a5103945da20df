import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// The files of /proc that are no process's (proc(5)).
enum SystemFiles {
    static func fill(_ root: StaticDirectory, _ proc: ProcFileSystem) {
        root.add("mounts", FixedLink(proc, "self/mounts"))
        root.add("net", FixedLink(proc, "self/net"))
        let generated: [(FileName, ProcFile.Generator)] = [
            ("cpuinfo", ProcessorText.cpuinfo), ("meminfo", MemoryText.meminfo), ("vmstat", MemoryText.vmstat),
            ("zoneinfo", MemoryText.zoneinfo), ("buddyinfo", MemoryText.buddyinfo), ("stat", Counters.stat),
            ("uptime", Counters.uptime), ("loadavg", Counters.loadavg), ("interrupts", Counters.interrupts),
            ("softirqs", Counters.softirqs), ("schedstat", Counters.schedstat), ("filesystems", filesystems),
            ("version", version), ("swaps", MemoryText.swaps), ("diskstats", nothing), ("locks", nothing),
        ]
        for (name, generate) in generated { root.add(name, ProcFile(proc, generate)) }
        let fixed: [(FileName, String)] = [
            ("cmdline", "BOOT_IMAGE=/vmlinuz-\(KernelIdentity.release) quiet\n"),
            ("cgroups", cgroups), ("devices", devices), ("misc", "200 tun\n229 fuse\n"), ("consoles", ""), ("crypto", ""),
            ("modules", ""), ("partitions", "major minor  #blocks  name\n\n"), ("execdomains", "0-0\tLinux           \t[kernel]\n"),
            ("fb", ""), ("key-users", ""), ("keys", ""), ("kallsyms", ""),
            ("mdstat", "Personalities : \nunused devices: <none>\n"),
        ]
        for (name, text) in fixed { root.add(name, FixedFile(proc, text)) }
        for name: FileName in ["slabinfo", "iomem", "ioports", "timer_list", "kmsg", "kcore", "pagetypeinfo", "vmallocinfo"] {
            root.add(name, FixedFile(proc, name == "slabinfo" ? slabinfo : "", mode: 0o400))
        }
        root.add("sysrq-trigger", ProcFile(proc, mode: 0o200, nothing, store: ignoreWithPrivilege))
        for name: FileName in ["bus", "fs", "irq", "driver", "acpi", "scsi"] { _ = root.directory(name) }
        let pressure = root.directory("pressure")
        let none = "avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        for name: FileName in ["cpu", "io", "memory"] { pressure.add(name, FixedFile(proc, "some \(none)full \(none)")) }
        let ipc = root.directory("sysvipc")
        ipc.add("msg", FixedFile(proc, "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid"
            + "      stime      rtime      ctime\n"))
        ipc.add("sem", FixedFile(proc, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"))
        ipc.add("shm", FixedFile(proc, "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid"
            + "      atime      dtime      ctime                   rss                  swap\n"))
        let tty = root.directory("tty")
        tty.add("drivers", FixedFile(proc, ttyDrivers))
        tty.add("ldiscs", FixedFile(proc, "n_tty       0\n"))
        _ = tty.directory("driver")
        _ = tty.directory("ldisc")
        root.directory("sys") { Controls.fill($0, proc) }
    }

    static func nothing(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] { [] }

    private static func ignoreWithPrivilege(_ proc: ProcFileSystem, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {
        if !caller.has(.CAP_SYS_ADMIN) { throw .EPERM }
    }

    private static func version(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        Array(KernelIdentity.banner.utf8)
    }

    private static let cgroups = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
        + ["cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer", "pids"].map { "\($0)\t0\t1\t1\n" }.joined()

    private static let devices = "Character devices:\n  1 mem\n  4 tty\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n"
        + " 10 misc\n128 ptm\n136 pts\n\nBlock devices:\n"

    private static let slabinfo = "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab>"
        + " <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n"

    private static let ttyDrivers = "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
        + "/dev/console         /dev/console    5       1 system:console\n"
        + "/dev/ptmx            /dev/ptmx       5       2 system\n"
        + "pty_slave            /dev/pts      136 0-1048575 pty:slave\n"
        + "pty_master           /dev/ptm      128 0-1048575 pty:master\n"

    /// What mount(2) knows.
    private static func filesystems(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder()
        for type in caller.vfs.registeredTypes {
            t.put(type.needsDevice ? "\t" : "nodev\t")
            t.put(text: type.name)
            t.newline()
        }
        return t.bytes
    }
}
