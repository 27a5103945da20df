public import Cgroups
public import HostOS
import LinuxABI
import Messages

/// A pod: one Sentry with its cgroup, and what is kept of them on disk. All calls may be made from any thread.
public final class Sandbox: @unchecked Sendable {
    public let id: String
    public let configuration: Configuration
    /// The Sentry. Its descriptor is readable (poll) when it has died.
    public let sentry: HostProcess
    public let cgroup: Cgroup
    /// As in the specification of the pod's first container; containers with the same one share it.
    let cgroupPath: String
    let folder: StateFolder
    let control: ControlClient
    let lifetime: Lifetime
    /// Our end of what tells the Sentry that this process is there; no other process has it.
    private let presence: SharedFD?

    /// Guards `ending` and `isShutDown`. Innermost.
    private let lock = Lock()
    private var ending: HostProcess.Ending?
    private var isShutDown = false

    /// What a pod's processes do not outlive.
    public enum Lifetime: Sendable {
        /// Nothing: who started them may end.
        case detached
        /// The thread that starts them.
        case thread
        /// This process.
        case process
    }

    private init(_ record: SandboxRecord, _ configuration: Configuration, sentry: HostProcess, folder: StateFolder,
                 _ lifetime: Lifetime, presence: SharedFD? = nil) throws(RuntimeError) {
        id = record.id
        self.configuration = configuration
        self.sentry = sentry
        cgroup = record.cgroup
        cgroupPath = record.cgroupPath
        self.folder = folder
        self.lifetime = lifetime
        self.presence = presence
        control = try ControlClient(folder)
    }

    /// Starts a Sentry. It may still be booting on return; the first call waits for it.
    ///
    /// - Parameters:
    ///   - id: the sandbox's name, usually its first container's.
    ///   - spec: that container's; its cgroup, made here, is the sandbox's.
    public static func start(id: String, spec: Spec, configuration: Configuration,
                             _ lifetime: Lifetime) throws(RuntimeError) -> Sandbox {
        let launched = HostClock.monotonic
        try ContainerID.check(id)
        let executables = try Executables.find()
        let folder = StateFolder(root: configuration.root, id: id)
        do throws(Errno) { try folder.claim(folder.sandbox) } catch {
            if error == .EEXIST { throw RuntimeError(.alreadyExists, "container with id \(id) already exists") }
            throw RuntimeError(error, folder.path)
        }
        var cgroup = Cgroup(version: .v2, directories: [])
        var process: HostProcess?
        do throws(RuntimeError) {
            let path = spec.cgroupsPath(id: id, configuration)
            let placeholder: HostProcess?
            (cgroup, placeholder) = try makeCgroup(path, spec.linux.limits, configuration) { (new) throws(RuntimeError) in
                // A shim that is killed from here on leaves no group that nobody knows.
                let early = SandboxRecord(id: id, sentry: ProcessRecord(pid: 0, startTime: 0), cgroupPath: path, cgroup: new)
                if lifetime == .process { try folder.write(folder.sandbox, early.json) }
            }
            defer { placeholder?.end() }
            let listener = OwnedFD(owning: try about(folder.path) { () throws(Errno) in
                try folder.withControlAddress { (address) throws(Errno) in try HostFD.listen(at: address) }
            })
            let log = OwnedFD(owning: try about(folder.log) { () throws(Errno) in
                try HostFD.currentDirectory.open(folder.log, 0x441 /* O_WRONLY | O_CREAT | O_APPEND */, mode: 0o600)
            })
            let (presence, owner) = try Self.presence(lifetime)
            let sentry = try SentryLaunch.start(executables.sentry, id: id, configuration, listener: listener.fd,
                                                log: log.fd, owner: owner?.fd, cgroup: CgroupEntrance(cgroup),
                                                oomScoreAdjustment: spec.process?.oomScoreAdjustment, launched: launched,
                                                attached: lifetime == .thread)
            process = sentry
            let record = SandboxRecord(id: id, sentry: ProcessRecord(sentry), cgroupPath: path, cgroup: cgroup)
            try folder.write(folder.sandbox, record.json)
            return try Sandbox(record, configuration, sentry: sentry, folder: folder, lifetime, presence: presence)
        } catch {
            var error = error
            if let process {
                if error.kind == .unavailable {
                    // It listens before it runs, so it has died.
                    _ = try? HostPoll.wait([(process.descriptor, .readable)], timeout: 1000)
                    error = RuntimeError(.internalError, Self.lastWords(try? process.reap(now: true), folder)
                                         + configuration.whereToLook(id))
                }
                Self.end(process)
            }
            try? cgroup.delete()
            folder.remove(folder.sandbox)
            folder.removeIfUnused()
            throw error
        }
    }

