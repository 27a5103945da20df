import HostOS
import Kernel
import LinuxABI
import Memory
import Waiting

func registerSignalState(_ table: inout SystemCallTable) {
    table[.rt_sigaction] = action
    table[.rt_sigprocmask] = mask
    table[.rt_sigpending] = pending
    table[.rt_sigsuspend] = { (task, a) throws(Errno) in try task.suspend(try loadMask(task, a.address(0), size: a.second)) }
    table[.rt_sigtimedwait] = timedWait
    table[.rt_sigreturn] = { (task, _) throws(Errno) in
        do throws(Errno) { try task.returnFromSignal() } catch { task.force(.kernel(Signal.SIGSEGV)) }
        return 0
    }
    table[.sigaltstack] = alternateStack
    table[.pause] = { (task, _) throws(Errno) in try task.pause() }
    table[.restart_syscall] = { (task, _) throws(Errno) in
        guard let block = task.restartBlock else { throw .EINTR }
        task.restartBlock = nil
        return try block.restart(task)
    }
}

/// A signal set from the guest.
///
/// - Throws: EINVAL unless `size` is 8.
func loadMask(_ task: Task, _ address: GuestAddress, size: UInt64) throws(Errno) -> SignalSet {
    if size != 8 { throw .EINVAL }
    return SignalSet(rawValue: try task.memory.load(address))
}

private func action(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.fourth != 8 { throw .EINVAL }
    let new = a.second == 0 ? nil : try task.memory.load(a.address(1), as: SignalAction.self)
    let old = try task.setAction(a.int(0), new)
    if a.third != 0 { try task.memory.store(old, at: a.address(2)) }
    return 0
}

private func mask(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.fourth != 8 { throw .EINVAL }
    let old = task.ownMask
    if a.second != 0 {
        let set = SignalSet(rawValue: try task.memory.load(a.address(1)))
        switch a.int(0) {
        case 0: task.setBlocked(old.union(set))
        case 1: task.setBlocked(old.subtracting(set))
        case 2: task.setBlocked(set)
        default: throw .EINVAL
        }
    }
    if a.third != 0 { try task.memory.store(old.rawValue, at: a.address(2)) }
    return 0
}

private func pending(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.second > 8 { throw .EINVAL }
    let set = task.pendingSignals.union(task.group.pendingSignals).intersection(task.blocked)
    try task.memory.store(array: bytesOfSet(set, Int(a.second)), at: a.address(0))
    return 0
}

/// The first `count` bytes of a set.
private func bytesOfSet(_ set: SignalSet, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: set.rawValue >> UInt64(8 * $0)) }
}

private func timedWait(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let set = try loadMask(task, a.address(0), size: a.fourth)
    var deadline: Deadline?
    if a.third != 0 {
        let time = try task.memory.loadArray(a.address(2), count: 2, as: Int64.self)
        guard time[0] >= 0, time[1] >= 0, time[1] < 1_000_000_000 else { throw .EINVAL }
        let (product, overflow) = UInt64(time[0]).multipliedReportingOverflow(by: 1_000_000_000)
        deadline = .after(overflow ? .max : product &+ UInt64(time[1]))
    }
    guard let info = try task.waitForSignal(in: set, until: deadline) else { throw .EAGAIN }
    if a.second != 0 { try task.memory.store(info, at: a.address(1)) }
    return UInt64(info.signal)
}

private func alternateStack(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let old = task.alternateStackState
    if a.first != 0 {
        let new = try task.memory.loadArray(a.address(0), count: 3, as: UInt64.self)
        try task.setAlternateStack(base: new[0], size: new[2], flags: Int32(truncatingIfNeeded: new[1]),
                                   stackPointer: task.context.registers.rsp)
    }
    if a.second != 0 {
        try task.memory.store(array: [old.base, UInt64(UInt32(bitPattern: old.flags)), old.size], at: a.address(1))
    }
    return 0
}
