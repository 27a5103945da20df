import Cgroups
import HostOS
import LinuxABI
import Messages
import Runtime
import TTRPC

/// The container with which a kubelet's pod begins, and which only holds the pod together. The sandbox does that by itself:
/// no program of the pause image runs, and no Gofer is needed. Its cgroup is the Sentry's and the Gofers'.
final class PauseContainer: ContainerBackend, @unchecked Sendable {
    private let id: String
    private let sandbox: Sandbox
    private let server: Server
    /// Guards all below. Innermost.
    private let lock = Lock()
    private var exit: ProcessExit?
    private var onExit: (@Sendable (ProcessExit) -> Void)?
    private var watch: UInt64?
    private var memory: ContainerWatch?

    init(id: String, sandbox: Sandbox, server: Server) {
        self.id = id
        self.sandbox = sandbox
        self.server = server
        let sentry = sandbox.sentry.descriptor
        watch = try? server.watch(sentry) { [weak self] in
            self?.unwatch()
            // Somebody must reap it and say why; that waits for it to be dead altogether.
            _ = try? Thread.start {
                Log.warning("pod \(id): \(sandbox.lastWords())")
                self?.end(.now(137))
            }
        }
    }

    var pid: UInt32 { UInt32(bitPattern: sandbox.sentry.pid) }

    func start() throws(RuntimeError) {}

    func onExit(_ exec: String, _ body: @escaping @Sendable (ProcessExit) -> Void) {
        let known = lock.withLock {
            if exit == nil { onExit = body }
            return exit
        }
        if let known { body(known) }
    }

    private func end(_ exit: ProcessExit) {
        let body = lock.withLock { () -> (@Sendable (ProcessExit) -> Void)? in
            if self.exit != nil { return nil }
            self.exit = exit
            defer { onExit = nil }
            return onExit
        }
        body?(exit)
    }

    private func unwatch() {
        lock.withLock {
            if let watch { server.unwatch(sandbox.sentry.descriptor, watch) }
            watch = nil
        }
    }

    /// As the pause program does: it ends by itself when it is asked to, and other signals mean nothing to it.
    func signal(_ number: UInt32, exec: String, all: Bool) throws(RuntimeError) {
        if lock.withLock({ exit != nil }) { throw RuntimeError(.notFound, "process already finished") }
        switch number {
        case 9: end(.now(137))
        case 2, 15: end(.now(0))
        default: break
        }
    }

    func onOOM(_ body: @escaping @Sendable () -> Void) {
        let made = ContainerWatch(server, sandbox.cgroup, onOOM: body)
        lock.withLock { memory = made }
    }

    func checkOOM() { lock.withLock { memory }?.check() }

    func hostProcesses() throws(RuntimeError) -> [(pid: UInt32, exec: String)] { [(pid, "")] }

    func metrics() throws(RuntimeError) -> Proto.AnyMessage {
        guard let message = try? Metrics.message(sandbox.cgroup.statistics()) else {
            throw RuntimeError(.internalError, "the metrics can't be encoded")
        }
        return message
    }

    func update(resources: [UInt8]) throws(RuntimeError) {
        var limits = try Limits(parsing: resources, file: "resources")
        PodLimits.adjust(&limits, [:])
        try sandbox.update(limits)
    }

    func delete(exec: String) throws(RuntimeError) {
        if !exec.isEmpty { throw noPrograms }
        unwatch()
        lock.withLock {
            memory?.end()
            memory = nil
        }
    }

    // What needs a program.

    private var noPrograms: RuntimeError {
        RuntimeError(.failedPrecondition, "\(id) is the pod's sandbox: it runs no programs")
    }

    func checkExec(spec: [UInt8]) throws(RuntimeError) { throw noPrograms }
    func addExec(_ exec: String, spec: [UInt8], streams: ProcessStreams) throws(RuntimeError) { throw noPrograms }
    func startExec(_ exec: String) throws(RuntimeError) { throw noPrograms }
    func resize(exec: String, rows: UInt32, columns: UInt32) throws(RuntimeError) {}
    func pause() throws(RuntimeError) { throw noPrograms }
    func resume() throws(RuntimeError) { throw noPrograms }
}

/// The limits of a pod's sandbox: of the Sentry and the Gofers, not of the containers, which have their own.
enum PodLimits {
    private static let prefix = "io.kubernetes.cri.sandbox-"
    /// What a Sentry needs to be of use, whatever the pod's containers may have.
    private static let leastMemory: Int64 = 128 << 20

    /// - Parameters:
    ///   - limits: those of the pause container, which has next to no claim on a processor: it would not do anything. The
    ///     Sentry works for all containers.
    ///   - annotations: of the pod's totals, as the kubelet's containerd writes them.
    static func adjust(_ limits: inout Limits, _ annotations: [String: String]) {
        let shares = annotations[prefix + "cpu-shares"].flatMap { UInt64($0) } ?? 0
        limits.cpuShares = limits.cpuShares == nil && shares == 0 ? nil : max(1024, shares)
        if let quota = annotations[prefix + "cpu-quota"].flatMap({ Int64($0) }), quota > 0 {
            limits.cpuQuota = quota
            if let period = annotations[prefix + "cpu-period"].flatMap({ UInt64($0) }), period > 0 { limits.cpuPeriod = period }
        }
        if let memory = annotations[prefix + "memory"].flatMap({ Int64($0) }), memory > 0 {
            limits.memoryLimit = max(memory, leastMemory)
        }
    }
}
