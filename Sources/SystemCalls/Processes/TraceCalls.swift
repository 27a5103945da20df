import Kernel
import LinuxABI

func registerTrace(_ table: inout SystemCallTable) {
    table[.ptrace] = { (task, a) throws(Errno) in try task.trace(a.first, a.int(1), a.third, a.fourth) }
}
