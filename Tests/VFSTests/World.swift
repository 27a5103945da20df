import FileSystems
import Identity
import LinuxABI
import Memory
import Testing
@testable import VFS

/// A mount namespace with a tmpfs at its root, and callers who use it.
struct World {
    let vfs = VirtualFileSystem()
    let users = UserNamespace()
    let mounts: MountNamespace
    let root: Caller

    init() {
        vfs.registerMemoryFileSystems()
        mounts = MountNamespace(vfs, root: TmpfsFileSystem(TmpfsFileSystem.Options(mode: 0o755)))
        root = Caller.kernel(in: mounts, userNamespace: users)
    }

    /// Somebody without any capability.
    func user(_ id: UInt32, groups: [UInt32] = []) -> Caller {
        var fields = Credentials.Fields(userNamespace: users)
        (fields.ruid, fields.euid, fields.suid, fields.fsuid) = (id, id, id, id)
        (fields.rgid, fields.egid, fields.sgid, fields.fsgid) = (id, id, id, id)
        fields.groups = groups
        let place = mounts.rootPath
        return Caller(credentials: Credentials(fields), files: FDTable(),
                      directories: DirectoryContext(root: place, working: place, umask: 0o22, mounts: mounts))
    }
}

extension Caller {
    func make(directory path: String, mode: UInt32 = 0o755) throws(Errno) { try makeDirectory(bytes(path), mode: mode) }

    func write(_ path: String, _ text: String = "", mode: UInt32 = 0o644) throws(Errno) {
        let file = try open(bytes(path), OpenHow([.O_WRONLY, .O_CREAT, .O_TRUNC], mode: mode))
        var source = IOVector(KernelBuffer(bytes(text)))
        _ = try write(file, from: &source)
    }

    func read(_ path: String) throws(Errno) -> String {
        String(decoding: try readAll(try open(bytes(path), OpenHow([])), limit: 1 << 20), as: UTF8.self)
    }

    func link(_ path: String, _ target: String) throws(Errno) { try makeSymbolicLink(bytes(path), to: bytes(target)) }

    func stat(_ path: String, follow: Bool = true) throws(Errno) -> Attributes {
        try resolve(bytes(path), follow ? [.follow] : []).inode.attributes()
    }

    func list(_ path: String) throws(Errno) -> [String] {
        var names: [String] = []
        try readDirectory(try open(bytes(path), OpenHow([.O_DIRECTORY]))) { entry in
            names.append(entry.name.description)
            return true
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    /// Where `path` leads, as text.
    func text(_ path: String, _ flags: WalkFlags = [.follow]) throws(Errno) -> String {
        String(decoding: try resolve(bytes(path), flags).text(from: directories.root, vfs).bytes, as: UTF8.self)
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The error that `body` throws; nil when it succeeds.
func errno(_ body: () throws -> Void) -> Errno? {
    do { try body() } catch { return error as? Errno ?? .EIO }
    return nil
}
