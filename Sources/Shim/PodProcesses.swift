import HostOS
import Messages
import Runtime
import TTRPC

/// What is asked about processes that exist, and of them.
extension Pod {
    func addExec(_ request: TaskAPI.ExecProcessRequest) throws(Status) {
        try Self.checkID(request.execID)
        guard let spec = request.spec else { throw Status(.invalidArgument, "exec without a process") }
        let stdio = Events.TaskIO(stdin: request.stdin, stdout: request.stdout, stderr: request.stderr,
                                  terminal: request.terminal)
        let process = TaskProcess(execID: request.execID, stdio: stdio, spec: spec.value)
        let backend = try lock.withLock { () throws(Status) in
            let (container, backend, own) = try processLocked(request.id, "")
            if own.state == .stopped || own.heldExit != nil {
                throw Status(.failedPrecondition, "cannot exec in a stopped state")
            }
            if container.isPaused { throw Status(.failedPrecondition, "cannot exec in a paused state") }
            if container.execs[request.execID] != nil { throw Status(.alreadyExists, "id \(request.execID)") }
            return backend
        }
        do throws(RuntimeError) { try backend.checkExec(spec: spec.value) } catch { throw Status(error, during: "exec") }
        try lock.withLock { () throws(Status) in
            let container = try containerLocked(request.id)
            if container.execs[request.execID] != nil { throw Status(.alreadyExists, "id \(request.execID)") }
            container.execs[request.execID] = process
            events.publish("/tasks/exec-added", "TaskExecAdded",
                           Events.TaskExecAdded(containerID: request.id, execID: request.execID))
        }
    }

    /// Opens an exec's streams and makes it in the Sentry. Only now: a client begins to copy its input when somebody reads
    /// the fifo, and those of containerd forget to close it when that is over before Exec has returned.
    func prepareExec(_ process: TaskProcess, _ backend: any ContainerBackend) throws(Status) {
        let streams: StreamSet
        do throws(StreamError) { streams = try StreamSet(process.stdio, id: process.execID, namespace: events.namespace, streaming) } catch {
            throw Status(.invalidArgument, error.message)
        }
        var passed = streams.forSentry
        (passed.rows, passed.columns) = lock.withLock { process.size }
        do throws(RuntimeError) {
            try backend.addExec(process.execID, spec: process.spec, streams: passed)
        } catch {
            streams.abandon()
            throw Status(error, during: "exec")
        }
        streams.handedOver()
        lock.withLock {
            if process.isInputClosed { streams.closeInput() }
            process.streams = streams
        }
    }

    func state(_ id: String, exec: String) throws(Status) -> TaskAPI.StateResponse {
        try lock.withLock { () throws(Status) in
            let container = try containerLocked(id)
            guard let process = container.process(exec) else { throw Status(.notFound, "process \(exec) does not exist") }
            let status: Types.Status = switch process.state {
            case .stopped: .stopped
            case .created: .created
            case .running: container.isPaused ? .paused : .running
            }
            return TaskAPI.StateResponse(
                id: id, bundle: container.bundle, pid: process.pid, status: status, stdin: process.stdio.stdin,
                stdout: process.stdio.stdout, stderr: process.stdio.stderr, terminal: process.stdio.terminal,
                exitStatus: process.exit?.status ?? 0,
                exitedAt: process.exit.map { .init(nanoseconds: $0.at) } ?? .never, execID: exec)
        }
    }

    func kill(_ request: TaskAPI.KillRequest) throws(Status) {
        if request.signal > 64 { throw Status(.invalidArgument, "unknown signal \(request.signal)") }
        let (container, backend, process) = try find(request.id, request.execID)
        let (state, paused) = lock.withLock { (process.state, container.isPaused) }
        if state == .stopped { throw Status(.notFound, "process already finished") }
        if state == .created && !request.execID.isEmpty { throw Status(.failedPrecondition, "process not created") }
        do throws(RuntimeError) {
            try backend.signal(request.signal, exec: request.execID, all: request.all)
            if paused && request.signal == 9 {
                // What is stopped can't die.
                try backend.resume()
                lock.withLock { container.isPaused = false }
            }
        } catch { throw Status(error, during: "kill") }
    }

