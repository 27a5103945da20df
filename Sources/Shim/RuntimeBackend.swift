import Cgroups
import HostOS
import Messages
import Runtime

/// A pod's kernel by the Runtime module: a Sentry, and a Gofer for each container.
struct RuntimePod: PodBackend {
    let sandbox: Sandbox

    /// - Parameter id: the pod's, which names the Sentry's state on disk.
    static func start(id: String, bundle: String, configuration: Configuration) throws(RuntimeError) -> RuntimePod {
        let spec = try Spec.load(bundle: bundle)
        return RuntimePod(sandbox: try Sandbox.start(id: id, spec: spec, configuration: configuration, attached: false))
    }

    func createContainer(_ id: String, bundle: String,
                         streams: ProcessStreams) throws(RuntimeError) -> any ContainerBackend {
        let spec = try Spec.load(bundle: bundle)
        let container = try sandbox.createContainer(id: id, bundle: bundle, spec: spec, streams: Streams(streams))
        return RuntimeContainer(container: container, hooks: spec.hooks)
    }

    func shutDown() { sandbox.shutdown() }
}

struct RuntimeContainer: ContainerBackend {
    let container: Container
    let hooks: Spec.Hooks

    var pid: UInt32 { UInt32(bitPattern: container.pid) }

    func start() throws(RuntimeError) {
        try container.start()
        container.run(hooks.poststart, status: "running")
    }

    func addExec(_ exec: String, spec: [UInt8], streams: ProcessStreams) throws(RuntimeError) {
        let process = try Spec.Process(parsing: spec, file: "process")
        try container.exec(id: exec, process: process, streams: Streams(streams))
    }

    func startExec(_ exec: String) throws(RuntimeError) { try container.startExec(exec) }

    func onExit(_ exec: String, _ body: @escaping @Sendable (ProcessExit) -> Void) {
        container.onExit(exec: exec) { exit in
            if !exit.cause.isEmpty { Log.warning("\(container.id) \(exec): \(exit.cause)") }
            body(ProcessExit(status: exit.status, at: exit.exitedAt))
        }
    }

    func signal(_ number: UInt32, exec: String, all: Bool) throws(RuntimeError) {
        try container.signal(number, exec: exec, all: all)
    }

    func resize(exec: String, rows: UInt32, columns: UInt32) throws(RuntimeError) {
        try container.resize(exec: exec, rows: rows, columns: columns)
    }

    func pause() throws(RuntimeError) { try container.pause() }

    func resume() throws(RuntimeError) { try container.resume() }

    func hostProcesses() -> [UInt32] {
        container.cgroup.processes().map { UInt32(bitPattern: $0) }
    }

    func metrics() throws(RuntimeError) -> Proto.AnyMessage {
        guard let message = try? Metrics.message(container.statistics()) else {
            throw RuntimeError(.internalError, "the metrics can't be encoded")
        }
        return message
    }

    func update(resources: [UInt8]) throws(RuntimeError) {
        throw RuntimeError(.unimplemented, "Update is not implemented")
    }

    func delete(exec: String) throws(RuntimeError) {
        if !exec.isEmpty {
            try container.deleteExec(exec)
            return
        }
        try container.delete(force: true)
        container.run(hooks.poststop, status: "stopped")
    }
}

extension Streams {
    init(_ streams: ProcessStreams) {
        self.init(terminal: streams.terminal, input: streams.input, output: streams.output, error: streams.error)
    }
}
