import HostOS
import LinuxABI

/// Starting the Sentry of a pod.
enum SentryLaunch {
    /// - Parameters:
    ///   - listener: where it takes calls; its standard error goes to `log`.
    ///   - owner: readable when the process has ended that the Sentry is not to outlive.
    ///   - launched: CLOCK_MONOTONIC when the runtime began with the pod.
    ///   - attached: it ends with the calling thread.
    static func start(_ executable: String, id: String, _ configuration: Configuration, listener: HostFD, log: HostFD,
                      owner: HostFD?, cgroup: CgroupEntrance, oomScoreAdjustment: Int32?, launched: UInt64,
                      attached: Bool) throws(RuntimeError) -> HostProcess {
        var arguments = ["cloister-sentry", "--control-fd=3", "--id=\(id)", "--platform=\(configuration.platform.rawValue)",
                         "--network=\(configuration.network.rawValue)",
                         "--memory-calls=\(configuration.memoryCalls.rawValue)",
                         "--huge-pages=\(configuration.hugePages.rawValue)",
                         "--confinement=\(configuration.confinement ? "full" : "off")", "--launched=\(launched)"]
        if configuration.debug || configuration.debugLogs != nil { arguments.append("--debug") }
        if configuration.strace { arguments.append("--strace") }
        let null = try NullDevice.open()
        var debugLogs: [HostFD] = []
        defer { for log in debugLogs { log.close() } }
        if let path = configuration.debugLog {
            debugLogs.append(try about(path) { () throws(Errno) in
                try HostFD.currentDirectory.open(path, 0x441 /* O_WRONLY | O_CREAT | O_APPEND */, mode: 0o600)
            })
            arguments.append("--debug-fd=4")
        } else if let directory = configuration.debugLogs {
            RotatingLog.prune(directory, keeping: Configuration.keptLogs)
            let pair = try about(directory) { () throws(Errno) in try RotatingLog.open(directory, "\(id).sentry") }
            debugLogs = [pair.0, pair.1]
            arguments += ["--debug-fd=4", "--debug-turn-fd=5"]
        }
        var spawn = Spawn(path: executable, arguments: arguments)
        spawn.descriptors = [null.fd, null.fd, log, listener] + debugLogs
        if let owner {
            spawn.arguments.append("--owner-fd=\(spawn.descriptors.count)")
            spawn.descriptors.append(owner)
        }
        spawn.namespaces = [.mount, .ipc, .uts, .pid]
        if configuration.network != .host { spawn.namespaces.insert(.network) }
        spawn.workingDirectory = "/"
        spawn.newSession = true
        spawn.deathSignal = attached ? 9 : 0
        spawn.oomScoreAdjustment = oomScoreAdjustment
        spawn.umask = 0
        cgroup.apply(to: &spawn)
        return try spawn.startNamed("cloister-sentry", executable)
    }
}
