import FileSystems
import HostOS
import Identity
import Kernel
import LinuxABI
import VFS

/// /proc/PID/status (proc_pid_status(5)).
enum TaskStatus {
    static func status(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 1400)
        identity(view, caller, &t)
        if let memory = view.memory { memoryLines(memory, &t) }
        t.put("CoreDumping:\t0\nTHP_enabled:\t")
        t.put(view.memory?.hugePages.isDisabled == true ? "0" : "1")
        t.put("\nuntag_mask:\t0xffffffffffffffff\n")
        t.put("Threads:\t")
        t.put(max(1, view.group.liveTasks.count))
        t.newline()
        signals(view, &t)
        privileges(view, &t)
        processors(view, caller, &t)
        t.put("voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n")
        return t.bytes
    }

    private static func identity(_ view: TaskView, _ caller: Caller, _ t: inout TextBuilder) {
        let group = view.group, task = view.task, namespace = view.proc.pidNamespace, kernel = view.proc.kernel
        let state = task.snapshot
        let c = state.credentials
        let parent = kernel.treeLock.withLock { group.parent?.id(in: namespace) ?? 0 }
        let (processGroup, session) = kernel.treeLock.withLock { (group.processGroup, group.processGroup.ownSession) }
        t.put("Name:\t")
        t.put(escaped: task.name, "\n\\")
        t.put("\nUmask:\t")
        t.put(octal: UInt64(state.directories.umask), width: 4)
        t.put("\nState:\t")
        let letter = view.stateLetter(to: caller)
        t.put(byte: letter)
        switch letter {
        case UInt8(ascii: "R"): t.put(" (running)")
        case UInt8(ascii: "S"): t.put(" (sleeping)")
        case UInt8(ascii: "T"): t.put(" (stopped)")
        case UInt8(ascii: "t"): t.put(" (tracing stop)")
        case UInt8(ascii: "Z"): t.put(" (zombie)")
        default: t.put(" (disk sleep)")
        }
        func line(_ name: StaticString, _ value: some BinaryInteger) {
            t.put(name)
            t.put(value)
            t.newline()
        }
        t.newline()
        line("Tgid:\t", view.pid)
        line("Ngid:\t", 0)
        line("Pid:\t", view.tid)
        line("PPid:\t", parent)
        line("TracerPid:\t", task.tracerID(in: namespace))
        func four(_ name: StaticString, _ ids: [UInt32]) {
            t.put(name)
            for (i, id) in ids.enumerated() {
                if i > 0 { t.put(byte: 0x09) }
                t.put(id)
            }
            t.newline()
        }
        four("Uid:\t", [c.ruid, c.euid, c.suid, c.fsuid].map { view.visible(uid: $0, to: caller) })
        four("Gid:\t", [c.rgid, c.egid, c.sgid, c.fsgid].map { view.visible(gid: $0, to: caller) })
        line("FDSize:\t", fdSize(state.files))
        t.put("Groups:\t")
        for gid in c.groups {
            t.put(view.visible(gid: gid, to: caller))
            t.space()
        }
        t.put(c.groups.isEmpty ? " \n" : "\n")
        func inner(_ name: StaticString, _ ids: [Int32]) {
            t.put(name)
            for id in ids.dropFirst(namespace.level) {
                t.put(byte: 0x09)
                t.put(id)
            }
            t.newline()
        }
        inner("NStgid:", group.ids)
        inner("NSpid:", task.ids)
        inner("NSpgid:", processGroup.ids)
        inner("NSsid:", session.ids)
        line("Kthread:\t", 0)
    }

    /// Tables grow by doubling from 64.
    private static func fdSize(_ files: FDTable) -> Int {
        let needed = Int(files.descriptors.last?.fd ?? 0) + 1
        var size = 64
        while size < needed { size *= 2 }
        return size
    }

    private static func memoryLines(_ memory: MemoryManager, _ t: inout TextBuilder) {
        let n = MemoryNumbers(memory)
        let rows: [(StaticString, UInt64)] = [
            ("VmPeak", n.peak), ("VmSize", n.size), ("VmLck", 0), ("VmPin", 0), ("VmHWM", n.highWater), ("VmRSS", n.resident),
            ("RssAnon", n.residentAnonymous), ("RssFile", n.residentFile), ("RssShmem", n.residentShared), ("VmData", n.data),
            ("VmStk", n.stack), ("VmExe", n.code), ("VmLib", n.library), ("VmPTE", n.pageTables), ("VmSwap", n.swapped),
        ]
        for (name, value) in rows {
            t.put(name)
            t.put(":\t")
            t.put(value, width: 8)
            t.put(" kB\n")
        }
        t.put("HugetlbPages:\t       0 kB\n")
    }

    private static func signals(_ view: TaskView, _ t: inout TextBuilder) {
        let (ignored, caught) = view.group.handlers.ignoredAndCaught
        t.put("SigQ:\t")
        t.put(view.group.pendingSignals.rawValue.nonzeroBitCount)
        t.put("/")
        t.put(view.group.limits[Limits.RLIMIT_SIGPENDING].soft)
        func set(_ name: StaticString, _ value: UInt64) {
            t.put(name)
            t.put(hex: value, width: 16)
        }
        set("\nSigPnd:\t", view.task.pendingSignals.rawValue)
        set("\nShdPnd:\t", view.group.pendingSignals.rawValue)
        set("\nSigBlk:\t", view.task.blocked.rawValue)
        set("\nSigIgn:\t", ignored.rawValue)
        set("\nSigCgt:\t", caught.rawValue)
        t.newline()
    }

    private static func privileges(_ view: TaskView, _ t: inout TextBuilder) {
        let c = view.credentials
        for (name, set) in [("CapInh:\t", c.inheritable), ("CapPrm:\t", c.permitted), ("CapEff:\t", c.effective),
                            ("CapBnd:\t", c.bounding), ("CapAmb:\t", c.ambient)] {
            t.put(text: name)
            t.put(hex: set.rawValue, width: 16)
            t.newline()
        }
        t.put("NoNewPrivs:\t")
        t.put(view.task.noNewPrivileges ? 1 : 0)
        let seccomp = view.task.seccomp
        t.put("\nSeccomp:\t")
        t.put(seccomp.number)
        t.put("\nSeccomp_filters:\t")
        t.put(seccomp.filterCount)
        t.put("\n")
        t.put("Speculation_Store_Bypass:\tthread vulnerable\nSpeculationIndirectBranch:\tconditional enabled\n")
    }

    private static func processors(_ view: TaskView, _ caller: Caller, _ t: inout TextBuilder) {
        let count = view.proc.processorCount
        // The set is the thread's own to read.
        let allowed = caller === view.task ? view.task.allowedProcessors : ProcessorSet.all(count)
        t.put("Cpus_allowed:\t")
        t.put(text: ProcessorSet.mask(allowed, of: count))
        t.put("\nCpus_allowed_list:\t")
        t.put(text: ProcessorSet.list(allowed, of: count))
        t.put("\nMems_allowed:\t00000001\nMems_allowed_list:\t0\n")
    }
}

