// Generated from Protos/task.proto by Protos/generate. Do not edit.
import CMessages

/// containerd's task service, version 2: what a shim answers. `exec_id` is empty for the container's own process.
public enum TaskAPI {
    /// The methods of containerd.task.v2.Task.
    public enum Method: String, CaseIterable, Sendable {
        case state = "State"
        case create = "Create"
        case start = "Start"
        case delete = "Delete"
        case pids = "Pids"
        case pause = "Pause"
        case resume = "Resume"
        case checkpoint = "Checkpoint"
        case kill = "Kill"
        case exec = "Exec"
        case resizePty = "ResizePty"
        case closeIO = "CloseIO"
        case update = "Update"
        case wait = "Wait"
        case stats = "Stats"
        case connect = "Connect"
        case shutdown = "Shutdown"

        public static var service: String { "containerd.task.v2.Task" }
    }

    public struct StateRequest: Message, Equatable {
        public var id: String = ""
        public var execID: String = ""

        public init() {}

        public init(id: String = "", execID: String = "") {
            self.id = id
            self.execID = execID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct StateResponse: Message, Equatable {
        public var id: String = ""
        public var bundle: String = ""
        public var pid: UInt32 = 0
        public var status: Types.Status = .init(rawValue: 0)
        public var stdin: String = ""
        public var stdout: String = ""
        public var stderr: String = ""
        public var terminal: Bool = false
        /// As a shell shows it: the code, or 128 and the signal.
        public var exitStatus: UInt32 = 0
        public var exitedAt: Proto.Timestamp? = nil
        public var execID: String = ""

        public init() {}

        public init(id: String = "", bundle: String = "", pid: UInt32 = 0, status: Types.Status = .init(rawValue: 0), stdin: String = "", stdout: String = "", stderr: String = "", terminal: Bool = false, exitStatus: UInt32 = 0, exitedAt: Proto.Timestamp? = nil, execID: String = "") {
            self.id = id
            self.bundle = bundle
            self.pid = pid
            self.status = status
            self.stdin = stdin
            self.stdout = stdout
            self.stderr = stderr
            self.terminal = terminal
            self.exitStatus = exitStatus
            self.exitedAt = exitedAt
            self.execID = execID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CreateTaskRequest: Message, Equatable {
        public var id: String = ""
        public var bundle: String = ""
        /// Mounts that make up the root file system, in order; none when it is there already.
        public var rootfs: [Types.Mount] = []
        public var terminal: Bool = false
        /// Paths of fifos or URIs; empty for none.
        public var stdin: String = ""
        public var stdout: String = ""
        public var stderr: String = ""
        /// A directory to restore from, when not empty.
        public var checkpoint: String = ""
        public var parentCheckpoint: String = ""
        /// Of the runtime: runtimeoptions.v1.Options or containerd.runc.v1.Options.
        public var options: Proto.AnyMessage? = nil

        public init() {}

        public init(id: String = "", bundle: String = "", rootfs: [Types.Mount] = [], terminal: Bool = false, stdin: String = "", stdout: String = "", stderr: String = "", checkpoint: String = "", parentCheckpoint: String = "", options: Proto.AnyMessage? = nil) {
            self.id = id
            self.bundle = bundle
            self.rootfs = rootfs
            self.terminal = terminal
            self.stdin = stdin
            self.stdout = stdout
            self.stderr = stderr
            self.checkpoint = checkpoint
            self.parentCheckpoint = parentCheckpoint
            self.options = options
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CreateTaskResponse: Message, Equatable {
        public var pid: UInt32 = 0

        public init() {}

        public init(pid: UInt32 = 0) {
            self.pid = pid
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct StartRequest: Message, Equatable {
        public var id: String = ""
        public var execID: String = ""

        public init() {}

        public init(id: String = "", execID: String = "") {
            self.id = id
            self.execID = execID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct StartResponse: Message, Equatable {
        public var pid: UInt32 = 0

        public init() {}

        public init(pid: UInt32 = 0) {
            self.pid = pid
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct DeleteRequest: Message, Equatable {
        public var id: String = ""
        public var execID: String = ""

        public init() {}

        public init(id: String = "", execID: String = "") {
            self.id = id
            self.execID = execID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct DeleteResponse: Message, Equatable {
        public var pid: UInt32 = 0
        public var exitStatus: UInt32 = 0
        public var exitedAt: Proto.Timestamp? = nil

        public init() {}

        public init(pid: UInt32 = 0, exitStatus: UInt32 = 0, exitedAt: Proto.Timestamp? = nil) {
            self.pid = pid
            self.exitStatus = exitStatus
            self.exitedAt = exitedAt
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PidsRequest: Message, Equatable {
        public var id: String = ""

        public init() {}

        public init(id: String = "") {
            self.id = id
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PidsResponse: Message, Equatable {
        public var processes: [Types.ProcessInfo] = []

        public init() {}

        public init(processes: [Types.ProcessInfo] = []) {
            self.processes = processes
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PauseRequest: Message, Equatable {
        public var id: String = ""

        public init() {}

        public init(id: String = "") {
            self.id = id
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ResumeRequest: Message, Equatable {
        public var id: String = ""

        public init() {}

        public init(id: String = "") {
            self.id = id
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CheckpointTaskRequest: Message, Equatable {
        public var id: String = ""
        public var path: String = ""
        public var options: Proto.AnyMessage? = nil

        public init() {}

        public init(id: String = "", path: String = "", options: Proto.AnyMessage? = nil) {
            self.id = id
            self.path = path
            self.options = options
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct KillRequest: Message, Equatable {
        public var id: String = ""
        public var execID: String = ""
        public var signal: UInt32 = 0
        /// Every process of the container.
        public var all: Bool = false

        public init() {}

        public init(id: String = "", execID: String = "", signal: UInt32 = 0, all: Bool = false) {
            self.id = id
            self.execID = execID
            self.signal = signal
            self.all = all
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ExecProcessRequest: Message, Equatable {
        public var id: String = ""
        public var execID: String = ""
        public var terminal: Bool = false
        public var stdin: String = ""
        public var stdout: String = ""
        public var stderr: String = ""
        /// The OCI process object, as JSON.
        public var spec: Proto.AnyMessage? = nil

        public init() {}

        public init(id: String = "", execID: String = "", terminal: Bool = false, stdin: String = "", stdout: String = "", stderr: String = "", spec: Proto.AnyMessage? = nil) {
            self.id = id
            self.execID = execID
            self.terminal = terminal
            self.stdin = stdin
            self.stdout = stdout
            self.stderr = stderr
            self.spec = spec
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ResizePtyRequest: Message, Equatable {
        public var id: String = ""
        public var execID: String = ""
        /// In characters.
        public var width: UInt32 = 0
        public var height: UInt32 = 0

        public init() {}

        public init(id: String = "", execID: String = "", width: UInt32 = 0, height: UInt32 = 0) {
            self.id = id
            self.execID = execID
            self.width = width
            self.height = height
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CloseIORequest: Message, Equatable {
        public var id: String = ""
        public var execID: String = ""
        public var stdin: Bool = false

        public init() {}

        public init(id: String = "", execID: String = "", stdin: Bool = false) {
            self.id = id
            self.execID = execID
            self.stdin = stdin
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct UpdateTaskRequest: Message, Equatable {
        public var id: String = ""
        /// The OCI linux resources object, as JSON.
        public var resources: Proto.AnyMessage? = nil
        public var annotations: [String: String] = [:]

        public init() {}

        public init(id: String = "", resources: Proto.AnyMessage? = nil, annotations: [String: String] = [:]) {
            self.id = id
            self.resources = resources
            self.annotations = annotations
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct WaitRequest: Message, Equatable {
        public var id: String = ""
        public var execID: String = ""

        public init() {}

        public init(id: String = "", execID: String = "") {
            self.id = id
            self.execID = execID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct WaitResponse: Message, Equatable {
        public var exitStatus: UInt32 = 0
        public var exitedAt: Proto.Timestamp? = nil

        public init() {}

        public init(exitStatus: UInt32 = 0, exitedAt: Proto.Timestamp? = nil) {
            self.exitStatus = exitStatus
            self.exitedAt = exitedAt
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct StatsRequest: Message, Equatable {
        public var id: String = ""

        public init() {}

        public init(id: String = "") {
            self.id = id
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// A Metrics message of the cgroup version that the host uses.
    public struct StatsResponse: Message, Equatable {
        public var stats: Proto.AnyMessage? = nil

        public init() {}

        public init(stats: Proto.AnyMessage? = nil) {
            self.stats = stats
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ConnectRequest: Message, Equatable {
        public var id: String = ""

        public init() {}

        public init(id: String = "") {
            self.id = id
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ConnectResponse: Message, Equatable {
        public var shimPID: UInt32 = 0
        public var taskPID: UInt32 = 0
        public var version: String = ""

        public init() {}

        public init(shimPID: UInt32 = 0, taskPID: UInt32 = 0, version: String = "") {
            self.shimPID = shimPID
            self.taskPID = taskPID
            self.version = version
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ShutdownRequest: Message, Equatable {
        public var id: String = ""
        public var now: Bool = false

        public init() {}

        public init(id: String = "", now: Bool = false) {
            self.id = id
            self.now = now
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension TaskAPI.StateRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__StateRequest) {
        id = unsafe CTree.text(c.id)
        execID = unsafe CTree.text(c.exec_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__StateRequest>) { unsafe containerd__task__v2__state_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__StateRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.exec_id = tree.text(execID)
    }
}

extension TaskAPI.StateResponse: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__StateResponse) {
        id = unsafe CTree.text(c.id)
        bundle = unsafe CTree.text(c.bundle)
        pid = unsafe c.pid
        status = unsafe .init(rawValue: c.status.rawValue)
        stdin = unsafe CTree.text(c.stdin)
        stdout = unsafe CTree.text(c.stdout)
        stderr = unsafe CTree.text(c.stderr)
        terminal = unsafe c.terminal != 0
        exitStatus = unsafe c.exit_status
        exitedAt = unsafe CTree.message(c.exited_at)
        execID = unsafe CTree.text(c.exec_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__StateResponse>) { unsafe containerd__task__v2__state_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__StateResponse>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.bundle = tree.text(bundle)
        unsafe c.pointee.pid = pid
        unsafe c.pointee.status = Containerd__Types__Status(rawValue: status.rawValue)
        unsafe c.pointee.stdin = tree.text(stdin)
        unsafe c.pointee.stdout = tree.text(stdout)
        unsafe c.pointee.stderr = tree.text(stderr)
        unsafe c.pointee.terminal = terminal ? 1 : 0
        unsafe c.pointee.exit_status = exitStatus
        unsafe c.pointee.exited_at = tree.message(exitedAt)
        unsafe c.pointee.exec_id = tree.text(execID)
    }
}

extension TaskAPI.CreateTaskRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__CreateTaskRequest) {
        id = unsafe CTree.text(c.id)
        bundle = unsafe CTree.text(c.bundle)
        rootfs = unsafe CTree.messages(c.n_rootfs, c.rootfs)
        terminal = unsafe c.terminal != 0
        stdin = unsafe CTree.text(c.stdin)
        stdout = unsafe CTree.text(c.stdout)
        stderr = unsafe CTree.text(c.stderr)
        checkpoint = unsafe CTree.text(c.checkpoint)
        parentCheckpoint = unsafe CTree.text(c.parent_checkpoint)
        options = unsafe CTree.message(c.options)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__CreateTaskRequest>) { unsafe containerd__task__v2__create_task_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__CreateTaskRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.bundle = tree.text(bundle)
        unsafe (c.pointee.n_rootfs, c.pointee.rootfs) = tree.messages(rootfs)
        unsafe c.pointee.terminal = terminal ? 1 : 0
        unsafe c.pointee.stdin = tree.text(stdin)
        unsafe c.pointee.stdout = tree.text(stdout)
        unsafe c.pointee.stderr = tree.text(stderr)
        unsafe c.pointee.checkpoint = tree.text(checkpoint)
        unsafe c.pointee.parent_checkpoint = tree.text(parentCheckpoint)
        unsafe c.pointee.options = tree.message(options)
    }
}

extension TaskAPI.CreateTaskResponse: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__CreateTaskResponse) {
        pid = unsafe c.pid
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__CreateTaskResponse>) { unsafe containerd__task__v2__create_task_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__CreateTaskResponse>, _ tree: CTree) {
        unsafe c.pointee.pid = pid
    }
}

extension TaskAPI.StartRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__StartRequest) {
        id = unsafe CTree.text(c.id)
        execID = unsafe CTree.text(c.exec_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__StartRequest>) { unsafe containerd__task__v2__start_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__StartRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.exec_id = tree.text(execID)
    }
}

extension TaskAPI.StartResponse: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__StartResponse) {
        pid = unsafe c.pid
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__StartResponse>) { unsafe containerd__task__v2__start_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__StartResponse>, _ tree: CTree) {
        unsafe c.pointee.pid = pid
    }
}

extension TaskAPI.DeleteRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__DeleteRequest) {
        id = unsafe CTree.text(c.id)
        execID = unsafe CTree.text(c.exec_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__DeleteRequest>) { unsafe containerd__task__v2__delete_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__DeleteRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.exec_id = tree.text(execID)
    }
}

extension TaskAPI.DeleteResponse: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__DeleteResponse) {
        pid = unsafe c.pid
        exitStatus = unsafe c.exit_status
        exitedAt = unsafe CTree.message(c.exited_at)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__DeleteResponse>) { unsafe containerd__task__v2__delete_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__DeleteResponse>, _ tree: CTree) {
        unsafe c.pointee.pid = pid
        unsafe c.pointee.exit_status = exitStatus
        unsafe c.pointee.exited_at = tree.message(exitedAt)
    }
}

extension TaskAPI.PidsRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__PidsRequest) {
        id = unsafe CTree.text(c.id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__PidsRequest>) { unsafe containerd__task__v2__pids_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__PidsRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
    }
}

extension TaskAPI.PidsResponse: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__PidsResponse) {
        processes = unsafe CTree.messages(c.n_processes, c.processes)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__PidsResponse>) { unsafe containerd__task__v2__pids_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__PidsResponse>, _ tree: CTree) {
        unsafe (c.pointee.n_processes, c.pointee.processes) = tree.messages(processes)
    }
}

extension TaskAPI.PauseRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__PauseRequest) {
        id = unsafe CTree.text(c.id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__PauseRequest>) { unsafe containerd__task__v2__pause_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__PauseRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
    }
}

extension TaskAPI.ResumeRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__ResumeRequest) {
        id = unsafe CTree.text(c.id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__ResumeRequest>) { unsafe containerd__task__v2__resume_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__ResumeRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
    }
}

extension TaskAPI.CheckpointTaskRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__CheckpointTaskRequest) {
        id = unsafe CTree.text(c.id)
        path = unsafe CTree.text(c.path)
        options = unsafe CTree.message(c.options)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__CheckpointTaskRequest>) { unsafe containerd__task__v2__checkpoint_task_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__CheckpointTaskRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.path = tree.text(path)
        unsafe c.pointee.options = tree.message(options)
    }
}

extension TaskAPI.KillRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__KillRequest) {
        id = unsafe CTree.text(c.id)
        execID = unsafe CTree.text(c.exec_id)
        signal = unsafe c.signal
        all = unsafe c.all != 0
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__KillRequest>) { unsafe containerd__task__v2__kill_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__KillRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.signal = signal
        unsafe c.pointee.all = all ? 1 : 0
    }
}

extension TaskAPI.ExecProcessRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__ExecProcessRequest) {
        id = unsafe CTree.text(c.id)
        execID = unsafe CTree.text(c.exec_id)
        terminal = unsafe c.terminal != 0
        stdin = unsafe CTree.text(c.stdin)
        stdout = unsafe CTree.text(c.stdout)
        stderr = unsafe CTree.text(c.stderr)
        spec = unsafe CTree.message(c.spec)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__ExecProcessRequest>) { unsafe containerd__task__v2__exec_process_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__ExecProcessRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.terminal = terminal ? 1 : 0
        unsafe c.pointee.stdin = tree.text(stdin)
        unsafe c.pointee.stdout = tree.text(stdout)
        unsafe c.pointee.stderr = tree.text(stderr)
        unsafe c.pointee.spec = tree.message(spec)
    }
}

extension TaskAPI.ResizePtyRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__ResizePtyRequest) {
        id = unsafe CTree.text(c.id)
        execID = unsafe CTree.text(c.exec_id)
        width = unsafe c.width
        height = unsafe c.height
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__ResizePtyRequest>) { unsafe containerd__task__v2__resize_pty_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__ResizePtyRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.width = width
        unsafe c.pointee.height = height
    }
}

extension TaskAPI.CloseIORequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__CloseIORequest) {
        id = unsafe CTree.text(c.id)
        execID = unsafe CTree.text(c.exec_id)
        stdin = unsafe c.stdin != 0
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__CloseIORequest>) { unsafe containerd__task__v2__close_iorequest__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__CloseIORequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.stdin = stdin ? 1 : 0
    }
}

extension TaskAPI.UpdateTaskRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__UpdateTaskRequest) {
        id = unsafe CTree.text(c.id)
        resources = unsafe CTree.message(c.resources)
        annotations = unsafe CTree.map(c.n_annotations, c.annotations) { unsafe ($0.key, $0.value) }
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__UpdateTaskRequest>) { unsafe containerd__task__v2__update_task_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__UpdateTaskRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.resources = tree.message(resources)
        unsafe (c.pointee.n_annotations, c.pointee.annotations) = tree.map(annotations) { (entry: UnsafeMutablePointer<Containerd__Task__V2__UpdateTaskRequest__AnnotationsEntry>, key, value) in
        unsafe containerd__task__v2__update_task_request__annotations_entry__init(entry)
        unsafe (entry.pointee.key, entry.pointee.value) = (key, value)
        }
    }
}

extension TaskAPI.WaitRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__WaitRequest) {
        id = unsafe CTree.text(c.id)
        execID = unsafe CTree.text(c.exec_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__WaitRequest>) { unsafe containerd__task__v2__wait_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__WaitRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.exec_id = tree.text(execID)
    }
}

extension TaskAPI.WaitResponse: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__WaitResponse) {
        exitStatus = unsafe c.exit_status
        exitedAt = unsafe CTree.message(c.exited_at)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__WaitResponse>) { unsafe containerd__task__v2__wait_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__WaitResponse>, _ tree: CTree) {
        unsafe c.pointee.exit_status = exitStatus
        unsafe c.pointee.exited_at = tree.message(exitedAt)
    }
}

extension TaskAPI.StatsRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__StatsRequest) {
        id = unsafe CTree.text(c.id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__StatsRequest>) { unsafe containerd__task__v2__stats_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__StatsRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
    }
}

extension TaskAPI.StatsResponse: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__StatsResponse) {
        stats = unsafe CTree.message(c.stats)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__StatsResponse>) { unsafe containerd__task__v2__stats_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__StatsResponse>, _ tree: CTree) {
        unsafe c.pointee.stats = tree.message(stats)
    }
}

extension TaskAPI.ConnectRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__ConnectRequest) {
        id = unsafe CTree.text(c.id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__ConnectRequest>) { unsafe containerd__task__v2__connect_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__ConnectRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
    }
}

extension TaskAPI.ConnectResponse: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__ConnectResponse) {
        shimPID = unsafe c.shim_pid
        taskPID = unsafe c.task_pid
        version = unsafe CTree.text(c.version)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__ConnectResponse>) { unsafe containerd__task__v2__connect_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__ConnectResponse>, _ tree: CTree) {
        unsafe c.pointee.shim_pid = shimPID
        unsafe c.pointee.task_pid = taskPID
        unsafe c.pointee.version = tree.text(version)
    }
}

extension TaskAPI.ShutdownRequest: @unsafe CBacked {
    init(reading c: Containerd__Task__V2__ShutdownRequest) {
        id = unsafe CTree.text(c.id)
        now = unsafe c.now != 0
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Task__V2__ShutdownRequest>) { unsafe containerd__task__v2__shutdown_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Task__V2__ShutdownRequest>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.now = now ? 1 : 0
    }
}
