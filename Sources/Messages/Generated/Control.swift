// Generated from Protos/control.proto by Protos/generate. Do not edit.
import CMessages

/// The control service of a Sentry: what the shim and the command line ask of it, over ttrpc with descriptors passed
/// beside the frame. One Sentry serves one pod. All calls may be made concurrently.
public enum Control {
    /// The methods of cloister.control.v1.Control.
    public enum Method: String, CaseIterable, Sendable {
        /// What the containers of the pod share unless they say otherwise. Before the first of them is made.
        case configurePod = "ConfigurePod"
        /// Makes a container: its root and mounts, not yet a process. Descriptors: the Gofer's socket of each mount that has
        /// one, in the order of `mounts` (mount.gofer_index), then stdin, stdout, stderr when `process.stdio` says so.
        case createContainer = "CreateContainer"
        /// Runs the container's process. Errors of exec carry runc's wording and exit status.
        case startContainer = "StartContainer"
        /// Makes another process in a container. Descriptors: as for CreateContainer's streams.
        case createExec = "CreateExec"
        case startExec = "StartExec"
        case signal = "Signal"
        /// Answers when the process has ended; at once if it has.
        case wait = "Wait"
        case resizeTerminal = "ResizeTerminal"
        /// The writing end of the process's standard input is closed once what was written has been read.
        case closeStdin = "CloseStdin"
        /// Other limits for a container: what its guest sees of them. The host's kernel holds them.
        case updateContainer = "UpdateContainer"
        case pause = "Pause"
        case resume = "Resume"
        case processes = "Processes"
        case state = "State"
        /// Forgets an ended container, or (exec_id set) an ended exec.
        case delete = "Delete"
        /// Counters and what is in the Sentry: unimplemented calls, calls by platform path, stacks of tasks.
        case debug = "Debug"
        case shutdown = "Shutdown"

        public static var service: String { "cloister.control.v1.Control" }
    }

    public struct Empty: Message, Equatable {

