import HostOS
import Kernel
import LinuxABI
import Memory
import Waiting

func registerSystemInformation(_ table: inout SystemCallTable) {
    table[.uname] = uname
    table[.sysinfo] = sysinfo
    table[.getrandom] = getrandom
    table[.getcpu] = { (task, a) throws(Errno) in
        if a.first != 0 { try task.memory.store(task.processor, at: a.address(0)) }
        if a.second != 0 { try task.memory.store(UInt32(0), at: a.address(1)) }
        return 0
    }
    table[.sethostname] = { (task, a) throws(Errno) in
        task.namespaces.uts.hostName = try newName(task, a)
        return 0
    }
    table[.setdomainname] = { (task, a) throws(Errno) in
        task.namespaces.uts.domainName = try newName(task, a)
        return 0
    }
    table[.syslog] = syslog
}

/// What this kernel calls itself.
public enum KernelIdentity {
    public static var release: String { "6.12.0" }
    public static var version: String { "#1 SMP PREEMPT_DYNAMIC Cloister" }
}

private func uname(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let uts = task.namespaces.uts
    // PER_LINUX32 and UNAME26 of personality(2).
    let release = task.personality & 0x0020_0000 != 0 ? "2.6.60" : KernelIdentity.release
    let machine = task.personality & 0xff == 8 ? "i686" : "x86_64"
    var record: [UInt8] = []
    for field in [Array("Linux".utf8), uts.hostName, Array(release.utf8), Array(KernelIdentity.version.utf8),
                  Array(machine.utf8), uts.domainName] {
        record += field.prefix(64)
        record += [UInt8](repeating: 0, count: 65 - min(field.count, 64))
    }
    try task.memory.store(array: record, at: a.address(0))
    return 0
}

private func newName(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> [UInt8] {
    if !task.credentials.has(.CAP_SYS_ADMIN, in: task.namespaces.uts.userNamespace) { throw .EPERM }
    let length = a.int(1)
    if length < 0 || length > 64 { throw .EINVAL }
    return try task.memory.loadBytes(a.address(0), count: Int(length))
}

/// struct sysinfo, 112 bytes.
private func sysinfo(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let memory = task.group.container.memoryReport?.information ?? MemoryReport.Information()
    let processes = UInt64(min(task.kernel.groups(in: task.pidNamespace).count, 0xffff))
    let uptime = (HostClock.monotonic &- task.kernel.bootTime) / nanosecondsPerSecond
    // uptime, loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap, procs, totalhigh, freehigh, mem_unit
    let words: [UInt64] = [uptime, 0, 0, 0, memory.total, memory.free, memory.shared, 0, memory.swap, memory.swap, processes, 0, 0, 1]
    try task.memory.store(array: words, at: a.address(0))
    return 0
}

private func getrandom(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = a.uint(2)
    // GRND_NONBLOCK 1, GRND_RANDOM 2, GRND_INSECURE 4; the last two exclude each other.
    if flags & ~7 != 0 || flags & 6 == 6 { throw .EINVAL }
    var destination = IOVector(task.memory, a.address(0), Int(min(a.second, 0x7fff_f000)))
    var done = 0
    while destination.remaining > 0 {
        let chunk = HostRandom.bytes(min(destination.remaining, 65536))
        done += destination.write(chunk, at: 0, count: chunk.count)
        if destination.faulted || task.waiter.isInterrupted { break }
    }
    if destination.faulted, done == 0 { throw .EFAULT }
    return UInt64(done)
}

/// syslog(2): a kernel log that says one thing.
private func syslog(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let text = Array("<6>[    0.000000] Linux version \(KernelIdentity.release) \(KernelIdentity.version)\n".utf8)
    let privileged = task.credentials.has(.CAP_SYSLOG) || task.credentials.has(.CAP_SYS_ADMIN)
    let length = a.int(2)
    switch a.int(0) {
    case 0, 1: return 0 // SYSLOG_ACTION_CLOSE, OPEN
    case 2, 3, 4: // READ, READ_ALL, READ_CLEAR
        if !privileged { throw .EPERM }
        if a.second == 0 || length < 0 { throw .EINVAL }
        let part = Array(text.suffix(Int(length)))
        try task.memory.store(array: part, at: a.address(1))
        return UInt64(part.count)
    case 5, 6, 7, 8: // CLEAR, CONSOLE_OFF, CONSOLE_ON, CONSOLE_LEVEL
        if !privileged { throw .EPERM }
        return 0
    case 9: return 0 // SIZE_UNREAD
    case 10: return UInt64(1 << 17) // SIZE_BUFFER
    default: throw .EINVAL
    }
}
