import FileSystems
import GoferProtocol
import HostOS
import Identity
import Introspection
import Kernel
import LinuxABI
import Messages
import Platform
import TTRPC
import VFS

/// One container: its mounts and namespaces, its init process, and what was executed in it since.
final class Container: @unchecked Sendable {
    let id: String
    let pod: Pod
    let guest: GuestContainer
    let namespaces: NamespaceSet
    let mounts: MountNamespace
    let userNamespace: UserNamespace
    private let gofers: [GoferConnection]

    /// Guards the table of processes and the flags. Below the pod's.
    private let lock = Lock()
    private let initProcess: ContainerProcess
    private var execs: [String: ContainerProcess] = [:]
    private var closed = false

    /// Mounts everything, starts the seed of its address spaces; no guest code runs yet.
    ///
    /// - Throws: also NotFound and PermissionDenied, with runc's wording, when the program can't be run.
    init(pod: Pod, _ request: Control.CreateContainerRequest, _ passed: PassedDescriptors) throws(Status) {
        self.pod = pod
        id = request.containerID
        pod.steps.mark("asked to make a container", id)
        let kernel = pod.kernel
        gofers = passed.gofers.map { GoferConnection(owning: $0) }
        userNamespace = try Container.userNamespace(request, kernel)
        let pids = request.namespaces?.pid == "" ? kernel.rootPIDNamespace
            : PIDNamespace(parent: kernel.rootPIDNamespace, userNamespace: userNamespace, inode: kernel.makeNamespaceInode())
        let source = try failing("the stubs of container \(id)") { () throws(Errno) in
            try kernel.platform.makeSource(cgroups: passed.cgroups)
        }
        pod.steps.mark("the seed of its stubs is ready", id)
        guest = GuestContainer(id: id, source: source, pidNamespace: pids)
        guest.processorCount = pod.resources(of: id).processorCount(of: pod.machine)
        guest.memoryReport = ContainerMemory(kernel: kernel, pidNamespace: pids, machine: pod.machine, resources: pod.resources(of: id))
        namespaces = try Container.namespaces(request, pod, pids, userNamespace)
        let root = ContainerRoot(request: request, gofers: gofers, pod: pod, guest: guest, userNamespace: userNamespace,
                                 ipc: namespaces.ipc)
        mounts = try root.build()
        pod.steps.mark("its files are mounted", id)
        guard let process = request.process else { throw Status(.invalidArgument, "container \(id) has no process") }
        initProcess = try ContainerProcess(process, streams: passed.streams, id: "")
        do throws(Status) {
            try ProcessLaunch(spec: process, container: self, files: FDTable(), asInit: true).check()
        } catch {
            close()
            throw error
        }
    }

    // MARK: Processes

    /// - Throws: NotFound.
    func process(_ exec: String) throws(Status) -> ContainerProcess {
        if exec.isEmpty { return initProcess }
        guard let process = lock.withLock({ execs[exec] }) else {
            throw Status(.notFound, "exec \(exec) does not exist in container \(id)")
        }
        return process
    }

    /// Runs the container's own process.
    ///
    /// - Returns: its pid in the pod.
    func start() throws(Status) -> Int32 {
        initProcess.atEnd = { [weak self] in self?.initEnded() }
        return try initProcess.start(in: self, asInit: true)
    }

    /// With its first process a container ends: what is left of it in a shared pid namespace goes too, as the seed does,
    /// which stands for the container in the host's list of processes.
    private func initEnded() {
        for group in pod.kernel.groups(of: guest) { group.kill(.signaled(9)) }
        guest.source.close()
    }

    func createExec(_ request: Control.CreateExecRequest, descriptors: [SharedFD]) throws(Status) {
        guard let process = request.process else { throw Status(.invalidArgument, "exec \(request.execID) has no process") }
        if initProcess.status != .running {
            throw Status(.failedPrecondition, "cannot exec in a container that is \(initProcess.status.rawValue)")
        }
        let streams = try PassedDescriptors.streams(process, Array(descriptors), from: 0)
        let made = try ContainerProcess(process, streams: streams, id: request.execID)
        let added = lock.withLock {
            if execs[request.execID] != nil { return false }
            execs[request.execID] = made
            return true
        }
        if !added { throw Status(.alreadyExists, "exec \(request.execID) already exists in container \(id)") }
    }

    func startExec(_ exec: String) throws(Status) -> Int32 {
        if initProcess.status != .running {
            throw Status(.failedPrecondition, "cannot exec in a container that is \(initProcess.status.rawValue)")
        }
        return try process(exec).start(in: self, asInit: false)
    }

    func deleteExec(_ exec: String) throws(Status) -> Control.WaitResponse {
        let process = try process(exec)
        let exit = try process.forget()
        lock.withLock { execs[exec] = nil }
        return exit
    }