    /// A pair of sockets whose second end sees the end of this process; nothing is ever sent.
    private static func presence(_ lifetime: Lifetime) throws(RuntimeError) -> (SharedFD?, SharedFD?) {
        if lifetime != .process { return (nil, nil) }
        let pair = try about("starting the Sentry") { () throws(Errno) in try HostFD.socketPair(type: 1 /* SOCK_STREAM */) }
        return (SharedFD(owning: pair.0), SharedFD(owning: pair.1))
    }

    /// The sandbox of this name, started by another process.
    ///
    /// - Throws: `.unavailable` when its Sentry has died.
    public static func open(id: String, configuration: Configuration) throws(RuntimeError) -> Sandbox {
        let folder = StateFolder(root: configuration.root, id: id)
        guard let field = try folder.read(folder.sandbox) else {
            throw RuntimeError(.notFound, "sandbox \(id) does not exist")
        }
        let record = try SandboxRecord(field)
        guard let sentry = record.sentry.find() else {
            throw RuntimeError(.unavailable, "the Sentry of \(id) has died" + LastWords.suffix(folder.log))
        }
        return try Sandbox(record, configuration, sentry: sentry, folder: folder, .detached)
    }

    /// Says what the pod's containers share: the names and sysctls of `spec`.
    public func configure(_ spec: Spec) throws(RuntimeError) {
        let request = Control.ConfigurePodRequest(hostname: spec.hostname, domainname: spec.domainname,
                                                  sysctls: spec.sysctlsMessage)
        do throws(RuntimeError) { _ = try control.call(.configurePod, request, returning: Control.Empty.self) } catch {
            throw error.kind == .unavailable ? RuntimeError(.internalError, lastWords()) : error
        }
    }

    /// Sets new limits for the Sentry and the Gofers; what is not said stays.
    public func update(_ limits: Limits) throws(RuntimeError) {
        do throws(CgroupError) { try cgroup.apply(limits) } catch { throw RuntimeError(error.kind, error.message) }
    }

    /// - Parameter announce: called before anything is made.
    /// - Returns: the group, and what keeps its unit alive until others are in it: to be ended then.
    static func makeCgroup(_ path: String, _ limits: Limits, _ configuration: Configuration,
                           announce: (Cgroup) throws(RuntimeError) -> Void)
        throws(RuntimeError) -> (Cgroup, placeholder: HostProcess?) {
        var cgroup = Cgroup(Hierarchies.ofHost(), path: path)
        if configuration.systemdCgroup && cgroup.unit == nil {
            throw RuntimeError(.invalidArgument, "linux.cgroupsPath: \"\(path)\" is not slice:prefix:name, as systemd's driver needs it")
        }
        try announce(cgroup)
        var placeholder: HostProcess?
        do throws(CgroupError) {
            placeholder = try cgroup.startUnit(limits, isRequired: configuration.systemdCgroup)
            for warning in try cgroup.create(limits) { configuration.warn(warning) }
        } catch {
            if let placeholder {
                placeholder.end()
                try? cgroup.delete()
            }
            throw RuntimeError(error.kind, error.message)
        }
        return (cgroup, placeholder)
    }

    /// Why the Sentry died, in one line: how, and what it said last. Waits for its death.
    public func lastWords() -> String { Self.lastWords(reap(), folder) + configuration.whereToLook(id) }

    private static func lastWords(_ ending: HostProcess.Ending?, _ folder: StateFolder) -> String {
        let how = switch ending {
        case .exited(0)?, nil: "the Sentry has ended"
        case .exited(let code)?: "the Sentry has ended with status \(code)"
        case .exited(159)?, .signalled(31)?: "the Sentry was killed by its own system call filter"
        case .signalled(let signal)?: "the Sentry was killed by signal \(signal)"
        }
        return how + LastWords.suffix(folder.log)
    }

    /// Waits for the end of the Sentry, for it is known to be coming. nil when somebody else reaps it.
    private func reap() -> HostProcess.Ending? {
        _ = try? HostPoll.wait([(sentry.descriptor, .readable)])
        return lock.withLock {
            if ending == nil { ending = try? sentry.reap(now: true) }
            return ending
        }
    }