/// Sets of processors as text (cpuset(7), "Mask format" and "List format").
enum ProcessorSet {
    static func all(_ count: Int) -> [UInt64] {
        (0..<((count + 63) / 64)).map { word in
            let left = count - word * 64
            return left >= 64 ? .max : (1 << UInt64(left)) - 1
        }
    }

    private static func contains(_ set: [UInt64], _ n: Int) -> Bool {
        n / 64 < set.count && set[n / 64] & (1 << UInt64(n % 64)) != 0
    }

    /// "00000000,0000000f": as many groups of 32 as `count` processors need.
    static func mask(_ set: [UInt64], of count: Int) -> String {
        var groups: [String] = []
        for group in (0..<max(1, (count + 31) / 32)).reversed() {
            var value: UInt32 = 0
            for bit in 0..<32 where contains(set, group * 32 + bit) { value |= 1 << UInt32(bit) }
            let width = groups.isEmpty ? max(1, min(8, (count - group * 32 + 3) / 4)) : 8
            let digits = String(value, radix: 16)
            groups.append(String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits)
        }
        return groups.joined(separator: ",")
    }

    /// "0-3,5".
    static func list(_ set: [UInt64], of count: Int) -> String {
        var parts: [String] = []
        var n = 0
        while n < count {
            if !contains(set, n) {
                n += 1
                continue
            }
            let first = n
            while n + 1 < count, contains(set, n + 1) { n += 1 }
            parts.append(first == n ? "\(n)" : "\(first)-\(n)")
            n += 1
        }
        return parts.joined(separator: ",")
    }
}
