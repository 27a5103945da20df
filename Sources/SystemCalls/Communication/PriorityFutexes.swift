import Kernel
import LinuxABI

/// The priority-inheriting operations of futex(2).
func priorityFutex(_ task: Task, _ a: SystemCallArguments, _ command: UInt32) throws(Errno) -> UInt64 { throw .ENOSYS }
