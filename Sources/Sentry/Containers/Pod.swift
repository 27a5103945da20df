import FileSystems
import HostOS
import Identity
import Introspection
import Kernel
import LinuxABI
import Messages
import Platform
import TTRPC

/// All containers of one Sentry, on one kernel.
final class Pod: @unchecked Sendable {
    let kernel: Kernel
    let log: Log
    let steps: StartupSteps
    /// Guards the table. Taken before a container's lock.
    private let lock = Lock()
    private var containers: [String: Container] = [:]
    /// Names of the pod that containers share unless they ask for their own.
    let shared: SharedNamespaces

    /// Standard streams that come from outside.
    let hostFiles = HostFileSystem()
    /// The machine as guests see it.
    let machine: Machine
    /// Limits by container, for its /proc and cgroup file system. Guarded by the lock.
    private var limits: [String: ContainerResources] = [:]

    init(kernel: Kernel, machine: Machine, log: Log, steps: StartupSteps) {
        self.kernel = kernel
        self.machine = machine
        self.log = log
        self.steps = steps
        shared = SharedNamespaces(kernel: kernel)
    }

    /// - Throws: NotFound.
    func container(_ id: String) throws(Status) -> Container {
        guard let container = lock.withLock({ containers[id] }) else { throw Status(.notFound, "container \(id) does not exist") }
        return container
    }

    /// Makes a container of `request`: its root and mounts, not yet a process.
    func create(_ request: Control.CreateContainerRequest, descriptors: [SharedFD]) throws(Status) {
        let id = request.containerID
        if lock.withLock({ containers[id] != nil }) { throw Status(.alreadyExists, "container \(id) already exists") }
        let resources = ContainerResources(limits: Self.limits(request))
        lock.withLock { limits[id] = resources }
        let container = try Container(pod: self, request, descriptors: descriptors)
        let added = lock.withLock {
            if containers[id] != nil { return false }
            containers[id] = container
            return true
        }
        if !added {
            container.close()
            throw Status(.alreadyExists, "container \(id) already exists")
        }
        log.detail("created container \(id)")
    }

    /// What a container may use; no limits for one that is not known.
    func resources(of id: String) -> ContainerResources { lock.withLock { limits[id] } ?? ContainerResources() }

    private static func limits(_ request: Control.CreateContainerRequest) -> ContainerResources.Limits {
        var limits = ContainerResources.Limits()
        if request.memoryLimit > 0 { limits.memory = request.memoryLimit }
        if request.cpuQuota > 0 {
            limits.cpuQuota = request.cpuQuota
            if request.cpuPeriod > 0 { limits.cpuPeriod = request.cpuPeriod }
        }
        if request.pidsLimit > 0 { limits.processes = request.pidsLimit }
        return limits
    }

    /// Forgets an ended container, or one of its execs.
    ///
    /// - Throws: FailedPrecondition while it runs.
    func delete(_ id: String, exec: String) throws(Status) -> Control.WaitResponse {
        let container = try container(id)
        if !exec.isEmpty { return try container.deleteExec(exec) }
        let exit = try container.delete()
        lock.withLock {
            containers[id] = nil
            limits[id] = nil
        }
        return exit
    }

    /// The Sentry is about to end: all containers are killed.
    func shutDown() {
        for container in lock.withLock({ Array(containers.values) }) { container.close() }
    }

    /// What `cloister debug` shows.
    func debug(_ what: String, container: String) throws(Status) -> String {
        switch what {
        case "", "calls":
            return DebugReport.unknownCalls(kernel)
        case "startup":
            return steps.report
        case "startup-times":
            return steps.times
        case "tasks":
            return DebugReport.tasks(kernel)
        case "syscalls":
            return CallReport.text(kernel)
        case "stacks":
            return StackReport.text(kernel)
        default:
            throw Status(.invalidArgument, "debug: there is no report \"\(what)\"; there are calls, tasks, syscalls, stacks, startup")
        }
    }
}

/// The namespaces that the pod's containers share.
final class SharedNamespaces: Sendable {
    let uts: UTSNamespace
    let ipc: IPCNamespace
    let network: NetworkNamespace

    init(kernel: Kernel) {
        let user = kernel.rootUserNamespace
        uts = UTSNamespace(userNamespace: user, inode: kernel.makeNamespaceInode(), hostName: Array("cloister".utf8))
        ipc = IPCNamespace(userNamespace: user, inode: kernel.makeNamespaceInode())
        network = NetworkNamespace(userNamespace: user, inode: kernel.makeNamespaceInode())
    }
}
