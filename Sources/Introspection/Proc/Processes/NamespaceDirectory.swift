import FileSystems
import HostOS
import Identity
import Kernel
import LinuxABI
import VFS

/// /proc/PID/ns: links to the namespaces that a task is in.
final class NamespaceDirectory: SyntheticDirectory, @unchecked Sendable {
    private let view: TaskView

    static let names: [FileName] = ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children",
                                    "user", "uts"]

    init(_ view: TaskView, number: UInt64) {
        self.view = view
        super.init(view.proc, number: number, mode: 0o511)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        guard let index = Self.names.firstIndex(of: name) else { return nil }
        return NamespaceLink(view, index, number: number &+ 64 &+ UInt64(index))
    }

    override func fixedEntries(by caller: Caller) throws(Errno) -> [(name: FileName, inode: UInt64, type: FileType)] {
        Self.names.enumerated().map { ($1, number &+ 64 &+ UInt64($0), .symbolicLink) }
    }
}

private final class NamespaceLink: SyntheticInode, @unchecked Sendable {
    private let view: TaskView
    private let index: Int

    init(_ view: TaskView, _ index: Int, number: UInt64) {
        self.view = view
        self.index = index
        super.init(view.proc, number: number, type: .symbolicLink, mode: 0o777)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }

    /// The namespace and its number. Those without an object of their own are everybody's, with Linux's first numbers.
    private func namespace(_ caller: Caller) throws(Errno) -> (AnyNamespace, UInt64) {
        try view.checkInspection(caller)
        guard let task = view.live else { throw .ENOENT }
        let kernel = view.proc.kernel
        let set = kernel.treeLock.withLock { task.namespaces }
        let state = task.snapshot
        let numbers = view.proc.machine.namespaceNumbers
        switch index {
        case 0: return (.cgroup, 4_026_531_835)
        case 1: return (.ipc(set.ipc), set.ipc.inode)
        case 2: return (.mount(state.directories.mounts), numbers.number(of: state.directories.mounts, kernel))
        case 3: return (.network(set.network), set.network.inode)
        case 4: return (.pid(task.pidNamespace), task.pidNamespace.inode)
        case 5: return (.pid(set.pidForChildren), set.pidForChildren.inode)
        case 6, 7: return (.time, 4_026_531_834)
        case 8:
            let user = state.credentials.userNamespace
            return (.user(user), user.parent == nil ? 4_026_531_837 : numbers.number(of: user, kernel))
        default: return (.uts(set.uts), set.uts.inode)
        }
    }

    private static func text(_ namespace: AnyNamespace, _ number: UInt64) -> String { "\(namespace.typeName):[\(number)]" }

    override func readLink(by caller: Caller) throws(Errno) -> [UInt8] {
        let (namespace, number) = try namespace(caller)
        return Array(Self.text(namespace, number).utf8)
    }

    override func followMagicLink(by caller: Caller) throws(Errno) -> Path? {
        let (namespace, number) = try namespace(caller)
        let files = caller.vfs.anonymous
        return files.path(to: NamespaceInode(fileSystem: files, number: number, namespace: namespace),
                          name: FileName(Self.text(namespace, number)))
    }
}

/// Numbers for namespaces that keep none themselves, the same for as long as they live.
final class NamespaceNumbers: @unchecked Sendable {
    private struct Known {
        weak var object: AnyObject?
        var number: UInt64
    }

    /// Guards the table. Innermost.
    private let lock = Lock()
    private var known: [ObjectIdentifier: Known] = [:]

    func number(of object: AnyObject, _ kernel: Kernel) -> UInt64 {
        lock.withLock {
            if let entry = known[ObjectIdentifier(object)], entry.object != nil { return entry.number }
            known = known.filter { $0.value.object != nil }
            let number = kernel.makeNamespaceInode()
            known[ObjectIdentifier(object)] = Known(object: object, number: number)
            return number
        }
    }
}
