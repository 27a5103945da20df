import Kernel
import LinuxABI
import Memory

func registerArchitecture(_ table: inout SystemCallTable) {
    table[.arch_prctl] = { (task, a) throws(Errno) in
        // The end of what the processor lets a program address.
        let end: UInt64 = 0x7fff_ffff_f000
        switch a.int(0) {
        case 0x1001:
            if a.second >= end { throw .EPERM }
            task.context.registers.gsBase = a.second
        case 0x1002:
            if a.second >= end { throw .EPERM }
            task.context.registers.fsBase = a.second
        case 0x1003: try task.memory.store(task.context.registers.fsBase, at: a.address(1))
        case 0x1004: try task.memory.store(task.context.registers.gsBase, at: a.address(1))
        case 0x1011: return 1
        case 0x1012: if a.second == 0 { throw .ENODEV }
        default: throw .EINVAL
        }
        return 0
    }
}
