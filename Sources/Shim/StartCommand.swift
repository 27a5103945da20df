import HostOS
import LinuxABI
import Messages
import Runtime

/// Why one of the shim's commands failed: one line for whoever runs it.
struct CommandFailure: Error {
    var message: String

    init(_ message: String) { self.message = message }

    /// Runs `body`; an errno becomes a line about `subject`.
    static func about<R>(_ subject: String, _ body: () throws(Errno) -> R) throws(CommandFailure) -> R {
        do throws(Errno) { return try body() } catch { throw CommandFailure("\(subject): \(error)") }
    }
}

/// `start`: finds the shim that serves the container's pod or starts one, and prints its address. The working directory
/// is the bundle.
struct StartCommand {
    let line: CommandLine
    /// What the server calls itself.
    let program: String

    /// - Returns: what goes to standard output.
    func run() throws(CommandFailure) -> [UInt8] {
        try Pod.checkIdentifiers(id: line.id, namespace: line.namespace)
        let (bootstrap, options) = try readInput()
        let bundle = try CommandFailure.about("the bundle") { () throws(Errno) in
            try HostFD.currentDirectory.readLink("/proc/self/cwd")
        }
        let group = PodGroup.read(bundle: bundle, id: line.id)
        let directory = bootstrap?.socketDir ?? ""
        if !options.isEmpty {
            try CommandFailure.about("the bundle") { () throws(Errno) in
                try HostFD.currentDirectory.replaceFile("\(bundle)/\(Self.optionsFile)", with: options, mode: 0o600)
            }
        }
        let socket = PodSocket(directory: directory.isEmpty ? PodSocket.directory : directory, grpcAddress: line.address,
                               namespace: line.namespace, group: group)
        if let listener = try CommandFailure.about(socket.path, { () throws(Errno) in try socket.listen() }) {
            defer { listener.close() }
            do throws(CommandFailure) { try startServer(listener, socket, bundle: bundle, group: group, bootstrap) } catch {
                socket.remove()
                throw error
            }
        }
        for (name, text) in [("address", socket.address), (PodGroup.file, group)] {
            let path = "\(bundle)/\(name)"
            try CommandFailure.about(path) { () throws(Errno) in
                try HostFD.currentDirectory.replaceFile(path, with: Array(text.utf8), mode: 0o600)
            }
        }
        if bootstrap == nil { return Array(socket.address.utf8) }
        let answer = Bootstrap.BootstrapResult(version: 2, address: socket.address, protocol: "ttrpc")
        guard let bytes = try? answer.encode() else { throw CommandFailure("the answer can't be encoded") }
        return bytes
    }

    /// The file of a bundle that keeps the runtime's options for the server: an encoded Any.
    private static let optionsFile = "options"

    static func options(bundle: String) -> Proto.AnyMessage? {
        guard let bytes = try? HostFD.currentDirectory.readFile("\(bundle)/\(optionsFile)", limit: 4 << 20) else { return nil }
        return try? Proto.AnyMessage.decode(bytes)
    }

    /// containerd 2.3 and later write BootstrapParams to standard input; before, the runtime's options or nothing. The
    /// two can be parsed as each other, so what tells them apart is whether the first fields say what the flags say.
    ///
    /// - Returns: also the options, an encoded Any; empty without.
    private func readInput() throws(CommandFailure) -> (Bootstrap.BootstrapParams?, options: [UInt8]) {
        let input = try CommandFailure.about("standard input") { () throws(Errno) in
            try HostFD(rawValue: 0).readAll(limit: 10 << 20)
        }
        guard !input.isEmpty, let params = try? Bootstrap.BootstrapParams.decode(input),
              params.instanceID == line.id, params.namespace == line.namespace else { return (nil, input) }
        let options = params.extensions.lazy.compactMap(\.value).first { $0.typeName.hasSuffix(".Options") }
        return (params, (try? options?.encode()) ?? [])
    }

    private func startServer(_ listener: HostFD, _ socket: PodSocket, bundle: String, group: String,
                             _ bootstrap: Bootstrap.BootstrapParams?) throws(CommandFailure) {
        let null = OwnedFD(owning: try CommandFailure.about("/dev/null") { () throws(Errno) in
            try HostFD.currentDirectory.open("/dev/null", 2)
        })
        let program = try CommandFailure.about("/proc/self/exe") { () throws(Errno) in
            try HostFD.currentDirectory.readLink("/proc/self/exe")
        }
        var spawn = Spawn(path: program, arguments: [self.program, "-namespace", line.namespace,
                                                     "-id", group, "-address", line.address]
                                                     + (line.debug ? ["-debug"] : []))
        let ttrpc = bootstrap?.containerdTtrpcAddress ?? Environment.value(of: "TTRPC_ADDRESS") ?? ""
        spawn.environment = ["TTRPC_ADDRESS=\(ttrpc)", "PATH=\(Environment.value(of: "PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")"]
        spawn.descriptors = [null.fd, null.fd, null.fd, listener]
        spawn.workingDirectory = bundle
        spawn.newSession = true
        spawn.umask = 0o022
        // After containerd, which started us; before anything of less importance.
        spawn.oomScoreAdjustment = min((OOMScore.ofParent ?? 0) + 1, 1000)
        do throws(Spawn.Failure) { _ = try spawn.start() } catch {
            throw CommandFailure("\(program): \(error.errno) (\(error.step))")
        }
    }
}

enum OOMScore {
    static var ofParent: Int32? {
        guard let stat = try? HostFD.currentDirectory.readFile("/proc/self/stat", limit: 4096),
              let name = stat.lastIndex(of: UInt8(ascii: ")")),
              case let fields = stat[(name + 1)...].split(separator: 32), fields.count > 1,
              let parent = Int32(String(decoding: fields[1], as: UTF8.self)),
              let text = try? HostFD.currentDirectory.readFile("/proc/\(parent)/oom_score_adj", limit: 64) else { return nil }
        return Int32(String(decoding: text.filter { $0 != 10 }, as: UTF8.self))
    }
}
