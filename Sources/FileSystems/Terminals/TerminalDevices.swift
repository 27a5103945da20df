import HostOS
import LinuxABI
import VFS

/// Device nodes of terminals: /dev/tty (5:0), /dev/console (5:1), /dev/ptmx (5:2) and copies of /dev/pts/N (136:N).
public final class TerminalDevices: DeviceDriver, @unchecked Sendable {
    enum Node { case controlling, ptmx, replica }

    private let node: Node

    init(_ node: Node) { self.node = node }

    /// Lets terminals' device nodes be opened, wherever they are.
    public static func register(in vfs: VirtualFileSystem) {
        vfs.register(TerminalDevices(.controlling), major: 5, minor: 0)
        vfs.register(TerminalDevices(.controlling), major: 5, minor: 1)
        vfs.register(TerminalDevices(.ptmx), major: 5, minor: 2)
        for major in UInt32(136)...143 { vfs.register(TerminalDevices(.replica), major: major, minor: nil) }
    }

    public override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        switch node {
        case .controlling:
            guard let terminal = caller.session?.terminal else { throw .ENXIO }
            return try terminal.open(path, flags: flags.union(.O_NOCTTY), by: caller)
        case .ptmx:
            let (root, terminals) = try terminalsBeside(path, caller)
            let place = Path(mount: root.mount, dentry: Dentry(name: "ptmx", parent: root.dentry, inode: path.inode))
            return try terminals.openMaster(place, flags: flags, by: caller)
        case .replica:
            let device = try path.inode.attributes().deviceOfNode
            let number = (device.major - 136) << 8 | device.minor & 0xff
            guard let replica = try terminalsBeside(path, caller).1.replica(number) else { throw .EIO }
            return try replica.terminal.open(path, flags: flags, by: caller)
        }
    }

    /// The devpts that a node in /dev means: the one at "pts" beside it.
    private func terminalsBeside(_ path: Path, _ caller: Caller) throws(Errno) -> (Path, TerminalFileSystem) {
        guard let directory = path.dentry.parent else { throw .ENODEV }
        let pts = try caller.resolve(Array("pts".utf8), from: Path(mount: path.mount, dentry: directory), [.follow])
        guard let terminals = pts.mount.fileSystem as? TerminalFileSystem else { throw .ENODEV }
        return (pts, terminals)
    }
}
