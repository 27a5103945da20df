import HostOS
import Messages
import Runtime
import TTRPC

/// Start, and what follows when a process ends.
extension Pod {
    func start(_ id: String, exec: String) throws(Status) -> UInt32 {
        let (container, backend, process) = try lock.withLock { () throws(Status) in
            let found = try processLocked(id, exec)
            let (container, _, process) = found
            if !exec.isEmpty && (container.process.state != .running || container.process.heldExit != nil) {
                throw Status(.failedPrecondition, "container \(id) init process is not running")
            }
            switch process.state {
            case .created where !process.isStarting: process.isStarting = true
            case .stopped: throw Status(.failedPrecondition, "cannot start a stopped process")
            default: throw Status(.failedPrecondition, "cannot start a running process")
            }
            return found
        }
        do throws(Status) {
            if !exec.isEmpty { try prepareExec(process, backend) }
            do throws(RuntimeError) {
                if exec.isEmpty { try backend.start() } else { try backend.startExec(exec) }
            } catch { throw Status(error, during: exec.isEmpty ? "start" : "exec") }
        } catch {
            // The Sentry's copies of the streams are closed with it: the client waits for their end.
            if !exec.isEmpty { _ = try? { () throws(RuntimeError) in try backend.delete(exec: exec) }() }
            failedToStart(container, process)
            throw error
        }
        let pid = backend.pid
        let held = lock.withLock { () -> ProcessExit? in
            process.pid = pid
            process.state = .running
            process.isStarting = false
            if exec.isEmpty {
                events.publish("/tasks/start", "TaskStart", Events.TaskStart(containerID: id, pid: pid))
            } else {
                events.publish("/tasks/exec-started", "TaskExecStarted",
                               Events.TaskExecStarted(containerID: id, execID: exec, pid: pid))
            }
            defer { process.heldExit = nil }
            return process.heldExit
        }
        if !exec.isEmpty { backend.onExit(exec) { self.ended(container, process, $0) } }
        if let held { ended(container, process, held) }
        return pid
    }

    /// It never ran: nobody is told of an end, but who waits for one is let go.
    private func failedToStart(_ container: TaskContainer, _ process: TaskProcess) {
        let waiters = lock.withLock {
            process.isStarting = false
            process.state = .stopped
            process.heldExit = nil
            process.exit = .now(128)
            process.streams = nil
            return process.takeWaiters()
        }
        answer(waiters, .now(128))
        initMayEnd(container)
    }

    /// A process has ended. Told once, after its start, and for a container's own process after all of its execs.
    func ended(_ container: TaskContainer, _ process: TaskProcess, _ exit: ProcessExit) {
        // A program may live on when the host kills its child, and end by itself.
        if exit.status == 137 || process.execID.isEmpty { lock.withLock { container.backend }?.checkOOM() }
        let waiters = lock.withLock { () -> [ServerCall]? in
            if process.exit != nil || process.heldExit != nil { return nil }
            if process.state == .created && !process.isStarting && !process.execID.isEmpty { return nil }
            if process.isStarting || (process.execID.isEmpty && container.hasLiveExecs) {
                process.heldExit = exit
                return nil
            }
            return finishLocked(container, process, exit)
        }
        guard let waiters else {
            if process.execID.isEmpty && !lock.withLock({ process.isStarting }) { endExecs(container) }
            return
        }
        answer(waiters, exit)
        if !process.execID.isEmpty { initMayEnd(container) }
    }

    private func finishLocked(_ container: TaskContainer, _ process: TaskProcess, _ exit: ProcessExit) -> [ServerCall] {
        process.exit = exit
        process.state = .stopped
        process.logProgram = process.streams?.program
        process.streams = nil
        events.publish("/tasks/exit", "TaskExit", Events.TaskExit(
            containerID: container.id, id: process.execID.isEmpty ? container.id : process.execID, pid: process.pid,
            exitStatus: exit.status, exitedAt: .init(nanoseconds: exit.at)))
        return process.takeWaiters()
    }

    /// The container's own process has ended while execs run: they are killed, and if that takes longer than two
    /// seconds they count as ended.
    private func endExecs(_ container: TaskContainer) {
        let backend = lock.withLock { container.process.heldExit == nil ? nil : container.backend }
        guard let backend else { return }
        let started: Void? = try? Thread.start {
            _ = try? { () throws(RuntimeError) in try backend.signal(9, exec: "", all: true) }()
            let deadline = HostClock.monotonic + 2_000_000_000
            while HostClock.monotonic < deadline && self.lock.withLock({ container.process.heldExit != nil }) {
                _ = try? HostPoll.wait([], timeout: 50)
            }
            for exec in self.lock.withLock({ container.execs.values.filter(\.isLive) }) {
                self.lock.withLock { exec.isStarting = false }
                self.ended(container, exec, .now(137))
            }
        }
        if started == nil { Log.error("no thread to end the execs of \(container.id)") }
    }

    /// Tells the end of a container's own process once its last exec has ended.
    private func initMayEnd(_ container: TaskContainer) {
        let (waiters, exit) = lock.withLock { () -> ([ServerCall], ProcessExit?) in
            let process = container.process
            guard let exit = process.heldExit, !process.isStarting, !container.hasLiveExecs else { return ([], nil) }
            process.heldExit = nil
            return (finishLocked(container, process, exit), exit)
        }
        if let exit { answer(waiters, exit) }
    }

    private func answer(_ waiters: [ServerCall], _ exit: ProcessExit) {
        for call in waiters { call.answer(Self.waitAnswer(exit)) }
    }

    static func waitAnswer(_ exit: ProcessExit) -> Result<Reply, Status> {
        do throws(Status) {
            return .success(try Reply(TaskAPI.WaitResponse(exitStatus: exit.status, exitedAt: .init(nanoseconds: exit.at))))
        } catch { return .failure(error) }
    }

    /// Answers when the process has ended. No thread waits for that.
    func wait(_ call: ServerCall, _ id: String, exec: String) throws(Status) -> Reply? {
        let exit = try lock.withLock { () throws(Status) -> ProcessExit? in
            let (_, _, process) = try processLocked(id, exec)
            if let exit = process.exit { return exit }
            process.waiters.removeAll { $0.isFinished }
            process.waiters.append(call)
            return nil
        }
        return try exit.map { (exit) throws(Status) in try Self.waitAnswer(exit).get() }
    }
}
