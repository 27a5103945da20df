import Identity
import LinuxABI
import VFS

/// What a container's /dev has (the OCI runtime specification's default devices and links).
enum DeviceTree {
    private static let nodes: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ]

    /// Fills a fresh file system mounted at `directory`.
    ///
    /// - Parameter terminal: the container's process has one, which /dev/console leads to.
    static func populate(_ directory: [UInt8], by boot: Caller, terminal: Bool) throws(Errno) {
        let base = directory + [UInt8(ascii: "/")]
        for node in nodes {
            try make(base + Array(node.name.utf8), .characterDevice, DeviceNumber(major: node.major, minor: node.minor),
                     mode: 0o666, uid: 0, gid: 0, by: boot)
        }
        for (name, target) in links { try boot.ensureSymbolicLink(base + Array(name.utf8), to: Array(target.utf8)) }
        for name in ["pts", "shm", "mqueue"] { try boot.ensureDirectory(base + Array(name.utf8)) }
        if terminal {
            try make(base + Array("console".utf8), .characterDevice, DeviceNumber(major: 5, minor: 1), mode: 0o620, uid: 0, gid: 5, by: boot)
        }
    }

    /// A node, in place of what is there.
    static func make(_ path: [UInt8], _ type: FileType, _ number: DeviceNumber, mode: UInt32, uid: UInt32, gid: UInt32,
                     by boot: Caller) throws(Errno) {
        do throws(Errno) { try boot.unlink(path) } catch { if error != .ENOENT { throw error } }
        try boot.makeNode(path, type, mode: mode, device: number)
        try boot.changeOwner(path, uid: uid, gid: gid)
    }
}
