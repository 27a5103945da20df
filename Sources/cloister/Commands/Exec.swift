import Glibc
import HostOS
import LinuxABI
import Runtime

extension Command {
    static let exec = Command(
        name: "exec", abstract: "Run another process in a container.", operands: "CONTAINER [COMMAND...]", count: 1...1,
        passthrough: 1,
        flags: [
            Flag("cwd", value: "FOLDER", "Its working directory."),
            Flag("env", "e", value: "NAME=VALUE", "A variable of its environment."),
            Flag("tty", "t", "Give it a terminal."),
            Flag("user", "u", value: "UID[:GID]", "Its user."),
            Flag("additional-gids", "g", value: "GID", "A further group of its user."),
            Flag("process", "p", value: "FILE", "The process in JSON, as in config.json, instead of a command."),
            Flag("detach", "d", "Leave it running and return."),
            Flag("pid-file", value: "FILE", "Write the process id of the sandbox to this file."),
            Flag("console-socket", value: "SOCKET", "Send the master of its terminal to this unix socket."),
            Flag("cap", "c", value: "NAME", "A capability to add."),
            Flag("no-new-privs", "It gets no more privileges by executing programs."),
            Flag("preserve-fds", value: "NUMBER", "Descriptors to hand to the process (not implemented)."),
        ]
    ) { (arguments) throws(RuntimeError) in try Execution(arguments).run() }
}

/// A process that is added to a container.
private struct Execution {
    let arguments: Arguments
    let configuration: Configuration
    let id: String
    let program: Spec.Process

    init(_ arguments: Arguments) throws(RuntimeError) {
        self.arguments = arguments
        configuration = try GlobalFlags.configuration(arguments)
        id = arguments.operands[0]
        let known = try KnownContainer.find(id, configuration)
        let status = known.status()
        if status == .stopped { throw RuntimeError(.failedPrecondition, "cannot exec in a stopped container") }
        if status == .paused { throw RuntimeError(.failedPrecondition, "cannot exec in a paused container") }
        if try arguments.integer("preserve-fds") ?? 0 != 0 { throw RuntimeError(.unimplemented, "--preserve-fds is not implemented") }
        program = try Self.process(arguments, in: known)
    }

    func run() throws(RuntimeError) -> Int32 {
        let foreground = arguments.has("detach") ? nil : try Foreground()
        // Connected again: the signals are blocked now, in the connection's thread too.
        let container = try KnownContainer.find(id, configuration).alive()
        let name = "exec-\(getpid())-\(HostClock.realtime)"
        try create(name, in: container, foreground)
        try container.startExec(name)
        if let file = arguments.value("pid-file") { try PIDFile.write(file, container.pid) }
        guard let foreground else { return 0 }
        let end = try foreground.wait(container, exec: name)
        if !end.cause.isEmpty { Report.failure(RuntimeError(.internalError, end.cause)) }
        _ = try? container.deleteExec(name)
        return Int32(end.status & 0xff)
    }

    private func create(_ name: String, in container: Container, _ foreground: Foreground?) throws(RuntimeError) {
        if let socket = arguments.value("console-socket") {
            guard program.terminal else {
                throw RuntimeError(.invalidArgument, "cannot use console socket if cloister will not detach or allocate tty")
            }
            let console = try Console(socket: socket)
            try container.exec(id: name, process: program, streams: console.streams)
        } else if let foreground {
            try container.exec(id: name, process: program, streams: foreground.streams(terminal: program.terminal))
        } else if program.terminal {
            throw RuntimeError(.invalidArgument, "cannot allocate tty if cloister will detach without setting console socket")
        } else {
            try container.exec(id: name, process: program, streams: .ofThisProcess)
        }
    }

    /// The container's own process, changed as the flags say; or the file's.
    private static func process(_ arguments: Arguments, in known: KnownContainer) throws(RuntimeError) -> Spec.Process {
        let command = Array(arguments.operands.dropFirst())
        var result: Spec.Process
        if let file = arguments.value("process") {
            let bytes: [UInt8]
            do throws(Errno) { bytes = try HostFD.currentDirectory.readFile(file) } catch {
                throw RuntimeError(error, file)
            }
            result = try Spec.Process(parsing: bytes, file: file)
        } else {
            guard !command.isEmpty else { throw RuntimeError(.invalidArgument, "exec: a command is missing") }
            guard let own = try Spec.load(bundle: known.record.bundle).process else {
                throw RuntimeError(.invalidArgument, "config.json: process: missing")
            }
            result = own
            result.args = command
            result.terminal = false
        }
        if arguments.has("tty") { result.terminal = true }
        if let cwd = arguments.value("cwd") {
            guard cwd.hasPrefix("/") else { throw RuntimeError(.invalidArgument, "exec: --cwd must be an absolute path") }
            result.cwd = cwd
        }
        result.env += arguments.all("env")
        if arguments.has("no-new-privs") { result.noNewPrivileges = true }
        if let user = arguments.value("user") { result.user = try Spec.User(text: user) }
        for text in arguments.all("additional-gids") {
            guard let gid = UInt32(text) else { throw RuntimeError(.invalidArgument, "exec: not a group id: \(text)") }
            result.user.additionalGids.append(gid)
        }
        if !arguments.all("cap").isEmpty {
            var held = result.capabilities ?? Spec.Capabilities()
            for name in arguments.all("cap") {
                guard let bit = Spec.Capabilities.bit(named: name) else {
                    throw RuntimeError(.invalidArgument, "exec: unknown capability \"\(name)\"")
                }
                held.grant(bit)
            }
            result.capabilities = held
        }
        return result
    }
}

extension Spec.User {
    /// "UID" or "UID:GID".
    init(text: String) throws(RuntimeError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let uid = UInt32(parts[0]), let gid = parts.count > 1 ? UInt32(parts[1]) : 0 else {
            throw RuntimeError(.invalidArgument, "user \"\(text)\": must be UID or UID:GID")
        }
        self.init(uid: uid, gid: gid)
    }
}

extension Streams {
    /// Those of this command.
    static var ofThisProcess: Streams {
        Streams(input: HostFD(rawValue: 0), output: HostFD(rawValue: 1), error: HostFD(rawValue: 2))
    }
}