        public init() {}

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ContainerRef: Message, Equatable {
        public var containerID: String = ""

        public init() {}

        public init(containerID: String = "") {
            self.containerID = containerID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// exec_id empty: the container's own process.
    public struct ProcessRef: Message, Equatable {
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

    public struct Mount: Message, Equatable {
        public var destination: String = ""
        /// "gofer" (served by the container's Gofer), "tmpfs", "proc", "sysfs", "devtmpfs" (a fresh /dev), "devpts", "mqueue",
        /// "cgroup", "overlay" (tmpfs upper over the Gofer mount `gofer_index`), "bind" (of a path inside, `source`).
        public var type: String = ""
        public var source: String = ""
        /// Mount options as in /proc/mounts: "ro", "nosuid", "noexec", "nodev", "size=65536k", "mode=1777", ...
        public var options: [String] = []
        /// Which of the request's Gofer descriptors serves it, from 0; -1 for none.
        public var goferIndex: Int32 = 0
        /// Id of the mount within its Gofer connection (one connection may serve several).
        public var goferMount: UInt32 = 0
        /// "exclusive": only this sandbox changes the files, everything may be cached. "shared": revalidate.
        public var cache: String = ""

        public init() {}

        public init(destination: String = "", type: String = "", source: String = "", options: [String] = [], goferIndex: Int32 = 0, goferMount: UInt32 = 0, cache: String = "") {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
            self.goferIndex = goferIndex
            self.goferMount = goferMount
            self.cache = cache
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct Identity: Message, Equatable {
        public var uid: UInt32 = 0
        public var gid: UInt32 = 0
        public var additionalGIDs: [UInt32] = []
        /// 0xffffffff: not given.
        public var umask: UInt32 = 0

        public init() {}

        public init(uid: UInt32 = 0, gid: UInt32 = 0, additionalGIDs: [UInt32] = [], umask: UInt32 = 0) {
            self.uid = uid
            self.gid = gid
            self.additionalGIDs = additionalGIDs
            self.umask = umask
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CapabilitySets: Message, Equatable {
        public var bounding: UInt64 = 0
        public var effective: UInt64 = 0
        public var inheritable: UInt64 = 0
        public var permitted: UInt64 = 0
        public var ambient: UInt64 = 0

        public init() {}

        public init(bounding: UInt64 = 0, effective: UInt64 = 0, inheritable: UInt64 = 0, permitted: UInt64 = 0, ambient: UInt64 = 0) {
            self.bounding = bounding
            self.effective = effective
            self.inheritable = inheritable
            self.permitted = permitted
            self.ambient = ambient
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ResourceLimit: Message, Equatable {
        public var resource: UInt32 = 0
        public var soft: UInt64 = 0
        public var hard: UInt64 = 0

        public init() {}

        public init(resource: UInt32 = 0, soft: UInt64 = 0, hard: UInt64 = 0) {
            self.resource = resource
            self.soft = soft
            self.hard = hard
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Indexes into the request's descriptors; -1 for none (then /dev/null). With a terminal, `input` and `output` carry its bytes.
    public struct Stdio: Message, Equatable {
        public var terminal: Bool = false
        public var input: Int32 = 0
        public var output: Int32 = 0
        public var error: Int32 = 0
        public var rows: UInt32 = 0
        public var columns: UInt32 = 0

        public init() {}

        public init(terminal: Bool = false, input: Int32 = 0, output: Int32 = 0, error: Int32 = 0, rows: UInt32 = 0, columns: UInt32 = 0) {
            self.terminal = terminal
            self.input = input
            self.output = output
            self.error = error
            self.rows = rows
            self.columns = columns
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct Process: Message, Equatable {
        public var args: [[UInt8]] = []
        public var env: [[UInt8]] = []
        public var cwd: String = ""
        public var user: Control.Identity? = nil
        public var capabilities: Control.CapabilitySets? = nil
        public var rlimits: [Control.ResourceLimit] = []
        public var noNewPrivileges: Bool = false
        public var oomScoreAdj: Int32 = 0
        public var stdio: Control.Stdio? = nil

        public init() {}

        public init(args: [[UInt8]] = [], env: [[UInt8]] = [], cwd: String = "", user: Control.Identity? = nil, capabilities: Control.CapabilitySets? = nil, rlimits: [Control.ResourceLimit] = [], noNewPrivileges: Bool = false, oomScoreAdj: Int32 = 0, stdio: Control.Stdio? = nil) {
            self.args = args
            self.env = env
            self.cwd = cwd
            self.user = user
            self.capabilities = capabilities
            self.rlimits = rlimits
            self.noNewPrivileges = noNewPrivileges
            self.oomScoreAdj = oomScoreAdj
            self.stdio = stdio
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct Device: Message, Equatable {
        public var path: String = ""
        /// 'c', 'b', 'p'
        public var type: UInt32 = 0
        public var major: UInt32 = 0
        public var minor: UInt32 = 0
        public var mode: UInt32 = 0
        public var uid: UInt32 = 0
        public var gid: UInt32 = 0

        public init() {}

        public init(path: String = "", type: UInt32 = 0, major: UInt32 = 0, minor: UInt32 = 0, mode: UInt32 = 0, uid: UInt32 = 0, gid: UInt32 = 0) {
            self.path = path
            self.type = type
            self.major = major
            self.minor = minor
            self.mode = mode
            self.uid = uid
            self.gid = gid
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct IDMapping: Message, Equatable {
        public var inside: UInt32 = 0
        public var outside: UInt32 = 0
        public var count: UInt32 = 0

        public init() {}

        public init(inside: UInt32 = 0, outside: UInt32 = 0, count: UInt32 = 0) {
            self.inside = inside
            self.outside = outside
            self.count = count
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct Namespaces: Message, Equatable {
        /// "" shares the pod's; "new" makes a fresh one; otherwise the id of the container of this pod whose namespace is joined.
        public var pid: String = ""
        public var uts: String = ""
        public var ipc: String = ""
        public var user: String = ""
        public var uidMappings: [Control.IDMapping] = []
        public var gidMappings: [Control.IDMapping] = []

        public init() {}

        public init(pid: String = "", uts: String = "", ipc: String = "", user: String = "", uidMappings: [Control.IDMapping] = [], gidMappings: [Control.IDMapping] = []) {
            self.pid = pid
            self.uts = uts
            self.ipc = ipc
            self.user = user
            self.uidMappings = uidMappings
            self.gidMappings = gidMappings
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct Sysctl: Message, Equatable {
        public var name: String = ""
        public var value: String = ""

        public init() {}

        public init(name: String = "", value: String = "") {
            self.name = name
            self.value = value
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CreateContainerRequest: Message, Equatable {
        public var containerID: String = ""
        public var process: Control.Process? = nil
        /// the first is "/"
        public var mounts: [Control.Mount] = []
        public var rootReadonly: Bool = false
        public var hostname: String = ""
        public var domainname: String = ""
        public var namespaces: Control.Namespaces? = nil
        public var maskedPaths: [String] = []
        public var readonlyPaths: [String] = []
        public var devices: [Control.Device] = []
        public var sysctls: [Control.Sysctl] = []
        /// What the guest sees as its cgroup.
        public var cgroupPath: String = ""
        /// How many of the descriptors, from the first, are Gofer sockets. Then: stdio; then the seed's cgroup.procs files
        /// (opened for writing), one per hierarchy, which a new seed process writes itself into; then, as `counters` says, files
        /// of the cgroup opened for reading.
        public var goferDescriptors: UInt32 = 0
        public var cgroupDescriptors: UInt32 = 0
        public var annotations: [String: String] = [:]
        public var resources: Control.Resources? = nil
        /// Names of the files, in the host's version: "memory.current", or "memory.usage_in_bytes".
        public var counters: [String] = []

        public init() {}

        public init(containerID: String = "", process: Control.Process? = nil, mounts: [Control.Mount] = [], rootReadonly: Bool = false, hostname: String = "", domainname: String = "", namespaces: Control.Namespaces? = nil, maskedPaths: [String] = [], readonlyPaths: [String] = [], devices: [Control.Device] = [], sysctls: [Control.Sysctl] = [], cgroupPath: String = "", goferDescriptors: UInt32 = 0, cgroupDescriptors: UInt32 = 0, annotations: [String: String] = [:], resources: Control.Resources? = nil, counters: [String] = []) {
            self.containerID = containerID
            self.process = process
            self.mounts = mounts
            self.rootReadonly = rootReadonly
            self.hostname = hostname
            self.domainname = domainname
            self.namespaces = namespaces
            self.maskedPaths = maskedPaths
            self.readonlyPaths = readonlyPaths
            self.devices = devices
            self.sysctls = sysctls
            self.cgroupPath = cgroupPath
            self.goferDescriptors = goferDescriptors
            self.cgroupDescriptors = cgroupDescriptors
            self.annotations = annotations
            self.resources = resources
            self.counters = counters
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// seed: the process that the container's stubs are forked from, as the Sentry's pid namespace numbers it. It lives as long
    /// as the container.
    public struct CreateContainerResponse: Message, Equatable {
        public var seed: UInt32 = 0

        public init() {}

        public init(seed: UInt32 = 0) {
            self.seed = seed
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ConfigurePodRequest: Message, Equatable {
        public var hostname: String = ""
        public var domainname: String = ""
        public var sysctls: [Control.Sysctl] = []

        public init() {}

        public init(hostname: String = "", domainname: String = "", sysctls: [Control.Sysctl] = []) {
            self.hostname = hostname
            self.domainname = domainname
            self.sysctls = sysctls
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Of a container. 0: not said (by an update: as before); the highest number: no limit.
    public struct Resources: Message, Equatable {
        /// bytes
        public var memoryLimit: UInt64 = 0
        public var memoryReservation: UInt64 = 0
        /// bytes beyond memory
        public var swapLimit: UInt64 = 0
        /// microseconds per period
        public var cpuQuota: UInt64 = 0
        public var cpuPeriod: UInt64 = 0
        /// as cgroup v2's cpu.weight
        public var cpuWeight: UInt64 = 0
        public var pidsLimit: UInt64 = 0

        public init() {}

        public init(memoryLimit: UInt64 = 0, memoryReservation: UInt64 = 0, swapLimit: UInt64 = 0, cpuQuota: UInt64 = 0, cpuPeriod: UInt64 = 0, cpuWeight: UInt64 = 0, pidsLimit: UInt64 = 0) {
            self.memoryLimit = memoryLimit
            self.memoryReservation = memoryReservation
            self.swapLimit = swapLimit
            self.cpuQuota = cpuQuota
            self.cpuPeriod = cpuPeriod
            self.cpuWeight = cpuWeight
            self.pidsLimit = pidsLimit
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct UpdateContainerRequest: Message, Equatable {
        public var containerID: String = ""
        public var resources: Control.Resources? = nil

        public init() {}

        public init(containerID: String = "", resources: Control.Resources? = nil) {
            self.containerID = containerID
            self.resources = resources
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct StartContainerRequest: Message, Equatable {
        public var containerID: String = ""

        public init() {}

        public init(containerID: String = "") {
            self.containerID = containerID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// pid: as the pod's root pid namespace numbers it.
    public struct StartContainerResponse: Message, Equatable {
        public var pid: UInt32 = 0
        public var hostPID: UInt32 = 0

        public init() {}

        public init(pid: UInt32 = 0, hostPID: UInt32 = 0) {
            self.pid = pid
            self.hostPID = hostPID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CreateExecRequest: Message, Equatable {
        public var containerID: String = ""
        public var execID: String = ""
        public var process: Control.Process? = nil

        public init() {}

        public init(containerID: String = "", execID: String = "", process: Control.Process? = nil) {
            self.containerID = containerID
            self.execID = execID
            self.process = process
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct SignalRequest: Message, Equatable {
        public var containerID: String = ""
        public var execID: String = ""
        public var signal: UInt32 = 0
        public var all: Bool = false

        public init() {}

        public init(containerID: String = "", execID: String = "", signal: UInt32 = 0, all: Bool = false) {
            self.containerID = containerID
            self.execID = execID
            self.signal = signal
            self.all = all
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct WaitResponse: Message, Equatable {
        /// as a shell shows it: code, or 128 + signal
        public var exitStatus: UInt32 = 0
        /// nanoseconds since the epoch
        public var exitedAt: Int64 = 0
        /// when the process did not end by itself: what ended it
        public var cause: String = ""

        public init() {}

        public init(exitStatus: UInt32 = 0, exitedAt: Int64 = 0, cause: String = "") {
            self.exitStatus = exitStatus
            self.exitedAt = exitedAt
            self.cause = cause
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ResizeTerminalRequest: Message, Equatable {
        public var containerID: String = ""
        public var execID: String = ""
        public var rows: UInt32 = 0
        public var columns: UInt32 = 0

        public init() {}

        public init(containerID: String = "", execID: String = "", rows: UInt32 = 0, columns: UInt32 = 0) {
            self.containerID = containerID
            self.execID = execID
            self.rows = rows
            self.columns = columns
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ProcessInfo: Message, Equatable {
        public var pid: UInt32 = 0
        public var ppid: UInt32 = 0
        public var uid: UInt32 = 0
        public var threads: UInt32 = 0
        /// nanoseconds
        public var cpuTime: UInt64 = 0
        /// nanoseconds since the epoch
        public var startTime: Int64 = 0
        public var terminal: String = ""
        public var command: String = ""
        /// Of the stub that holds its memory, as the Sentry's own pid namespace numbers it: the Sentry knows no other. It changes
        /// with execve.
        public var hostPID: UInt32 = 0
        public var execID: String = ""
        /// one letter, as in ps
        public var state: String = ""

        public init() {}

        public init(pid: UInt32 = 0, ppid: UInt32 = 0, uid: UInt32 = 0, threads: UInt32 = 0, cpuTime: UInt64 = 0, startTime: Int64 = 0, terminal: String = "", command: String = "", hostPID: UInt32 = 0, execID: String = "", state: String = "") {
            self.pid = pid
            self.ppid = ppid
            self.uid = uid
            self.threads = threads
            self.cpuTime = cpuTime
            self.startTime = startTime
            self.terminal = terminal
            self.command = command
            self.hostPID = hostPID
            self.execID = execID
            self.state = state
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ProcessesResponse: Message, Equatable {
        public var processes: [Control.ProcessInfo] = []

        public init() {}

        public init(processes: [Control.ProcessInfo] = []) {
            self.processes = processes
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// status: created, running, paused, stopped.
    public struct StateResponse: Message, Equatable {
        public var status: String = ""
        public var pid: UInt32 = 0
        public var exitStatus: UInt32 = 0
        public var exitedAt: Int64 = 0
        public var hostPID: UInt32 = 0

        public init() {}

        public init(status: String = "", pid: UInt32 = 0, exitStatus: UInt32 = 0, exitedAt: Int64 = 0, hostPID: UInt32 = 0) {
            self.status = status
            self.pid = pid
            self.exitStatus = exitStatus
            self.exitedAt = exitedAt
            self.hostPID = hostPID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct DebugRequest: Message, Equatable {
        public var what: String = ""
        public var containerID: String = ""

        public init() {}

        public init(what: String = "", containerID: String = "") {
            self.what = what
            self.containerID = containerID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct DebugResponse: Message, Equatable {
        public var text: String = ""

        public init() {}

        public init(text: String = "") {
            self.text = text
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension Control.Empty: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Empty) {
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Empty>) { unsafe cloister__control__v1__empty__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Empty>, _ tree: CTree) {
    }
}

extension Control.ContainerRef: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__ContainerRef) {
        containerID = unsafe CTree.text(c.container_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__ContainerRef>) { unsafe cloister__control__v1__container_ref__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__ContainerRef>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
    }
}

extension Control.ProcessRef: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__ProcessRef) {
        containerID = unsafe CTree.text(c.container_id)
        execID = unsafe CTree.text(c.exec_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__ProcessRef>) { unsafe cloister__control__v1__process_ref__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__ProcessRef>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.exec_id = tree.text(execID)
    }
}

extension Control.Mount: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Mount) {
        destination = unsafe CTree.text(c.destination)
        type = unsafe CTree.text(c.type)
        source = unsafe CTree.text(c.source)
        options = unsafe CTree.texts(c.n_options, c.options)
        goferIndex = unsafe c.gofer_index
        goferMount = unsafe c.gofer_mount
        cache = unsafe CTree.text(c.cache)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Mount>) { unsafe cloister__control__v1__mount__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Mount>, _ tree: CTree) {
        unsafe c.pointee.destination = tree.text(destination)
        unsafe c.pointee.type = tree.text(type)
        unsafe c.pointee.source = tree.text(source)
        unsafe (c.pointee.n_options, c.pointee.options) = tree.texts(options)
        unsafe c.pointee.gofer_index = goferIndex
        unsafe c.pointee.gofer_mount = goferMount
        unsafe c.pointee.cache = tree.text(cache)
    }
}

extension Control.Identity: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Identity) {
        uid = unsafe c.uid
        gid = unsafe c.gid
        additionalGIDs = unsafe CTree.scalars(c.n_additional_gids, c.additional_gids)
        umask = unsafe c.umask
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Identity>) { unsafe cloister__control__v1__identity__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Identity>, _ tree: CTree) {
        unsafe c.pointee.uid = uid
        unsafe c.pointee.gid = gid
        unsafe (c.pointee.n_additional_gids, c.pointee.additional_gids) = tree.scalars(additionalGIDs)
        unsafe c.pointee.umask = umask
    }
}

extension Control.CapabilitySets: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__CapabilitySets) {
        bounding = unsafe c.bounding
        effective = unsafe c.effective
        inheritable = unsafe c.inheritable
        permitted = unsafe c.permitted
        ambient = unsafe c.ambient
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__CapabilitySets>) { unsafe cloister__control__v1__capability_sets__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__CapabilitySets>, _ tree: CTree) {
        unsafe c.pointee.bounding = bounding
        unsafe c.pointee.effective = effective
        unsafe c.pointee.inheritable = inheritable
        unsafe c.pointee.permitted = permitted
        unsafe c.pointee.ambient = ambient
    }
}

extension Control.ResourceLimit: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__ResourceLimit) {
        resource = unsafe c.resource
        soft = unsafe c.soft
        hard = unsafe c.hard
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__ResourceLimit>) { unsafe cloister__control__v1__resource_limit__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__ResourceLimit>, _ tree: CTree) {
        unsafe c.pointee.resource = resource
        unsafe c.pointee.soft = soft
        unsafe c.pointee.hard = hard
    }
}

extension Control.Stdio: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Stdio) {
        terminal = unsafe c.terminal != 0
        input = unsafe c.input
        output = unsafe c.output
        error = unsafe c.error
        rows = unsafe c.rows
        columns = unsafe c.columns
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Stdio>) { unsafe cloister__control__v1__stdio__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Stdio>, _ tree: CTree) {
        unsafe c.pointee.terminal = terminal ? 1 : 0
        unsafe c.pointee.input = input
        unsafe c.pointee.output = output
        unsafe c.pointee.error = error
        unsafe c.pointee.rows = rows
        unsafe c.pointee.columns = columns
    }
}

extension Control.Process: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Process) {
        args = unsafe CTree.blobs(c.n_args, c.args)
        env = unsafe CTree.blobs(c.n_env, c.env)
        cwd = unsafe CTree.text(c.cwd)
        user = unsafe CTree.message(c.user)
        capabilities = unsafe CTree.message(c.capabilities)
        rlimits = unsafe CTree.messages(c.n_rlimits, c.rlimits)
        noNewPrivileges = unsafe c.no_new_privileges != 0
        oomScoreAdj = unsafe c.oom_score_adj
        stdio = unsafe CTree.message(c.stdio)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Process>) { unsafe cloister__control__v1__process__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Process>, _ tree: CTree) {
        unsafe (c.pointee.n_args, c.pointee.args) = tree.blobs(args)
        unsafe (c.pointee.n_env, c.pointee.env) = tree.blobs(env)
        unsafe c.pointee.cwd = tree.text(cwd)
        unsafe c.pointee.user = tree.message(user)
        unsafe c.pointee.capabilities = tree.message(capabilities)
        unsafe (c.pointee.n_rlimits, c.pointee.rlimits) = tree.messages(rlimits)
        unsafe c.pointee.no_new_privileges = noNewPrivileges ? 1 : 0
        unsafe c.pointee.oom_score_adj = oomScoreAdj
        unsafe c.pointee.stdio = tree.message(stdio)
    }
}

extension Control.Device: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Device) {
        path = unsafe CTree.text(c.path)
        type = unsafe c.type
        major = unsafe c.major
        minor = unsafe c.minor
        mode = unsafe c.mode
        uid = unsafe c.uid
        gid = unsafe c.gid
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Device>) { unsafe cloister__control__v1__device__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Device>, _ tree: CTree) {
        unsafe c.pointee.path = tree.text(path)
        unsafe c.pointee.type = type
        unsafe c.pointee.major = major
        unsafe c.pointee.minor = minor
        unsafe c.pointee.mode = mode
        unsafe c.pointee.uid = uid
        unsafe c.pointee.gid = gid
    }
}

extension Control.IDMapping: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__IDMapping) {
        inside = unsafe c.inside
        outside = unsafe c.outside
        count = unsafe c.count
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__IDMapping>) { unsafe cloister__control__v1__idmapping__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__IDMapping>, _ tree: CTree) {
        unsafe c.pointee.inside = inside
        unsafe c.pointee.outside = outside
        unsafe c.pointee.count = count
    }
}

extension Control.Namespaces: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Namespaces) {
        pid = unsafe CTree.text(c.pid)
        uts = unsafe CTree.text(c.uts)
        ipc = unsafe CTree.text(c.ipc)
        user = unsafe CTree.text(c.user)
        uidMappings = unsafe CTree.messages(c.n_uid_mappings, c.uid_mappings)
        gidMappings = unsafe CTree.messages(c.n_gid_mappings, c.gid_mappings)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Namespaces>) { unsafe cloister__control__v1__namespaces__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Namespaces>, _ tree: CTree) {
        unsafe c.pointee.pid = tree.text(pid)
        unsafe c.pointee.uts = tree.text(uts)
        unsafe c.pointee.ipc = tree.text(ipc)
        unsafe c.pointee.user = tree.text(user)
        unsafe (c.pointee.n_uid_mappings, c.pointee.uid_mappings) = tree.messages(uidMappings)
        unsafe (c.pointee.n_gid_mappings, c.pointee.gid_mappings) = tree.messages(gidMappings)
    }
}

extension Control.Sysctl: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Sysctl) {
        name = unsafe CTree.text(c.name)
        value = unsafe CTree.text(c.value)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Sysctl>) { unsafe cloister__control__v1__sysctl__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Sysctl>, _ tree: CTree) {
        unsafe c.pointee.name = tree.text(name)
        unsafe c.pointee.value = tree.text(value)
    }
}

extension Control.CreateContainerRequest: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__CreateContainerRequest) {
        containerID = unsafe CTree.text(c.container_id)
        process = unsafe CTree.message(c.process)
        mounts = unsafe CTree.messages(c.n_mounts, c.mounts)
        rootReadonly = unsafe c.root_readonly != 0
        hostname = unsafe CTree.text(c.hostname)
        domainname = unsafe CTree.text(c.domainname)
        namespaces = unsafe CTree.message(c.namespaces)
        maskedPaths = unsafe CTree.texts(c.n_masked_paths, c.masked_paths)
        readonlyPaths = unsafe CTree.texts(c.n_readonly_paths, c.readonly_paths)
        devices = unsafe CTree.messages(c.n_devices, c.devices)
        sysctls = unsafe CTree.messages(c.n_sysctls, c.sysctls)
        cgroupPath = unsafe CTree.text(c.cgroup_path)
        goferDescriptors = unsafe c.gofer_descriptors
        cgroupDescriptors = unsafe c.cgroup_descriptors
        annotations = unsafe CTree.map(c.n_annotations, c.annotations) { unsafe ($0.key, $0.value) }
        resources = unsafe CTree.message(c.resources)
        counters = unsafe CTree.texts(c.n_counters, c.counters)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__CreateContainerRequest>) { unsafe cloister__control__v1__create_container_request__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__CreateContainerRequest>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.process = tree.message(process)
        unsafe (c.pointee.n_mounts, c.pointee.mounts) = tree.messages(mounts)
        unsafe c.pointee.root_readonly = rootReadonly ? 1 : 0
        unsafe c.pointee.hostname = tree.text(hostname)
        unsafe c.pointee.domainname = tree.text(domainname)
        unsafe c.pointee.namespaces = tree.message(namespaces)
        unsafe (c.pointee.n_masked_paths, c.pointee.masked_paths) = tree.texts(maskedPaths)
        unsafe (c.pointee.n_readonly_paths, c.pointee.readonly_paths) = tree.texts(readonlyPaths)
        unsafe (c.pointee.n_devices, c.pointee.devices) = tree.messages(devices)
        unsafe (c.pointee.n_sysctls, c.pointee.sysctls) = tree.messages(sysctls)
        unsafe c.pointee.cgroup_path = tree.text(cgroupPath)
        unsafe c.pointee.gofer_descriptors = goferDescriptors
        unsafe c.pointee.cgroup_descriptors = cgroupDescriptors
        unsafe (c.pointee.n_annotations, c.pointee.annotations) = tree.map(annotations) { (entry: UnsafeMutablePointer<Cloister__Control__V1__CreateContainerRequest__AnnotationsEntry>, key, value) in
        unsafe cloister__control__v1__create_container_request__annotations_entry__init(entry)
        unsafe (entry.pointee.key, entry.pointee.value) = (key, value)
        }
        unsafe c.pointee.resources = tree.message(resources)
        unsafe (c.pointee.n_counters, c.pointee.counters) = tree.texts(counters)
    }
}

extension Control.CreateContainerResponse: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__CreateContainerResponse) {
        seed = unsafe c.seed
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__CreateContainerResponse>) { unsafe cloister__control__v1__create_container_response__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__CreateContainerResponse>, _ tree: CTree) {
        unsafe c.pointee.seed = seed
    }
}

extension Control.ConfigurePodRequest: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__ConfigurePodRequest) {
        hostname = unsafe CTree.text(c.hostname)
        domainname = unsafe CTree.text(c.domainname)
        sysctls = unsafe CTree.messages(c.n_sysctls, c.sysctls)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__ConfigurePodRequest>) { unsafe cloister__control__v1__configure_pod_request__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__ConfigurePodRequest>, _ tree: CTree) {
        unsafe c.pointee.hostname = tree.text(hostname)
        unsafe c.pointee.domainname = tree.text(domainname)
        unsafe (c.pointee.n_sysctls, c.pointee.sysctls) = tree.messages(sysctls)
    }
}

extension Control.Resources: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__Resources) {
        memoryLimit = unsafe c.memory_limit
        memoryReservation = unsafe c.memory_reservation
        swapLimit = unsafe c.swap_limit
        cpuQuota = unsafe c.cpu_quota
        cpuPeriod = unsafe c.cpu_period
        cpuWeight = unsafe c.cpu_weight
        pidsLimit = unsafe c.pids_limit
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__Resources>) { unsafe cloister__control__v1__resources__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__Resources>, _ tree: CTree) {
        unsafe c.pointee.memory_limit = memoryLimit
        unsafe c.pointee.memory_reservation = memoryReservation
        unsafe c.pointee.swap_limit = swapLimit
        unsafe c.pointee.cpu_quota = cpuQuota
        unsafe c.pointee.cpu_period = cpuPeriod
        unsafe c.pointee.cpu_weight = cpuWeight
        unsafe c.pointee.pids_limit = pidsLimit
    }
}

extension Control.UpdateContainerRequest: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__UpdateContainerRequest) {
        containerID = unsafe CTree.text(c.container_id)
        resources = unsafe CTree.message(c.resources)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__UpdateContainerRequest>) { unsafe cloister__control__v1__update_container_request__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__UpdateContainerRequest>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.resources = tree.message(resources)
    }
}

extension Control.StartContainerRequest: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__StartContainerRequest) {
        containerID = unsafe CTree.text(c.container_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__StartContainerRequest>) { unsafe cloister__control__v1__start_container_request__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__StartContainerRequest>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
    }
}

extension Control.StartContainerResponse: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__StartContainerResponse) {
        pid = unsafe c.pid
        hostPID = unsafe c.host_pid
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__StartContainerResponse>) { unsafe cloister__control__v1__start_container_response__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__StartContainerResponse>, _ tree: CTree) {
        unsafe c.pointee.pid = pid
        unsafe c.pointee.host_pid = hostPID
    }
}

extension Control.CreateExecRequest: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__CreateExecRequest) {
        containerID = unsafe CTree.text(c.container_id)
        execID = unsafe CTree.text(c.exec_id)
        process = unsafe CTree.message(c.process)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__CreateExecRequest>) { unsafe cloister__control__v1__create_exec_request__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__CreateExecRequest>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.process = tree.message(process)
    }
}

extension Control.SignalRequest: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__SignalRequest) {
        containerID = unsafe CTree.text(c.container_id)
        execID = unsafe CTree.text(c.exec_id)
        signal = unsafe c.signal
        all = unsafe c.all != 0
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__SignalRequest>) { unsafe cloister__control__v1__signal_request__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__SignalRequest>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.signal = signal
        unsafe c.pointee.all = all ? 1 : 0
    }
}

extension Control.WaitResponse: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__WaitResponse) {
        exitStatus = unsafe c.exit_status
        exitedAt = unsafe c.exited_at
        cause = unsafe CTree.text(c.cause)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__WaitResponse>) { unsafe cloister__control__v1__wait_response__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__WaitResponse>, _ tree: CTree) {
        unsafe c.pointee.exit_status = exitStatus
        unsafe c.pointee.exited_at = exitedAt
        unsafe c.pointee.cause = tree.text(cause)
    }
}

extension Control.ResizeTerminalRequest: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__ResizeTerminalRequest) {
        containerID = unsafe CTree.text(c.container_id)
        execID = unsafe CTree.text(c.exec_id)
        rows = unsafe c.rows
        columns = unsafe c.columns
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__ResizeTerminalRequest>) { unsafe cloister__control__v1__resize_terminal_request__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__ResizeTerminalRequest>, _ tree: CTree) {
        unsafe c.pointee.container_id = tree.text(containerID)
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.rows = rows
        unsafe c.pointee.columns = columns
    }
}

extension Control.ProcessInfo: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__ProcessInfo) {
        pid = unsafe c.pid
        ppid = unsafe c.ppid
        uid = unsafe c.uid
        threads = unsafe c.threads
        cpuTime = unsafe c.cpu_time
        startTime = unsafe c.start_time
        terminal = unsafe CTree.text(c.terminal)
        command = unsafe CTree.text(c.command)
        hostPID = unsafe c.host_pid
        execID = unsafe CTree.text(c.exec_id)
        state = unsafe CTree.text(c.state)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__ProcessInfo>) { unsafe cloister__control__v1__process_info__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__ProcessInfo>, _ tree: CTree) {
        unsafe c.pointee.pid = pid
        unsafe c.pointee.ppid = ppid
        unsafe c.pointee.uid = uid
        unsafe c.pointee.threads = threads
        unsafe c.pointee.cpu_time = cpuTime
        unsafe c.pointee.start_time = startTime
        unsafe c.pointee.terminal = tree.text(terminal)
        unsafe c.pointee.command = tree.text(command)
        unsafe c.pointee.host_pid = hostPID
        unsafe c.pointee.exec_id = tree.text(execID)
        unsafe c.pointee.state = tree.text(state)
    }
}

extension Control.ProcessesResponse: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__ProcessesResponse) {
        processes = unsafe CTree.messages(c.n_processes, c.processes)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__ProcessesResponse>) { unsafe cloister__control__v1__processes_response__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__ProcessesResponse>, _ tree: CTree) {
        unsafe (c.pointee.n_processes, c.pointee.processes) = tree.messages(processes)
    }
}

extension Control.StateResponse: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__StateResponse) {
        status = unsafe CTree.text(c.status)
        pid = unsafe c.pid
        exitStatus = unsafe c.exit_status
        exitedAt = unsafe c.exited_at
        hostPID = unsafe c.host_pid
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__StateResponse>) { unsafe cloister__control__v1__state_response__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__StateResponse>, _ tree: CTree) {
        unsafe c.pointee.status = tree.text(status)
        unsafe c.pointee.pid = pid
        unsafe c.pointee.exit_status = exitStatus
        unsafe c.pointee.exited_at = exitedAt
        unsafe c.pointee.host_pid = hostPID
    }
}

extension Control.DebugRequest: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__DebugRequest) {
        what = unsafe CTree.text(c.what)
        containerID = unsafe CTree.text(c.container_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__DebugRequest>) { unsafe cloister__control__v1__debug_request__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__DebugRequest>, _ tree: CTree) {
        unsafe c.pointee.what = tree.text(what)
        unsafe c.pointee.container_id = tree.text(containerID)
    }
}

extension Control.DebugResponse: @unsafe CBacked {
    init(reading c: Cloister__Control__V1__DebugResponse) {
        text = unsafe CTree.text(c.text)
    }

    static func prepare(_ c: UnsafeMutablePointer<Cloister__Control__V1__DebugResponse>) { unsafe cloister__control__v1__debug_response__init(c) }

    func write(to c: UnsafeMutablePointer<Cloister__Control__V1__DebugResponse>, _ tree: CTree) {
        unsafe c.pointee.text = tree.text(text)
    }
}
