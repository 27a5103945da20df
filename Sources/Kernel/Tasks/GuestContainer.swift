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
    /// Told when they may go on.
    let resumed = WaitQueue()

    public init(id: String, source: StubSource, pidNamespace: PIDNamespace) {
        self.id = id
        self.source = source
        self.pidNamespace = pidNamespace
    }

    public var isPaused: Bool { paused.load(ordering: .acquiring) }

    func setPaused(_ value: Bool) { paused.store(value, ordering: .sequentiallyConsistent) }
}
