import FileSystems
import HostOS
import Identity
import Kernel
import LinuxABI
import VFS

/// The small files of /proc/PID.
enum TaskState {
    static func text(_ string: String) -> [UInt8] { Array(string.utf8) }

    /// What was written, without white space around.
    static func word(_ bytes: [UInt8]) -> String {
        let isSpace = { (b: UInt8) in b == 0x20 || b == 0x0a || b == 0x09 || b == 0 }
        let start = bytes.drop(while: isSpace)
        var end = start.endIndex
        while end > start.startIndex, isSpace(bytes[end - 1]) { end -= 1 }
        return String(decoding: start[..<end], as: UTF8.self)
    }

    static func nothing(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { [] }
    static func ignore(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {}

    static func comm(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { view.task.name + [0x0a] }

    static func setComm(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {
        guard let other = caller as? Task, other.group === view.group else { throw .EINVAL }
        view.task.name = Array(bytes.prefix { $0 != 0 && $0 != 0x0a })
    }

    static func personality(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 16)
        t.put(hex: UInt64(view.task.personality), width: 8)
        t.newline()
        return t.bytes
    }

    /// What a task blocked in a call says; its registers are its own.
    static func syscall(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text("running\n") }
    static func wchan(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text("0") }
    static func cpuset(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text("/\n") }
    static func loginuid(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text("4294967295") }
    static func coredumpFilter(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text("00000033\n") }
    static func autogroup(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text("/autogroup-1 nice 0\n") }

    /// The container's control group is the root of its namespace.
    static func cgroup(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text("0::/\n") }

    static func schedstat(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let usage = view.group.usage
        return text("\(usage.user &+ usage.system) 0 1\n")
    }

    static func sched(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let usage = view.group.usage
        var t = TextBuilder()
        t.put(bytes: view.task.name)
        t.put(text: " (\(view.tid), #threads: \(view.group.liveTasks.count))\n")
        t.put("-------------------------------------------------------------------\n")
        let runtime = usage.user &+ usage.system
        t.put(text: "se.sum_exec_runtime                          :    \(runtime / 1_000_000).\(padded(runtime % 1_000_000))\n")
        t.put("nr_switches                                  :                    0\n")
        t.put("nr_voluntary_switches                        :                    0\n")
        t.put("nr_involuntary_switches                      :                    0\n")
        t.put(text: "policy                                       :                    \(view.task.schedulingPolicy)\n")
        t.put(text: "prio                                         :                  \(120 + view.task.nice)\n")
        return t.bytes
    }

    private static func padded(_ n: UInt64) -> String {
        let digits = String(n)
        return String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
    }

    static func children(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        // Children belong to the process here: the leader's file shows them.
        guard view.group.leader === view.task else { return [] }
        let children = view.proc.kernel.treeLock.withLock { view.group.children }
        var t = TextBuilder(capacity: 64)
        for child in children {
            let pid = child.id(in: view.proc.pidNamespace)
            if pid == 0 { continue }
            t.put(pid)
            t.space()
        }
        return t.bytes
    }

    static func io(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        text("rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n")
    }

    static func oomScore(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let adjusted = 666 + Int64(view.group.oomScoreAdjustment) * 2 / 3
        return text("\(max(0, adjusted))\n")
    }

    static func oomScoreAdj(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        text("\(view.group.oomScoreAdjustment)\n")
    }

    static func setOOMScoreAdj(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {
        guard let value = Int32(word(bytes)), value >= -1000, value <= 1000 else { throw .EINVAL }
        if value < view.group.oomScoreAdjustment, !caller.has(.CAP_SYS_RESOURCE) { throw .EACCES }
        view.group.setOOMScore(value)
    }

    static func oomAdj(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let score = view.group.oomScoreAdjustment
        return text("\(score == 1000 ? 15 : score * 17 / 1000)\n")
    }

    static func setOOMAdj(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {
        guard let value = Int32(word(bytes)), value >= -17, value <= 15 else { throw .EINVAL }
        let score = value == 15 ? 1000 : value * 1000 / 17
        if score < view.group.oomScoreAdjustment, !caller.has(.CAP_SYS_RESOURCE) { throw .EACCES }
        view.group.setOOMScore(score)
    }

    static func timerSlack(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text("\(view.task.timerSlack)\n") }

    static func setTimerSlack(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {
        if caller !== view.task, !caller.has(.CAP_SYS_NICE) { throw .EPERM }
        guard let value = UInt64(word(bytes)) else { throw .EINVAL }
        view.task.timerSlack = value == 0 ? 50_000 : value
    }
}

/// /proc/PID/limits.
enum TaskLimits {
    private static let rows: [(name: StaticString, unit: StaticString)] = [
        ("Max cpu time", "seconds"), ("Max file size", "bytes"), ("Max data size", "bytes"), ("Max stack size", "bytes"),
        ("Max core file size", "bytes"), ("Max resident set", "bytes"), ("Max processes", "processes"),
        ("Max open files", "files"), ("Max locked memory", "bytes"), ("Max address space", "bytes"),
        ("Max file locks", "locks"), ("Max pending signals", "signals"), ("Max msgqueue size", "bytes"),
        ("Max nice priority", ""), ("Max realtime priority", ""), ("Max realtime timeout", "us"),
    ]

    static func limits(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 1400)
        t.put("Limit                     Soft Limit           Hard Limit           Units     \n")
        for (resource, row) in rows.enumerated() {
            let limit = view.group.limits[resource]
            let start = t.count
            t.put(row.name)
            t.padLine(from: start, to: 26)
            put(limit.soft, &t)
            t.padLine(from: start, to: 47)
            put(limit.hard, &t)
            t.padLine(from: start, to: 68)
            t.put(row.unit)
            if row.unit.utf8CodeUnitCount > 0 { t.padLine(from: start, to: 78) }
            t.newline()
        }
        return t.bytes
    }

    private static func put(_ value: UInt64, _ t: inout TextBuilder) {
        if value == Limits.RLIM_INFINITY { t.put("unlimited") } else { t.put(value) }
    }
}
