public import Cgroups
public import HostOS
import LinuxABI
import Messages

/// How a process in a container ended.
public struct Exit: Hashable, Sendable {
    /// As a shell shows it: the code, or 128 + signal.
    public var status: UInt32
    /// Nanoseconds since the epoch.
    public var exitedAt: Int64
    /// What ended it, when it did not end by itself; else empty.
    public var cause: String

    public init(status: UInt32, exitedAt: Int64, cause: String) {
        self.status = status
        self.exitedAt = exitedAt
        self.cause = cause
    }
}

/// A process in a container, as `ps` shows it.
public struct ContainerProcess: Hashable, Sendable {
    public var pid: UInt32
    public var parent: UInt32
    public var uid: UInt32
    public var threads: UInt32
    /// Nanoseconds.
    public var cpuTime: UInt64
    /// Nanoseconds since the epoch.
    public var startTime: Int64
    public var terminal: String
    public var command: String
    public var hostPID: UInt32
    public var execID: String
    public var state: String
}

/// A container in a sandbox. All calls may be made from any thread.
public final class Container: Sendable {
    public enum Status: String, Sendable { case created, running, paused, stopped }

    public let id: String
    public let sandbox: Sandbox
    public let record: ContainerRecord
    let folder: StateFolder
    /// nil when this process did not start it, and it has ended.
    public let gofer: HostProcess?

    public var bundle: String { record.bundle }
    /// Where its processes are counted.
    public var cgroup: Cgroup { record.cgroup ?? sandbox.cgroup }
    /// What stands for the container in the host's process list: its seed.
    public var pid: Int32 { record.seed?.pid ?? sandbox.sentry.pid }

    /// That process, when the container has one of its own and it lives.
    public func findSeed() -> HostProcess? { record.seed?.find() }

    init(_ record: ContainerRecord, _ sandbox: Sandbox, folder: StateFolder, gofer: HostProcess?) {
        id = record.id
        self.record = record
        self.sandbox = sandbox
        self.folder = folder
        self.gofer = gofer
    }

    /// Runs the container's process.
    public func start() throws(RuntimeError) {
        let _: Control.StartContainerResponse = try call(.startContainer, Control.StartContainerRequest(containerID: id))
    }

    /// Makes another process in the container; `startExec` runs it.
    ///
    /// - Parameter exec: its name among the container's.
    public func exec(id exec: String, process: Spec.Process, streams: Streams) throws(RuntimeError) {
        var descriptors: [HostFD] = []
        let message = process.message(streams, &descriptors)
        let request = Control.CreateExecRequest(containerID: id, execID: exec, process: message)
        do throws(RuntimeError) {
            _ = try sandbox.control.call(.createExec, request, returning: Control.Empty.self, descriptors: descriptors)
        } catch {
            throw explained(error)
        }
    }

    /// - Returns: its pid as the container's first process would see it.
    @discardableResult
    public func startExec(_ exec: String) throws(RuntimeError) -> UInt32 {
        let answer: Control.StartContainerResponse = try call(.startExec, Control.ProcessRef(containerID: id, execID: exec))
        return answer.pid
    }

    /// Waits for the end of the container's process, or of an added one. When the Sentry dies, that is the end of it.
    public func wait(exec: String = "") -> Exit {
        do throws(RuntimeError) {
            let answer = try sandbox.control.call(.wait, reference(exec), returning: Control.WaitResponse.self)
            return Exit(status: answer.exitStatus, exitedAt: answer.exitedAt, cause: answer.cause)
        } catch {
            return lost(error)
        }
    }

    /// The same without waiting: `body` is called once, on the connection's thread, and must not block.
    public func onExit(exec: String = "", _ body: @escaping @Sendable (Exit) -> Void) {
        do throws(RuntimeError) {
            try sandbox.control.start(.wait, reference(exec), returning: Control.WaitResponse.self) { [self] answer in
                switch answer {
                case .success(let answer):
                    body(Exit(status: answer.exitStatus, exitedAt: answer.exitedAt, cause: answer.cause))
                case .failure(let error): body(lost(error))
                }
            }
        } catch {
            body(lost(error))
        }
    }

    /// The end of a process that nobody can tell us about any more.
    private func lost(_ error: RuntimeError) -> Exit {
        Exit(status: 137, exitedAt: Int64(HostClock.realtime),
             cause: error.kind == .unavailable ? sandbox.lastWords() : error.message)
    }

    /// - Parameter all: to every process of the container.
    public func signal(_ number: UInt32, exec: String = "", all: Bool = false) throws(RuntimeError) {
        try run(.signal, Control.SignalRequest(containerID: id, execID: exec, signal: number, all: all))
    }

