import HostOS
import LinuxABI
import Memory
import Platform
import VFS
import Waiting

extension Task {
    /// exit(2): this thread ends when its call returns.
    public func exitThread(code: Int32) {
        exitCode = .exited(code)
        isExiting = true
    }

    /// exit_group(2): every thread ends.
    public func exitGroup(code: Int32) { group.kill(.exited(code)) }

    /// The end of the task's thread: gives back what it holds, then tells whom it concerns.
    func finish() {
        meetCoreDump()
        if let status = group.signalLock.withLock({ group.groupExit }) { exitCode = status }
        standForEvent(.exit, message: UInt64(UInt32(bitPattern: exitCode.rawValue)))
        logEnd()
        if group.isInit, isLastOfGroup { group.endNamespace(self) }
        releaseFutexesAtExit()
        kernel.priorityFutexes.abandon(self)
        if isLastOfGroup {
            group.deleteTimers()
            group.semaphoreUndo.takeBack(group)
        }
        vforkDone?.complete()
        vforkDone = nil
        releaseFiles()
        let (last, isMissed) = releaseMemory()
        if isMissed {
            last.end()
            if group.isInit { kernel.endings.waitForAll() }
            notifyExit()
        } else {
            last.beginEnd()
            kernel.endings.begin()
            notifyExit()
            last.end()
            kernel.endings.finish()
        }
        last.prepareNext()
    }

    var isLastOfGroup: Bool { group.signalLock.withLock { group.tasks.count == 1 } }

    /// - Returns: the context, which has yet to be ended, and whether somebody could tell that it has not when the task's
    ///   end is told: memory is free when wait(2) returns, but for the few MiB that a process touches in no time.
    private func releaseMemory() -> (ExecutionContext, isMissed: Bool) {
        let last = context
        var isMissed = false
        if isLastOfGroup {
            let time = mm.addressSpace.cpuTime
            kernel.treeLock.withLock {
                group.pastUsage.user &+= time.user
                group.pastUsage.system &+= time.system
                isMissed = group.isInit || group.exitObserver != nil || time.user &+ time.system >= 300_000
            }
        }
        replace(context: kernel.noContext, mm: kernel.noMemory)
        return (last, isMissed)
    }

    /// Takes the task out of its group; the last one ends the process.
    private func notifyExit() {
        var observer: ExitObserver?
        var session: Session?
        let wakes = kernel.treeLock.withLock { () -> DelayedWakes? in
            kernel.wakes = DelayedWakes()
            var stopIsComplete = false
            let signal = group.stopSignal
            let isLast = group.signalLock.withLock {
                group.tasks.removeAll { $0 === self }
                hasExited = true
                if group.stopSignal != 0, joinedStop == group.stopGeneration { group.stoppedCount -= 1 }
                group.execing?.waiter.unpark()
                if group.tasks.isEmpty {
                    if group.groupExit == nil { group.groupExit = group.leader?.exitCode ?? exitCode }
                    return true
                }
                stopIsComplete = signal != 0 && group.stoppedCount == group.tasks.count
                return false
            }
            leaveCounts()
            abandonChildren(isLast: isLast)
            releaseTracees()
            if group.leader !== self, !leaveZombieToTracer() {
                pidNamespace.forEachLevel(ids) { namespace, id in namespace.tasks[id] = nil }
            }
            if isLast {
                observer = group.exitObserver
                session = group.processGroup.ownSession.leader === group ? group.processGroup.ownSession : nil
                session?.leader = nil
                group.end()
            } else if stopIsComplete {
                group.unreportedStop = signal
                group.parent?.tellChildrenChanged()
            }
            return kernel.wakes.take()
        }
        wakes?.wake()
        if let session { session.terminal?.disassociate(session) }
        if let observer { observer.exited(group, status: group.exitStatus ?? exitCode) }
    }

    /// Children that this thread made get SIGKILL's gentler cousin (PDEATHSIG) and a new parent thread. The tree lock is
    /// held.
    private func abandonChildren(isLast: Bool) {
        for child in group.children where child.parentThread === self {
            for task in child.liveTasks where task.parentDeathSignal != 0 {
                task.send(SignalInfo(task.parentDeathSignal, code: SignalInfo.SI_USER))
            }
            child.parentThread = isLast ? nil : group.leader === self ? group.liveTasks.first : group.leader
        }
    }
}

extension ThreadGroup {
    /// The last task has ended. The tree lock is held.
    func end() {
        hasEnded = true
        giveChildrenAway()
        for namespaceInit in initsAbove() where namespaceInit !== self { namespaceInit.tellChildrenChanged() }
        // It may have been its group's last tie to the session.
        if let parent { wakeIfOrphaned(byLossOf: parent, without: self) }
        ended.notify(.readable)
        if !leaveEndToTracer(), !tellParentOfEnd() { release() }
    }

    /// Gives every child a new parent: the nearest living subreaper, or the namespace's init.
    private func giveChildrenAway() {
        let orphans = children
        children = []
        for child in orphans {
            let adopter = adopter(of: child)
            child.parent = adopter
            child.parentThread = adopter?.leader
            child.publishNumbers()
            child.exitSignal = child.exitSignal == 0 && child.hasEnded ? 0 : Signal.SIGCHLD
            if let adopter {
                adopter.children.append(child)
                if child.hasEnded, !child.tellParentOfEnd() { child.release() }
            } else if child.hasEnded {
                child.release()
            }
            child.wakeIfOrphaned(byLossOf: self, without: nil)
        }
    }

