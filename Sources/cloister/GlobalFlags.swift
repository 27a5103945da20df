import Runtime

/// Flags of every command.
enum GlobalFlags {
    static let all = [
        Flag("root", value: "FOLDER", "Where the state of containers is kept (/run/cloister)."),
        Flag("log", value: "FILE", "Also write errors and warnings to this file."),
        Flag("log-format", value: "FORMAT", "How that file is written: text or json."),
        Flag("debug", "Keep a detailed log of the sandbox."),
        Flag("strace", "Log every system call of the guest, as strace does."),
        Flag("debug-log", value: "FILE", "Where --debug and --strace write (the sandbox's log in its state folder)."),
        Flag("debug-logs", value: "FOLDER", "Keep a detailed log of each sandbox there, in two files of 16 MiB that take turns."),
        Flag("systemd-cgroup", "Have systemd make the cgroups: cgroupsPath is slice:prefix:name."),
        Flag("platform", value: "NAME", "How guest code is run: ptrace or systrap."),
        Flag("network", value: "NAME", "What network a sandbox has: sandbox, host or none."),
        Flag("memory-calls", value: "HOW", "Whether memory calls run natively or through the Sentry: native or mediated."),
        Flag("huge-pages", value: "WHICH", "What gets huge pages where the host leaves the choice: large mappings, or what is asked for: large or asked."),
        Flag("confinement", value: "HOW", "full, or off to look for faults of our own."),
        Flag("rootless", value: "HOW", "Ignored; for callers of other runtimes."),
    ]

    /// What the flags say. Errors and warnings go to the log from here on.
    static func configuration(_ arguments: Arguments) throws(RuntimeError) -> Configuration {
        let format = arguments.value("log-format") ?? "text"
        guard ["text", "json"].contains(format) else {
            throw RuntimeError(.invalidArgument, "unknown log format \"\(format)\"; there are text and json")
        }
        Report.open(arguments.value("log"), json: format == "json")
        var configuration = Configuration()
        if let root = arguments.value("root") { configuration.root = try AbsolutePath.of(root) }
        if let name = arguments.value("platform") { configuration.platform = try Configuration.platform(named: name) }
        if let name = arguments.value("network") { configuration.network = try choice(name, "network") }
        if let name = arguments.value("memory-calls") { configuration.memoryCalls = try choice(name, "kind of memory calls") }
        if let name = arguments.value("huge-pages") { configuration.hugePages = try choice(name, "choice of huge pages") }
        configuration.debug = arguments.has("debug")
        configuration.strace = arguments.has("strace")
        if let file = arguments.value("debug-log") { configuration.debugLog = try AbsolutePath.of(file) }
        if let folder = arguments.value("debug-logs") { configuration.debugLogs = try AbsolutePath.of(folder) }
        configuration.systemdCgroup = arguments.has("systemd-cgroup")
        configuration.confinement = arguments.value("confinement") != "off"
        configuration.warn = .init { Report.warning($0) }
        return configuration
    }

    private static func choice<T: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ what: String
    ) throws(RuntimeError) -> T {
        if let value = T(rawValue: name) { return value }
        let known = T.allCases.map(\.rawValue).joined(separator: ", ")
        throw RuntimeError(.invalidArgument, "unknown \(what) \"\(name)\"; there are \(known)")
    }
}
