import HostOS
import LinuxABI
import Waiting

// Job control's stops (signal(7)): the first task to take a stop signal begins, all join, the last tells the parent.

extension Task {
    /// Stands still until the stop ends. Called with the signal lock held, which it gives back.
    func joinStop() {
        let generation = group.stopGeneration
        let signal = group.stopSignal
        var isComplete = false
        if joinedStop != generation {
            joinedStop = generation
            group.stoppedCount += 1
            isComplete = group.stoppedCount == group.tasks.count
        }
        if let trace {
            trace.isStopWanted = true
            group.signalLock.unlock()
            if isComplete { group.reportStop(signal) }
            interrupt()
            return
        }
        isStopped = true
        group.signalLock.unlock()
        if isComplete { group.reportStop(signal) }
        while true {
            _ = waiter.park(interruptible: false)
            let goesOn = group.signalLock.withLock {
                if group.stopSignal != 0, group.stopGeneration == generation, !isKilled, !(trace?.mustStop ?? false) { return false }
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
    ///
    /// - Parameter continuations: as they were when the signal left its queue.
    func beginStop(_ signal: Int32, continuations before: UInt32) {
        if signal != Signal.SIGSTOP, kernel.treeLock.withLock({ processGroup.isOrphanedLocked() }) { return }
        signalLock.withLock {
            // A SIGCONT since then has taken all stop signals back.
            if groupExit != nil || stopSignal != 0 || continuations != before { return }
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
        // A parent that traces it has been told as its tracer.
        guard let parent, !hasEnded, leader?.trace?.tracer.group !== parent else { return }
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
