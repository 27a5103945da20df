import ArgumentParser
import Glibc
import HostOS
import LinuxABI
import Runtime

/// Flags of `run` and `create`.
struct CreationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The bundle: a folder with config.json.", valueName: "folder"))
    var bundle = "."

    @Option(help: ArgumentHelp("Write the process id of the sandbox to this file.", valueName: "file"))
    var pidFile: String?

    @Option(help: ArgumentHelp("Send the master of the container's terminal to this unix socket.", valueName: "socket"))
    var consoleSocket: String?

    @Flag(help: "Accepted; a sandbox does not pivot on the host.")
    var noPivot = false

    @Flag(help: "Accepted; a sandbox shares no keyring with the host.")
    var noNewKeyring = false

    @Option(help: ArgumentHelp("Descriptors to hand to the process.", valueName: "number"))
    var preserveFds = 0

    @Argument(help: ArgumentHelp("The container's name.", valueName: "container-id"))
    var id: String
}

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create and run a container.")

    @OptionGroup var globals: GlobalOptions
    @OptionGroup var options: CreationOptions

    @Flag(name: .shortAndLong, help: "Leave it running and return.")
    var detach = false

    @Flag(help: "Do not remove the container when it has ended.")
    var keep = false

    func run() throws {
        let configuration = try globals.configuration()
        let launch = try Launch(options, configuration)
        if detach {
            try launch.background(start: true)
        } else {
            Glibc.exit(try launch.foreground(keep: keep))
        }
    }
}

struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create a container, to be started by `start`.")

    @OptionGroup var globals: GlobalOptions
    @OptionGroup var options: CreationOptions

    func run() throws {
        let configuration = try globals.configuration()
        try Launch(options, configuration).background(start: false)
    }
}

/// A container of a bundle, from its making to its end.
struct Launch {
    let options: CreationOptions
    let configuration: Runtime.Configuration
    let bundle: String
    let spec: Spec

    init(_ options: CreationOptions, _ configuration: Runtime.Configuration) throws(RuntimeError) {
        try ContainerID.check(options.id)
        if options.preserveFds > 0 { throw RuntimeError(.unimplemented, "--preserve-fds is not implemented") }
        self.options = options
        self.configuration = configuration
        bundle = try AbsolutePath.of(options.bundle)
        spec = try Spec.load(bundle: bundle)
    }

    private var terminal: Bool { spec.process?.terminal ?? false }

    func foreground(keep: Bool) throws(RuntimeError) -> Int32 {
        if options.consoleSocket != nil {
            throw RuntimeError(.invalidArgument, "cannot use console socket if cloister will not detach or allocate tty")
        }
        let foreground = try Foreground()
        return try Session(id: options.id, bundle: bundle, spec: spec, configuration: configuration)
            .run(foreground, streams: foreground.streams(terminal: terminal), pidFile: options.pidFile, keep: keep)
    }

    /// Makes the container, starts it if asked to, and leaves it.
    func background(start: Bool) throws(RuntimeError) {
        if terminal && options.consoleSocket == nil {
            throw RuntimeError(.invalidArgument, "cannot allocate tty if cloister will detach without setting console socket")
        }
        if !terminal && options.consoleSocket != nil {
            throw RuntimeError(.invalidArgument, "cannot use console socket if cloister will not detach or allocate tty")
        }
        if let socket = options.consoleSocket {
            let console = try Console(socket: socket)
            try background(console.streams, start: start)
        } else {
            try background(Streams(input: HostFD(rawValue: 0), output: HostFD(rawValue: 1), error: HostFD(rawValue: 2)),
                           start: start)
        }
    }

    private func background(_ streams: Streams, start: Bool) throws(RuntimeError) {
        let session = Session(id: options.id, bundle: bundle, spec: spec, configuration: configuration)
        let container = try session.create(streams, attached: false)
        do throws(RuntimeError) {
            if let file = options.pidFile { try PIDFile.write(file, container.pid) }
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
    let configuration: Runtime.Configuration
    var overlay = false

    func create(_ streams: Streams, attached: Bool) throws(RuntimeError) -> Container {
        let sandbox = try Sandbox.start(id: id, spec: spec, configuration: configuration, attached: attached)
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
        let container = try create(streams, attached: !keep)
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
