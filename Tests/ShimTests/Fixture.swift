import HostOS
import LinuxABI
import Messages
import Runtime
@testable import Shim
import TTRPC

/// A kernel whose processes end when the test says so.
final class FakePod: PodBackend, @unchecked Sendable {
    let lock = Lock()
    var containers: [String: FakeContainer] = [:]
    var isShutDown = false
    var failCreate: RuntimeError?

    func createContainer(_ id: String, bundle: String, streams: ProcessStreams) throws(RuntimeError) -> any ContainerBackend {
        if let failCreate { throw failCreate }
        let container = FakeContainer()
        lock.withLock { containers[id] = container }
        return container
    }

    func sandboxContainer() throws(RuntimeError) -> any ContainerBackend { try createContainer("the sandbox", bundle: "", streams: .init()) }

    func shutDown() { lock.withLock { isShutDown = true } }
}

final class FakeContainer: ContainerBackend, @unchecked Sendable {
    let lock = Lock()
    let pid: UInt32 = 4711
    private var exits: [String: ProcessExit] = [:]
    private var handlers: [String: @Sendable (ProcessExit) -> Void] = [:]
    private(set) var signals: [UInt32] = []
    var failStart: RuntimeError?
    /// Called while a process starts.
    var whileStarting: (@Sendable () -> Void)?

    func end(_ exec: String, _ status: UInt32) {
        let exit = ProcessExit(status: status, at: 1_000_000_000)
        let handler = lock.withLock { () -> (@Sendable (ProcessExit) -> Void)? in
            exits[exec] = exit
            return handlers.removeValue(forKey: exec)
        }
        handler?(exit)
    }

    func start() throws(RuntimeError) {
        whileStarting?()
        if let failStart { throw failStart }
    }

    func checkExec(spec: [UInt8]) throws(RuntimeError) {}

    func addExec(_ exec: String, spec: [UInt8], streams: ProcessStreams) throws(RuntimeError) {}

    func startExec(_ exec: String) throws(RuntimeError) { try start() }

    func onExit(_ exec: String, _ body: @escaping @Sendable (ProcessExit) -> Void) {
        let exit = lock.withLock { () -> ProcessExit? in
            if exits[exec] == nil { handlers[exec] = body }
            return exits[exec]
        }
        if let exit { body(exit) }
    }

    private var oom: (@Sendable () -> Void)?
    var oomKilled = false
    func onOOM(_ body: @escaping @Sendable () -> Void) { lock.withLock { oom = body } }
    func checkOOM() { if lock.withLock({ oomKilled }) { lock.withLock { oom }?() } }

    func signal(_ number: UInt32, exec: String, all: Bool) throws(RuntimeError) {
        lock.withLock { signals.append(number) }
        guard number == 9 else { return }
        for name in all ? Array(lock.withLock { handlers.keys }) : [exec] { end(name, 137) }
    }

    func resize(exec: String, rows: UInt32, columns: UInt32) throws(RuntimeError) {}
    func pause() throws(RuntimeError) {}
    func resume() throws(RuntimeError) {}
    func hostProcesses() throws(RuntimeError) -> [(pid: UInt32, exec: String)] { [] }
    func metrics() throws(RuntimeError) -> Proto.AnyMessage { .init(typeURL: "m", value: []) }
    func update(resources: [UInt8]) throws(RuntimeError) {}
    func delete(exec: String) throws(RuntimeError) {}
}

/// A shim's server with a fake kernel, a containerd that takes its events, and a client.
final class Fixture: @unchecked Sendable {
    let kernel = FakePod()
    let pod: Pod
    let client: Client
    let address: UnixAddress
    let bundle: String
    private let shim: Server
    private let containerd: Server
    private let done = Flag()
    let idle = Flag()
    let events = EventLog()

