import HostOS
import Messages
import TTRPC

/// containerd's task service, in both versions: decodes, asks the pod, encodes.
struct TaskService {
    let pod: Pod

    func register(on server: Server) {
        for service in [TaskAPI.Method.service, TaskAPI3.Method.service] {
            for method in TaskAPI.Method.allCases {
                server.register(service, method.rawValue, quick: Self.isQuick(method)) { [pod] (call) throws(Status) in
                    let begin = HostClock.monotonic
                    do throws(Status) {
                        let reply = try Self.handle(pod, method, call)
                        Log.detail("\(method.rawValue) \(Self.subject(call)): \((HostClock.monotonic - begin) / 1000) us")
                        return reply
                    } catch {
                        Log.detail("\(method.rawValue) \(Self.subject(call)): error \(error.code.rawValue): \(error.message)")
                        throw error
                    }
                }
            }
        }
    }

    /// The container and the exec that a call is about: the first fields of nearly every request.
    private static func subject(_ call: ServerCall) -> String {
        guard let request = try? TaskAPI.StateRequest.decode(call.payload) else { return "" }
        return request.execID.isEmpty || call.method == "Create" ? request.id : "\(request.id) \(request.execID)"
    }

    /// Answered from what the shim knows, without a call to the Sentry.
    private static func isQuick(_ method: TaskAPI.Method) -> Bool {
        switch method {
        case .state, .wait, .connect, .closeIO, .checkpoint: true
        default: false
        }
    }

    private static func handle(_ pod: Pod, _ method: TaskAPI.Method, _ call: ServerCall) throws(Status) -> Reply? {
        switch method {
        case .state:
            let request = try call.request(TaskAPI.StateRequest.self)
            return try Reply(pod.state(request.id, exec: request.execID))
        case .create: return try Reply(TaskAPI.CreateTaskResponse(pid: pod.create(call.request())))
        case .start:
            let request = try call.request(TaskAPI.StartRequest.self)
            return try Reply(TaskAPI.StartResponse(pid: pod.start(request.id, exec: request.execID)))
        case .delete:
            let request = try call.request(TaskAPI.DeleteRequest.self)
            return try pod.delete(call, request.id, exec: request.execID)
        case .pids: return try Reply(pod.processes(call.request(TaskAPI.PidsRequest.self).id))
        case .pause: try pod.pause(call.request(TaskAPI.PauseRequest.self).id)
        case .resume: try pod.resume(call.request(TaskAPI.ResumeRequest.self).id)
        case .checkpoint: throw Status(.unimplemented, "Checkpoint is not implemented")
        case .kill: try pod.kill(call.request())
        case .exec: try pod.addExec(call.request())
        case .resizePty: try pod.resize(call.request())
        case .closeIO: try pod.closeIO(call.request())
        case .update: try pod.update(call.request())
        case .wait:
            let request = try call.request(TaskAPI.WaitRequest.self)
            return try pod.wait(call, request.id, exec: request.execID)
        case .stats: return try Reply(TaskAPI.StatsResponse(stats: pod.statistics(call.request(TaskAPI.StatsRequest.self).id)))
        case .connect:
            let request = try call.request(TaskAPI.ConnectRequest.self)
            return try Reply(TaskAPI.ConnectResponse(shimPID: ProcessIdentity.pid, taskPID: pod.connect(request.id)))
        case .shutdown:
            // The answer must be on its way before the shim ends.
            call.answer(.success(Reply()))
            pod.shutdown()
            return nil
        }
        return Reply()
    }
}
