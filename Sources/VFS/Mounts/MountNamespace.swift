import HostOS
import Waiting

/// A tree of mounts, as one group of tasks sees it (mount_namespaces(7)).
public final class MountNamespace: @unchecked Sendable {
    public let root: Mount
    /// Told when the tree changes: poll of /proc/self/mounts.
    public let changed = WaitQueue()

    public init(root: Mount) { self.root = root }
}
