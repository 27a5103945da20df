import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// /proc/PID/stat: 52 fields on one line (proc_pid_stat(5)).
enum TaskStat {
    /// USER_HZ is 100.
    static func ticks(_ nanoseconds: UInt64) -> UInt64 { nanoseconds / 10_000_000 }

    static func stat(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let group = view.group, task = view.task, namespace = view.proc.pidNamespace, kernel = view.proc.kernel
        let permitted = view.mayInspect(caller)
        let (parent, processGroup, session, childUsage, exitSignal) = kernel.treeLock.withLock {
            (group.parent?.id(in: namespace) ?? 0, group.processGroup.id(in: namespace),
             group.processGroup.ownSession, group.childUsage, group.exitSignal)
        }
        let terminal = session.terminal
        let foreground = (terminal?.foregroundGroup as? ProcessGroup)?.id(in: namespace)
        let usage = group.usage
        let memory = view.memory
        let numbers = memory.map { HostMemoryNumbers($0) } ?? HostMemoryNumbers()
        let layout = permitted ? memory?.layout ?? MemoryManager.Layout() : MemoryManager.Layout()
        let (ignored, caught) = group.handlers.ignoredAndCaught
        let pending = view.isThread ? task.pendingSignals : task.pendingSignals.union(group.pendingSignals)
        let legacy = { (set: SignalSet) in set.rawValue & 0x7fff_ffff }

        var t = TextBuilder(capacity: 320)
        t.put(view.tid)
        t.put(" (")
        t.put(bytes: task.name)
        t.put(") ")
        t.put(byte: task.stateLetter)
        func field(_ value: some BinaryInteger) {
            t.space()
            t.put(value)
        }
        field(parent)
        field(processGroup)
        field(session.id(in: namespace))
        field(terminal?.device.encoded ?? 0)
        field(terminal == nil ? -1 : foreground ?? -1)
        field(0x0040_0000 as UInt32) // flags: PF_RANDOMIZE
        field(0); field(0); field(0); field(0) // faults
        field(ticks(usage.user))
        field(ticks(usage.system))
        field(ticks(childUsage.user))
        field(ticks(childUsage.system))
        let isRealTime = task.schedulingPolicy == 1 || task.schedulingPolicy == 2
        field(isRealTime ? -1 - task.schedulingPriority : 20 + task.nice)
        field(task.nice)
        field(group.liveTasks.count)
        field(0)
        field(ticks((view.isThread ? task.startTime : group.startTime) &- kernel.bootTime))
        field(numbers.size)
        field(numbers.resident / 4096)
        field(group.limits[Limits.RLIMIT_RSS].soft)
        field(layout.codeStart)
        field(layout.codeEnd)
        field(layout.stackStart)
        field(0); field(0) // stack and instruction pointer
        field(legacy(pending))
        field(legacy(task.blocked))
        field(legacy(ignored))
        field(legacy(caught))
        field(0) // wchan
        field(0); field(0)
        field(view.isThread && group.leader !== task ? -1 : exitSignal)
        field(0) // processor
        field(isRealTime ? task.schedulingPriority : 0)
        field(task.schedulingPolicy)
        field(0); field(0); field(0)
        field(layout.dataStart)
        field(layout.dataEnd)
        field(permitted ? memory?.heap.start ?? 0 : 0)
        field(layout.argumentsStart)
        field(layout.argumentsEnd)
        field(layout.environmentStart)
        field(layout.environmentEnd)
        field(permitted ? group.exitStatus?.rawValue ?? 0 : 0)
        t.newline()
        return t.bytes
    }
}

/// What the host counts of a stub's memory, in bytes.
struct HostMemoryNumbers {
    var size: UInt64 = 0
    var resident: UInt64 = 0
    /// "VmPeak" and its like, in kilobytes.
    var kilobytes: [String: UInt64] = [:]

    init() {}

    /// One read of the host's status file of the stub; zeroes when it is gone.
    init(_ memory: MemoryManager) {
        guard let text = try? memory.addressSpace.hostProc("status") else { return }
        for line in text.split(separator: 0x0a) where line.starts(with: Array("Vm".utf8)) || line.starts(with: Array("Rss".utf8)) {
            let parts = line.split(separator: 0x3a, maxSplits: 1)
            guard parts.count == 2 else { continue }
            let digits = parts[1].drop { $0 < 0x30 || $0 > 0x39 }.prefix { $0 >= 0x30 && $0 <= 0x39 }
            if let n = UInt64(String(decoding: digits, as: UTF8.self)) {
                kilobytes[String(decoding: parts[0], as: UTF8.self)] = n
            }
        }
        size = (kilobytes["VmSize"] ?? 0) &* 1024
        resident = (kilobytes["VmRSS"] ?? 0) &* 1024
    }
}
