import HostOS
import Identity
import LinuxABI
import Platform
import VFS
import Waiting

/// All state of the guests of one Sentry hangs off this object.
public final class Kernel: @unchecked Sendable {
    public let platform: Platform
    public let timers = TimerQueue()
    public let systemCalls: SystemCallTable
    public let rootUserNamespace = UserNamespace()
    public let rootPIDNamespace: PIDNamespace
    /// CLOCK_MONOTONIC of the host when the kernel started, nanoseconds: guests' uptime counts from there.
    public let bootTime = HostClock.monotonic
    /// Guards the process tree: parents, children, process groups, sessions, exit states. Outermost of the kernel's locks
    /// but a thread group's signal lock is below it.
    public let treeLock = Lock()
    /// Where notes for the operator go: one line, without a newline.
    public let log: @Sendable (String) -> Void

    public init(platform: Platform, systemCalls: SystemCallTable, log: @escaping @Sendable (String) -> Void) {
        self.platform = platform
        self.systemCalls = systemCalls
        self.log = log
        rootPIDNamespace = PIDNamespace(parent: nil, userNamespace: rootUserNamespace)
    }
}