    private static func end(_ process: HostProcess) {
        try? process.signal(9)
        _ = try? HostPoll.wait([(process.descriptor, .readable)])
        _ = try? process.reap(now: true)
    }

    /// Ends the Sentry, and with it every process in the sandbox; removes its cgroup and its state. Containers must have
    /// been deleted before. May be called again.
    public func shutdown() {
        let first = lock.withLock { () -> Bool in
            defer { isShutDown = true }
            return !isShutDown
        }
        guard first else { return }
        try? sentry.signal(9)
        _ = reap()
        Self.remove(cgroup, folder, configuration)
    }

    private static func remove(_ cgroup: Cgroup, _ folder: StateFolder, _ configuration: Configuration) {
        do throws(Errno) { try cgroup.delete() } catch {
            // Something of ours is left in there; nothing else could get in.
            cgroup.kill()
            do throws(Errno) { try cgroup.delete() } catch { configuration.warn("removing the cgroup of \(folder.path): \(error.text)") }
        }
        folder.remove(folder.sandbox, folder.log, folder.controlSocket)
        folder.removeIfUnused()
    }

    /// Ends and removes a sandbox and all of its containers by what is on disk, whatever state they are in. For a caller
    /// that started neither and finds one or both dead. Never fails: what is gone is gone.
    public static func cleanUp(id: String, configuration: Configuration) {
        guard (try? ContainerID.check(id)) != nil else { return }
        let folder = StateFolder(root: configuration.root, id: id)
        let record = (try? folder.read(folder.sandbox)).flatMap { $0 }.flatMap { try? SandboxRecord($0) }
        if let process = record?.sentry.find() { end(process) }
        for name in StateFolder.containers(root: configuration.root) {
            let other = StateFolder(root: configuration.root, id: name)
            guard let field = (try? other.read(other.container)).flatMap({ $0 }),
                  let container = try? ContainerRecord(field), container.sandbox == id || name == id else { continue }
            container.removeAll(folder: other)
        }
        folder.remove(folder.container)
        remove(record?.cgroup ?? Cgroup(version: .v2, directories: []), folder, configuration)
    }

    /// Whether containers of this sandbox are left.
    public var hasContainers: Bool {
        StateFolder.containers(root: configuration.root).contains { name in
            let other = StateFolder(root: configuration.root, id: name)
            guard let field = (try? other.read(other.container)).flatMap({ $0 }) else { return false }
            return (try? ContainerRecord(field))?.sandbox == id
        }
    }
}

extension ContainerRecord {
    /// Ends the Gofer and removes the cgroup and the state.
    func removeAll(folder: StateFolder) {
        if let process = gofer?.find() {
            try? process.signal(9)
            _ = try? HostPoll.wait([(process.descriptor, .readable)], timeout: 5000)
            _ = try? process.reap(now: true)
        }
        if let cgroup {
            cgroup.kill()
            try? cgroup.delete()
        }
        folder.remove(folder.container)
        folder.removeIfUnused()
    }
}

extension Spec {
    /// Where the container's cgroup is: as the specification says, else one of its own, at the root or among systemd's units.
    func cgroupsPath(id: String, _ configuration: Configuration) -> String {
        if !linux.cgroupsPath.isEmpty { return linux.cgroupsPath }
        return configuration.systemdCgroup ? "system.slice:cloister:\(id)" : "/cloister-\(id)"
    }
}

/// What a dead Sentry left in its log.
enum LastWords {
    /// ": " and the line that says why it died, or nothing.
    static func suffix(_ path: String) -> String {
        guard let file = try? HostFD.currentDirectory.open(path, 0) else { return "" }
        defer { file.close() }
        var buffer = [UInt8](repeating: 0, count: 16384)
        let size = (try? hostCall(.lseek, file.argument, 0, 2)) ?? 0
        let count = unsafe (try? buffer.withMutableBytes { (b) throws(Errno) in
            try unsafe file.pread(into: b, at: Int64(max(0, size - 16384)))
        }) ?? 0
        let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
        // A trap's own line comes before the registers and frames that follow it.
        guard let line = lines.last(where: isTrap) ?? lines.last else { return "" }
        return ": \(line)"
    }

    private static func isTrap(_ line: Substring) -> Bool {
        let mark = Array("Fatal error".utf8), bytes = Array(line.utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: mark) }
    }
}
