import HostOS
import LinuxABI
import Waiting

// Job control's stops (signal(7)): the first task to take a stop signal begins, all join, the last tells the parent.

extension Task {
    /// Stands still until the stop ends. Called with the signal lock held, which it gives back.
    func joinStop() {
        isStopped = true
        group.stoppedCount += 1
        let generation = group.stopGeneration
        let signal = group.stopSignal
        let isComplete = group.stoppedCount == group.tasks.count
        group.signalLock.unlock()
        if isComplete { group.reportStop(signal) }
        while true {
            _ = waiter.park(interruptible: false)
            let goesOn = group.signalLock.withLock {
                if group.stopSignal != 0, group.stopGeneration == generation, !isKilled { return false }
                isStopped = false
                return true
            }
            if goesOn { break }
        }
        interrupt()
    }
}

extension ThreadGroup {
    /// Begins a stop by `signal`, unless the process is ending or its group is orphaned (which the three of job control
    /// respect). No lock is held.
    func beginStop(_ signal: Int32) {
        if signal != Signal.SIGSTOP, kernel.treeLock.withLock({ processGroup.isOrphanedLocked() }) { return }
        signalLock.withLock {
            // A SIGCONT since then has taken all stop signals back.
            if groupExit != nil || stopSignal != 0 { return }
            stopSignal = signal
            stoppedCount = 0
            stopGeneration &+= 1
            for task in tasks { task.interrupt() }
        }
    }

    /// Tells the parent that all tasks stand still.
    func reportStop(_ signal: Int32) {
        kernel.treeLock.withLock {
            unreportedStop = signal
            unreportedContinue = false
            tellParent(code: SignalInfo.CLD_STOPPED, status: signal)
        }
    }

    func reportContinue() {
        kernel.treeLock.withLock {
            unreportedStop = 0
            unreportedContinue = true
            tellParent(code: SignalInfo.CLD_CONTINUED, status: Signal.SIGCONT)
        }
    }

    /// SIGCHLD for a stop or a continuation. The tree lock is held.
    private func tellParent(code: Int32, status: Int32) {
        guard let parent, !hasEnded else { return }
        let action = parent.handlersNow[Signal.SIGCHLD]
        if action.flags & SignalAction.SA_NOCLDSTOP == 0 { parent.send(childInfo(for: parent, code: code, status: status)) }
        parent.childrenChanged.notify(.all)
    }

    /// What SIGCHLD tells `receiver` of this process. The tree lock is held.
    func childInfo(for receiver: ThreadGroup, code: Int32, status: Int32) -> SignalInfo {
        var info = SignalInfo(Signal.SIGCHLD, code: code)
        info.pid = id(in: receiver.pidNamespace)
        let ruid = leader?.snapshot.credentials.ruid ?? 0
        info.uid = receiver.anyCredentials?.userNamespace.visibleUID(ruid) ?? ruid
        info.status = status
        info.times = (pastUsage.user / 10_000_000, pastUsage.system / 10_000_000)
        return info
    }

    /// The handlers, for other threads than the group's own.
    var handlersNow: SignalHandlers { signalLock.withLock { handlers } }
}
