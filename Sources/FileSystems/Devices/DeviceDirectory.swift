import Identity
import LinuxABI
import VFS

/// "devtmpfs" for mount(2): a tmpfs with the nodes that every container has.
public final class DevtmpfsType: FileSystemType, @unchecked Sendable {
    public init() { super.init(name: "devtmpfs") }

    public override func make(source: [UInt8], options: [UInt8], by caller: Caller) throws(Errno) -> FileSystem {
        var parsed = TmpfsFileSystem.Options(mode: 0o755)
        try parsed.parse(options, by: caller)
        let fileSystem = TmpfsFileSystem(typeName: "devtmpfs", parsed)
        let vfs = caller.vfs
        let inside = Caller.kernel(in: MountNamespace(vfs, root: fileSystem), userNamespace: caller.credentials.userNamespace)
        try inside.populateDevices(at: [])
        return fileSystem
    }
}

extension Caller {
    /// Makes what a container's /dev has (the OCI's default devices and links) in the directory `dev`, where it is missing:
    /// null, zero, full, random, urandom, tty, the links fd, stdin, stdout, stderr and ptmx, the directories pts, shm and
    /// mqueue. To be called by a caller that may make devices.
    public final func populateDevices(at dev: [UInt8]) throws(Errno) {
        let nodes: [(StaticString, UInt32, UInt32, UInt32)] = [
            ("null", 1, 3, 0o666), ("zero", 1, 5, 0o666), ("full", 1, 7, 0o666), ("random", 1, 8, 0o666),
            ("urandom", 1, 9, 0o666), ("tty", 5, 0, 0o666),
        ]
        for (name, major, minor, mode) in nodes {
            try ensureDevice(dev + [UInt8(ascii: "/")] + FileName(stringLiteral: name).bytes, .characterDevice,
                             DeviceNumber(major: major, minor: minor), mode: mode)
        }
        let links: [(StaticString, StaticString)] = [
            ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
        ]
        for (name, target) in links {
            try ensureSymbolicLink(dev + [UInt8(ascii: "/")] + FileName(stringLiteral: name).bytes,
                                   to: FileName(stringLiteral: target).bytes)
        }
        for (name, mode) in [("pts", 0o755), ("shm", 0o1777), ("mqueue", 0o1777)] as [(StaticString, UInt32)] {
            try ensureDirectory(dev + [UInt8(ascii: "/")] + FileName(stringLiteral: name).bytes, mode: mode)
        }
    }

    /// A device node at `path`, owned as said; nothing happens when something is there.
    public final func ensureDevice(_ path: [UInt8], _ type: FileType, _ number: DeviceNumber, mode: UInt32, uid: UInt32 = 0,
                                   gid: UInt32 = 0) throws(Errno) {
        do throws(Errno) {
            try makeNode(path, type, mode: mode, device: number)
        } catch {
            if error == .EEXIST { return }
            throw error
        }
        if uid != 0 || gid != 0 { try changeOwner(try resolve(path, []), uid: uid, gid: gid) }
    }
}
