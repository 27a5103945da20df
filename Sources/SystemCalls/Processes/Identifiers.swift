import Kernel
import LinuxABI
import Memory

func registerIdentifiers(_ table: inout SystemCallTable) {
    table[.getpid] = { (task, _) throws(Errno) in number(task.group.id(in: task.pidNamespace)) }
    table[.gettid] = { (task, _) throws(Errno) in number(task.id(in: task.pidNamespace)) }
    table[.getppid] = { (task, _) throws(Errno) in number(task.parentID) }
    table[.getpgrp] = { (task, _) throws(Errno) in number(try task.processGroupID(of: 0)) }
    table[.getpgid] = { (task, a) throws(Errno) in number(try task.processGroupID(of: a.int(0))) }
    table[.getsid] = { (task, a) throws(Errno) in number(try task.sessionID(of: a.int(0))) }
    table[.setsid] = { (task, _) throws(Errno) in number(try task.makeSession()) }
    table[.setpgid] = { (task, a) throws(Errno) in
        if a.int(0) < 0 { throw .ESRCH }
        try task.setProcessGroup(pid: a.int(0), pgid: a.int(1))
        return 0
    }
    table[.set_tid_address] = { (task, a) throws(Errno) in
        task.clearChildTID = a.address(0)
        return number(task.id(in: task.pidNamespace))
    }
}

private func number(_ id: Int32) -> UInt64 { UInt64(bitPattern: Int64(id)) }
