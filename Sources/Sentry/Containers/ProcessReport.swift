import HostOS
import Kernel
import Messages

/// The list of a container's processes, for `ps` of the runtime.
enum ProcessReport {
    /// - Parameter execs: exec ids by pid.
    static func list(_ kernel: Kernel, _ container: GuestContainer, execs: [Int32: String]) -> [Control.ProcessInfo] {
        kernel.groups(of: container).compactMap { group -> Control.ProcessInfo? in
            guard let task = group.liveTasks.first else { return nil }
            let usage = group.usage
            let age = Int64(HostClock.monotonic &- group.startTime)
            return Control.ProcessInfo(
                pid: UInt32(max(0, group.pid)), ppid: UInt32(max(0, kernel.treeLock.withLock { group.parent?.pid ?? 0 })),
                uid: task.credentials.euid, threads: UInt32(group.liveTasks.count), cpuTime: usage.user &+ usage.system,
                startTime: Int64(HostClock.realtime) - age, terminal: "", command: String(decoding: task.name, as: UTF8.self),
                hostPID: UInt32(max(0, task.memoryManager.addressSpace.hostProcess)), execID: execs[group.pid] ?? "", state: String(decoding: [task.stateLetter], as: UTF8.self))
        }
    }
}
