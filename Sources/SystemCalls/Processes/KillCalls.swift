import Kernel
import LinuxABI
import Memory

func registerKill(_ table: inout SystemCallTable) {
    table[.kill] = kill
    table[.tkill] = { (task, a) throws(Errno) in
        if a.int(0) <= 0 { throw .EINVAL }
        return try killThread(task, process: nil, thread: a.int(0), a.int(1))
    }
    table[.tgkill] = { (task, a) throws(Errno) in
        if a.int(0) <= 0 || a.int(1) <= 0 { throw .EINVAL }
        return try killThread(task, process: a.int(0), thread: a.int(1), a.int(2))
    }
    table[.rt_sigqueueinfo] = { (task, a) throws(Errno) in
        let info = try loadInfo(task, a.address(2), signal: a.int(1))
        if info.code >= 0 || info.code == SignalInfo.SI_TKILL, a.int(0) != task.group.id(in: task.pidNamespace) { throw .EPERM }
        try checkSignal(a.int(1))
        try task.sendSignal(a.int(1), to: .process(a.int(0))) { _ in info }
        return 0
    }
    table[.rt_tgsigqueueinfo] = { (task, a) throws(Errno) in
        if a.int(0) <= 0 || a.int(1) <= 0 { throw .EINVAL }
        let info = try loadInfo(task, a.address(3), signal: a.int(2))
        if info.code >= 0 || info.code == SignalInfo.SI_TKILL, a.int(1) != task.id(in: task.pidNamespace) { throw .EPERM }
        try checkSignal(a.int(2))
        let target = try thread(task, process: a.int(0), a.int(1))
        try task.sendSignal(a.int(2), toThread: target) { _ in info }
        return 0
    }
}

/// 0 to 64.
func checkSignal(_ signal: Int32) throws(Errno) { if signal < 0 || signal > Signal.maximum { throw .EINVAL } }

func loadInfo(_ task: Task, _ address: GuestAddress, signal: Int32) throws(Errno) -> SignalInfo {
    var info = try task.memory.load(address, as: SignalInfo.self)
    info.signal = signal
    return info
}

private func kill(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (pid, signal) = (a.int(0), a.int(1))
    try checkSignal(signal)
    let receivers: SignalReceivers = switch pid {
    case .min: throw .ESRCH
    case -1: .everyone
    case ..<0: .processGroup(-pid)
    case 0: .processGroup(0)
    default: .process(pid)
    }
    try task.sendSignal(signal, to: receivers) {
        SignalInfo(signal, code: SignalInfo.SI_USER, sender: task, to: $0)
    }
    return 0
}

private func thread(_ task: Task, process: Int32?, _ tid: Int32) throws(Errno) -> Task {
    guard let target = task.kernel.task(tid: tid, in: task.pidNamespace), !target.hasExited else { throw .ESRCH }
    if let process, target.group.id(in: task.pidNamespace) != process { throw .ESRCH }
    return target
}

private func killThread(_ task: Task, process: Int32?, thread tid: Int32, _ signal: Int32) throws(Errno) -> UInt64 {
    try checkSignal(signal)
    let target = try thread(task, process: process, tid)
    try task.sendSignal(signal, toThread: target) {
        SignalInfo(signal, code: SignalInfo.SI_TKILL, sender: task, to: $0)
    }
    return 0
}
