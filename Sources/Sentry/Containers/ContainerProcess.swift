import FileSystems
import HostOS
import Identity
import Kernel
import LinuxABI
import Messages
import TTRPC
import VFS

/// A process that the runtime asked for: a container's own, or an exec. Made, then started, then ended.
final class ContainerProcess: @unchecked Sendable {
    enum Status: String {
        case created, running, stopped
    }

    let execID: String
    private let spec: Control.Process
    /// Guards everything below. Below a container's lock; no other is taken with it held.
    private let lock = Lock()
    private var streams: ProcessStreams?
    private var hostStreams: HostStreams?
    /// While it runs: the group holds its observer, and that this.
    private var group: ThreadGroup?
    private var pidStorage: Int32 = -1
    private var statusStorage = Status.created
    private var starting = false
    private var exitStorage: Control.WaitResponse?
    private var exitHandlers: [@Sendable (Control.WaitResponse) -> Void] = []

    /// Called when the process has ended, before anyone hears of it. Set before the start.
    var atEnd: (@Sendable () -> Void)?

    init(_ spec: Control.Process, streams: HostStreams, id: String) throws(TTRPC.Status) {
        self.spec = spec
        execID = id
        hostStreams = streams
        if spec.args.isEmpty { throw TTRPC.Status(.invalidArgument, "the process has no arguments") }
    }

    var status: Status { lock.withLock { statusStorage } }
    var exit: Control.WaitResponse? { lock.withLock { exitStorage } }
    /// In the root pid namespace; -1 before the start.
    var pid: Int32 { lock.withLock { pidStorage } }

    /// Runs the process.
    ///
    /// - Parameter asInit: as process 1 of the container's pid namespace.
    /// - Returns: its pid in the root pid namespace.
    /// - Throws: FailedPrecondition for a second start; NotFound and PermissionDenied with runc's wording for a program
    ///   that is missing or cannot be executed.
    func start(in container: Container, asInit: Bool) throws(TTRPC.Status) -> Int32 {
        let host = try lock.withLock { () throws(TTRPC.Status) -> HostStreams in
            if statusStorage == .stopped { throw TTRPC.Status(.failedPrecondition, "cannot start a container that has stopped") }
            guard !starting, let hostStreams else {
                throw TTRPC.Status(.failedPrecondition, "cannot start an already running container")
            }
            starting = true
            return hostStreams
        }
        do throws(TTRPC.Status) {
            let begun = try begin(in: container, host, asInit: asInit)
            return begun
        } catch {
            // Whoever reads its output waits for the end of it.
            lock.withLock {
                hostStreams = nil
                statusStorage = .stopped
            }
            throw error
        }
    }

    private func begin(in container: Container, _ host: HostStreams, asInit: Bool) throws(TTRPC.Status) -> Int32 {
        let steps = container.pod.steps
        if asInit { steps.mark("asked to start", container.id) }
        let files = FDTable()
        let streams = try ProcessStreams(host, container: container, into: files)
        let task: Task
        do throws(TTRPC.Status) {
            task = try ProcessLaunch(spec: spec, container: container, files: files, asInit: asInit).run(Observer(self, asInit ? container : nil))
            do throws(TTRPC.Status) { try streams.openTerminal(for: task, asConsole: asInit) } catch {
                task.group.kill(.signaled(9))
                task.startInitial()
                throw error
            }
        } catch {
            streams.abandon()
            throw error
        }
        lock.withLock {
            group = task.group
            pidStorage = task.group.pid
            self.streams = streams
            hostStreams = nil
            statusStorage = .running
        }
        if asInit { steps.mark("its program is loaded and runs", container.id) }
        task.startInitial()
        return task.group.pid
    }

    /// Hears of the process's end.
    private final class Observer: ExitObserver, @unchecked Sendable {
        private let process: ContainerProcess
        /// Whose first process it is, if it is one's.
        private let container: Container?

        init(_ process: ContainerProcess, _ container: Container?) {
            self.process = process
            self.container = container
        }

        override func exited(_ group: ThreadGroup, status: ExitStatus) {
            if let container { container.pod.steps.mark("its process has ended", container.id) }
            process.ended(status)
        }
    }

    /// Called once, when the process's last task has ended.
    private func ended(_ status: ExitStatus) {
        let exit = Control.WaitResponse(exitStatus: UInt32(status.shellStatus), exitedAt: Int64(HostClock.realtime))
        let streams = lock.withLock { () -> ProcessStreams? in
            defer { self.streams = nil }
            return self.streams
        }
        streams?.finish()
        atEnd?()
        publish(exit)
    }

    /// The end is known and all output is with the reader.
    private func publish(_ exit: Control.WaitResponse) {
        let handlers = lock.withLock {
            statusStorage = .stopped
            hostStreams = nil
            group = nil
            exitStorage = exit
            defer { exitHandlers = [] }
            return exitHandlers
        }
        for handler in handlers { handler(exit) }
    }

    /// Calls `handler` with the exit once, at once when it has ended.
    func onExit(_ handler: @escaping @Sendable (Control.WaitResponse) -> Void) {
        let known = lock.withLock { () -> Control.WaitResponse? in
            if let exitStorage { return exitStorage }
            exitHandlers.append(handler)
            return nil
        }
        if let known { handler(known) }
    }

    /// - Throws: FailedPrecondition while it runs.
    func forget() throws(TTRPC.Status) -> Control.WaitResponse {
        try lock.withLock { () throws(TTRPC.Status) in
            if statusStorage == .running { throw TTRPC.Status(.failedPrecondition, "the process is still running") }
            return exitStorage ?? Control.WaitResponse()
        }
    }

    /// - Throws: NotFound with runc's wording when it has ended.
    func signal(_ number: Int32) throws(TTRPC.Status) {
        let (status, group) = lock.withLock { (statusStorage, self.group) }
        switch status {
        case .running: group?.send(SignalInfo(number, code: 0), forced: true)
        case .stopped: throw TTRPC.Status(.notFound, "process already finished")
        case .created:
            // A container that was never started ends by any signal that would end it.
            if number == 9 || number == 15 {
                publish(Control.WaitResponse(exitStatus: UInt32(128 + number), exitedAt: Int64(HostClock.realtime)))
            }
        }
    }

    /// - Throws: FailedPrecondition for a process without a terminal.
    func resize(rows: UInt32, columns: UInt32) throws(TTRPC.Status) {
        let (rows, columns) = (UInt16(truncatingIfNeeded: rows), UInt16(truncatingIfNeeded: columns))
        let streams = lock.withLock { () -> ProcessStreams? in
            hostStreams?.rows = rows
            hostStreams?.columns = columns
            return self.streams
        }
        if let streams, !streams.resize(rows: rows, columns: columns) {
            throw TTRPC.Status(.failedPrecondition, "the process has no terminal")
        }
    }

    /// The runtime has let go of its writing end: the process reads the end of its input when nobody else holds one.
    /// There is nothing to do here, since the Sentry holds reading ends only.
    func closeInput() throws(TTRPC.Status) {}
}
