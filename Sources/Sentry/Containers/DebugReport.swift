import Kernel
import LinuxABI

/// Texts of `cloister debug`.
enum DebugReport {
    /// Calls that guests made and this kernel does not have, most frequent first.
    static func unknownCalls(_ kernel: Kernel) -> String {
        let counts = kernel.unknownCalls.all.sorted { $0.value > $1.value }
        if counts.isEmpty { return "every system call that was made is implemented\n" }
        return counts.map { number, count in
            let name = SystemCallNumber(rawValue: number).name.map { "\($0)" } ?? "no call of Linux's table"
            return "\(count)\t\(number)\t\(name)\n"
        }.joined()
    }

    /// All tasks: ids in the root namespace, state, name.
    static func tasks(_ kernel: Kernel) -> String {
        var text = "PID\tTID\tSTATE\tNAME\n"
        for (pid, group) in kernel.groups(in: kernel.rootPIDNamespace) {
            for task in group.liveTasks {
                let state = String(decoding: [task.stateLetter], as: UTF8.self)
                text += "\(pid)\t\(task.tid)\t\(state)\t\(String(decoding: task.name, as: UTF8.self))\n"
            }
        }
        return text
    }
}
