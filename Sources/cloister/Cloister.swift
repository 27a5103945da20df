import ArgumentParser
import Runtime

struct Cloister: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cloister",
        abstract: "Runs containers on a kernel of their own, in user space.",
        discussion: "An OCI runtime: containers are bundles, a folder with config.json and a root file system.",
        version: "cloister 0.1.0\nspec: 1.2.0",
        subcommands: [
            Run.self, Create.self, Start.self, State.self, Kill.self, Delete.self, Exec.self, List.self, Ps.self,
            Pause.self, Resume.self, Update.self, Wait.self, Events.self, SpecCommand.self, Features.self, Do.self,
            Debug.self, Checkpoint.self, Restore.self,
        ])

    @OptionGroup var globals: GlobalOptions
}

/// Flags before the command's name.
struct GlobalOptions: ParsableArguments {
    @Option(help: "Where the state of containers is kept.")
    var root = "/run/cloister"

    @Option(help: ArgumentHelp("Also write errors and warnings to this file.", valueName: "file"))
    var log: String?

    @Option(help: ArgumentHelp("How that file is written: text or json.", valueName: "format"))
    var logFormat = "text"

    @Flag(help: "Keep a detailed log of the sandbox.")
    var debug = false

    @Flag(help: "Log every system call of the guest.")
    var strace = false

    @Flag(help: "Take cgroupsPath as systemd's slice:prefix:name.")
    var systemdCgroup = false

    @Option(help: ArgumentHelp("How guest code is run: ptrace or systrap.", valueName: "platform"))
    var platform = "ptrace"

    @Option(help: ArgumentHelp("What network a sandbox has: sandbox, host or none.", valueName: "network"))
    var network = "sandbox"

    @Option(help: ArgumentHelp("Whether memory calls run natively or through the Sentry: native or mediated.", valueName: "how"))
    var memoryCalls = "native"

    @Option(help: ArgumentHelp("Ignored; for callers of other runtimes.", visibility: .hidden))
    var rootless: String?

    @Option(help: ArgumentHelp("full, or off to look for faults.", visibility: .hidden))
    var confinement = "full"

    /// What the flags say. Errors and warnings go to the log from here on.
    func configuration() throws(RuntimeError) -> Runtime.Configuration {
        guard ["text", "json"].contains(logFormat) else {
            throw RuntimeError(.invalidArgument, "unknown log format \"\(logFormat)\"; there are text and json")
        }
        Report.open(log, json: logFormat == "json")
        var configuration = Runtime.Configuration()
        configuration.root = try AbsolutePath.of(root)
        configuration.platform = try Runtime.Configuration.platform(named: platform)
        configuration.network = try choice(network, "network")
        configuration.memoryCalls = try choice(memoryCalls, "kind of memory calls")
        configuration.debug = debug
        configuration.strace = strace
        configuration.systemdCgroup = systemdCgroup
        configuration.confinement = confinement != "off"
        configuration.warn = .init { Report.warning($0) }
        return configuration
    }

    private func choice<T: RawRepresentable<String> & CaseIterable>(_ name: String, _ what: String) throws(RuntimeError) -> T {
        if let value = T(rawValue: name) { return value }
        let known = T.allCases.map(\.rawValue).joined(separator: ", ")
        throw RuntimeError(.invalidArgument, "unknown \(what) \"\(name)\"; there are \(known)")
    }
}
