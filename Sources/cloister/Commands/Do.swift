import Glibc
import HostOS
import Runtime

extension Command {
    static let `do` = Command(
        name: "do", abstract: "Run a command of this host's in a fresh sandbox.",
        discussion: "It sees the host's files. What it changes is thrown away at its end, except in volumes.",
        operands: "COMMAND...", count: 1...1, passthrough: 0,
        flags: [
            Flag("cwd", value: "FOLDER", "Its working directory (this one)."),
            Flag("env", "e", value: "NAME=VALUE", "A variable of its environment, besides this one's."),
            Flag("volume", "v", value: "SOURCE:DESTINATION[:ro]", "A folder that it shares with the host."),
        ]
    ) { (arguments) throws(RuntimeError) in
        let configuration = try GlobalFlags.configuration(arguments)
        let terminal = HostFD(rawValue: 0).isTerminal && HostFD(rawValue: 1).isTerminal
        let inherited = (try? HostFD.currentDirectory.readFile("/proc/self/environ")) ?? []
        var volumes: [Spec.Mount] = []
        for text in arguments.all("volume") { volumes.append(try Spec.Mount(volume: text)) }
        let spec = Spec.command(
            arguments.operands, cwd: try AbsolutePath.of(arguments.value("cwd") ?? "."),
            env: inherited.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } + arguments.all("env"),
            user: Spec.User(uid: getuid(), gid: getgid()), terminal: terminal, volumes: volumes)
        let session = Session(id: "do-\(getpid())-\(HostClock.realtime % 1_000_000_000)", bundle: "/", spec: spec,
                              configuration: configuration, overlay: true)
        let foreground = try Foreground()
        return try session.run(foreground, streams: foreground.streams(terminal: terminal), pidFile: nil, keep: false)
    }
}

extension Spec.Mount {
    /// "SOURCE:DESTINATION[:ro]".
    init(volume text: String) throws(RuntimeError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let ok = (parts.count == 2 || parts.count == 3 && ["ro", "rw"].contains(parts[2])) && parts[1].hasPrefix("/")
        guard ok, !parts[0].isEmpty else {
            throw RuntimeError(.invalidArgument, "volume \"\(text)\": must be SOURCE:DESTINATION[:ro], the destination absolute")
        }
        self.init(destination: parts[1], type: "bind", source: try AbsolutePath.of(parts[0]),
                          options: ["rbind", parts.count == 3 ? parts[2] : "rw"])
    }
}
