import HostOS
import LinuxABI

/// The descriptors of a process, shared by tasks with CLONE_FILES.
public final class FDTable: @unchecked Sendable {
    /// Guards the slots. Never held while a file's own code runs.
    private let lock = Lock()
    private var slots: [Slot] = []

    struct Slot {
        var file: OpenFile?
        var closeOnExec = false
    }

    public init() {}

    /// The file behind `fd`.
    ///
    /// - Throws: EBADF.
    public func file(_ fd: Int32) throws(Errno) -> OpenFile {
        let file = lock.withLock { fd >= 0 && Int(fd) < slots.count ? slots[Int(fd)].file : nil }
        guard let file else { throw .EBADF }
        return file
    }

    /// Gives `file` the lowest free number from `minimum` on.
    ///
    /// - Parameter limit: RLIMIT_NOFILE.
    /// - Throws: EMFILE.
    public func install(_ file: OpenFile, closeOnExec: Bool, minimum: Int32 = 0, limit: UInt64) throws(Errno) -> Int32 {
        try lock.withLock { () throws(Errno) in
            var fd = Int(max(0, minimum))
            while fd < slots.count, slots[fd].file != nil { fd += 1 }
            if UInt64(fd) >= limit { throw .EMFILE }
            while slots.count <= fd { slots.append(Slot()) }
            slots[fd] = Slot(file: file, closeOnExec: closeOnExec)
            return Int32(fd)
        }
    }
}
