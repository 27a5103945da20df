import HostOS
import LinuxABI
import Memory
import Platform
import VFS

extension MemoryManager {
    /// brk(2): the heap is private anonymous memory that grows and shrinks at its end.
    ///
    /// - Returns: where the heap ends now: what was asked for, or where it was.
    public func setBreak(_ wanted: UInt64, by task: Task) -> UInt64 {
        lock.withLock {
            if wanted < breakStart || wanted >= addressSpace.limit.rawValue { return addressSpace.nativeBreak ?? breakEnd }
            task.context.lockBreak()
            defer { task.context.unlockBreak() }
            if let native = addressSpace.nativeBreak { breakEnd = native }
            defer { addressSpace.nativeBreak = breakEnd }
            let old = (breakEnd &+ 0xfff) & ~0xfff
            let new = (wanted &+ 0xfff) & ~0xfff
            let dataLimit = task.limit(Limits.RLIMIT_DATA)
            if new > old {
                if dataLimit != .max, wanted &- breakStart > dataLimit { return breakEnd }
                if (try? checkRoom(new &- old, isData: true, by: task)) == nil { return breakEnd }
                // PROT_READ | PROT_WRITE; MAP_PRIVATE | ANONYMOUS | FIXED_NOREPLACE: refused when the range is taken.
                guard let place = try? task.context.nativeCall(.mmap, old, new &- old, 3, 0x10_0022, .max, 0) else { return breakEnd }
                if place != old {
                    _ = try? task.context.nativeCall(.munmap, place, new &- old)
                    return breakEnd
                }
            } else if new < old {
                guard (try? task.context.nativeCall(.munmap, new, old &- new)) != nil else { return breakEnd }
            }
            breakEnd = wanted
            return wanted
        }
    }

    /// RLIMIT_AS and RLIMIT_DATA, by the host's account of the stub.
    ///
    /// - Parameter isData: it is private and can be written.
    /// - Throws: ENOMEM when `size` more bytes would be too much.
    public func checkRoom(_ size: UInt64, isData: Bool, by task: Task) throws(Errno) {
        let limit = task.limit(Limits.RLIMIT_AS), dataLimit = isData ? task.limit(Limits.RLIMIT_DATA) : .max
        if limit == .max && dataLimit == .max { return }
        let used = try mappedBytes()
        let (sum, overflow) = used.all.addingReportingOverflow(size)
        if overflow || sum > limit { throw .ENOMEM }
        let (data, overflows) = used.data.addingReportingOverflow(size)
        if overflows || data > dataLimit { throw .ENOMEM }
    }

    /// Notes locked memory.
    ///
    /// - Throws: ENOMEM beyond `limit`.
    public func lock(_ size: UInt64, limit: UInt64) throws(Errno) {
        try lock.withLock { () throws(Errno) in
            let (sum, overflow) = lockedBytes.addingReportingOverflow(size)
            if overflow || sum > limit { throw .ENOMEM }
            lockedBytes = sum
        }
    }

    public func unlock(_ size: UInt64) { lock.withLock { lockedBytes -= min(size, lockedBytes) } }
}
