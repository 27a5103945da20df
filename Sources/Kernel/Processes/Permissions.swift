import Identity
import LinuxABI
import VFS

extension Task {
    /// Whether this task may send `signal` to a process with `target` as one of its tasks (kill(2)).
    func maySignal(_ target: Task, _ signal: Int32) -> Bool {
        if target.group === group { return true }
        let theirs = target.snapshot.credentials
        let mine = credentials
        if mine.euid == theirs.suid || mine.euid == theirs.ruid || mine.ruid == theirs.suid || mine.ruid == theirs.ruid { return true }
        if mine.has(.CAP_KILL, in: theirs.userNamespace) { return true }
        guard signal == Signal.SIGCONT else { return false }
        return kernel.treeLock.withLock { target.group.processGroup.ownSession === group.processGroup.ownSession }
    }

    /// Whether this task may look into `target` or change it (ptrace(2), "Ptrace access mode checking", with real ids).
    public func mayAccess(_ target: Task) -> Bool {
        if target.group === group { return true }
        let theirs = target.snapshot.credentials
        let mine = credentials
        let sameIDs = mine.ruid == theirs.euid && mine.ruid == theirs.suid && mine.ruid == theirs.ruid
            && mine.rgid == theirs.egid && mine.rgid == theirs.sgid && mine.rgid == theirs.rgid
        let isPrivileged = mine.has(.CAP_SYS_PTRACE, in: theirs.userNamespace)
        if !sameIDs, !isPrivileged { return false }
        if target.memoryManager.dumpable != 1, !isPrivileged { return false }
        return isPrivileged || theirs.userNamespace === mine.userNamespace && theirs.permitted.isSubset(of: mine.permitted)
    }
}

/// Whom kill(2) means.
public enum SignalReceivers: Sendable {
    case process(Int32)
    /// 0: the caller's own process group.
    case processGroup(Int32)
    case everyone
}

extension Task {
    /// kill(2) and its kin. Signal 0 only asks.
    ///
    /// - Parameter info: for one receiver, which sees ids of its own namespaces.
    /// - Throws: ESRCH, EPERM, EAGAIN.
    public func sendSignal(_ signal: Int32, to receivers: SignalReceivers,
                           _ info: (ThreadGroup) -> SignalInfo) throws(Errno) {
        switch receivers {
        case .process(let pid):
            guard let target = kernel.task(tid: pid, in: pidNamespace) else { throw .ESRCH }
            try sendSignal(signal, to: target.group, info)
        case .processGroup(let id):
            let members = kernel.treeLock.withLock {
                (id == 0 ? group.processGroup : pidNamespace.processGroups[id])?.members ?? []
            }
            try sendToAll(signal, members, info, nobody: .ESRCH)
        case .everyone:
            let all = kernel.groups(in: pidNamespace).compactMap { $0.pid == 1 || $0.group === group ? nil : $0.group }
            try sendToAll(signal, all, info, nobody: .ESRCH)
        }
    }

    /// One is enough; EPERM only when there was nobody else.
    private func sendToAll(_ signal: Int32, _ groups: [ThreadGroup], _ info: (ThreadGroup) -> SignalInfo,
                           nobody: Errno) throws(Errno) {
        var failure: Errno? = nobody
        for group in groups {
            do throws(Errno) {
                try sendSignal(signal, to: group, info)
                failure = nil
            } catch {
                if failure == nobody { failure = error }
            }
        }
        if let failure { throw failure }
    }

    /// To one process.
    public func sendSignal(_ signal: Int32, to group: ThreadGroup, _ info: (ThreadGroup) -> SignalInfo) throws(Errno) {
        guard let leader = kernel.treeLock.withLock({ group.leader }) else { throw .ESRCH }
        if !maySignal(leader, signal) { throw .EPERM }
        if signal == 0 { return }
        let isForced = group.id(in: pidNamespace) != 0 && pidNamespace !== group.pidNamespace
        if group.send(info(group), forced: isForced) == .queueFull { throw .EAGAIN }
    }

    /// To one thread (tgkill(2)).
    public func sendSignal(_ signal: Int32, toThread target: Task, _ info: (ThreadGroup) -> SignalInfo) throws(Errno) {
        if !maySignal(target, signal) { throw .EPERM }
        if signal == 0 { return }
        let isForced = pidNamespace !== target.pidNamespace
        if target.send(info(target.group), forced: isForced) == .queueFull { throw .EAGAIN }
    }
}
