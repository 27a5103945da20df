import HostOS
import LinuxABI

/// An inode that the client holds a handle of.
final class Node: @unchecked Sendable {
    /// Directories are open for reading, other files by O_PATH only: whoever wants to read or write gets a descriptor of
    /// its own.
    let fd: HostFD
    let mount: ServedMount
    /// The type bits of st_mode, which never change.
    let type: UInt32
    /// Guards the descriptor's position while a directory is read. A leaf.
    let lock = Lock()

    var isDirectory: Bool { type == FileType.directory }

    /// - Parameter fd: belongs to the node from now on.
    init(owning fd: HostFD, mount: ServedMount, mode: UInt32) {
        self.fd = fd
        self.mount = mount
        type = mode & FileType.mask
    }

    deinit { fd.close() }
}

/// The type bits of st_mode.
enum FileType {
    static let mask: UInt32 = 0o170000
    static let fifo: UInt32 = 0o010000
    static let character: UInt32 = 0o020000
    static let directory: UInt32 = 0o040000
    static let regular: UInt32 = 0o100000
    static let symlink: UInt32 = 0o120000
    static let socket: UInt32 = 0o140000
}

/// open(2)'s flags as x86-64 numbers them.
enum OpenFlag {
    static let accessMode: Int32 = 0o3
    static let write: Int32 = 0o1
    static let create: Int32 = 0o100
    static let exclusive: Int32 = 0o200
    static let noTerminal: Int32 = 0o400
    static let truncate: Int32 = 0o1000
    static let nonBlocking: Int32 = 0o4000
    static let direct: Int32 = 0o40000
    static let directory: Int32 = 0o200000
    static let noFollow: Int32 = 0o400000
    static let noAccessTime: Int32 = 0o1000000
    static let pathOnly: Int32 = 0o10000000
    static let temporary: Int32 = 0o20000000 | directory
}
