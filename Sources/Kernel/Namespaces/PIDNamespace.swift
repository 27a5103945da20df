import HostOS
import Identity

/// A pid namespace (pid_namespaces(7)).
public final class PIDNamespace: @unchecked Sendable {
    public let parent: PIDNamespace?
    public let userNamespace: UserNamespace

    public init(parent: PIDNamespace?, userNamespace: UserNamespace) {
        self.parent = parent
        self.userNamespace = userNamespace
    }
}