    func pause(_ id: String) throws(Status) { try setPaused(id, true) }

    func resume(_ id: String) throws(Status) { try setPaused(id, false) }

    private func setPaused(_ id: String, _ pause: Bool) throws(Status) {
        let (container, backend, process) = try find(id, "")
        let allowed = lock.withLock { process.state == .running && container.isPaused != pause }
        if !allowed { throw Status(.failedPrecondition, "container \(id) is not \(pause ? "running" : "paused")") }
        do throws(RuntimeError) { if pause { try backend.pause() } else { try backend.resume() } } catch {
            throw Status(error, during: pause ? "pause" : "resume")
        }
        lock.withLock {
            container.isPaused = pause
            if pause {
                events.publish("/tasks/paused", "TaskPaused", Events.TaskPaused(containerID: id))
            } else {
                events.publish("/tasks/resumed", "TaskResumed", Events.TaskResumed(containerID: id))
            }
        }
    }

    /// Host processes: never none while the container exists. A containerd that comes back (1.7 and later) takes a task
    /// without any for a leak and removes it, and how one ended meanwhile would be lost.
    func processes(_ id: String) throws(Status) -> TaskAPI.PidsResponse {
        let (container, backend, process) = try find(id, "")
        if lock.withLock({ process.state == .stopped && !container.hasLiveExecs }) { return .init(processes: [.init(pid: backend.pid)]) }
        var found: [(pid: UInt32, exec: String)] = []
        do throws(RuntimeError) { found = try backend.hostProcesses() } catch {
            Log.warning("processes of \(id): \(error.message)")
        }
        if !found.contains(where: { $0.pid == backend.pid }) { found.insert((backend.pid, ""), at: 0) }
        return .init(processes: found.map { (pid, exec) in
            let details = exec.isEmpty ? nil : try? Proto.AnyMessage("containerd.runc.v1.ProcessDetails",
                                                                     RuncOptions.ProcessDetails(execID: exec))
            return .init(pid: pid, info: details)
        })
    }

    func resize(_ request: TaskAPI.ResizePtyRequest) throws(Status) {
        let (_, backend, process) = try find(request.id, request.execID)
        if !process.stdio.terminal { return }
        let isPrepared = lock.withLock {
            process.size = (request.height, request.width)
            return process.execID.isEmpty || process.state != .created
        }
        if !isPrepared { return }
        do throws(RuntimeError) {
            try backend.resize(exec: request.execID, rows: request.height, columns: request.width)
        } catch { throw Status(error, during: "resize") }
    }

    func closeIO(_ request: TaskAPI.CloseIORequest) throws(Status) {
        let (_, _, process) = try find(request.id, request.execID)
        if !request.stdin { return }
        lock.withLock {
            process.isInputClosed = true
            process.streams?.closeInput()
        }
    }

    func connect(_ id: String) -> UInt32 {
        lock.withLock { (try? { () throws(Status) in try containerLocked(id).process.pid }()) ?? 0 }
    }

    func statistics(_ id: String) throws(Status) -> Proto.AnyMessage {
        let (_, backend, _) = try find(id, "")
        do throws(RuntimeError) { return try backend.metrics() } catch { throw Status(error, during: "stats") }
    }

    func update(_ request: TaskAPI.UpdateTaskRequest) throws(Status) {
        let (_, backend, _) = try find(request.id, "")
        guard let resources = request.resources else { throw Status(.invalidArgument, "update without resources") }
        do throws(RuntimeError) { try backend.update(resources: resources.value) } catch {
            throw Status(error, during: "update")
        }
    }
}
