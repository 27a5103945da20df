import Identity
import Kernel
import LinuxABI
import VFS

/// A file that is going to be run: it may be, and its beginning has been read.
struct Executable {
    let file: OpenFile
    let start: [UInt8]
    /// Whether the caller may read the file: else the program is not dumpable.
    let isReadable: Bool

    /// - Throws: EACCES for a file that is none or that must not be run, and the file's own errors.
    init(_ path: Path, _ task: Task) throws(Errno) {
        let inode = path.inode
        if inode.type == .symbolicLink { throw .ELOOP }
        if inode.type != .regular || path.mount.flags.contains(.noexec) { throw .EACCES }
        try inode.checkPermission(.execute, by: task)
        isReadable = (try? inode.checkPermission(.read, by: task)) != nil
        file = try inode.open(path, flags: .O_LARGEFILE, by: task)
        start = try file.bytes(at: 0, ScriptLine.length, by: task)
    }
}

/// Keeps a file from being opened for writing while it runs as a program (ETXTBSY).
final class ProgramHold {
    private let inode: Inode

    /// - Throws: ETXTBSY while it is open for writing.
    init(_ inode: Inode) throws(Errno) {
        try inode.denyWriting()
        self.inode = inode
    }

    deinit { inode.allowWriting() }
}