    /// - Parameter all: every process of the container, not just the one named.
    func signal(_ number: UInt32, exec: String, all: Bool) throws(Status) {
        guard number <= 64 else { throw Status(.invalidArgument, "there is no signal \(number)") }
        if all {
            for group in pod.kernel.groups(of: guest) { group.send(SignalInfo(Int32(number), code: 0), forced: true) }
            return
        }
        try process(exec).signal(Int32(number))
    }

    // MARK: State

    func pause() throws(Status) {
        if initProcess.status != .running { throw Status(.failedPrecondition, "container \(id) is not running") }
        pod.kernel.setPaused(true, guest)
    }

    func resume() throws(Status) {
        if !guest.isPaused { throw Status(.failedPrecondition, "container \(id) is not paused") }
        pod.kernel.setPaused(false, guest)
    }

    func state() throws(Status) -> Control.StateResponse {
        let status = initProcess.status
        let text = status == .running && guest.isPaused ? "paused" : status.rawValue
        let exit = initProcess.exit
        return Control.StateResponse(status: text, pid: UInt32(max(0, initProcess.pid)), exitStatus: exit?.exitStatus ?? 0,
                                     exitedAt: exit?.exitedAt ?? 0)
    }

    func processList() throws(Status) -> [Control.ProcessInfo] {
        let execIDs = lock.withLock { execs.reduce(into: [Int32: String]()) { $0[$1.value.pid] = $1.key } }
        return ProcessReport.list(pod.kernel, guest, execs: execIDs)
    }

    /// Forgets the container once its process has ended (or was never started).
    func delete() throws(Status) -> Control.WaitResponse {
        let exit = try initProcess.forget()
        close()
        return exit
    }

    /// Kills what is left and lets go of files and stubs. Idempotent.
    func close() {
        let already = lock.withLock {
            defer { closed = true }
            return closed
        }
        if already { return }
        for group in pod.kernel.groups(of: guest) { group.kill(.signaled(9)) }
        if guest.isPaused { pod.kernel.setPaused(false, guest) }
        guest.source.close()
        for gofer in gofers { gofer.hangUp() }
    }

    /// The devpts in which terminals of the container get their numbers.
    var devpts: (fileSystem: TerminalFileSystem, mount: Mount)? {
        let boot = Caller.kernel(in: mounts, userNamespace: pod.kernel.rootUserNamespace)
        guard let path = try? boot.resolve(Array("/dev/pts".utf8)),
              let fileSystem = path.mount.fileSystem as? TerminalFileSystem else { return nil }
        return (fileSystem, path.mount)
    }

    // MARK: Namespaces

    private static func userNamespace(_ request: Control.CreateContainerRequest, _ kernel: Kernel) throws(Status) -> UserNamespace {
        guard let n = request.namespaces, !n.uidMappings.isEmpty || !n.gidMappings.isEmpty else { return kernel.rootUserNamespace }
        // The Gofer works with the host's ids that the kernel's own ids are: a mapping counts inside only.
        let namespace = UserNamespace(parent: kernel.rootUserNamespace, owner: 0)
        namespace.uids = n.uidMappings.map { .init(inside: $0.inside, outside: $0.outside, count: $0.count) }
        namespace.gids = n.gidMappings.map { .init(inside: $0.inside, outside: $0.outside, count: $0.count) }
        return namespace
    }

    private static func namespaces(_ request: Control.CreateContainerRequest, _ pod: Pod, _ pids: PIDNamespace,
                                   _ user: UserNamespace) throws(Status) -> NamespaceSet {
        let asked = request.namespaces ?? .init()
        var uts = pod.shared.uts, ipc = pod.shared.ipc
        switch asked.uts {
        case "": break
        case "new":
            uts = UTSNamespace(userNamespace: user, inode: pod.kernel.makeNamespaceInode(), hostName: pod.shared.uts.hostName)
        default: uts = try pod.container(asked.uts).namespaces.uts
        }
        switch asked.ipc {
        case "": break
        case "new": ipc = IPCNamespace(userNamespace: user, inode: pod.kernel.makeNamespaceInode())
        default: ipc = try pod.container(asked.ipc).namespaces.ipc
        }
        if !request.hostname.isEmpty { uts.hostName = Array(request.hostname.utf8.prefix(64)) }
        if !request.domainname.isEmpty { uts.domainName = Array(request.domainname.utf8.prefix(64)) }
        return NamespaceSet(uts: uts, ipc: ipc, network: pod.shared.network, pidForChildren: pids)
    }
}

/// Turns an errno into a status that says what failed.
func failing<R>(_ what: String, _ body: () throws(Errno) -> R) throws(Status) -> R {
    do throws(Errno) { return try body() } catch { throw Status(.internalError, "\(what): \(error.message)") }
}
