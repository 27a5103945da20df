import ArgumentParser
import Glibc
import HostOS
import Runtime

struct Do: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command of this host's in a fresh sandbox.",
        discussion: "It sees the host's files. What it changes is thrown away at its end, except in volumes.")

    @OptionGroup var globals: GlobalOptions

    @Option(help: ArgumentHelp("Its working directory.", valueName: "folder"))
    var cwd: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("A variable of its environment, NAME=VALUE.", valueName: "variable"))
    var env: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("A folder that is shared with the host: SOURCE:DESTINATION[:ro].", valueName: "volume"))
    var volume: [String] = []

    @Option(help: ArgumentHelp("What network it has: sandbox, host or none.", valueName: "network"))
    var network: String?

    @Argument(parsing: .captureForPassthrough, help: "The command with its arguments.")
    var command: [String]

    func run() throws {
        var globals = globals
        if let network { globals.network = network }
        let configuration = try globals.configuration()
        guard !command.isEmpty else { throw RuntimeError(.invalidArgument, "do: a command is missing") }
        let terminal = HostFD(rawValue: 0).isTerminal && HostFD(rawValue: 1).isTerminal
        let inherited = (try? HostFD.currentDirectory.readFile("/proc/self/environ")) ?? []
        let spec = Spec.command(
            command, cwd: try AbsolutePath.of(cwd ?? "."),
            env: inherited.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } + env,
            user: Spec.User(uid: getuid(), gid: getgid()), terminal: terminal, volumes: try volume.map(Self.volume))
        let session = Session(id: "do-\(getpid())-\(HostClock.realtime % 1_000_000_000)", bundle: "/", spec: spec,
                              configuration: configuration, overlay: true)
        let foreground = try Foreground()
        Glibc.exit(try session.run(foreground, streams: foreground.streams(terminal: terminal), pidFile: nil, keep: false))
    }

    private static func volume(_ text: String) throws(RuntimeError) -> Spec.Mount {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let ok = (parts.count == 2 || parts.count == 3 && ["ro", "rw"].contains(parts[2])) && parts[1].hasPrefix("/")
        guard ok, !parts[0].isEmpty else {
            throw RuntimeError(.invalidArgument, "volume \"\(text)\": must be SOURCE:DESTINATION[:ro], the destination absolute")
        }
        return Spec.Mount(destination: parts[1], type: "bind", source: try AbsolutePath.of(parts[0]),
                          options: ["rbind", parts.count == 3 ? parts[2] : "rw"])
    }
}
