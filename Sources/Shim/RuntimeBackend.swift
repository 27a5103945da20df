import Cgroups
import HostOS
import LinuxABI
import Messages
import Runtime
import TTRPC

/// A pod's kernel by the Runtime module: a Sentry, and a Gofer for each container.
struct RuntimePod: PodBackend {
    let sandbox: Sandbox
    let server: Server
    let spec: Spec

    /// - Parameter id: the pod's, which names the Sentry's state on disk.
    static func start(id: String, spec: Spec, configuration: Configuration, server: Server) throws(RuntimeError) -> RuntimePod {
        // Nobody can drive a pod whose shim is gone.
        RuntimePod(sandbox: try Sandbox.start(id: id, spec: spec, configuration: configuration, .process), server: server,
                   spec: spec)
    }

    /// What a pod's kernel is to be: as its first container's bundle says, or as the sandbox service was told.
    static func spec(_ origin: PodOrigin) throws(RuntimeError) -> Spec {
        var spec: Spec
        switch origin {
        case .bundle(let bundle): spec = try Spec.load(bundle: bundle)
        case .sandbox(let request): spec = try SandboxSpec.make(request)
        }
        if PodGroup.isSandbox(spec) { PodLimits.adjust(&spec.linux.limits, spec.annotations) }
        return spec
    }

    func sandboxContainer() throws(RuntimeError) -> any ContainerBackend {
        try sandbox.configure(spec)
        return PauseContainer(id: sandbox.id, sandbox: sandbox, server: server)
    }

    func createContainer(_ id: String, bundle: String,
                         streams: ProcessStreams) throws(RuntimeError) -> any ContainerBackend {
        let spec = try Spec.load(bundle: bundle)
        if PodGroup.isSandbox(spec) { return try sandboxContainer() }
        let container = try sandbox.createContainer(id: id, bundle: bundle, spec: spec, streams: Streams(streams))
        return RuntimeContainer(container, hooks: spec.hooks, server: server)
    }

    func shutDown() { sandbox.shutdown() }
}

final class RuntimeContainer: ContainerBackend, @unchecked Sendable {
    private let container: Container
    private let hooks: Spec.Hooks
    private let server: Server
    /// Guards `watch`. Innermost.
    private let lock = Lock()
    private var watch: ContainerWatch?

    init(_ container: Container, hooks: Spec.Hooks, server: Server) {
        self.container = container
        self.hooks = hooks
        self.server = server
    }

    var pid: UInt32 { UInt32(bitPattern: container.pid) }

    func start() throws(RuntimeError) {
        try container.start()
        container.run(hooks.poststart, status: "running")
    }

    func checkExec(spec: [UInt8]) throws(RuntimeError) { _ = try Spec.Process(parsing: spec, file: "process") }

    func addExec(_ exec: String, spec: [UInt8], streams: ProcessStreams) throws(RuntimeError) {
        let process = try Spec.Process(parsing: spec, file: "process")
        try container.exec(id: exec, process: process, streams: Streams(streams))
    }

    func startExec(_ exec: String) throws(RuntimeError) { try container.startExec(exec) }

    func onExit(_ exec: String, _ body: @escaping @Sendable (ProcessExit) -> Void) {
        container.onExit(exec: exec) { [container] exit in
            if !exit.cause.isEmpty { Log.warning("\(container.id) \(exec): \(exit.cause)") }
            body(ProcessExit(status: exit.status, at: exit.exitedAt))
        }
    }

    func onOOM(_ body: @escaping @Sendable () -> Void) {
        let container = self.container
        var companions: [(name: String, process: HostProcess)] = []
        if let gofer = container.gofer { companions.append(("its Gofer", gofer)) }
        // Who kills the process that is shown for a container means the container.
        if let seed = container.findSeed() { companions.append(("process \(container.pid)", seed)) }
        let watch = ContainerWatch(server, container.cgroup, companions: companions, onEnd: { name in
            // When the container has ended, the Sentry has let go of them, and there is nothing to kill.
            _ = try? Thread.start {
                do throws(RuntimeError) {
                    try container.signal(9, all: true)
                    Log.warning("\(container.id): \(name) has ended before the container")
                } catch {}
            }
        }, onOOM: body)
        lock.withLock { self.watch = watch }
    }

    func checkOOM() { lock.withLock { watch }?.check() }

    func signal(_ number: UInt32, exec: String, all: Bool) throws(RuntimeError) {
        try container.signal(number, exec: exec, all: all)
    }

    func resize(exec: String, rows: UInt32, columns: UInt32) throws(RuntimeError) {
        try container.resize(exec: exec, rows: rows, columns: columns)
    }

    func pause() throws(RuntimeError) { try container.pause() }

    func resume() throws(RuntimeError) { try container.resume() }

    func hostProcesses() throws(RuntimeError) -> [(pid: UInt32, exec: String)] {
        let guests = try container.processes().sorted { $0.pid < $1.pid }
        var stubs: [UInt32: UInt32] = [:]
        for pid in container.cgroup.processes() {
            if let inner = ProcessIdentity.innermostPID(of: pid) { stubs[inner] = UInt32(bitPattern: pid) }
        }
        var all: [(pid: UInt32, exec: String)] = []
        for guest in guests {
            // The first one is the container's own, for which the Sentry stands.
            if all.isEmpty { all.append((pid, "")) } else if let stub = stubs[guest.hostPID], !all.contains(where: { $0.pid == stub }) {
                all.append((stub, guest.execID))
            }
        }
        return all
    }

    func metrics() throws(RuntimeError) -> Proto.AnyMessage {
        guard let message = try? Metrics.message(container.statistics()) else {
            throw RuntimeError(.internalError, "the metrics can't be encoded")
        }
        return message
    }

    func update(resources: [UInt8]) throws(RuntimeError) {
        try container.update(resources: resources)
    }

    func delete(exec: String) throws(RuntimeError) {
        if !exec.isEmpty {
            try container.deleteExec(exec)
            return
        }
        lock.withLock {
            watch?.end()
            watch = nil
        }
        try container.delete(force: true)
        container.run(hooks.poststop, status: "stopped")
    }
}

extension Streams {
    init(_ streams: ProcessStreams) {
        self.init(terminal: streams.terminal, input: streams.input, output: streams.output, error: streams.error,
                  rows: streams.rows, columns: streams.columns)
    }
}
