import FileSystems
import Kernel
import LinuxABI
import Memory
import VFS

func registerMemoryFiles(_ table: inout SystemCallTable) {
    table[.memfd_create] = { (task, a) throws(Errno) in
        // MFD_CLOEXEC 1, ALLOW_SEALING 2, HUGETLB 4, NOEXEC_SEAL 8, EXEC 0x10.
        let flags = a.uint(1)
        if flags & 4 == 0 ? flags & ~0x1f != 0 : flags & ~(0x1f | 0xfc00_0000) != 0 { throw .EINVAL }
        if flags & 0x18 == 0x18 { throw .EINVAL }
        if flags & 4 != 0 { throw .ENODEV }
        let name = try task.memory.loadCString(a.address(0), limit: 250, tooLong: .EINVAL)
        var seals: FileSeals = flags & 2 != 0 ? [] : .F_SEAL_SEAL
        if flags & 8 != 0 { seals = .F_SEAL_EXEC }
        let file = try task.vfs.memoryFiles.make(name: name, mode: flags & 8 != 0 ? 0o666 : 0o777, seals: seals,
                                                 flags: [.O_RDWR, .O_LARGEFILE], by: task)
        return try task.install(file, closeOnExec: flags & 1 != 0)
    }
}

extension VirtualFileSystem {
    /// Where memfd_create's files live.
    var memoryFiles: MemoryFiles { shared { MemoryFiles(self) } }
}
