import HostOS
import LinuxABI

/// A Gofer that was started and may still be preparing its mounts.
struct GoferLaunch {
    let process: HostProcess
    /// The Sentry's end of the connection.
    let connection: SharedFD
    private let ready: SharedFD

    /// - Parameters:
    ///   - cgroup: entered before the Gofer runs.
    ///   - sentry: whose network, IPC and UTS namespaces it shares, for they are empty and cost the host much; nil: it gets
    ///     its own, for the Sentry's are not empty.
    ///   - attached: it ends with the calling thread.
    init(_ executable: String, _ plan: MountPlan, cgroup: CgroupEntrance, log: HostFD?, sharing sentry: HostProcess?,
         oomScoreAdjustment: Int32?, attached: Bool) throws(RuntimeError) {
        let what = "starting the Gofer"
        let pair = try about(what) { () throws(Errno) in try HostFD.socketPair(type: 5 /* SOCK_SEQPACKET */) }
        connection = SharedFD(owning: pair.0)
        let theirs = OwnedFD(owning: pair.1)
        let list = OwnedFD(owning: try about(what) { () throws(Errno) in
            try HostFD.memoryFile("mounts", holding: plan.servedBytes)
        })
        let pipe = try about(what) { () throws(Errno) in try HostFD.pipe() }
        ready = SharedFD(owning: pipe.reading)
        let writing = OwnedFD(owning: pipe.writing)
        let null = try NullDevice.open()
        var spawn = Spawn(path: executable, arguments: ["cloister-gofer", "--connection=3", "--ready=4", "--mounts=5",
                                                        "--namespaces=inherited"])
        spawn.descriptors = [null.fd, null.fd, log ?? null.fd, theirs.fd, writing.fd, list.fd]
        spawn.namespaces = [.mount, .pid]
        if let sentry {
            spawn.joining = (sentry.descriptor, [.network, .ipc, .uts])
        } else {
            spawn.namespaces.formUnion([.network, .ipc, .uts])
        }
        spawn.workingDirectory = "/"
        spawn.newSession = true
        spawn.deathSignal = attached ? 9 : 0
        spawn.oomScoreAdjustment = oomScoreAdjustment
        spawn.umask = 0
        cgroup.apply(to: &spawn)
        process = try spawn.startNamed("cloister-gofer", executable)
    }

    /// Waits until the Gofer serves its mounts.
    ///
    /// - Throws: what it says went wrong.
    func waitUntilReady() throws(RuntimeError) {
        let bytes = try about("the Gofer") { () throws(Errno) in try ready.fd.readAll(limit: 64 << 10) }
        let line = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
        if line == "ready" { return }
        if line.hasPrefix("error: ") { throw RuntimeError(.invalidArgument, String(line.dropFirst(7))) }
        throw RuntimeError(.internalError, "the Gofer ended before it was ready")
    }
}

extension Spawn {
    /// Starts it; a failure names the program, the step and the reason.
    func startNamed(_ name: String, _ executable: String) throws(RuntimeError) -> HostProcess {
        do throws(Failure) { return try start() } catch {
            if error.step == .namespace && error.errno == .ESRCH { throw RuntimeError(.unavailable, "the Sentry has died") }
            let step = switch error.step {
            case .clone: "starting \(name)" + (error.errno == .EPERM ? " in namespaces of its own (are you root?)" : "")
            case .cgroup: "putting \(name) into its cgroup"
            case .namespace, .descriptors, .directory: "preparing \(name)"
            case .exec: executable
            }
            throw RuntimeError(error.errno, step)
        }
    }
}

enum NullDevice {
    static func open() throws(RuntimeError) -> OwnedFD {
        do throws(Errno) { return OwnedFD(owning: try HostFD.currentDirectory.open("/dev/null", 2)) } catch {
            throw RuntimeError(error, "/dev/null")
        }
    }
}
