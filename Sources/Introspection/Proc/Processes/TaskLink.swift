import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// cwd, root and exe: links that lead to the place itself, whatever its name has become.
final class TaskLink: SyntheticInode, @unchecked Sendable {
    enum Target: Sendable { case workingDirectory, root, executable }

    private let view: TaskView
    private let target: Target

    init(_ view: TaskView, _ target: Target, number: UInt64) {
        self.view = view
        self.target = target
        super.init(view.proc, number: number, type: .symbolicLink, mode: 0o777)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }

    private func place(_ caller: Caller) throws(Errno) -> Path {
        try view.checkInspection(caller)
        guard let live = view.live else { throw .ENOENT }
        switch target {
        case .workingDirectory: return live.snapshot.directories.working
        case .root: return live.snapshot.directories.root
        case .executable:
            guard let path = live.memoryManager.executable else { throw .ENOENT }
            return path
        }
    }

    override func readLink(by caller: Caller) throws(Errno) -> [UInt8] {
        try place(caller).linkText(from: caller.directories.root, caller.vfs)
    }

    override func followMagicLink(by caller: Caller) throws(Errno) -> Path? { try place(caller) }
}
