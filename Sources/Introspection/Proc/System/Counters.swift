import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// Processor time, load and their like, of the processes that this procfs shows.
enum Counters {
    /// Nanoseconds of processor time since the start: by the control group's counter, or else by adding up.
    static func processorTime(_ proc: ProcFileSystem) -> (user: UInt64, system: UInt64) {
        let values = proc.resources.values(.cpu)
        if let user = values["user_usec"], let system = values["system_usec"] { return (user &* 1000, system &* 1000) }
        var sum = Usage()
        for (_, group) in proc.kernel.groups(in: proc.pidNamespace) {
            let (usage, ended) = (group.usage, proc.kernel.treeLock.withLock { group.childUsage })
            sum.user = sum.user &+ usage.user &+ ended.user
            sum.system = sum.system &+ usage.system &+ ended.system
        }
        return (sum.user, sum.system)
    }

    private static func age(_ proc: ProcFileSystem) -> UInt64 { HostClock.monotonic &- proc.kernel.bootTime }

    /// How many threads there are, how many of them run.
    private static func threads(_ proc: ProcFileSystem) -> (all: Int, running: Int) {
        var all = 0, running = 0
        for (_, group) in proc.kernel.groups(in: proc.pidNamespace) {
            let live = group.liveTasks
            all += live.count
            running += live.count { $0.stateLetter == UInt8(ascii: "R") }
        }
        // Who asks runs, although it stands in a call.
        return (all, max(1, running))
    }

    static func stat(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        let count = UInt64(proc.processorCount)
        let time = processorTime(proc)
        let all = TaskStat.ticks(age(proc) &* count)
        let user = TaskStat.ticks(time.user), system = TaskStat.ticks(time.system)
        let idle = all > user &+ system ? all - user - system : 0
        var t = TextBuilder(capacity: 600)
        t.put(text: "cpu  \(user) 0 \(system) \(idle) 0 0 0 0 0 0\n")
        for n in 0..<count {
            // Which processor a stub ran on is the host's business: each shows its share.
            func share(_ value: UInt64) -> UInt64 { value / count + (n < value % count ? 1 : 0) }
            t.put(text: "cpu\(n) \(share(user)) 0 \(share(system)) \(share(idle)) 0 0 0 0 0 0\n")
        }
        let running = threads(proc).running
        t.put(text: "intr 0\nctxt 0\nbtime \(proc.machine.bootSecond)\n")
        t.put(text: "processes \(proc.kernel.forkCount.load(ordering: .relaxed))\n")
        t.put(text: "procs_running \(running)\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n")
        return t.bytes
    }

    static func uptime(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        let up = age(proc)
        let time = processorTime(proc)
        let all = up &* UInt64(proc.processorCount)
        let busy = time.user &+ time.system
        var t = TextBuilder(capacity: 40)
        put(up, &t)
        t.space()
        put(all > busy ? all - busy : 0, &t)
        t.newline()
        return t.bytes
    }

    /// Seconds with two decimals.
    private static func put(_ nanoseconds: UInt64, _ t: inout TextBuilder) {
        t.put(nanoseconds / 1_000_000_000)
        t.put(".")
        t.put(nanoseconds / 10_000_000 % 100, width: 2, fill: 0x30)
    }

    static func loadavg(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        let (all, running) = threads(proc)
        let last = proc.kernel.treeLock.withLock { proc.pidNamespace.lastID }
        return Array("0.00 0.00 0.00 \(running)/\(all) \(last)\n".utf8)
    }

    private static func putProcessors(_ proc: ProcFileSystem, _ t: inout TextBuilder) {
        for n in 0..<proc.processorCount {
            t.put("CPU")
            t.put(n)
            t.put("       ")
        }
        t.newline()
    }

    static func interrupts(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 256)
        t.put("           ")
        putProcessors(proc, &t)
        return t.bytes
    }

    static func softirqs(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 1024)
        t.put("                    ")
        putProcessors(proc, &t)
        for name: StaticString in ["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"] {
            for _ in 0..<(12 - name.utf8CodeUnitCount) { t.space() }
            t.put(name)
            t.put(":")
            for _ in 0..<proc.processorCount { t.put(0, width: 11) }
            t.newline()
        }
        return t.bytes
    }

    static func schedstat(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 256)
        t.put("version 16\ntimestamp ")
        t.put(age(proc) / 4_000_000)
        t.newline()
        for n in 0..<proc.processorCount { t.put(text: "cpu\(n) 0 0 0 0 0 0 0 0 0\n") }
        return t.bytes
    }
}
