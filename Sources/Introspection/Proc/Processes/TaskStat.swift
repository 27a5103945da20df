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
        let numbers = memory.map { MemoryNumbers($0) } ?? MemoryNumbers()
        let layout = permitted ? memory?.layout ?? MemoryManager.Layout() : MemoryManager.Layout()
        let (ignored, caught) = group.handlers.ignoredAndCaught
        let pending = view.isThread ? task.pendingSignals : task.pendingSignals.union(group.pendingSignals)
        let legacy = { (set: SignalSet) in set.rawValue & 0x7fff_ffff }

        var t = TextBuilder(capacity: 320)
        t.put(view.tid)
        t.put(" (")
        t.put(bytes: task.name)
        t.put(") ")
        t.put(byte: view.stateLetter(to: caller))
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
        field(numbers.size &* 1024)
        field(numbers.resident / 4)
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
