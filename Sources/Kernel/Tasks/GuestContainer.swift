import HostOS
import Platform
import Synchronization
import Waiting

/// What the tasks of one container have in common: where their address spaces come from, and whether they may run.
/// The Sentry module keeps the rest of a container.
public final class GuestContainer: @unchecked Sendable {
    /// The container's id as the runtime knows it.
    public let id: String
    public let source: StubSource
    /// The pid namespace of its init.
    public let pidNamespace: PIDNamespace
    /// Whether its tasks stand still (OCI pause).
    private let paused = Atomic<Bool>(false)
    private let processors = Atomic<Int>(HostProcessors.count)
    /// Who knows how much memory it has. Set once, before its first task starts.
    public final var memoryReport: MemoryReport?
    /// Told when they may go on.
    let resumed = WaitQueue()

    public init(id: String, source: StubSource, pidNamespace: PIDNamespace) {
        self.id = id
        self.source = source
        self.pidNamespace = pidNamespace
    }

    /// How many processors its guests see: 1 to the machine's. A change shows in all that is asked from then on.
    public var processorCount: Int {
        get { processors.load(ordering: .relaxed) }
        set { processors.store(min(max(1, newValue), HostProcessors.count), ordering: .relaxed) }
    }

    public var isPaused: Bool { paused.load(ordering: .acquiring) }

    func setPaused(_ value: Bool) { paused.store(value, ordering: .sequentiallyConsistent) }
}

/// Tells how much memory a container has: what sysinfo(2) and /proc/meminfo agree on.
open class MemoryReport: @unchecked Sendable {
    public init() {}

    /// Bytes.
    public struct Information: Sendable {
        public var total: UInt64 = 0
        public var free: UInt64 = 0
        public var shared: UInt64 = 0
        public var swap: UInt64 = 0

        public init() {}
    }

    open var information: Information { Information() }
}
