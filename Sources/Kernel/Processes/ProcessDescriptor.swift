import LinuxABI
import VFS
import Waiting

/// A process by descriptor (pidfd_open(2)).
public final class ProcessDescriptor: OpenFile, @unchecked Sendable {
    public let group: ThreadGroup

    public init(path: Path, group: ThreadGroup, nonblocking: Bool) {
        self.group = group
        super.init(path: path, flags: nonblocking ? [.O_RDWR, .O_NONBLOCK] : .O_RDWR)
    }

    public override func poll() -> IOEvents { group.hasEnded ? .readable : [] }
    public override var waitQueue: WaitQueue? { group.ended }
    public override var fdinfo: String { "Pid:\t\(group.pid)\nNSpid:\t\(group.pid)\n" }
    public override var anonymousName: String? { "anon_inode:[pidfd]" }
}

/// An inode that stands for a process: a directory of procfs. pidfd_send_signal(2) takes it like a pidfd.
public protocol ProcessReference: AnyObject {
    /// The process, while it is there.
    var referencedGroup: ThreadGroup? { get }
}
