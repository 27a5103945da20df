import Messages
import TTRPC

/// A process of a container: its own (exec id empty) or an exec. What changes is guarded by the pod's lock.
final class TaskProcess: @unchecked Sendable {
    enum State { case created, running, stopped }

    let execID: String
    /// As containerd gave them.
    let stdio: Events.TaskIO

    var state = State.created
    /// Being started: its end is not told before its start.
    var isStarting = false
    var pid: UInt32 = 0
    var exit: ProcessExit?
    /// How it ended, while that may not be told yet.
    var heldExit: ProcessExit?
    /// Calls of Wait.
    var waiters: [ServerCall] = []
    /// The shim's ends of the streams.
    var streams: StreamSet?
    /// Takes the outputs, and may not be done with them when the process has ended.
    var logProgram: LogProgram?
    /// The terminal's size, as ResizePty last said.
    var size: (rows: UInt32, columns: UInt32) = (0, 0)
    /// CloseIO came before the streams were opened.
    var isInputClosed = false
    /// Of an exec: the OCI process object, as JSON.
    let spec: [UInt8]

    init(execID: String, stdio: Events.TaskIO, spec: [UInt8] = []) {
        self.execID = execID
        self.stdio = stdio
        self.spec = spec
    }

    /// Started, and its end is not told yet.
    var isLive: Bool { state == .running || isStarting }

    /// Takes over the waiters, and forgets those that nobody hears.
    func takeWaiters() -> [ServerCall] {
        defer { waiters = [] }
        return waiters
    }
}

/// A container of the pod. What changes is guarded by the pod's lock.
final class TaskContainer: @unchecked Sendable {
    let id: String
    let bundle: String
    let mounts: [Types.Mount]
    let process: TaskProcess
    var execs: [String: TaskProcess] = [:]
    /// nil until Create has succeeded.
    var backend: (any ContainerBackend)?
    var isPaused = false
    var isDeleting = false
    /// Calls of Delete that wait for the one that deletes.
    var deleters: [ServerCall] = []

    init(id: String, bundle: String, mounts: [Types.Mount], stdio: Events.TaskIO) {
        self.id = id
        self.bundle = bundle
        self.mounts = mounts
        process = TaskProcess(execID: "", stdio: stdio)
    }

    var rootfs: String { bundle + "/rootfs" }

    func process(_ execID: String) -> TaskProcess? { execID.isEmpty ? process : execs[execID] }

    /// Some exec was started and has not ended.
    var hasLiveExecs: Bool { execs.values.contains { $0.isLive } }
}
