import HostOS
import LinuxABI
import Messages
import TTRPC

/// The socket on which the shim of one pod serves containerd.
struct PodSocket {
    let path: String
    var address: String { "unix://\(path)" }

    init(path: String) { self.path = path }

    static let directory = "/run/containerd/s"

    /// The name that containerd's own library gives it: some of its tools compute it too.
    ///
    /// - Parameters:
    ///   - grpcAddress: containerd's address.
    ///   - group: the pod's id.
    init(directory: String = directory, grpcAddress: String, namespace: String, group: String) {
        let joined = [grpcAddress, namespace, group].filter { !$0.isEmpty }.joined(separator: "/")
        path = "\(directory)/\(SHA256.hex(Array(Self.cleaned(joined).utf8)))"
    }

    /// A path without empty, `.` and `..` parts (Go's filepath.Clean).
    static func cleaned(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." && parts.last != nil && parts.last != ".." { parts.removeLast() } else if part != ".." || !path.hasPrefix("/") {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return path.hasPrefix("/") ? "/" + joined : (joined.isEmpty ? "." : joined)
    }

    /// Whether somebody serves on it.
    var isServed: Bool {
        guard let connection = try? HostFD.connect(to: .path(path)) else { return false }
        connection.close()
        return true
    }

    /// Whether a shim answers on it. A process that a shim was starting when it was killed holds the socket open for a moment
    /// longer, and answers nothing; who just takes long to answer counts as there.
    var isAnswered: Bool {
        guard let client = try? Client(.path(path)) else { return false }
        do throws(Status) {
            _ = try client.call(TaskAPI.Method.service, TaskAPI.Method.connect.rawValue, TaskAPI.ConnectRequest(),
                                returning: TaskAPI.ConnectResponse.self, timeout: Self.patience)
            return true
        } catch { return error.code != .unavailable }
    }

    /// Of `delete`, which containerd gives five seconds; nanoseconds.
    private static let patience: UInt64 = 2_500_000_000

    /// Makes the socket; nil when another shim serves the pod already. Concurrent callers go one after the other.
    func listen() throws(Errno) -> HostFD? {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        try HostFD.currentDirectory.makeDirectories(directory, mode: 0o700)
        let order = try HostFD.currentDirectory.open(directory, 0o200000 /* O_DIRECTORY */)
        defer { order.close() }
        try order.lockFile()
        do throws(Errno) { return try HostFD.listen(at: .path(path)) } catch {
            if error != .EADDRINUSE { throw error }
        }
        if isServed { return nil }
        // What a shim left that was killed.
        try HostFD.currentDirectory.unlink(path)
        return try HostFD.listen(at: .path(path))
    }

    func remove() { try? HostFD.currentDirectory.unlink(path) }
}
