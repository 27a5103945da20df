import Kernel
import LinuxABI
import Memory

func registerClone(_ table: inout SystemCallTable) {
    table[.fork] = { (task, _) throws(Errno) in
        UInt64(bitPattern: Int64(try task.clone(CloneRequest(flags: [], exitSignal: Signal.SIGCHLD))))
    }
    table[.vfork] = { (task, _) throws(Errno) in
        UInt64(bitPattern: Int64(try task.clone(CloneRequest(flags: [.CLONE_VM, .CLONE_VFORK], exitSignal: Signal.SIGCHLD))))
    }
    table[.clone] = clone
    table[.clone3] = clone3
}

private func clone(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    // The low byte is the exit signal.
    var request = CloneRequest(flags: CloneFlags(rawValue: UInt64(a.uint(0)) & ~0xff), exitSignal: Int32(a.first & 0xff))
    request.stackPointer = a.second
    request.parentTID = a.address(2)
    request.childTID = a.address(3)
    request.tls = a.fifth
    let known: CloneFlags = CloneFlags(rawValue: 0xffff_ff00)
    request.flags.formIntersection(known)
    if request.flags.isSuperset(of: [.CLONE_PIDFD, .CLONE_PARENT_SETTID]) { throw .EINVAL }
    if request.flags.isSuperset(of: [.CLONE_PIDFD, .CLONE_DETACHED]) { throw .EINVAL }
    // CLONE_NEWTIME's bit belongs to the exit signal here.
    return try run(task, request, descriptorAt: request.parentTID)
}

/// struct clone_args as far as version 2 goes, in 64-bit words.
private enum CloneArguments {
    static let flags = 0, pidfd = 1, childTID = 2, parentTID = 3, exitSignal = 4, stack = 5, stackSize = 6, tls = 7
    static let setTID = 8, setTIDSize = 9, cgroup = 10
    static let count = 11
    static let minimumSize: UInt64 = 64
}

private func clone3(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let size = a.second
    if size > 4096 { throw .E2BIG }
    if size < CloneArguments.minimumSize { throw .EINVAL }
    let bytes = try task.memory.loadBytes(a.address(0), count: Int(size))
    if bytes.dropFirst(CloneArguments.count * 8).contains(where: { $0 != 0 }) { throw .E2BIG }
    func word(_ index: Int) -> UInt64 {
        var value: UInt64 = 0
        for byte in 0..<8 where index * 8 + byte < bytes.count { value |= UInt64(bytes[index * 8 + byte]) << UInt64(8 * byte) }
        return value
    }
    let flags = CloneFlags(rawValue: word(CloneArguments.flags))
    if flags.rawValue & ~0x3_ffff_ff80 != 0 || flags.contains(.CLONE_DETACHED) { throw .EINVAL }
    let signal = word(CloneArguments.exitSignal)
    if signal > UInt64(Signal.maximum) { throw .EINVAL }
    if signal != 0, !flags.isDisjoint(with: [.CLONE_THREAD, .CLONE_PARENT]) { throw .EINVAL }
    let (stack, stackSize) = (word(CloneArguments.stack), word(CloneArguments.stackSize))
    if (stack == 0) != (stackSize == 0) { throw .EINVAL }
    if word(CloneArguments.setTIDSize) != 0 || word(CloneArguments.setTID) != 0 { throw .EPERM }
    if flags.contains(.CLONE_INTO_CGROUP) { throw .EOPNOTSUPP }
    var request = CloneRequest(flags: flags, exitSignal: Int32(truncatingIfNeeded: signal))
    request.stackPointer = stack &+ stackSize
    request.parentTID = GuestAddress(word(CloneArguments.parentTID))
    request.childTID = GuestAddress(word(CloneArguments.childTID))
    request.tls = word(CloneArguments.tls)
    return try run(task, request, descriptorAt: GuestAddress(word(CloneArguments.pidfd)))
}

/// Makes the child, with a descriptor of it where CLONE_PIDFD asks for one.
private func run(_ task: Task, _ request: CloneRequest, descriptorAt place: GuestAddress) throws(Errno) -> UInt64 {
    guard request.flags.contains(.CLONE_PIDFD) else {
        return UInt64(bitPattern: Int64(try task.clone(request)))
    }
    if request.flags.contains(.CLONE_THREAD) { throw .EINVAL }
    let pid = try task.clone(request) { (child) throws(Errno) in
        let fd = try installProcessDescriptor(task, child.group, nonblocking: false)
        try task.memory.store(fd, at: place)
    }
    return UInt64(bitPattern: Int64(pid))
}
