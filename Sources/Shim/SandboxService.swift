import HostOS
import Messages
import Runtime
import TTRPC

/// A sandbox that containerd made by the sandbox service. What changes is guarded by the pod's lock.
final class SandboxState: @unchecked Sendable {
    let id: String
    let backend: any ContainerBackend
    var createdAt: Int64 = 0
    var exit: ProcessExit?
    /// Calls of WaitSandbox.
    var waiters: [ServerCall] = []

    init(id: String, backend: any ContainerBackend) {
        self.id = id
        self.backend = backend
    }
}

/// containerd's sandbox service: the life of a pod's sandbox apart from its containers, which the task service has.
struct SandboxService {
    let pod: Pod

    func register(on server: Server) {
        for method in SandboxAPI.Method.allCases {
            server.register(SandboxAPI.Method.service, method.rawValue, quick: Self.isQuick(method)) { [pod] (call) throws(Status) in
                try Self.handle(pod, method, call)
            }
        }
    }

    private static func isQuick(_ method: SandboxAPI.Method) -> Bool {
        switch method {
        case .platform, .waitSandbox, .sandboxStatus, .pingSandbox: true
        default: false
        }
    }

    private static func handle(_ pod: Pod, _ method: SandboxAPI.Method, _ call: ServerCall) throws(Status) -> Reply? {
        switch method {
        case .createSandbox:
            try pod.createSandbox(call.request())
            return try Reply(SandboxAPI.CreateSandboxResponse())
        case .startSandbox: return try Reply(pod.startSandbox(identifier(call)))
        case .platform:
            _ = try identifier(call)
            return try Reply(SandboxAPI.PlatformResponse(platform: .init(os: "linux", architecture: architecture)))
        case .stopSandbox:
            try pod.stopSandbox(call.request(SandboxAPI.StopSandboxRequest.self).sandboxID)
            return try Reply(SandboxAPI.StopSandboxResponse())
        case .waitSandbox: return try pod.waitSandbox(call, identifier(call))
        case .sandboxStatus:
            let request = try call.request(SandboxAPI.SandboxStatusRequest.self)
            return try Reply(pod.sandboxStatus(request.sandboxID, verbose: request.verbose))
        case .pingSandbox:
            _ = try pod.sandboxState(identifier(call))
            return try Reply(SandboxAPI.PingResponse())
        case .shutdownSandbox:
            try pod.shutdownSandbox(identifier(call))
            // The answer must be on its way before the shim ends.
            call.answer(.success(try Reply(SandboxAPI.ShutdownSandboxResponse())))
            pod.onIdle()
            return nil
        case .sandboxMetrics: return try Reply(pod.sandboxMetrics(identifier(call)))
        }
    }

    private static func identifier(_ call: ServerCall) throws(Status) -> String {
        try call.request(SandboxAPI.SandboxRequest.self).sandboxID
    }

    private static var architecture: String {
        #if arch(arm64)
        "arm64"
        #else
        "amd64"
        #endif
    }
}

extension Pod {
    func sandboxState(_ id: String) throws(Status) -> SandboxState {
        guard let sandbox = lock.withLock({ self.sandbox }), sandbox.id == id else { throw Status(.notFound, "sandbox \(id) not found") }
        return sandbox
    }

    func createSandbox(_ request: SandboxAPI.CreateSandboxRequest) throws(Status) {
        try Self.checkID(request.sandboxID)
        if let other = lock.withLock({ sandbox?.id }) {
            throw other == request.sandboxID ? Status(.alreadyExists, "sandbox \(other) already exists")
                : Status(.failedPrecondition, "this shim serves the sandbox \(other)")
        }
        do throws(RuntimeError) {
            let backend = try startKernel(request).sandboxContainer()
            let made = SandboxState(id: request.sandboxID, backend: backend)
            lock.withLock { sandbox = made }
            backend.onExit("") { self.sandboxEnded(made, $0) }
        } catch {
            endKernel()
            throw Status(error, during: "create")
        }
    }

