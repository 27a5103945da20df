import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// The root of procfs: the system's files, and a directory for each process.
final class ProcRoot: SyntheticDirectory, @unchecked Sendable {
    private let proc: ProcFileSystem
    private let system: StaticDirectory

    init(_ proc: ProcFileSystem) {
        self.proc = proc
        system = StaticDirectory(proc)
        super.init(proc, number: 1)
        system.add("self", SelfLink(proc, thread: false))
        system.add("thread-self", SelfLink(proc, thread: true))
        if !proc.options.onlyProcesses { SystemFiles.fill(system, proc) }
    }

    override var linkCount: UInt32 {
        UInt32(truncatingIfNeeded: Int(system.linkCount) + proc.kernel.groups(in: proc.pidNamespace).count)
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        if let number = Self.number(name) {
            // A thread's number names its process's view too, though listings show leaders only.
            guard let task = proc.kernel.task(tid: number, in: proc.pidNamespace) else { return nil }
            let view = TaskView(proc, task, isThread: false)
            if proc.options.hidePID >= 2, !view.isShown(to: caller) { return nil }
            return TaskDirectory(view)
        }
        return try system.lookup(name, by: caller)
    }

    override func fixedEntries(by caller: Caller) throws(Errno) -> [(name: FileName, inode: UInt64, type: FileType)] {
        try system.fixedEntries(by: caller)
    }

    override func dynamicEntries(from key: UInt64, by caller: Caller) throws(Errno) -> [DynamicEntry] {
        var entries: [DynamicEntry] = []
        for (pid, group) in proc.kernel.groups(in: proc.pidNamespace) where pid > 0 && UInt64(pid) >= key {
            guard let leader = group.leader else { continue }
            let view = TaskView(proc, leader, isThread: false)
            if proc.options.hidePID >= 2, !view.isShown(to: caller) { continue }
            entries.append(DynamicEntry(key: UInt64(pid), name: FileName(String(pid)), inode: view.inodeNumber, type: .directory))
        }
        return entries
    }

    /// A process or thread number in decimal without leading zeroes.
    static func number(_ name: FileName) -> Int32? {
        guard let first = name.bytes.first, first != 0x30, name.bytes.count <= 9 else { return nil }
        var value: Int32 = 0
        for byte in name.bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int32(byte - 0x30)
        }
        return value
    }
}

/// /proc/self and /proc/thread-self.
private final class SelfLink: SyntheticInode, @unchecked Sendable {
    private let proc: ProcFileSystem
    private let thread: Bool

    init(_ proc: ProcFileSystem, thread: Bool) {
        self.proc = proc
        self.thread = thread
        super.init(proc, number: proc.nextInode() + 1, type: .symbolicLink, mode: 0o777)
    }

    override func readLink(by caller: Caller) throws(Errno) -> [UInt8] {
        guard let task = caller as? Task else { throw .ENOENT }
        let pid = task.group.id(in: proc.pidNamespace)
        if pid == 0 { throw .ENOENT }
        return Array((thread ? "\(pid)/task/\(task.id(in: proc.pidNamespace))" : "\(pid)").utf8)
    }
}
