import HostOS
import Messages
import Runtime

/// How a process ended.
struct ProcessExit: Equatable, Sendable {
    /// As a shell shows it.
    var status: UInt32
    /// Nanoseconds since the epoch.
    var at: Int64

    static func now(_ status: UInt32) -> ProcessExit { .init(status: status, at: Int64(HostClock.realtime)) }
}

/// The streams of a process, for the Sentry. The descriptors stay the caller's.
struct ProcessStreams: Sendable {
    var terminal = false
    var input: HostFD?
    var output: HostFD?
    var error: HostFD?
    /// Of the terminal, when it is known; else 0.
    var rows: UInt32 = 0
    var columns: UInt32 = 0
}

/// What the shim needs of a pod's kernel. The Runtime module is behind it, in tests a fake.
protocol PodBackend: Sendable {
    /// The sandbox itself: what containerd's sandbox service is about. It runs no programs.
    func sandboxContainer() throws(RuntimeError) -> any ContainerBackend
    func createContainer(_ id: String, bundle: String,
                         streams: ProcessStreams) throws(RuntimeError) -> any ContainerBackend
    /// Ends whatever runs and leaves nothing behind.
    func shutDown()
}

/// What the shim needs of a container. `exec` is empty for the container's own process.
protocol ContainerBackend: Sendable {
    /// A process of the host that stands for the container.
    var pid: UInt32 { get }
    func start() throws(RuntimeError)
    /// Whether `addExec` would take the process object.
    func checkExec(spec: [UInt8]) throws(RuntimeError)
    /// - Parameter spec: the OCI process object, as JSON.
    func addExec(_ exec: String, spec: [UInt8], streams: ProcessStreams) throws(RuntimeError)
    func startExec(_ exec: String) throws(RuntimeError)
    /// Has `body` called once when the process has ended (also by the end of the Sentry), on any thread.
    func onExit(_ exec: String, _ body: @escaping @Sendable (ProcessExit) -> Void)
    /// Has `body` called whenever the host has killed a process of the container for want of memory.
    func onOOM(_ body: @escaping @Sendable () -> Void)
    /// Calls what `onOOM` was given now, if there is something to report.
    func checkOOM()
    func signal(_ number: UInt32, exec: String, all: Bool) throws(RuntimeError)
    func resize(exec: String, rows: UInt32, columns: UInt32) throws(RuntimeError)
    func pause() throws(RuntimeError)
    func resume() throws(RuntimeError)
    /// The host's processes that stand for those of the container, `pid` among them while it runs.
    func hostProcesses() throws(RuntimeError) -> [(pid: UInt32, exec: String)]
    func metrics() throws(RuntimeError) -> Proto.AnyMessage
    func update(resources: [UInt8]) throws(RuntimeError)
    func delete(exec: String) throws(RuntimeError)
}

/// What a pod's kernel is started for.
enum PodOrigin: Sendable {
    /// The first container's bundle.
    case bundle(String)
    /// A sandbox that is there before any container, as containerd's sandbox service makes it.
    case sandbox(SandboxAPI.CreateSandboxRequest)
}

/// Starts a pod's kernel. The options are those of its first container, if they came with it.
typealias PodStarter = @Sendable (_ origin: PodOrigin, _ options: Proto.AnyMessage?) throws(RuntimeError) -> any PodBackend
