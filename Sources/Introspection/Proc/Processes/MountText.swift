import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import VFS
import Waiting

/// mounts, mountinfo and mountstats of /proc/PID (proc_pid_mountinfo(5)).
enum MountText {
    private static func directories(_ view: TaskView) throws(Errno) -> DirectoryContext {
        guard let live = view.live else { throw .EINVAL }
        return live.snapshot.directories
    }

    static func mounts(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let place = try directories(view)
        return place.mounts.mountsText(from: place.root)
    }

    static func mountinfo(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let place = try directories(view)
        return place.mounts.mountInfoText(from: place.root)
    }

    static func mountstats(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let place = try directories(view)
        var t = TextBuilder(capacity: 2048)
        for line in place.mounts.mountsText(from: place.root).split(separator: 0x0a) {
            let fields = line.split(separator: 0x20)
            if fields.count < 3 { continue }
            t.put("device ")
            t.put(bytes: fields[0])
            t.put(" mounted on ")
            t.put(bytes: fields[1])
            t.put(" with fstype ")
            t.put(bytes: fields[2])
            t.newline()
        }
        return t.bytes
    }
}

/// A mount list as a file: poll tells of changes of the namespace by POLLERR and POLLPRI.
final class MountsInode: SyntheticFile, @unchecked Sendable {
    private let view: TaskView
    private let entry: TaskEntry

    init(_ view: TaskView, _ entry: TaskEntry, number: UInt64) {
        self.view = view
        self.entry = entry
        super.init(view.proc, number: number, mode: entry.mode)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] {
        guard let generate = entry.generate else { throw .EINVAL }
        return try generate(view, caller)
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        guard let namespace = view.live?.snapshot.directories.mounts else { throw .EINVAL }
        return MountsFile(path: path, flags: flags, file: self, namespace: namespace)
    }
}

private final class MountsFile: SyntheticOpenFile, @unchecked Sendable {
    private let namespace: MountNamespace
    /// Guards `seen`. Innermost.
    private let generationLock = Lock()
    private var seen: UInt64

    init(path: Path, flags: OpenFlags, file: SyntheticFile, namespace: MountNamespace) {
        self.namespace = namespace
        seen = namespace.generation
        super.init(path: path, flags: flags, file: file)
    }

    override var waitQueue: WaitQueue? { namespace.changed }

    override func poll() -> IOEvents {
        let now = namespace.generation
        let isNew = generationLock.withLock {
            defer { seen = now }
            return seen != now
        }
        return isNew ? [.POLLIN, .POLLRDNORM, .POLLERR, .POLLPRI] : [.POLLIN, .POLLRDNORM]
    }
}
