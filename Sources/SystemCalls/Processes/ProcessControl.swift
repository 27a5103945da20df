import Identity
import Kernel
import LinuxABI
import Memory

func registerProcessControl(_ table: inout SystemCallTable) {
    table[.prctl] = control
    table[.personality] = { (task, a) throws(Errno) in
        let old = task.personality
        if a.uint(0) != .max { task.personality = a.uint(0) }
        return UInt64(old)
    }
}

/// PR_* of prctl(2).
private enum Option {
    static let SET_PDEATHSIG: Int32 = 1, GET_PDEATHSIG: Int32 = 2
    static let GET_DUMPABLE: Int32 = 3, SET_DUMPABLE: Int32 = 4
    static let GET_KEEPCAPS: Int32 = 7, SET_KEEPCAPS: Int32 = 8
    static let GET_TIMING: Int32 = 13, SET_TIMING: Int32 = 14
    static let SET_NAME: Int32 = 15, GET_NAME: Int32 = 16
    static let GET_SECCOMP: Int32 = 21
    static let SET_SECCOMP: Int32 = 22
    static let CAPBSET_READ: Int32 = 23, CAPBSET_DROP: Int32 = 24
    static let GET_TSC: Int32 = 25, SET_TSC: Int32 = 26
    static let GET_SECUREBITS: Int32 = 27, SET_SECUREBITS: Int32 = 28
    static let SET_TIMERSLACK: Int32 = 29, GET_TIMERSLACK: Int32 = 30
    static let TASK_PERF_EVENTS_DISABLE: Int32 = 31, TASK_PERF_EVENTS_ENABLE: Int32 = 32
    static let MCE_KILL: Int32 = 33, MCE_KILL_GET: Int32 = 34
    static let SET_CHILD_SUBREAPER: Int32 = 36, GET_CHILD_SUBREAPER: Int32 = 37
    static let SET_NO_NEW_PRIVS: Int32 = 38, GET_NO_NEW_PRIVS: Int32 = 39
    static let GET_TID_ADDRESS: Int32 = 40
    static let SET_THP_DISABLE: Int32 = 41, GET_THP_DISABLE: Int32 = 42
    static let CAP_AMBIENT: Int32 = 47
    static let SET_IO_FLUSHER: Int32 = 57, GET_IO_FLUSHER: Int32 = 58
    static let GET_MDWE: Int32 = 66
    static let GET_AUXV: Int32 = 0x4155_5856
    static let SET_VMA: Int32 = 0x5356_4d41
    static let SET_PTRACER: Int32 = 0x5961_6d61
}

private func control(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let option = a.int(0)
    func requireZero(from index: Int) throws(Errno) {
        for i in index..<5 where a[i] != 0 { throw .EINVAL }
    }
    switch option {
    case Option.SET_PDEATHSIG:
        if a.second > UInt64(Signal.maximum) { throw .EINVAL }
        task.parentDeathSignal = a.int(1)
    case Option.GET_PDEATHSIG: try task.memory.store(task.parentDeathSignal, at: a.address(1))
    case Option.GET_DUMPABLE: return UInt64(task.mm.dumpable)
    case Option.SET_DUMPABLE:
        if a.second > 1 { throw .EINVAL }
        task.mm.dumpable = a.int(1)
    case Option.GET_TIMING: return 0
    case Option.SET_TIMING: if a.second != 0 { throw .EINVAL }
    case Option.SET_NAME:
        var name: [UInt8] = []
        for index in 0..<15 {
            let byte = try task.memory.load(a.address(1) + index, as: UInt8.self)
            if byte == 0 { break }
            name.append(byte)
        }
        task.name = name
    case Option.GET_NAME:
        let name = task.name
        try task.memory.store(array: name + [UInt8](repeating: 0, count: 16 - name.count), at: a.address(1))
    case Option.GET_SECCOMP: return task.seccomp.number
    case Option.SET_SECCOMP: return try setSeccompMode(task, a.second, a.address(2))
    case Option.GET_TSC: try task.memory.store(UInt32(1), at: a.address(1))
    case Option.SET_TSC: if a.second != 1 { throw .EINVAL }
    case Option.SET_TIMERSLACK: task.timerSlack = a.second == 0 ? 50_000 : a.second
    case Option.GET_TIMERSLACK: return task.timerSlack
    case Option.TASK_PERF_EVENTS_DISABLE, Option.TASK_PERF_EVENTS_ENABLE: return 0
    case Option.MCE_KILL: try requireZero(from: 3)
    case Option.MCE_KILL_GET:
        try requireZero(from: 1)
        return 2
    case Option.SET_CHILD_SUBREAPER: task.setSubreaper(a.second != 0)
    case Option.GET_CHILD_SUBREAPER: try task.memory.store(Int32(task.isSubreaper ? 1 : 0), at: a.address(1))
    case Option.SET_NO_NEW_PRIVS:
        try requireZero(from: 2)
        if a.second != 1 { throw .EINVAL }
        task.noNewPrivileges = true
    case Option.GET_NO_NEW_PRIVS:
        try requireZero(from: 1)
        return task.noNewPrivileges ? 1 : 0
    case Option.GET_TID_ADDRESS: try task.memory.store(task.clearChildTID.rawValue, at: a.address(1))
    case Option.SET_THP_DISABLE:
        try requireZero(from: 2)
        try task.disableHugePages(a.second != 0)
    case Option.GET_THP_DISABLE:
        try requireZero(from: 1)
        return task.mm.hugePages.isDisabled ? 1 : 0
    case Option.SET_IO_FLUSHER, Option.GET_IO_FLUSHER:
        if !task.credentials.has(.CAP_SYS_RESOURCE) { throw .EPERM }
        try requireZero(from: 2)
    case Option.GET_MDWE:
        try requireZero(from: 1)
    case Option.GET_AUXV:
        try requireZero(from: 3)
        let words = task.mm.layout.auxiliaryVector
        let room = Int(clamping: a.third / 8)
        try task.memory.store(array: Array(words.prefix(room)), at: a.address(1))
        return UInt64(words.count * 8)
    case Option.SET_VMA:
        // PR_SET_VMA_ANON_NAME: a name for people who read maps.
        if a.second != 0 { throw .EINVAL }
    case Option.SET_PTRACER: return 0
    default: return try controlIdentity(task, option, a)
    }
    return 0
}

