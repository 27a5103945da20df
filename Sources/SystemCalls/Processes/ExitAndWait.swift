import Kernel
import LinuxABI
import Memory

func registerExitAndWait(_ table: inout SystemCallTable) {
    table[.exit] = { (task, a) throws(Errno) in
        task.exitThread(code: a.int(0))
        return 0
    }
    table[.exit_group] = { (task, a) throws(Errno) in
        task.exitGroup(code: a.int(0))
        return 0
    }
    table[.wait4] = wait4
    table[.waitid] = waitid
}

private func wait4(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    var options = WaitOptions(rawValue: a.uint(2))
    let known: WaitOptions = [.WNOHANG, .WSTOPPED, .WCONTINUED, .__WNOTHREAD, .__WALL, .__WCLONE]
    if !options.isSubset(of: known) { throw .EINVAL }
    options.insert(.WEXITED)
    let pid = a.int(0)
    if pid == .min { throw .ESRCH }
    let target: WaitTarget = switch pid {
    case -1: .any
    case 0: .processGroup(0)
    case ..<0: .processGroup(-pid)
    default: .process(pid)
    }
    guard let result = try task.wait(for: target, options) else { return 0 }
    if a.second != 0 { try task.memory.store(result.word, at: a.address(1)) }
    if a.fourth != 0 { try task.memory.store(array: ResourceUsage.words(result.usage), at: a.address(3)) }
    return UInt64(bitPattern: Int64(result.pid))
}

private func waitid(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let options = WaitOptions(rawValue: a.uint(3))
    let known: WaitOptions = [.WNOHANG, .WSTOPPED, .WEXITED, .WCONTINUED, .WNOWAIT, .__WNOTHREAD, .__WALL, .__WCLONE]
    if !options.isSubset(of: known) || options.isDisjoint(with: [.WSTOPPED, .WEXITED, .WCONTINUED]) { throw .EINVAL }
    let id = a.int(1)
    let target: WaitTarget
    var isNonblocking = false
    switch a.int(0) {
    case 0: target = .any
    case 1:
        if id <= 0 { throw .EINVAL }
        target = .process(id)
    case 2:
        if id < 0 { throw .EINVAL }
        target = .processGroup(id)
    case 3:
        if id < 0 { throw .EINVAL }
        let file = try processDescriptor(task, id)
        isNonblocking = file.isNonblocking
        target = .group(file.group)
    default: throw .EINVAL
    }
    let result = try task.wait(for: target, isNonblocking ? options.union(.WNOHANG) : options)
    if result == nil, isNonblocking, !options.contains(.WNOHANG) { throw .EAGAIN }
    if a.fifth != 0, let result { try task.memory.store(array: ResourceUsage.words(result.usage), at: a.address(4)) }
    if a.third != 0 {
        var info = SignalInfo(result == nil ? 0 : Signal.SIGCHLD, code: result?.code ?? 0)
        info.pid = result?.pid ?? 0
        info.uid = result?.uid ?? 0
        info.status = result?.status ?? 0
        // Linux writes no more than these.
        try task.memory.store(array: [info.words[0], info.words[1], info.words[2]], at: a.address(2))
        try task.memory.store(info.status, at: a.address(2) + UInt64(24))
    }
    return 0
}

/// struct rusage.
enum ResourceUsage {
    static func words(_ usage: Usage) -> [UInt64] {
        func time(_ ns: UInt64) -> [UInt64] { [ns / 1_000_000_000, ns % 1_000_000_000 / 1000] }
        return time(usage.user) + time(usage.system) + [usage.maximumResident] + [UInt64](repeating: 0, count: 13)
    }
}
