import HostOS
import Messages
import Runtime
import TTRPC

/// Delete: of an exec that has ended or never ran, and of a container with all that it had.
extension Pod {
    /// - Returns: nil when the call is answered, or will be by another that deletes the container already.
    func delete(_ call: ServerCall, _ id: String, exec: String) throws(Status) -> Reply? {
        if !exec.isEmpty { return try deleteExec(id, exec) }
        let found = try lock.withLock { () throws(Status) -> (TaskContainer, any ContainerBackend)? in
            let (container, backend, process) = try processLocked(id, "")
            if container.isDeleting {
                container.deleters.append(call)
                return nil
            }
            if process.isLive { throw Status(.failedPrecondition, "cannot delete a running process") }
            container.isDeleting = true
            return (container, backend)
        }
        guard let (container, backend) = found else { return nil }
        do throws(RuntimeError) { try backend.delete(exec: "") } catch {
            if error.kind != .notFound && error.kind != .unavailable {
                Log.warning("delete \(id): \(error.message)")
            }
        }
        if !container.mounts.isEmpty { RootfsMounts.unmount(container.rootfs) }
        lock.withLock { container.process.logProgram }?.finish()
        streaming.forget(container.process.stdio.calls + lock.withLock { container.execs.values.flatMap { $0.stdio.calls } })
        var failure: Status?
        forget(container) {
            do throws(Status) { try tellDeleted(container, call) } catch { failure = error }
        }
        if let failure { throw failure }
        return nil
    }

    /// Publishes the end of a container that is gone, answers all that wait for something of it, and those who deleted it.
    private func tellDeleted(_ container: TaskContainer, _ call: ServerCall) throws(Status) {
        let (answer, waiters, deleters) = lock.withLock { () -> (TaskAPI.DeleteResponse, [ServerCall], [ServerCall]) in
            let process = container.process
            let exit = process.exit ?? .now(0)
            process.streams = nil
            events.publish("/tasks/delete", "TaskDelete", Events.TaskDelete(
                containerID: container.id, pid: process.pid, exitStatus: exit.status, exitedAt: .init(nanoseconds: exit.at)))
            let waiters = process.takeWaiters() + container.execs.values.flatMap { $0.takeWaiters() }
            container.execs = [:]
            return (.init(pid: process.pid, exitStatus: exit.status, exitedAt: .init(nanoseconds: exit.at)), waiters,
                    container.deleters)
        }
        for waiter in waiters { waiter.answer(.failure(Status(.notFound, "container \(container.id) not found"))) }
        let reply = try Reply(answer)
        for other in [call] + deleters { other.answer(.success(reply)) }
    }

    private func deleteExec(_ id: String, _ exec: String) throws(Status) -> Reply {
        let (container, backend, process) = try find(id, exec)
        if lock.withLock({ process.isLive }) { throw Status(.failedPrecondition, "cannot delete a running process") }
        do throws(RuntimeError) { try backend.delete(exec: exec) } catch {
            if error.kind != .notFound && error.kind != .unavailable { Log.warning("delete \(exec): \(error.message)") }
        }
        lock.withLock { process.logProgram }?.finish()
        StreamSet.drain(process.stdio)
        streaming.forget(process.stdio.calls)
        let (exit, waiters) = lock.withLock {
            container.execs.removeValue(forKey: exec)
            process.streams = nil
            return (process.exit, process.takeWaiters())
        }
        for waiter in waiters { waiter.answer(.failure(Status(.notFound, "process \(exec) does not exist"))) }
        return try Reply(TaskAPI.DeleteResponse(pid: process.pid, exitStatus: exit?.status ?? 0,
                                                exitedAt: exit.map { .init(nanoseconds: $0.at) } ?? .never))
    }
}

extension Events.TaskIO {
    /// The names of the streams that calls carry.
    var calls: [String] { [stdin, stdout, stderr].compactMap(StreamURI.id) }
}
