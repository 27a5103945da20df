import Kernel
import LinuxABI
import Memory

func registerSeccomp(_ table: inout SystemCallTable) {
    table[.seccomp] = { (task, a) throws(Errno) in
        switch a.uint(0) {
        case 0: // SECCOMP_SET_MODE_STRICT
            if a.uint(1) != 0 || a.third != 0 { throw .EINVAL }
            return UInt64(try task.installSeccomp(nil, synchronizes: false))
        case 1: return try installFilter(task, flags: a.uint(1), a.address(2)) // SET_MODE_FILTER
        case 2: // GET_ACTION_AVAIL
            if a.uint(1) != 0 { throw .EINVAL }
            switch try task.memory.load(a.address(2), as: UInt32.self) {
            case SeccompAction.KILL_PROCESS, SeccompAction.KILL_THREAD, SeccompAction.TRAP, SeccompAction.ERRNO,
                 SeccompAction.TRACE, SeccompAction.LOG, SeccompAction.ALLOW: return 0
            default: throw .EOPNOTSUPP
            }
        case 3: // GET_NOTIF_SIZES
            if a.uint(1) != 0 { throw .EINVAL }
            try task.memory.store((UInt16(80), UInt16(24), UInt16(64)), at: a.address(2))
            return 0
        default: throw .EINVAL
        }
    }
}

/// prctl(PR_SET_SECCOMP).
func setSeccompMode(_ task: Task, _ mode: UInt64, _ program: GuestAddress) throws(Errno) -> UInt64 {
    switch mode {
    case 1: UInt64(try task.installSeccomp(nil, synchronizes: false))
    case 2: try installFilter(task, flags: 0, program)
    default: throw .EINVAL
    }
}

/// struct sock_fprog.
private struct ProgramReference: BitwiseCopyable {
    var length: UInt16
    var padding: (UInt16, UInt16, UInt16)
    var instructions: UInt64
}

private func installFilter(_ task: Task, flags: UInt32, _ address: GuestAddress) throws(Errno) -> UInt64 {
    let (tsync, log, specAllow, tsyncESRCH): (UInt32, UInt32, UInt32, UInt32) = (1, 2, 4, 16)
    // NEW_LISTENER, and what only means something with it, are not to be had.
    if flags & ~(tsync | log | specAllow | tsyncESRCH) != 0 { throw .EINVAL }
    let reference = try task.memory.load(address, as: ProgramReference.self)
    if reference.length == 0 || Int(reference.length) > SeccompProgram.maximumLength { throw .EINVAL }
    if !task.noNewPrivileges, !task.credentials.has(.CAP_SYS_ADMIN) { throw .EACCES }
    let instructions = try task.memory.loadArray(GuestAddress(reference.instructions), count: Int(reference.length),
                                                 as: SeccompProgram.Instruction.self)
    let failed = try task.installSeccomp(try SeccompProgram(instructions), synchronizes: flags & tsync != 0)
    if failed != 0, flags & tsyncESRCH != 0 { throw .ESRCH }
    return UInt64(failed)
}