    /// - Parameter ends: the server ends when nothing is left to serve, as a shim does.
    init(_ service: String = TaskAPI.Method.service, ends: Bool = false) throws {
        self.service = service
        bundle = "/tmp/shim-test-\(ProcessIdentity.pid)-\(HostClock.monotonic)"
        try HostFD.currentDirectory.makeDirectories(bundle + "/rootfs", mode: 0o700)
        let name = "shim-test-\(HostClock.monotonic)"
        containerd = try Server()
        let (events, idle, kernel) = (events, idle, kernel)
        containerd.register(EventsService.Method.service, "Forward") { (call) throws(Status) in
            let request = try call.request(EventsService.ForwardRequest.self)
            events.add(request.envelope)
            return Reply()
        }
        try containerd.listen(on: HostFD.listen(at: .abstract(name + "-containerd")))
        shim = try Server(peers: .sameUser)
        let queue = EventQueue(address: "@" + name + "-containerd", namespace: "test")
        let server = shim
        pod = Pod(events: queue, onIdle: {
            idle.set()
            if ends { server.stop() }
        }) { (_, _) in kernel }
        TaskService(pod: pod).register(on: shim)
        SandboxService(pod: pod).register(on: shim)
        StreamingService(table: pod.streaming).register(on: shim)
        try shim.listen(on: HostFD.listen(at: .abstract(name)))
        address = .abstract(name)
        client = try Client(address)
        for server in [shim, containerd] {
            try Thread.start { try? server.run() }
        }
    }

    deinit {
        shim.stop()
        containerd.stop()
        for file in ["init.pid", "exit"] { try? HostFD.currentDirectory.unlink("\(bundle)/\(file)") }
        try? HostFD.currentDirectory.unlink(bundle + "/rootfs", directory: true)
        try? HostFD.currentDirectory.unlink(bundle, directory: true)
    }

    let service: String

    func call<R: Message>(_ method: String, _ request: some Message, _ type: R.Type = R.self) throws -> R {
        try client.call(service, method, request, returning: R.self, timeout: 10_000_000_000)
    }

    func code(_ method: String, _ request: some Message) -> Status.Code? {
        do {
            let _: Proto.Empty = try call(method, request)
            return nil
        } catch { return (error as? Status)?.code }
    }

    func create(_ id: String = "a") throws -> FakeContainer {
        let answer: TaskAPI.CreateTaskResponse = try call("Create", TaskAPI.CreateTaskRequest(id: id, bundle: bundle))
        guard answer.pid == 4711, let container = kernel.lock.withLock({ kernel.containers[id] }) else { throw Status(.unknown, "no container") }
        return container
    }

    func start(_ id: String = "a", _ exec: String = "") throws {
        let _: TaskAPI.StartResponse = try call("Start", TaskAPI.StartRequest(id: id, execID: exec))
    }

    func exec(_ exec: String, of id: String = "a") throws {
        let spec = Proto.AnyMessage(typeURL: "p", value: Array("{}".utf8))
        let _: Proto.Empty = try call("Exec", TaskAPI.ExecProcessRequest(id: id, execID: exec, spec: spec))
    }

    func wait(_ id: String = "a", _ exec: String = "") throws -> UInt32 {
        let answer: TaskAPI.WaitResponse = try call("Wait", TaskAPI.WaitRequest(id: id, execID: exec))
        return answer.exitStatus
    }

    func state(_ id: String = "a", _ exec: String = "") throws -> Types.Status {
        let answer: TaskAPI.StateResponse = try call("State", TaskAPI.StateRequest(id: id, execID: exec))
        return answer.status
    }

    func delete(_ id: String = "a", _ exec: String = "") throws -> TaskAPI.DeleteResponse {
        try call("Delete", TaskAPI.DeleteRequest(id: id, execID: exec))
    }
}

/// What containerd was told, in order, each as its topic's last word and what it is about.
final class EventLog: @unchecked Sendable {
    private let lock = Lock()
    private let change = Condition()
    private var lines: [String] = []

    func add(_ envelope: EventsService.Envelope?) {
        guard let envelope, let event = envelope.event else { return }
        var line = envelope.topic
        if let exit = try? Events.TaskExit.decode(event.value), event.typeName == "containerd.events.TaskExit" {
            line += " \(exit.id) \(exit.exitStatus)"
        }
        lock.withLock {
            lines.append(line)
            change.wakeAll()
        }
    }

    /// The first `count` of them; waits until there are as many.
    func first(_ count: Int) -> [String] {
        lock.withLock {
            while lines.count < count { change.wait(lock) }
            return lines
        }
    }
}

final class Flag: @unchecked Sendable {
    private let lock = Lock()
    private let change = Condition()
    private var isSet = false

    var value: Bool { lock.withLock { isSet } }
    func set() { lock.withLock { isSet = true; change.wakeAll() } }
    func wait() { lock.withLock { while !isSet { change.wait(lock) } } }
}