    public func resize(exec: String = "", rows: UInt32, columns: UInt32) throws(RuntimeError) {
        try run(.resizeTerminal, Control.ResizeTerminalRequest(containerID: id, execID: exec, rows: rows, columns: columns))
    }

    /// Once what was written to the process's standard input has been read, it is at its end.
    public func closeStdin(exec: String = "") throws(RuntimeError) { try run(.closeStdin, reference(exec)) }

    public func pause() throws(RuntimeError) { try run(.pause, Control.ContainerRef(containerID: id)) }

    public func resume() throws(RuntimeError) { try run(.resume, Control.ContainerRef(containerID: id)) }

    public func processes() throws(RuntimeError) -> [ContainerProcess] {
        let answer: Control.ProcessesResponse = try call(.processes, Control.ContainerRef(containerID: id))
        return answer.processes.map {
            ContainerProcess(pid: $0.pid, parent: $0.ppid, uid: $0.uid, threads: $0.threads, cpuTime: $0.cpuTime,
                             startTime: $0.startTime, terminal: $0.terminal, command: $0.command, hostPID: $0.hostPID,
                             execID: $0.execID, state: $0.state)
        }
    }

    /// A container whose Sentry has died is stopped.
    public func status() -> Status {
        let answer = try? sandbox.control.call(.state, Control.ContainerRef(containerID: id),
                                               returning: Control.StateResponse.self)
        return answer.flatMap { Status(rawValue: $0.status) } ?? .stopped
    }

    /// Sets new limits.
    ///
    /// - Parameter resources: the specification's "linux.resources" object, as JSON; what it leaves out stays.
    public func update(resources: [UInt8]) throws(RuntimeError) {
        let limits = try Limits(Field(file: "resources", value: try parseJSON(resources, file: "resources")))
        try update(limits)
    }

    /// Sets new limits; what is not said stays.
    public func update(_ limits: Limits) throws(RuntimeError) {
        do throws(CgroupError) { try cgroup.apply(limits) } catch { throw RuntimeError(error.kind, error.message) }
        try run(.updateContainer, Control.UpdateContainerRequest(containerID: id, resources: limits.message))
    }

    public func statistics() -> Statistics { cgroup.statistics() }

    /// What the Sentry knows about itself; `what` names it.
    public func debug(_ what: String) throws(RuntimeError) -> String {
        let answer: Control.DebugResponse = try call(.debug, Control.DebugRequest(what: what, containerID: id))
        return answer.text
    }

    /// Forgets an added process that has ended.
    @discardableResult
    public func deleteExec(_ exec: String) throws(RuntimeError) -> Exit {
        let answer: Control.WaitResponse = try call(.delete, reference(exec))
        return Exit(status: answer.exitStatus, exitedAt: answer.exitedAt, cause: answer.cause)
    }

    /// Removes an ended container: its Gofer, its cgroup, its state. The sandbox stays (`Sandbox.shutdown`).
    ///
    /// - Parameter force: end it first.
    /// - Returns: how its process ended; nil when it was never started or the Sentry is gone.
    @discardableResult
    public func delete(force: Bool = false) throws(RuntimeError) -> Exit? {
        let lock = try folder.lock()
        defer { _ = lock.fd }
        var exit: Exit?
        if force { try? signal(9, all: true) }
        do throws(RuntimeError) {
            if force && status() != .created && status() != .stopped { _ = wait() }
            let answer: Control.WaitResponse = try sandbox.control.call(.delete, reference(""))
            exit = Exit(status: answer.exitStatus, exitedAt: answer.exitedAt, cause: answer.cause)
        } catch {
            if error.kind == .failedPrecondition && !force { throw error }
        }
        if let gofer {
            try? gofer.signal(9)
            _ = try? HostPoll.wait([(gofer.descriptor, .readable)], timeout: 5000)
            _ = try? gofer.reap(now: true)
        }
        record.removeAll(folder: folder)
        return exit
    }

    private func reference(_ exec: String) -> Control.ProcessRef { Control.ProcessRef(containerID: id, execID: exec) }

    private func call<R: Message>(_ method: Control.Method, _ request: some Message) throws(RuntimeError) -> R {
        do throws(RuntimeError) { return try sandbox.control.call(method, request, returning: R.self) } catch {
            throw explained(error)
        }
    }

    private func run(_ method: Control.Method, _ request: some Message) throws(RuntimeError) {
        let _: Control.Empty = try call(method, request)
    }

    /// A Sentry that does not answer has a reason.
    private func explained(_ error: RuntimeError) -> RuntimeError {
        error.kind == .unavailable ? RuntimeError(.unavailable, sandbox.lastWords()) : error
    }
}