    func startSandbox(_ id: String) throws(Status) -> SandboxAPI.StartSandboxResponse {
        let sandbox = try sandboxState(id)
        let createdAt = try lock.withLock { () throws(Status) -> Int64 in
            if sandbox.exit != nil { throw Status(.failedPrecondition, "sandbox \(id) has stopped") }
            if sandbox.createdAt == 0 { sandbox.createdAt = Int64(HostClock.realtime) }
            return sandbox.createdAt
        }
        return .init(pid: sandbox.backend.pid, createdAt: .init(nanoseconds: createdAt))
    }

    /// Ends the sandbox and what still runs in it. Stopped already: nothing to do.
    func stopSandbox(_ id: String) throws(Status) {
        let sandbox = try sandboxState(id)
        for container in containerIDs { try? kill(.init(id: container, signal: 9, all: true)) }
        do throws(RuntimeError) { try sandbox.backend.signal(15, exec: "", all: true) } catch {
            if error.kind != .notFound { throw Status(error, during: "stop") }
        }
    }

    private func sandboxEnded(_ sandbox: SandboxState, _ exit: ProcessExit) {
        let waiters = lock.withLock {
            sandbox.exit = exit
            defer { sandbox.waiters = [] }
            return sandbox.waiters
        }
        for call in waiters { call.answer(Self.sandboxWaitAnswer(exit)) }
    }

    func waitSandbox(_ call: ServerCall, _ id: String) throws(Status) -> Reply? {
        let sandbox = try sandboxState(id)
        let exit = lock.withLock { () -> ProcessExit? in
            if sandbox.exit == nil {
                sandbox.waiters.removeAll { $0.isFinished }
                sandbox.waiters.append(call)
            }
            return sandbox.exit
        }
        return try exit.map { (exit) throws(Status) in try Self.sandboxWaitAnswer(exit).get() }
    }

    private static func sandboxWaitAnswer(_ exit: ProcessExit) -> Result<Reply, Status> {
        let answer = SandboxAPI.WaitSandboxResponse(exitStatus: exit.status, exitedAt: .init(nanoseconds: exit.at))
        do throws(Status) { return .success(try Reply(answer)) } catch { return .failure(error) }
    }

    func sandboxStatus(_ id: String, verbose: Bool) throws(Status) -> SandboxAPI.SandboxStatusResponse {
        let sandbox = try sandboxState(id)
        return lock.withLock {
            SandboxAPI.SandboxStatusResponse(
                sandboxID: id, pid: sandbox.backend.pid,
                state: sandbox.createdAt > 0 && sandbox.exit == nil ? "SANDBOX_READY" : "SANDBOX_NOTREADY",
                info: verbose ? ["runtime": "io.containerd.cloister.v2", "version": Shim.version] : [:],
                createdAt: sandbox.createdAt == 0 ? .never : .init(nanoseconds: sandbox.createdAt),
                exitedAt: sandbox.exit.map { .init(nanoseconds: $0.at) } ?? .never)
        }
    }

    /// Everything of the sandbox goes; the shim ends after the answer. Idempotent as far as containerd can see: a shim that
    /// has ended does not answer.
    func shutdownSandbox(_ id: String) throws(Status) {
        // A create that failed is followed by a shutdown as well.
        if lock.withLock({ self.sandbox }) == nil { return }
        let sandbox = try sandboxState(id)
        try stopSandbox(id)
        do throws(RuntimeError) { try sandbox.backend.delete(exec: "") } catch { Log.warning("shutdown of \(id): \(error.message)") }
        lock.withLock { self.sandbox = nil }
        endAll()
    }

    func sandboxMetrics(_ id: String) throws(Status) -> SandboxAPI.SandboxMetricsResponse {
        let sandbox = try sandboxState(id)
        do throws(RuntimeError) {
            let data = try sandbox.backend.metrics()
            return .init(metrics: .init(timestamp: .init(nanoseconds: Int64(HostClock.realtime)), id: id, data: data))
        } catch { throw Status(error, during: "metrics") }
    }
}