private func controlIdentity(_ task: Task, _ option: Int32, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let c = task.credentials
    switch option {
    case Option.GET_KEEPCAPS: return c.securebits & SecureBits.KEEP_CAPS != 0 ? 1 : 0
    case Option.SET_KEEPCAPS:
        if a.second > 1 { throw .EINVAL }
        if c.securebits & (SecureBits.KEEP_CAPS << 1) != 0 { throw .EPERM }
        task.replace(credentials: c.changed {
            $0.securebits = a.second == 1 ? $0.securebits | SecureBits.KEEP_CAPS : $0.securebits & ~SecureBits.KEEP_CAPS
        })
    case Option.CAPBSET_READ:
        if a.second > 40 { throw .EINVAL }
        return c.bounding.rawValue >> a.second & 1
    case Option.CAPBSET_DROP:
        if !c.has(.CAP_SETPCAP, in: c.userNamespace) { throw .EPERM }
        if a.second > 40 { throw .EINVAL }
        task.replace(credentials: c.changed { $0.bounding.subtract(Capabilities(rawValue: 1 << a.second)) })
    case Option.GET_SECUREBITS: return UInt64(c.securebits)
    case Option.SET_SECUREBITS:
        let new = a.uint(1)
        let locked = (c.securebits & SecureBits.locks) >> 1
        let isAllowed = a.second <= UInt64(SecureBits.all) && (c.securebits ^ new) & locked == 0
            && c.securebits & SecureBits.locks & ~new == 0 && c.has(.CAP_SETPCAP, in: c.userNamespace)
        if !isAllowed { throw .EPERM }
        task.replace(credentials: c.changed { $0.securebits = new })
    case Option.CAP_AMBIENT: return try controlAmbient(task, c, a)
    default: throw .EINVAL
    }
    return 0
}

private func controlAmbient(_ task: Task, _ c: Credentials, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.fourth != 0 || a.fifth != 0 { throw .EINVAL }
    if a.second == 4 /* PR_CAP_AMBIENT_CLEAR_ALL */ {
        if a.third != 0 { throw .EINVAL }
        task.replace(credentials: c.changed { $0.ambient = [] })
        return 0
    }
    if a.third > 40 { throw .EINVAL }
    let capability = Capabilities(rawValue: 1 << a.third)
    switch a.second {
    case 1: return c.ambient.isSuperset(of: capability) ? 1 : 0
    case 2:
        if !c.permitted.isSuperset(of: capability) || !c.inheritable.isSuperset(of: capability)
            || c.securebits & SecureBits.NO_CAP_AMBIENT_RAISE != 0 { throw .EPERM }
        task.replace(credentials: c.changed { $0.ambient.formUnion(capability) })
    case 3: task.replace(credentials: c.changed { $0.ambient.subtract(capability) })
    default: throw .EINVAL
    }
    return 0
}
