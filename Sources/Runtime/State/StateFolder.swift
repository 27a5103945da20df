import HostOS
import LinuxABI

/// A folder of the state root: of a sandbox, of a container, or of both when they have the same name.
///
///     ROOT/ID/sandbox.json    a Sentry, its cgroup
///     ROOT/ID/control.sock    where it listens
///     ROOT/ID/sentry.log      its standard error
///     ROOT/ID/state.json      a container, its Gofer, its cgroup
///     ROOT/ID/lock            held while a container's state changes
struct StateFolder: Hashable, Sendable {
    let path: String

    init(root: String, id: String) { path = "\(root)/\(id)" }

    var sandbox: String { "\(path)/sandbox.json" }
    var container: String { "\(path)/state.json" }
    var log: String { "\(path)/sentry.log" }
    private var lockFile: String { "\(path)/lock" }

    /// The names of the folders that hold a container.
    static func containers(root: String) -> [String] {
        let names = (try? HostFD.currentDirectory.list(root)) ?? []
        return names.filter { HostFD.currentDirectory.exists(StateFolder(root: root, id: $0).container) }.sorted()
    }

    /// Makes the folder and, in it, `file`, which must be new.
    ///
    /// - Throws: EEXIST when the file is there.
    func claim(_ file: String) throws(Errno) {
        let here = HostFD.currentDirectory
        try here.makeDirectories(path, mode: 0o711)
        let fd = try here.open(file, 0xc1 /* O_WRONLY | O_CREAT | O_EXCL */, mode: 0o600)
        fd.close()
    }

    func write(_ file: String, _ value: JSONValue) throws(RuntimeError) {
        try about(file) { () throws(Errno) in
            try HostFD.currentDirectory.replaceFile(file, with: Array(value.text().utf8), mode: 0o600)
        }
    }

    /// nil when there is no such file.
    func read(_ file: String) throws(RuntimeError) -> Field? {
        let bytes: [UInt8]
        do throws(Errno) { bytes = try HostFD.currentDirectory.readFile(file) } catch {
            if error == .ENOENT || error == .ENOTDIR { return nil }
            throw RuntimeError(error, file)
        }
        return Field(file: file, value: try parseJSON(bytes, file: file))
    }

    /// Waits for its turn; others that change this state wait until the descriptor is closed.
    func lock() throws(RuntimeError) -> OwnedFD {
        do throws(Errno) {
            let fd = OwnedFD(owning: try HostFD.currentDirectory.open(lockFile, 0x42 /* O_RDWR | O_CREAT */, mode: 0o600))
            try fd.fd.lockFile()
            return fd
        } catch {
            throw RuntimeError(error, lockFile)
        }
    }

    func remove(_ files: String...) {
        for file in files { try? HostFD.currentDirectory.unlink(file) }
    }

    /// Removes the folder when neither a sandbox nor a container is in it.
    func removeIfUnused() {
        let here = HostFD.currentDirectory
        if here.exists(sandbox) || here.exists(container) { return }
        // What replaces a file may not have come to it.
        remove(lockFile, log, controlSocket, sandbox + ".new", container + ".new")
        try? here.unlink(path, directory: true)
    }

    var controlSocket: String { "\(path)/control.sock" }

    /// Calls `body` with an address of the control socket that is short enough for the kernel (107 bytes), however deep
    /// the state root is.
    func withControlAddress<R>(_ body: (UnixAddress) throws(Errno) -> R) throws(Errno) -> R {
        if controlSocket.utf8.count <= 107 { return try body(.path(controlSocket)) }
        let folder = OwnedFD(owning: try HostFD.currentDirectory.open(path, 0x10000))
        return try body(.path("/proc/self/fd/\(folder.fd.rawValue)/control.sock"))
    }
}