    /// When `lost` was a parent of this process in another group of the same session, that group may be orphaned now: its
    /// stopped members would stand still for ever (setpgid(2)). The tree lock is held.
    private func wakeIfOrphaned(byLossOf lost: ThreadGroup, without leaving: ThreadGroup?) {
        let ownGroup = processGroup
        guard lost.processGroup !== ownGroup, lost.processGroup.ownSession === ownGroup.ownSession,
              ownGroup.isOrphanedLocked(without: leaving), ownGroup.hasStoppedMember(without: leaving) else { return }
        ownGroup.wakeOrphans()
    }

    private func adopter(of child: ThreadGroup) -> ThreadGroup? {
        var ancestor = parent
        while let a = ancestor, a.pidNamespace === child.pidNamespace {
            if a.isSubreaper, !a.hasEnded { return a }
            ancestor = a.parent
        }
        guard let namespaceInit = child.pidNamespace.initGroup, !namespaceInit.hasEnded, namespaceInit !== self else { return nil }
        return namespaceInit
    }

    private func initsAbove() -> [ThreadGroup] {
        var inits: [ThreadGroup] = []
        pidNamespace.forEachLevel(ids) { namespace, _ in if let g = namespace.initGroup { inits.append(g) } }
        return inits
    }

    /// Sends the exit signal and wakes a waiting parent. The tree lock is held.
    ///
    /// - Returns: whether somebody has to wait for the process; else it can be released.
    func tellParentOfEnd() -> Bool {
        guard let parent, !parent.hasEnded else { return false }
        var mustWait = true
        if exitSignal != 0 {
            let action = parent.handlersNow[exitSignal]
            if exitSignal == Signal.SIGCHLD {
                let ignores = action.handler == SignalAction.SIG_IGN
                if ignores || action.flags & SignalAction.SA_NOCLDWAIT != 0 { mustWait = false }
                if !ignores { sendExitSignal(to: parent) }
            } else {
                sendExitSignal(to: parent)
            }
        }
        parent.tellChildrenChanged()
        return mustWait
    }

    private func sendExitSignal(to parent: ThreadGroup) {
        let (code, status) = (exitStatus ?? .exited(0)).childCode
        var info = childInfo(for: parent, code: code, status: status)
        info.signal = exitSignal
        parent.send(info)
    }

    /// Nobody will ask for the process any more: its numbers are free. The tree lock is held.
    func release() {
        leader?.unlink()
        pidNamespace.forEachLevel(ids) { namespace, id in
            if namespace.tasks[id]?.group === self { namespace.tasks[id] = nil }
            if namespace.initGroup === self { namespace.initGroup = nil }
        }
        leaveProcessGroup()
        if let parent {
            parent.children.removeAll { $0 === self }
            parent.tellChildrenChanged()
        }
        // A task holds its group: nothing else may hold both.
        leader = nil
        parent = nil
        parentThread = nil
        ended.notify([.POLLIN, .POLLHUP])
    }

    /// Wakes who waits for a child: when the tree lock is free, if `kernel.wakes` is there. The tree lock is held.
    func tellChildrenChanged() {
        if var wakes = kernel.wakes.take() {
            childrenChanged.notify(.all, later: &wakes)
            kernel.wakes = wakes
        } else {
            childrenChanged.notify(.all)
        }
    }

    /// The tree lock is held.
    func leaveProcessGroup() {
        let old = processGroup
        old.members.removeAll { $0 === self }
        guard old.members.isEmpty else { return }
        old.namespace.forEachLevel(old.ids) { namespace, id in
            if namespace.processGroups[id] === old { namespace.processGroups[id] = nil }
        }
        let session = old.ownSession
        session.groupCount -= 1
        guard session.groupCount == 0 else { return }
        session.namespace.forEachLevel(session.ids) { namespace, id in
            if namespace.sessions[id] === session { namespace.sessions[id] = nil }
        }
    }

    /// The init of a pid namespace ends: everything in the namespace ends first (pid_namespaces(7)). On the thread of its
    /// last task, without a lock.
    func endNamespace(_ task: Task) {
        kernel.treeLock.withLock { pidNamespace.isDying = true }
        let entry = TaskWaitEntry(task.waiter)
        childrenChanged.add(entry)
        defer { childrenChanged.remove(entry) }
        while true {
            let others = kernel.treeLock.withLock {
                for child in children where child.hasEnded { child.release() }
                return pidNamespace.tasks.values.compactMap { $0.group === self || $0.group.hasEnded ? nil : $0.group }
            }
            if others.isEmpty { return }
            for other in others { other.kill(.signaled(Signal.SIGKILL)) }
            _ = task.waiter.park(interruptible: false)
        }
    }
}

extension ProcessGroup {
    /// A process group that nobody can continue any more, with stopped members (setpgid(2)). The tree lock is held.
    func wakeOrphans() {
        for member in members where !member.hasEnded {
            member.send(.kernel(Signal.SIGHUP), forced: true)
            member.send(.kernel(Signal.SIGCONT), forced: true)
        }
    }
}
