import HostOS
import LinuxABI
import Messages
import Runtime
import TTRPC

/// The containers that one shim serves: those of a pod, or one.
final class Pod: @unchecked Sendable {
    let events: EventQueue
    /// Standard streams that are calls.
    let streaming = StreamTable()
    private let startPod: PodStarter
    /// Called when nothing is left to serve.
    let onIdle: @Sendable () -> Void
    /// Called when the last container is gone, but containerd has not asked the shim to end.
    private let onEmpty: @Sendable () -> Void

    /// Held while the pod's kernel is started or ended. Taken before `lock`.
    private let kernelLock = Lock()
    private var kernel: (any PodBackend)?

    /// Guards all below and what changes in containers and processes. Calls to the Sentry are made without it; the event
    /// queue's lock is taken inside, so that events queue in the order in which things happened.
    let lock = Lock()
    private var containers: [String: TaskContainer] = [:]
    private var shutdownRequested = false
    /// Containers that are gone and whose Delete is not answered yet.
    private var leaving = 0
    /// What the sandbox service has made; it keeps the kernel without any container.
    var sandbox: SandboxState?

    init(events: EventQueue, onIdle: @escaping @Sendable () -> Void, onEmpty: @escaping @Sendable () -> Void = {},
         startPod: @escaping PodStarter) {
        self.events = events
        self.onIdle = onIdle
        self.onEmpty = onEmpty
        self.startPod = startPod
    }

    // MARK: Looking up

    /// With the lock held.
    func containerLocked(_ id: String) throws(Status) -> TaskContainer {
        guard let container = containers[id] else { throw Status(.notFound, "container \(id) not found") }
        return container
    }

    /// With the lock held: a container that Create has finished, and one of its processes.
    func processLocked(_ id: String, _ exec: String) throws(Status) -> (TaskContainer, any ContainerBackend, TaskProcess) {
        let container = try containerLocked(id)
        guard let backend = container.backend else { throw Status(.notFound, "container \(id) not created") }
        guard let process = container.process(exec) else { throw Status(.notFound, "process \(exec) does not exist") }
        return (container, backend, process)
    }

    func find(_ id: String, _ exec: String) throws(Status) -> (TaskContainer, any ContainerBackend, TaskProcess) {
        try lock.withLock { () throws(Status) in try processLocked(id, exec) }
    }

    // MARK: Create

    func create(_ request: TaskAPI.CreateTaskRequest) throws(Status) -> UInt32 {
        try Self.checkID(request.id)
        if !request.checkpoint.isEmpty { throw Status(.failedPrecondition, "restore from a checkpoint is not implemented") }
        let stdio = Events.TaskIO(stdin: request.stdin, stdout: request.stdout, stderr: request.stderr,
                                  terminal: request.terminal)
        let container = TaskContainer(id: request.id, bundle: request.bundle, mounts: request.rootfs, stdio: stdio)
        try lock.withLock { () throws(Status) in
            if containers[request.id] != nil { throw Status(.alreadyExists, "container \(request.id) already exists") }
            containers[request.id] = container
        }
        do throws(Status) {
            let backend = try prepare(container, request.options)
            let pid = backend.pid
            // For `delete`, when the shim is no more.
            let path = container.bundle + "/init.pid"
            try? HostFD.currentDirectory.replaceFile(path, with: Array("\(pid)".utf8), mode: 0o600)
            lock.withLock {
                container.backend = backend
                container.process.pid = pid
                events.publish("/tasks/create", "TaskCreate", Events.TaskCreate(
                    containerID: container.id, bundle: container.bundle, rootfs: container.mounts, io: stdio, pid: pid))
            }
            backend.onOOM { [events] in events.publish("/tasks/oom", "TaskOOM", Events.TaskOOM(containerID: container.id)) }
            backend.onExit("") { exit in
                ExitRecord.write(exit, bundle: container.bundle)
                self.ended(container, container.process, exit)
            }
            return pid
        } catch {
            if !container.mounts.isEmpty { RootfsMounts.unmount(container.rootfs) }
            forget(container)
            throw error
        }
    }

    /// Everything of Create that can fail. What it made is undone by the caller.
    private func prepare(_ container: TaskContainer,
                         _ options: Proto.AnyMessage?) throws(Status) -> any ContainerBackend {
        do throws(RootfsMounts.Failure) { try RootfsMounts.mount(container.mounts, at: container.rootfs) } catch {
            throw Status(.unknown, error.message)
        }
        let streams: StreamSet
        do throws(StreamError) { streams = try StreamSet(container.process.stdio, id: container.id, namespace: events.namespace, streaming) } catch {
            throw Status(.invalidArgument, error.message)
        }
        do throws(RuntimeError) {
            let backend = try kernelLock.withLock { () throws(RuntimeError) in
                if kernel == nil { kernel = try startPod(.bundle(container.bundle), options) }
                return kernel
            }
            guard let backend else { throw RuntimeError(.internalError, "the pod has no kernel") }
            let made = try backend.createContainer(container.id, bundle: container.bundle, streams: streams.forSentry)
            streams.handedOver()
            lock.withLock { container.process.streams = streams }
            return made
        } catch {
            streams.abandon()
            throw Status(error, during: "create")
        }
    }

