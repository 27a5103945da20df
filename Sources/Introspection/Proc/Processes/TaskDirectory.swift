import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// /proc/PID and /proc/PID/task/TID.
final class TaskDirectory: SyntheticDirectory, @unchecked Sendable {
    let view: TaskView

    init(_ view: TaskView) {
        self.view = view
        super.init(view.proc, number: view.inodeNumber)
    }

    override var owner: (uid: UInt32, gid: UInt32) {
        let c = view.credentials
        return (c.euid, c.egid)
    }

    override func checkAccess(_ mask: UInt32, by caller: Caller) throws(Errno) {
        if !view.exists { throw .ESRCH }
        if view.proc.options.hidePID == 1, !view.isShown(to: caller) { throw .EPERM }
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        guard view.exists, let index = TaskEntry.index[name] else { return nil }
        let entry = TaskEntry.all[index]
        if !entry.isIn(thread: view.isThread) { return nil }
        return entry.make(view, number: number + 1 + UInt64(index))
    }

    override func fixedEntries(by caller: Caller) throws(Errno) -> [(name: FileName, inode: UInt64, type: FileType)] {
        if !view.exists { throw .ENOENT }
        var entries: [(name: FileName, inode: UInt64, type: FileType)] = []
        for (index, entry) in TaskEntry.all.enumerated() where entry.isIn(thread: view.isThread) {
            entries.append((entry.name, number + 1 + UInt64(index), entry.type))
        }
        return entries
    }
}

extension TaskDirectory: ProcessReference {
    var referencedGroup: ThreadGroup? { view.exists && !view.isThread ? view.task.group : nil }
}

/// /proc/PID/task.
final class ThreadsDirectory: SyntheticDirectory, @unchecked Sendable {
    private let view: TaskView

    init(_ view: TaskView, number: UInt64) {
        self.view = view
        super.init(view.proc, number: number)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }
    override var linkCount: UInt32 { UInt32(truncatingIfNeeded: 2 + threads.count) }

    private var threads: [Task] {
        let live = view.group.liveTasks
        // A leader that has ended stays listed until the process is reaped.
        guard let leader = view.group.leader, !live.contains(where: { $0 === leader }) else { return live }
        return [leader] + live
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        guard let number = ProcRoot.number(name),
              let task = view.proc.kernel.task(tid: number, in: view.proc.pidNamespace), task.group === view.group
        else { return nil }
        return TaskDirectory(TaskView(view.proc, task, isThread: true))
    }

    override func dynamicEntries(from key: UInt64, by caller: Caller) throws(Errno) -> [DynamicEntry] {
        var entries: [DynamicEntry] = []
        for task in threads {
            let thread = TaskView(view.proc, task, isThread: true)
            let tid = thread.tid
            if tid <= 0 || UInt64(tid) < key { continue }
            entries.append(DynamicEntry(key: UInt64(tid), name: FileName(String(tid)), inode: thread.inodeNumber, type: .directory))
        }
        return entries.sorted { $0.key < $1.key }
    }
}

/// A generated file of a process.
final class TaskFile: SyntheticFile, @unchecked Sendable {
    private let view: TaskView
    private let entry: TaskEntry

    init(_ view: TaskView, _ entry: TaskEntry, number: UInt64) {
        self.view = view
        self.entry = entry
        super.init(view.proc, number: number, mode: entry.mode)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        if entry.access == .inspect { try view.checkInspection(caller) }
        return try super.open(path, flags: flags, by: caller)
    }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] {
        if !view.exists { throw .ESRCH }
        // The right may have been lost since: an exec of a set-user-id program.
        if entry.access == .inspect { try view.checkInspection(caller) }
        guard let generate = entry.generate else { throw .EINVAL }
        return try generate(view, caller)
    }

    override func store(_ bytes: [UInt8], by caller: Caller) throws(Errno) {
        if !view.exists { throw .ESRCH }
        guard let store = entry.store else { throw .EIO }
        try store(view, bytes, caller)
    }
}
