import HostOS
import LinuxABI
import VFS

extension Task {
    /// setsid(2).
    ///
    /// - Returns: the session's id in the caller's pid namespace.
    /// - Throws: EPERM for a process group leader.
    public func makeSession() throws(Errno) -> Int32 {
        try kernel.treeLock.withLock { () throws(Errno) in
            let ids = group.ids
            if pidNamespace.processGroups[group.id(in: pidNamespace)] != nil { throw .EPERM }
            let session = Session(kernel: kernel, ids: ids, namespace: pidNamespace)
            session.leader = group
            let processGroup = ProcessGroup(kernel: kernel, ids: ids, namespace: pidNamespace, session: session)
            group.move(to: processGroup)
            pidNamespace.forEachLevel(ids) { namespace, id in
                namespace.processGroups[id] = processGroup
                namespace.sessions[id] = session
            }
            return group.id(in: pidNamespace)
        }
    }

    /// setpgid(2), both numbers as the caller gave them.
    public func setProcessGroup(pid: Int32, pgid: Int32) throws(Errno) {
        if pgid < 0 { throw .EINVAL }
        var wasLeft: ProcessGroup?
        try kernel.treeLock.withLock { () throws(Errno) in
            let target: ThreadGroup
            if pid == 0 {
                target = group
            } else {
                guard let found = kernel.groupLocked(pid: pid, in: pidNamespace) else { throw .ESRCH }
                target = found
            }
            let session = group.processGroup.ownSession
            if target !== group {
                guard target.parent === group else { throw .ESRCH }
                if target.processGroup.ownSession !== session { throw .EPERM }
                if target.hasExeced { throw .EACCES }
            }
            if target.processGroup.ownSession.leader === target { throw .EPERM }
            let number = pgid == 0 ? target.id(in: pidNamespace) : pgid
            if target.processGroup.id(in: pidNamespace) == number { return }
            let old = target.processGroup
            if number == target.id(in: pidNamespace) {
                let new = ProcessGroup(kernel: kernel, ids: target.ids, namespace: target.pidNamespace, session: session)
                target.move(to: new)
                target.pidNamespace.forEachLevel(target.ids) { namespace, id in namespace.processGroups[id] = new }
            } else {
                guard let existing = pidNamespace.processGroups[number], existing.ownSession === session else { throw .EPERM }
                target.move(to: existing)
            }
            wasLeft = old
        }
        withExtendedLifetime(wasLeft) {}
    }

    /// getppid(2).
    public var parentID: Int32 { kernel.treeLock.withLock { group.parent?.id(in: pidNamespace) ?? 0 } }

    /// The process group's number of a process, in the caller's pid namespace; `pid` 0 is the caller itself.
    ///
    /// - Throws: ESRCH.
    public func processGroupID(of pid: Int32) throws(Errno) -> Int32 {
        try kernel.treeLock.withLock { () throws(Errno) in
            try processLocked(pid).processGroup.id(in: pidNamespace)
        }
    }

    /// The session's number of a process.
    public func sessionID(of pid: Int32) throws(Errno) -> Int32 {
        try kernel.treeLock.withLock { () throws(Errno) in
            try processLocked(pid).processGroup.ownSession.id(in: pidNamespace)
        }
    }

    /// By a thread's number too, as Linux finds it.
    private func processLocked(_ pid: Int32) throws(Errno) -> ThreadGroup {
        if pid == 0 { return group }
        guard let task = pidNamespace.tasks[pid] else { throw .ESRCH }
        return task.group
    }
}

extension ThreadGroup {
    /// The tree lock is held.
    fileprivate func move(to new: ProcessGroup) {
        leaveProcessGroup()
        processGroup = new
        new.members.append(self)
        publishNumbers()
    }
}