    /// Takes the container out of the pod; ends the kernel with the last one.
    ///
    /// - Parameter tell: tells who asked for that; the shim does not end before.
    func forget(_ container: TaskContainer, tell: () -> Void = {}) {
        lock.withLock {
            _ = containers.removeValue(forKey: container.id)
            leaving += 1
        }
        kernelLock.withLock {
            if !lock.withLock({ isUnusedLocked }) { return }
            kernel?.shutDown()
            kernel = nil
        }
        tell()
        let (over, empty) = lock.withLock {
            leaving -= 1
            return (shutdownRequested && isIdleLocked, isIdleLocked)
        }
        if over { onIdle() } else if empty { onEmpty() }
    }

    /// With the lock held: nobody needs the kernel.
    private var isUnusedLocked: Bool { containers.isEmpty && sandbox == nil }

    /// With the lock held: nobody needs the shim.
    private var isIdleLocked: Bool { isUnusedLocked && leaving == 0 }

    /// Starts the kernel for a sandbox, or finds it started.
    func startKernel(_ request: SandboxAPI.CreateSandboxRequest) throws(RuntimeError) -> any PodBackend {
        try kernelLock.withLock { () throws(RuntimeError) in
            if let kernel { return kernel }
            let made = try startPod(.sandbox(request), nil)
            kernel = made
            return made
        }
    }

    /// The sandbox is no more: containers that are left end with their kernel.
    func endKernel() {
        kernelLock.withLock {
            kernel?.shutDown()
            kernel = nil
        }
    }

    var containerIDs: [String] { lock.withLock { Array(containers.keys) } }

    // MARK: The shim's own end

    var isEmpty: Bool { lock.withLock { isIdleLocked } }

    /// containerd asks after each Delete: the shim ends when no container is left.
    func shutdown() {
        let over = lock.withLock {
            if sandbox != nil { return false }
            shutdownRequested = containers.values.allSatisfy { $0.isDeleting }
            return isIdleLocked
        }
        if over { onIdle() }
    }

    /// Ends everything at once: the shim itself is asked to end.
    func terminate() {
        endAll()
        onIdle()
    }

    /// Ends the kernel and with it what is left of containers, and tells of their ends.
    func endAll() {
        let all = lock.withLock { containers.values.map { ($0, $0.process) } }
        endKernel()
        for (container, process) in all {
            for exec in lock.withLock({ Array(container.execs.values) }) { ended(container, exec, .now(137)) }
            ended(container, process, .now(137))
            if !container.mounts.isEmpty { RootfsMounts.unmount(container.rootfs) }
        }
    }

    /// For the commands, which have no status to answer with.
    static func checkIdentifiers(id: String, namespace: String) throws(CommandFailure) {
        do throws(Status) {
            try checkID(id)
            try checkID(namespace)
        } catch { throw CommandFailure(error.message) }
    }

    /// Identifiers become file names: letters and digits, joined by single dots, dashes and underscores.
    static func checkID(_ id: String) throws(Status) {
        var previousIsSeparator = true
        for byte in id.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                previousIsSeparator = false
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                if previousIsSeparator { throw Status(.invalidArgument, "identifier \"\(id)\" is not valid") }
                previousIsSeparator = true
            default: throw Status(.invalidArgument, "identifier \"\(id)\" is not valid")
            }
        }
        if previousIsSeparator || id.utf8.count > 76 { throw Status(.invalidArgument, "identifier \"\(id)\" is not valid") }
    }
}

extension Status {
    /// An error of the runtime, as runc's shim words it for those operations that people look up.
    init(_ error: RuntimeError, during verb: String) {
        let code: Code = switch error.kind {
        case .invalidArgument: .invalidArgument
        case .notFound: .notFound
        case .alreadyExists: .alreadyExists
        case .failedPrecondition: .failedPrecondition
        case .permissionDenied: .permissionDenied
        // Of Create, containerd would take it for an older version of the service.
        case .unimplemented: verb == "create" ? .failedPrecondition : .unimplemented
        case .unavailable: .unavailable
        case .commandNotFound, .notExecutable: .unknown
        case .internalError: .internalError
        }
        self.init(code, "OCI runtime \(verb) failed: \(error.message)")
    }
}
