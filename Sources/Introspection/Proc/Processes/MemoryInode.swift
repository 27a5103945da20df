import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import VFS

/// /proc/PID/mem: a process's memory as a file (proc_pid_mem(5)).
final class MemoryInode: SyntheticInode, @unchecked Sendable {
    private let view: TaskView

    init(_ view: TaskView, number: UInt64) {
        self.view = view
        super.init(view.proc, number: number, type: .regular, mode: 0o600)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        try view.checkInspection(caller)
        guard let memory = view.memory else { throw .ESRCH }
        return MemoryFile(path: path, flags: flags, memory: memory)
    }
}

/// An open mem: it belongs to the memory, not to the process, which may exec in the meantime.
private final class MemoryFile: OpenFile, @unchecked Sendable {
    private let target: MemoryManager

    init(path: Path, flags: OpenFlags, memory: MemoryManager) {
        target = memory
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        var done = 0
        while destination.remaining > 0 {
            let at = offset &+ UInt64(done)
            let step = min(destination.remaining, Int(pageSize &- (at & (pageSize - 1))))
            let space = target.addressSpace
            let bytes = (try? space.remote.loadBytes(GuestAddress(at), count: step)) ?? space.readForced(GuestAddress(at), count: step)
            if bytes.isEmpty {
                if done == 0 { throw .EIO }
                break
            }
            let stored = destination.write(bytes, at: 0, count: bytes.count)
            done += stored
            if stored < step {
                if done == 0 { throw .EFAULT }
                break
            }
        }
        return done
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        var done = 0
        while source.remaining > 0 {
            let at = offset &+ UInt64(done)
            let bytes = source.readArray(limit: min(source.remaining, Int(pageSize &- (at & (pageSize - 1)))))
            if bytes.isEmpty {
                if done == 0 { throw .EFAULT }
                break
            }
            let written = target.write(bytes, at: GuestAddress(at))
            if written <= 0 {
                if done == 0 { throw .EIO }
                break
            }
            done += written
        }
        offset = offset &+ UInt64(done)
        return done
    }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 { throw .EINVAL }
}
