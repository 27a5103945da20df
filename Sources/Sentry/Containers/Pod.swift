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
    /// Guarded by the lock.
    private var sysctlStorage: [Control.Sysctl] = []

    init(kernel: Kernel, machine: Machine, log: Log, steps: StartupSteps) {
        self.kernel = kernel
        self.machine = machine
        self.log = log
        self.steps = steps
        shared = SharedNamespaces(kernel: kernel)
        // Containers come and go; those that share process ids must not end with the first of them.
        kernel.rootPIDNamespace.keepFirstNumber()
    }

    /// - Throws: NotFound.
    func container(_ id: String) throws(Status) -> Container {
        guard let container = lock.withLock({ containers[id] }) else { throw Status(.notFound, "container \(id) does not exist") }
        return container
    }

    /// Takes over what the pod's containers share.
    func configure(_ request: Control.ConfigurePodRequest) {
        if !request.hostname.isEmpty { shared.uts.hostName = Array(request.hostname.utf8.prefix(64)) }
        if !request.domainname.isEmpty { shared.uts.domainName = Array(request.domainname.utf8.prefix(64)) }
        lock.withLock { sysctlStorage = request.sysctls }
    }

    /// Of the pod: each container begins with them.
    var sysctls: [Control.Sysctl] { lock.withLock { sysctlStorage } }

    /// Makes a container of `request`: its root and mounts, not yet a process.
    func create(_ request: Control.CreateContainerRequest, descriptors: [SharedFD]) throws(Status) -> Container {
        let id = request.containerID
        if lock.withLock({ containers[id] != nil }) { throw Status(.alreadyExists, "container \(id) already exists") }
        let passed = try PassedDescriptors(request, descriptors)
        let resources = ContainerResources(limits: Self.limits(request.resources, after: .init()), counters: passed.counters)
        let container: Container
        lock.withLock { limits[id] = resources }
        do throws(Status) { container = try Container(pod: self, request, passed) } catch {
            lock.withLock { limits[id] = nil }
            throw error
        }
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
        return container
    }

    /// Shows a container other limits.
    func update(_ request: Control.UpdateContainerRequest) throws(Status) {
        guard let resources = lock.withLock({ limits[request.containerID] }) else {
            throw Status(.notFound, "container \(request.containerID) does not exist")
        }
        resources.update(Self.limits(request.resources, after: resources.limits))
        try container(request.containerID).guest.processorCount = resources.processorCount(of: machine)
    }

    /// What a container may use; no limits for one that is not known.
    func resources(of id: String) -> ContainerResources { lock.withLock { limits[id] } ?? ContainerResources() }

    /// - Parameter old: stays where nothing else is said.
    private static func limits(_ resources: Control.Resources?,
                               after old: ContainerResources.Limits) -> ContainerResources.Limits {
        guard let resources else { return old }
        func limit(_ value: UInt64, _ old: UInt64?) -> UInt64? { value == 0 ? old : value == .max ? nil : value }
        var limits = old
        limits.memory = limit(resources.memoryLimit, old.memory)
        limits.memoryReservation = limit(resources.memoryReservation, old.memoryReservation)
        limits.swap = limit(resources.swapLimit, old.swap)
        limits.cpuQuota = limit(resources.cpuQuota, old.cpuQuota)
        if resources.cpuPeriod > 0 { limits.cpuPeriod = resources.cpuPeriod }
        if resources.cpuWeight > 0 { limits.cpuWeight = resources.cpuWeight }
        limits.processes = limit(resources.pidsLimit, old.processes)
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
