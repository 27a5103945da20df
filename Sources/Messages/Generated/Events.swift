// Generated from Protos/events.proto by Protos/generate. Do not edit.
import CMessages

/// What a shim tells containerd without being asked. The name of each type in an envelope is containerd.events.NAME.
public enum Events {
    public struct TaskIO: Message, Equatable {
        public var stdin: String = ""
        public var stdout: String = ""
        public var stderr: String = ""
        public var terminal: Bool = false

        public init() {}

        public init(stdin: String = "", stdout: String = "", stderr: String = "", terminal: Bool = false) {
            self.stdin = stdin
            self.stdout = stdout
            self.stderr = stderr
            self.terminal = terminal
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/create.
    public struct TaskCreate: Message, Equatable {
        public var containerID: String = ""
        public var bundle: String = ""
        public var rootfs: [Types.Mount] = []
        public var io: Events.TaskIO? = nil
        public var checkpoint: String = ""
        public var pid: UInt32 = 0

        public init() {}

        public init(containerID: String = "", bundle: String = "", rootfs: [Types.Mount] = [], io: Events.TaskIO? = nil, checkpoint: String = "", pid: UInt32 = 0) {
            self.containerID = containerID
            self.bundle = bundle
            self.rootfs = rootfs
            self.io = io
            self.checkpoint = checkpoint
            self.pid = pid
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/start.
    public struct TaskStart: Message, Equatable {
        public var containerID: String = ""
        public var pid: UInt32 = 0

        public init() {}

        public init(containerID: String = "", pid: UInt32 = 0) {
            self.containerID = containerID
            self.pid = pid
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/delete.
    public struct TaskDelete: Message, Equatable {
        public var containerID: String = ""
        public var pid: UInt32 = 0
        public var exitStatus: UInt32 = 0
        public var exitedAt: Proto.Timestamp? = nil
        public var id: String = ""

        public init() {}

        public init(containerID: String = "", pid: UInt32 = 0, exitStatus: UInt32 = 0, exitedAt: Proto.Timestamp? = nil, id: String = "") {
            self.containerID = containerID
            self.pid = pid
            self.exitStatus = exitStatus
            self.exitedAt = exitedAt
            self.id = id
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/exit. `id` is the container's for its own process, else the exec's.
    public struct TaskExit: Message, Equatable {
        public var containerID: String = ""
        public var id: String = ""
        public var pid: UInt32 = 0
        public var exitStatus: UInt32 = 0
        public var exitedAt: Proto.Timestamp? = nil

        public init() {}

        public init(containerID: String = "", id: String = "", pid: UInt32 = 0, exitStatus: UInt32 = 0, exitedAt: Proto.Timestamp? = nil) {
            self.containerID = containerID
            self.id = id
            self.pid = pid
            self.exitStatus = exitStatus
            self.exitedAt = exitedAt
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/oom.
    public struct TaskOOM: Message, Equatable {
        public var containerID: String = ""

        public init() {}

        public init(containerID: String = "") {
            self.containerID = containerID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/exec-added.
    public struct TaskExecAdded: Message, Equatable {
        public var containerID: String = ""
        public var execID: String = ""

        public init() {}

        public init(containerID: String = "", execID: String = "") {
            self.containerID = containerID
            self.execID = execID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/exec-started.
    public struct TaskExecStarted: Message, Equatable {
        public var containerID: String = ""
        public var execID: String = ""
        public var pid: UInt32 = 0

        public init() {}

        public init(containerID: String = "", execID: String = "", pid: UInt32 = 0) {
            self.containerID = containerID
            self.execID = execID
            self.pid = pid
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/paused.
    public struct TaskPaused: Message, Equatable {
        public var containerID: String = ""

        public init() {}

        public init(containerID: String = "") {
            self.containerID = containerID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/resumed.
    public struct TaskResumed: Message, Equatable {
        public var containerID: String = ""

        public init() {}

        public init(containerID: String = "") {
            self.containerID = containerID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Topic /tasks/checkpointed.
    public struct TaskCheckpointed: Message, Equatable {
        public var containerID: String = ""
        public var checkpoint: String = ""

        public init() {}

        public init(containerID: String = "", checkpoint: String = "") {
            self.containerID = containerID
            self.checkpoint = checkpoint
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension Events.TaskIO: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskIO) {
        stdin = unsafe CTree.text(c.stdin)
        stdout = unsafe CTree.text(c.stdout)
        stderr = unsafe CTree.text(c.stderr)
        terminal = unsafe c.terminal != 0
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskIO>) { unsafe containerd__events__task_io__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskIO>, _ tree: CTree) {
        unsafe c.pointee.stdin = tree.text(stdin)
        unsafe c.pointee.stdout = tree.text(stdout)
        unsafe c.pointee.stderr = tree.text(stderr)
        unsafe c.pointee.terminal = terminal ? 1 : 0
    }
}

extension Events.TaskCreate: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskCreate) {
        containerID = unsafe CTree.text(c.container_id)
        bundle = unsafe CTree.text(c.bundle)
        rootfs = unsafe CTree.messages(c.n_rootfs, c.rootfs)
        io = unsafe CTree.message(c.io)
        checkpoint = unsafe CTree.text(c.checkpoint)
        pid = unsafe c.pid
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskCreate>) { unsafe containerd__events__task_create__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskCreate>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.bundle = tree.text(bundle)
        unsafe (c.pointee.n_rootfs, c.pointee.rootfs) = tree.messages(rootfs)
        unsafe c.pointee.io = tree.message(io)
        unsafe c.pointee.checkpoint = tree.text(checkpoint)
        unsafe c.pointee.pid = pid
    }
}

extension Events.TaskStart: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskStart) {
        containerID = unsafe CTree.text(c.container_id)
        pid = unsafe c.pid
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskStart>) { unsafe containerd__events__task_start__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskStart>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.pid = pid
    }
}

extension Events.TaskDelete: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskDelete) {
        containerID = unsafe CTree.text(c.container_id)
        pid = unsafe c.pid
        exitStatus = unsafe c.exit_status
        exitedAt = unsafe CTree.message(c.exited_at)
        id = unsafe CTree.text(c.id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskDelete>) { unsafe containerd__events__task_delete__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskDelete>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.pid = pid
        unsafe c.pointee.exit_status = exitStatus
        unsafe c.pointee.exited_at = tree.message(exitedAt)
        unsafe c.pointee.id = tree.text(id)
    }
}

extension Events.TaskExit: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskExit) {
        containerID = unsafe CTree.text(c.container_id)
        id = unsafe CTree.text(c.id)
        pid = unsafe c.pid
        exitStatus = unsafe c.exit_status
        exitedAt = unsafe CTree.message(c.exited_at)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskExit>) { unsafe containerd__events__task_exit__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskExit>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.pid = pid
        unsafe c.pointee.exit_status = exitStatus
        unsafe c.pointee.exited_at = tree.message(exitedAt)
    }
}

extension Events.TaskOOM: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskOOM) {
        containerID = unsafe CTree.text(c.container_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskOOM>) { unsafe containerd__events__task_oom__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskOOM>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
    }
}

extension Events.TaskExecAdded: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskExecAdded) {
        containerID = unsafe CTree.text(c.container_id)
        execID = unsafe CTree.text(c.exec_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskExecAdded>) { unsafe containerd__events__task_exec_added__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskExecAdded>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.exec_id = tree.text(execID)
    }
}

extension Events.TaskExecStarted: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskExecStarted) {
        containerID = unsafe CTree.text(c.container_id)
        execID = unsafe CTree.text(c.exec_id)
        pid = unsafe c.pid
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskExecStarted>) { unsafe containerd__events__task_exec_started__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskExecStarted>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.pid = pid
    }
}

extension Events.TaskPaused: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskPaused) {
        containerID = unsafe CTree.text(c.container_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskPaused>) { unsafe containerd__events__task_paused__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskPaused>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
    }
}

extension Events.TaskResumed: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskResumed) {
        containerID = unsafe CTree.text(c.container_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskResumed>) { unsafe containerd__events__task_resumed__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskResumed>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
    }
}

extension Events.TaskCheckpointed: @unsafe CBacked {
    init(reading c: Containerd__Events__TaskCheckpointed) {
        containerID = unsafe CTree.text(c.container_id)
        checkpoint = unsafe CTree.text(c.checkpoint)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Events__TaskCheckpointed>) { unsafe containerd__events__task_checkpointed__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Events__TaskCheckpointed>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.checkpoint = tree.text(checkpoint)
    }
}
