import GoferProtocol
import HostOS
import LinuxABI

/// A cloister-gofer process that serves a directory made for one test.
final class LiveGofer {
    let directory: String
    let connection: GoferConnection
    /// The connection's socket, for tests that send what the client would not.
    var socket: HostFD { connection.descriptor }
    let process: HostProcess
    /// What it said when it was ready, or why it is not.
    let answer: String

    static var program: String { ".build/debug/cloister-gofer" }

    /// - Parameter mounts: options by source below the directory; the first is the root.
    init(mounts: [(source: String, options: String)] = [("root", "rw")], arguments: [String] = []) throws {
        let cwd = try HostFD.currentDirectory.readLink("/proc/self/cwd")
        directory = "/tmp/gofer-test.\(Thread.id).\(HostClock.monotonic)"
        for mount in mounts where !mount.source.hasPrefix("/") {
            try HostFD.currentDirectory.makeDirectories("\(directory)/\(mount.source)", mode: 0o755)
        }
        let pair = try HostFD.socketPair(type: 5)
        let ready = try HostFD.socketPair(type: 1)
        let list = try HostFD.socketPair(type: 1)
        var bytes: [UInt8] = []
        for mount in mounts {
            let source = mount.source.hasPrefix("/") ? mount.source : "\(directory)/\(mount.source)"
            bytes += Array(source.utf8) + [0] + Array("/".utf8) + [0] + Array(mount.options.utf8) + [0]
        }
        try list.0.writeAll(bytes)
        list.0.close()
        var spawn = Spawn(path: "\(cwd)/\(Self.program)",
                          arguments: ["cloister-gofer", "--connection=3", "--ready=4", "--mounts=5"] + arguments)
        spawn.descriptors = [nil, nil, HostFD(rawValue: 2), pair.1, ready.1, list.1]
        process = try spawn.start()
        for fd in [pair.1, ready.1, list.1] { fd.close() }
        connection = GoferConnection(owning: pair.0)
        answer = String(decoding: try ready.0.readAll(), as: UTF8.self)
        ready.0.close()
    }

    /// Runs a shell command in the served directory, as something outside of the sandbox.
    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func write(_ name: String, _ text: String) throws {
        let file = try HostFD.currentDirectory.open(path(name), 0x241, mode: 0o644)
        defer { file.close() }
        try file.writeAll(Array(text.utf8))
    }

    deinit {
        try? HostFD.currentDirectory.removeTree(directory)
    }
}

extension HostFD {
    func removeTree(_ path: String) throws {
        for name in try list(path) {
            let child = "\(path)/\(name)"
            if try status(of: child, followLinks: false).isDirectory { try removeTree(child) } else { try unlink(child) }
        }
        try unlink(path, directory: true)
    }
}

func name(_ text: String) -> [UInt8] { Array(text.utf8) }
