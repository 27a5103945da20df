import ArgumentParser
import Glibc
import HostOS
import LinuxABI
import Runtime

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run another process in a container.")

    @OptionGroup var globals: GlobalOptions

    @Option(help: ArgumentHelp("Its working directory.", valueName: "folder"))
    var cwd: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("A variable of its environment, NAME=VALUE.", valueName: "variable"))
    var env: [String] = []

    @Flag(name: .shortAndLong, help: "Give it a terminal.")
    var tty = false

    @Option(name: .shortAndLong, help: ArgumentHelp("Its user: UID or UID:GID.", valueName: "user"))
    var user: String?

    @Option(name: [.customShort("g"), .long], help: ArgumentHelp("Further groups of its user.", valueName: "gid"))
    var additionalGids: [UInt32] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("A file with the process in JSON, as in config.json.", valueName: "file"))
    var process: String?

    @Flag(name: .shortAndLong, help: "Leave it running and return.")
    var detach = false

    @Option(help: ArgumentHelp("Write the process id of the sandbox to this file.", valueName: "file"))
    var pidFile: String?

    @Option(help: ArgumentHelp("Send the master of its terminal to this unix socket.", valueName: "socket"))
    var consoleSocket: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("A capability to add.", valueName: "capability"))
    var cap: [String] = []

    @Flag(help: "It gets no more privileges by executing programs.")
    var noNewPrivs = false

    @Option(help: ArgumentHelp("Descriptors to hand to the process.", valueName: "number"))
    var preserveFds = 0

    @Argument(help: ArgumentHelp("The container's name.", valueName: "container-id"))
    var id: String

    @Argument(parsing: .captureForPassthrough, help: "The command with its arguments.")
    var command: [String] = []

    func run() throws {
        let configuration = try globals.configuration()
        let known = try KnownContainer.find(id, configuration)
        let status = known.status()
        if status == .stopped { throw RuntimeError(.failedPrecondition, "cannot exec in a stopped container") }
        if status == .paused { throw RuntimeError(.failedPrecondition, "cannot exec in a paused container") }
        if preserveFds > 0 { throw RuntimeError(.unimplemented, "--preserve-fds is not implemented") }
        let program = try specification(known)
        let foreground = detach ? nil : try Foreground()
        // Connected again: the signals are blocked now, in the connection's thread too.
        let container = try KnownContainer.find(id, configuration).alive()
        let name = "exec-\(getpid())-\(HostClock.realtime)"
        if let consoleSocket {
            guard program.terminal else {
                throw RuntimeError(.invalidArgument, "cannot use console socket if cloister will not detach or allocate tty")
            }
            let console = try Console(socket: consoleSocket)
            try container.exec(id: name, process: program, streams: console.streams)
        } else if let foreground {
            try container.exec(id: name, process: program, streams: foreground.streams(terminal: program.terminal))
        } else {
            if program.terminal {
                throw RuntimeError(.invalidArgument, "cannot allocate tty if cloister will detach without setting console socket")
            }
            let streams = Streams(input: HostFD(rawValue: 0), output: HostFD(rawValue: 1), error: HostFD(rawValue: 2))
            try container.exec(id: name, process: program, streams: streams)
        }
        try container.startExec(name)
        if let pidFile { try PIDFile.write(pidFile, container.pid) }
        guard let foreground else { return }
        let end = try foreground.wait(container, exec: name)
        if !end.cause.isEmpty { Report.failure(RuntimeError(.internalError, end.cause)) }
        _ = try? container.deleteExec(name)
        Glibc.exit(Int32(end.status & 0xff))
    }

    /// The container's own process, changed as the flags say; or the file's.
    private func specification(_ known: KnownContainer) throws(RuntimeError) -> Spec.Process {
        var result: Spec.Process
        if let process {
            let bytes: [UInt8]
            do throws(Errno) { bytes = try HostFD.currentDirectory.readFile(process) } catch {
                throw RuntimeError(error, process)
            }
            result = try Spec.Process(parsing: bytes, file: process)
        } else {
            guard !command.isEmpty else { throw RuntimeError(.invalidArgument, "exec: a command is missing") }
            guard let own = try Spec.load(bundle: known.record.bundle).process else {
                throw RuntimeError(.invalidArgument, "config.json: process: missing")
            }
            result = own
            result.args = command
            result.terminal = tty
        }
        if tty { result.terminal = true }
        if let cwd {
            guard cwd.hasPrefix("/") else { throw RuntimeError(.invalidArgument, "exec: --cwd must be an absolute path") }
            result.cwd = cwd
        }
        result.env += env
        if noNewPrivs { result.noNewPrivileges = true }
        if let user { result.user = try Self.user(user) }
        result.user.additionalGids += additionalGids
        if !cap.isEmpty {
            var held = result.capabilities ?? Spec.Capabilities()
            for name in cap {
                guard let bit = Spec.Capabilities.bit(named: name) else {
                    throw RuntimeError(.invalidArgument, "exec: unknown capability \"\(name)\"")
                }
                held.grant(bit)
            }
            result.capabilities = held
        }
        return result
    }

    static func user(_ text: String) throws(RuntimeError) -> Spec.User {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let uid = UInt32(parts[0]), let gid = parts.count > 1 ? UInt32(parts[1]) : 0 else {
            throw RuntimeError(.invalidArgument, "user \"\(text)\": must be UID or UID:GID")
        }
        return Spec.User(uid: uid, gid: gid)
    }
}
