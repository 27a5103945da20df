import HostOS
import Identity
import Kernel
import LinuxABI
import VFS

/// A process, or one of its threads, as one procfs shows it. It stays valid when the process has ended: then its files
/// say ESRCH.
struct TaskView {
    let proc: ProcFileSystem
    let task: Task
    /// /proc/PID/task/TID instead of /proc/PID.
    let isThread: Bool

    init(_ proc: ProcFileSystem, _ task: Task, isThread: Bool) {
        self.proc = proc
        self.task = task
        self.isThread = isThread
    }

    var group: ThreadGroup { task.group }
    var pid: Int32 { group.id(in: proc.pidNamespace) }
    var tid: Int32 { task.id(in: proc.pidNamespace) }

    /// Of the directory; those of its entries follow.
    var inodeNumber: UInt64 { UInt64(UInt32(bitPattern: tid)) << 20 | (isThread ? 1 << 19 : 0) | 1 << 60 }

    /// Whether the process has not been reaped, or the thread not ended.
    var exists: Bool {
        let number = tid
        return number != 0 && proc.kernel.task(tid: number, in: proc.pidNamespace) === task
    }

    /// The task, or for a process whose first thread has ended another one.
    var live: Task? {
        if !task.hasExited { return task }
        return isThread ? nil : group.liveTasks.first
    }

    /// The memory, nil for a zombie.
    var memory: MemoryManager? { live?.memoryManager }

    /// The state of /proc/PID/stat. Who asks runs, although it stands in a call.
    func stateLetter(to caller: Caller) -> UInt8 { caller === task ? UInt8(ascii: "R") : task.stateLetter }

    var credentials: Credentials { task.snapshot.credentials }

    /// Who the files belong to: the process, unless it hides itself from its user.
    var owner: (uid: UInt32, gid: UInt32) {
        if let memory, memory.dumpable != 1 { return (0, 0) }
        let c = credentials
        return (c.euid, c.egid)
    }

    /// ptrace(2), "Ptrace access mode checking", PTRACE_MODE_READ_FSCREDS.
    func mayInspect(_ caller: Caller) -> Bool {
        if let other = caller as? Task, other.group === group { return true }
        let mine = caller.credentials, its = credentials
        let traces = mine.has(.CAP_SYS_PTRACE, in: its.userNamespace)
        if traces { return true }
        guard mine.fsuid == its.euid, mine.fsuid == its.suid, mine.fsuid == its.ruid,
              mine.fsgid == its.egid, mine.fsgid == its.sgid, mine.fsgid == its.rgid else { return false }
        if let memory, memory.dumpable != 1 { return false }
        return its.userNamespace === mine.userNamespace && its.permitted.isSubset(of: mine.effective)
    }

    /// - Throws: EACCES.
    func checkInspection(_ caller: Caller) throws(Errno) { if !mayInspect(caller) { throw .EACCES } }

    /// hidepid.
    func isShown(to caller: Caller) -> Bool {
        if let group = proc.options.group, proc.options.hidePID < 4, caller.credentials.isInGroup(group) { return true }
        return mayInspect(caller)
    }

    /// Ids as `caller` numbers them.
    func visible(uid: UInt32, to caller: Caller) -> UInt32 { caller.credentials.userNamespace.visibleUID(uid) }
    func visible(gid: UInt32, to caller: Caller) -> UInt32 { caller.credentials.userNamespace.visibleGID(gid) }
}
