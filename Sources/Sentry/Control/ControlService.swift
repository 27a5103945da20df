import HostOS
import Messages
import TTRPC

/// The control service (Protos/control.proto): decodes requests, calls the pod, encodes answers.
struct ControlService {
    let pod: Pod
    let log: Log

    /// Puts all methods of the service into `server`.
    func register(on server: Server) {
        handle(server, .configurePod) { (_, request: Control.ConfigurePodRequest) throws(Status) in
            pod.configure(request)
            return try Reply(Control.Empty())
        }
        handle(server, .updateContainer) { (_, request: Control.UpdateContainerRequest) throws(Status) in
            try pod.update(request)
            return try Reply(Control.Empty())
        }
        handle(server, .createContainer) { (call, request: Control.CreateContainerRequest) throws(Status) in
            let container = try pod.create(request, descriptors: call.descriptors)
            let seed = UInt32(clamping: container.guest.source.hostProcess)
            return try Reply(Control.CreateContainerResponse(seed: seed))
        }
        handle(server, .startContainer) { (_, request: Control.StartContainerRequest) throws(Status) in
            let pid = try pod.container(request.containerID).start()
            return try Reply(Control.StartContainerResponse(pid: UInt32(pid)))
        }
        handle(server, .createExec) { (call, request: Control.CreateExecRequest) throws(Status) in
            try pod.container(request.containerID).createExec(request, descriptors: call.descriptors)
            return try Reply(Control.Empty())
        }
        handle(server, .startExec) { (_, request: Control.ProcessRef) throws(Status) in
            let pid = try pod.container(request.containerID).startExec(request.execID)
            return try Reply(Control.StartContainerResponse(pid: UInt32(pid)))
        }
        handle(server, .signal) { (_, request: Control.SignalRequest) throws(Status) in
            try pod.container(request.containerID).signal(request.signal, exec: request.execID, all: request.all)
            return try Reply(Control.Empty())
        }
        handle(server, .resizeTerminal) { (_, request: Control.ResizeTerminalRequest) throws(Status) in
            try pod.container(request.containerID).process(request.execID)
                .resize(rows: request.rows, columns: request.columns)
            return try Reply(Control.Empty())
        }
        handle(server, .closeStdin) { (_, request: Control.ProcessRef) throws(Status) in
            try pod.container(request.containerID).process(request.execID).closeInput()
            return try Reply(Control.Empty())
        }
        handle(server, .pause) { (_, request: Control.ContainerRef) throws(Status) in
            try pod.container(request.containerID).pause()
            return try Reply(Control.Empty())
        }
        handle(server, .resume) { (_, request: Control.ContainerRef) throws(Status) in
            try pod.container(request.containerID).resume()
            return try Reply(Control.Empty())
        }
        handle(server, .processes) { (_, request: Control.ContainerRef) throws(Status) in
            try Reply(Control.ProcessesResponse(processes: try pod.container(request.containerID).processList()))
        }
        handle(server, .state) { (_, request: Control.ContainerRef) throws(Status) in
            try Reply(try pod.container(request.containerID).state())
        }
        handle(server, .delete) { (_, request: Control.ProcessRef) throws(Status) in
            try Reply(try pod.delete(request.containerID, exec: request.execID))
        }
        handle(server, .debug) { (_, request: Control.DebugRequest) throws(Status) in
            try Reply(Control.DebugResponse(text: try pod.debug(request.what, container: request.containerID)))
        }
        server.register(Control.Method.service, Control.Method.shutdown.rawValue) { [unowned server] (call) throws(Status) in
            pod.shutDown()
            call.answer(.success(try Reply(Control.Empty())))
            server.stop()
            return nil
        }
        // Answered when the process has ended, without a thread that waits.
        server.register(Control.Method.service, Control.Method.wait.rawValue) { (call) throws(Status) in
            let request: Control.ProcessRef = try call.request()
            try pod.container(request.containerID).process(request.execID).onExit { exit in
                let reply: Result<Reply, Status>
                do throws(Status) { reply = .success(try Reply(exit)) } catch { reply = .failure(error) }
                call.answer(reply)
            }
            return nil
        }
    }

    private func handle<Request: Message>(
        _ server: Server, _ method: Control.Method,
        _ body: @escaping @Sendable (ServerCall, Request) throws(Status) -> Reply
    ) {
        server.register(Control.Method.service, method.rawValue) { (call) throws(Status) in
            log.detail("control: \(call.method)")
            return try body(call, try call.request())
        }
    }
}
