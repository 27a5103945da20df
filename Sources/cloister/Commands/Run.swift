import HostOS
import LinuxABI
import Runtime

extension Command {
    /// Flags of `run` and `create`.
    private static let creationFlags = [
        Flag("bundle", "b", value: "FOLDER", "The bundle: a folder with config.json (.)."),
        Flag("pid-file", value: "FILE", "Write the process id of the sandbox to this file."),
        Flag("console-socket", value: "SOCKET", "Send the master of the container's terminal to this unix socket."),
        Flag("no-pivot", "Accepted; a sandbox does not pivot on the host."),
        Flag("no-new-keyring", "Accepted; a sandbox shares no keyring with the host."),
        Flag("preserve-fds", value: "NUMBER", "Descriptors to hand to the process (not implemented)."),
    ]

    static let run = Command(
        name: "run", abstract: "Create and run a container.", operands: "CONTAINER", count: 1...1,
        flags: creationFlags + [
            Flag("detach", "d", "Leave it running and return."),
            Flag("keep", "Do not remove the container when it has ended."),
        ]
    ) { (arguments) throws(RuntimeError) in
        let launch = try Launch(arguments)
        if !arguments.has("detach") { return try launch.foreground(keep: arguments.has("keep")) }
        try launch.background(start: true)
        return 0
    }

    static let create = Command(
        name: "create", abstract: "Create a container, to be started by `start`.", operands: "CONTAINER", count: 1...1,
        flags: creationFlags
    ) { (arguments) throws(RuntimeError) in
        try Launch(arguments).background(start: false)
        return 0
    }
}

/// A container of a bundle, from its making to its end.
struct Launch {
    let id: String
    let configuration: Configuration
    let bundle: String
    let spec: Spec
    let pidFile: String?
    let consoleSocket: String?

    init(_ arguments: Arguments) throws(RuntimeError) {
        configuration = try GlobalFlags.configuration(arguments)
        id = arguments.operands[0]
        try ContainerID.check(id)
        if try arguments.integer("preserve-fds") ?? 0 != 0 { throw RuntimeError(.unimplemented, "--preserve-fds is not implemented") }
        pidFile = arguments.value("pid-file")
        consoleSocket = arguments.value("console-socket")
        bundle = try AbsolutePath.of(arguments.value("bundle") ?? ".")
        spec = try Spec.load(bundle: bundle)
    }

    private var terminal: Bool { spec.process?.terminal ?? false }

    func foreground(keep: Bool) throws(RuntimeError) -> Int32 {
        if consoleSocket != nil {
            throw RuntimeError(.invalidArgument, "cannot use console socket if cloister will not detach or allocate tty")
        }
        let foreground = try Foreground()
        return try Session(id: id, bundle: bundle, spec: spec, configuration: configuration)
            .run(foreground, streams: foreground.streams(terminal: terminal), pidFile: pidFile, keep: keep)
    }

    /// Makes the container, starts it if asked to, and leaves it.
    func background(start: Bool) throws(RuntimeError) {
        if terminal && consoleSocket == nil {
            throw RuntimeError(.invalidArgument, "cannot allocate tty if cloister will detach without setting console socket")
        }
        if !terminal && consoleSocket != nil {
            throw RuntimeError(.invalidArgument, "cannot use console socket if cloister will not detach or allocate tty")
        }
        if let socket = consoleSocket {
            let console = try Console(socket: socket)
            try background(console.streams, start: start)
        } else {
            try background(.ofThisProcess, start: start)
        }
    }

    private func background(_ streams: Streams, start: Bool) throws(RuntimeError) {
        let session = Session(id: id, bundle: bundle, spec: spec, configuration: configuration)
        let container = try session.create(streams, .detached)
        do throws(RuntimeError) {
            if let file = pidFile { try PIDFile.write(file, container.pid) }
            if start { try session.start(container) }
        } catch {
            session.remove(container)
            throw error
        }
    }
}

/// One container in a sandbox of its own.
struct Session {
    let id: String
    let bundle: String
    let spec: Spec
    let configuration: Configuration
    var overlay = false

    func create(_ streams: Streams, _ lifetime: Sandbox.Lifetime) throws(RuntimeError) -> Container {
        let sandbox = try Sandbox.start(id: id, spec: spec, configuration: configuration, lifetime)
        do throws(RuntimeError) {
            return try sandbox.createContainer(id: id, bundle: bundle, spec: spec, streams: streams, overlay: overlay)
        } catch {
            sandbox.shutdown()
            throw error
        }
    }

    func start(_ container: Container) throws(RuntimeError) {
        try container.start()
        container.run(spec.hooks.poststart, status: "running")
    }

    func remove(_ container: Container) {
        _ = try? container.delete(force: true)
        container.sandbox.shutdown()
        container.run(spec.hooks.poststop, status: "stopped")
    }

    /// From its making to its end, with this command's streams.
    ///
    /// - Returns: the status to exit with.
    func run(_ foreground: Foreground, streams: Streams, pidFile: String?, keep: Bool) throws(RuntimeError) -> Int32 {
        let container = try create(streams, keep ? .detached : .thread)
        let exit: Exit
        do throws(RuntimeError) {
            if let pidFile { try PIDFile.write(pidFile, container.pid) }
            try start(container)
            exit = try foreground.wait(container)
        } catch {
            foreground.restoreTerminal()
            remove(container)
            throw error
        }
        if !exit.cause.isEmpty { Report.failure(RuntimeError(.internalError, exit.cause)) }
        if !keep { remove(container) }
        return Int32(exit.status & 0xff)
    }
}

enum PIDFile {
    static func write(_ path: String, _ pid: Int32) throws(RuntimeError) {
        do throws(Errno) {
            try HostFD.currentDirectory.replaceFile(path, with: Array("\(pid)".utf8), mode: 0o644)
        } catch {
            throw RuntimeError(error, "pid file \(path)")
        }
    }
}
