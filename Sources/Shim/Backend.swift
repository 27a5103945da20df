public import HostOS
public import Messages
public import Runtime
public import TTRPC

/// How a process ended.
public struct ProcessExit: Equatable, Sendable {
    /// As a shell shows it.
    public var status: UInt32
    /// Nanoseconds since the epoch.
    public var at: Int64

    public init(status: UInt32, at: Int64) {
        self.status = status
        self.at = at
    }

    public static func now(_ status: UInt32) -> ProcessExit { .init(status: status, at: Int64(HostClock.realtime)) }
}

/// The streams of a process, for the Sentry. The descriptors stay the caller's.
public struct ProcessStreams: Sendable {
    public var terminal = false
    public var input: HostFD?
    public var output: HostFD?
    public var error: HostFD?
    /// Of the terminal, when it is known; else 0.
    public var rows: UInt32 = 0
    public var columns: UInt32 = 0

    public init(terminal: Bool = false, input: HostFD? = nil, output: HostFD? = nil, error: HostFD? = nil) {
        self.terminal = terminal
        self.input = input
        self.output = output
        self.error = error
    }
}

/// What the shim needs of a pod's kernel. The Runtime module is behind it, in tests a fake.
public protocol PodBackend: Sendable {
    /// The sandbox itself: what containerd's sandbox service is about. It runs no programs.
    func sandboxContainer() throws(RuntimeError) -> any ContainerBackend
    func createContainer(_ id: String, bundle: String,
                         streams: ProcessStreams) throws(RuntimeError) -> any ContainerBackend
    /// Ends whatever runs and leaves nothing behind.
    func shutDown()
}

/// What the shim needs of a container. `exec` is empty for the container's own process.
public protocol ContainerBackend: Sendable {
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
public enum PodOrigin: Sendable {
    /// The first container's bundle.
    case bundle(String)
    /// A sandbox that is there before any container, as containerd's sandbox service makes it.
    case sandbox(SandboxAPI.CreateSandboxRequest)
}

/// Starts a pod's kernel. The options are those of its first container, if they came with it.
typealias PodStarter = @Sendable (_ origin: PodOrigin, _ options: Proto.AnyMessage?) throws(RuntimeError) -> any PodBackend

/// The pod that a shim serves.
public struct PodContext: Sendable {
    /// The pod's, or its only container's.
    public let id: String
    public let namespace: String
    /// containerd's own debugging is on.
    public let debug: Bool
    /// Its loop also watches descriptors.
    public let server: Server
}

/// A runtime, as far as its shim differs from others'.
public struct ShimDefinition: Sendable {
    /// The executable's name.
    public var program: String
    /// The runtime's, as containerd knows it: "io.containerd.NAME.VERSION".
    public var runtime: String
    public var version: String
    /// The OCI features document, JSON.
    public var features: String
    public var start: @Sendable (PodContext, PodOrigin, Proto.AnyMessage?) throws(RuntimeError) -> any PodBackend
    /// Removes what a pod has left whose shim was killed. May be called when there is nothing (any more).
    public var cleanUp: @Sendable (_ pod: String, _ namespace: String) -> Void

    public init(program: String, runtime: String, version: String, features: String = "{}",
                start: @escaping @Sendable (PodContext, PodOrigin, Proto.AnyMessage?) throws(RuntimeError) -> any PodBackend,
                cleanUp: @escaping @Sendable (_ pod: String, _ namespace: String) -> Void) {
        self.program = program
        self.runtime = runtime
        self.version = version
        self.features = features
        self.start = start
        self.cleanUp = cleanUp
    }
}

/// What a runtime need not have.
extension PodBackend {
    public func sandboxContainer() throws(RuntimeError) -> any ContainerBackend {
        throw RuntimeError(.unimplemented, "sandboxes without containers are not implemented")
    }
}

extension ContainerBackend {
    private var missing: RuntimeError { RuntimeError(.unimplemented, "not implemented by this runtime") }

    public func checkExec(spec: [UInt8]) throws(RuntimeError) { throw missing }
    public func addExec(_ exec: String, spec: [UInt8], streams: ProcessStreams) throws(RuntimeError) { throw missing }
    public func startExec(_ exec: String) throws(RuntimeError) { throw missing }
    public func onOOM(_ body: @escaping @Sendable () -> Void) {}
    public func checkOOM() {}
    public func resize(exec: String, rows: UInt32, columns: UInt32) throws(RuntimeError) {}
    public func pause() throws(RuntimeError) { throw missing }
    public func resume() throws(RuntimeError) { throw missing }
    public func hostProcesses() throws(RuntimeError) -> [(pid: UInt32, exec: String)] { [(pid, "")] }
    public func metrics() throws(RuntimeError) -> Proto.AnyMessage { throw missing }
    public func update(resources: [UInt8]) throws(RuntimeError) { throw missing }
}
