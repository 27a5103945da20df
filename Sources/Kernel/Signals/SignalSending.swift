import HostOS
import Identity
import LinuxABI
import Synchronization
import VFS
import Waiting

/// What became of a signal that was sent.
public enum SignalOutcome: Sendable {
    /// It waits, or was ignored, as it should.
    case accepted
    /// The queue is full (RLIMIT_SIGPENDING) and the information counted: EAGAIN of sigqueue(3).
    case queueFull
    /// The source's last signal has not been taken yet: an overrun.
    case alreadyQueued
}

extension SignalInfo {
    /// A signal from a task, with its ids as the receiver sees them.
    public init(_ signal: Int32, code: Int32, sender: Task, to receiver: ThreadGroup) {
        self.init(signal, code: code)
        pid = sender.group.id(in: receiver.pidNamespace)
        let ruid = sender.snapshot.credentials.ruid
        uid = receiver.anyCredentials?.userNamespace.visibleUID(ruid) ?? ruid
    }
}

// Sending takes the receiving group's signal lock and nothing above it: it may be done with the tree lock held.

extension Task {
    /// Sends a signal to this thread.
    ///
    /// - Parameter forced: it comes from the kernel or from an ancestor pid namespace: SIGKILL and SIGSTOP reach init.
    @discardableResult
    public func send(_ info: SignalInfo, from source: SignalSource? = nil, forced: Bool = false) -> SignalOutcome {
        group.signalLock.withLock { group.sendLocked(info, to: self, from: source, forced: forced) }
    }

    /// Sends a signal that this thread's own instructions raised and that cannot wait: when it is blocked or ignored,
    /// the default action is taken. On the task's own thread.
    public func force(_ info: SignalInfo) {
        let signal = info.signal
        group.signalLock.withLock {
            var action = group.handlers[signal]
            if blocked.contains(signal) || action.handler == SignalAction.SIG_IGN {
                action.handler = SignalAction.SIG_DFL
                group.handlers[signal] = action
                blocked.subtract(SignalSet(signal))
            }
            isForcedDefault = action.handler == SignalAction.SIG_DFL
            group.forbidMaskChanges(of: self)
            pending.add(info, source: nil, limit: .max)
            interrupt()
        }
    }

    /// Signals that wait for this thread alone, for /proc/PID/status.
    public var pendingSignals: SignalSet { group.signalLock.withLock { pending.set } }
}

extension ThreadGroup {
    /// Sends a signal to the process: to any thread that does not block it.
    ///
    /// - Parameter forced: it comes from the kernel or from an ancestor pid namespace: SIGKILL and SIGSTOP reach init.
    @discardableResult
    public func send(_ info: SignalInfo, from source: SignalSource? = nil, forced: Bool = false) -> SignalOutcome {
        signalLock.withLock { sendLocked(info, to: nil, from: source, forced: forced) }
    }

    /// Ends the process with `status` as soon as its tasks look up. What came first stays.
    public func kill(_ status: ExitStatus) { signalLock.withLock { beginExitLocked(status) } }

    /// Takes a source's signal out of the queues: its timer is deleted.
    public func forget(_ source: SignalSource) {
        signalLock.withLock {
            pending.remove(from: source)
            for task in tasks { task.pending.remove(from: source) }
        }
    }

    /// Credentials of one of its tasks.
    public var anyCredentials: Credentials? { liveTasks.first?.snapshot.credentials }

    /// The signal lock is held.
    func sendLocked(_ info: SignalInfo, to thread: Task?, from source: SignalSource?, forced: Bool) -> SignalOutcome {
        let signal = info.signal
        if signal == Signal.SIGKILL, groupExit != nil { beginExitLocked(.signaled(signal)) }
        guard Signal.isValid(signal), groupExit == nil, !tasks.isEmpty, thread?.hasExited != true else { return .accepted }
        if let source, source.isQueued { return .alreadyQueued }
        let set = SignalSet(signal)
        if signal == Signal.SIGCONT {
            removePending(.stopping)
            continueLocked()
        } else if !SignalSet.stopping.isDisjoint(with: set) {
            removePending(SignalSet(Signal.SIGCONT))
        }
        let action = handlers[signal]
        let reachesInit = forced && !SignalSet.unblockable.isDisjoint(with: set)
        let immune = isInit && action.handler == SignalAction.SIG_DFL && !reachesInit
        let observer = thread ?? tasks[0]
        let isBlocked = observer.blocked.union(observer.awaited).contains(signal)
        // A tracer sees what its tracee ignores.
        let isSeen = observer.trace != nil && signal != Signal.SIGKILL
        if !isSeen, immune || !isBlocked && action.ignores(signal) {
            // Ignored: but a blocked one waits, for the action may change before it is let through.
            if !(immune && isBlocked) { return .accepted }
        }
        // Beyond that a queue would cost the Sentry more than it is worth to anybody.
        let limit = min(Int(clamping: limits[Limits.RLIMIT_SIGPENDING].soft), 65536)
        let counts = info.code < 0 && signal >= Signal.SIGRTMIN
        forbidMaskChanges(of: thread)
        if let thread {
            if counts, thread.pending.count >= limit { return .queueFull }
            thread.pending.add(info, source: source, limit: limit)
        } else {
            if counts, pending.count >= limit { return .queueFull }
            pending.add(info, source: source, limit: limit)
        }
        signalArrived.notify(.readable)
        guard let receiver = chooseReceiver(signal, thread) else { return .accepted }
        let ends = action.handler == SignalAction.SIG_DFL && Signal.defaultAction(signal) == .terminate && !immune
        if ends, !receiver.awaited.contains(signal), receiver.trace == nil || signal == Signal.SIGKILL {
            beginExitLocked(.signaled(signal))
        } else {
            receiver.interrupt()
        }
        return .accepted
    }

    /// A signal is about to wait: each change of a mask that could let it through is seen, or was made before this returns.
    ///
    /// - Parameter thread: whose signal it is; nil: any of the process's.
    func forbidMaskChanges(of thread: Task?) {
        if let thread {
            thread.currentContext.allowMaskChanges(false)
        } else {
            for task in tasks { task.currentContext.allowMaskChanges(false) }
        }
        // Dekker with the stub: it changes the mask, then looks whether it may.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// The thread that shall look at a signal: nil when all block it.
    private func chooseReceiver(_ signal: Int32, _ thread: Task?) -> Task? {
        if let thread { return takes(signal, thread) ? thread : nil }
        return tasks.first { takes(signal, $0) }
    }

    private func takes(_ signal: Int32, _ task: Task) -> Bool {
        !task.blocked.contains(signal) || task.awaited.contains(signal)
    }

    /// Whether it is its pid namespace's init, which no signal ends that it does not handle.
    var isInit: Bool { ids.last == 1 }

    private func removePending(_ unwanted: SignalSet) {
        pending.remove(unwanted)
        for task in tasks { task.pending.remove(unwanted) }
    }

    /// Ends a group stop. The signal lock is held.
    private func continueLocked() {
        continuations &+= 1
        for task in tasks {
            guard let trace = task.trace, trace.isSeized else { continue }
            trace.isContinueNoted = true
            if trace.isListening { task.waiter.unpark() }
            task.interrupt()
        }
        guard stopSignal != 0 else { return }
        if stoppedCount > 0 { owesContinueNotice = true }
        stopSignal = 0
        for task in tasks {
            task.waiter.unpark()
            task.interrupt()
        }
    }

    /// Lets every task end. The signal lock is held.
    func beginExitLocked(_ status: ExitStatus) {
        if groupExit != nil {
            for task in tasks where task.trace != nil {
                task.isKilledAgain = true
                task.waiter.unpark()
            }
            return
        }
        groupExit = status
        stopSignal = 0
        for task in tasks {
            task.isKilled = true
            task.currentContext.endSoon()
            task.waiter.unpark()
            task.interrupt()
        }
    }

    /// Lets pending signals be looked at that a change of mask or action lets through. The signal lock is held.
    func recalculateLocked(_ task: Task) {
        let open = SignalSet.all.subtracting(task.blocked)
        if !task.pending.set.union(pending.set).isDisjoint(with: open) { task.interrupt() }
    }
}

extension Task {
    /// Changes the signal mask. On the task's own thread.
    public func setBlocked(_ mask: SignalSet) {
        group.signalLock.withLock {
            let new = mask.subtracting(.unblockable)
            let newlyBlocked = new.subtracting(blocked)
            blocked = new
            // A process's signal that this thread was meant to take now has to be looked at by another.
            if !newlyBlocked.isDisjoint(with: group.pending.set) {
                for other in group.tasks where other !== self { group.recalculateLocked(other) }
            }
            group.recalculateLocked(self)
            allowMaskChangesLocked()
        }
    }

    /// Lets guest code change its mask by itself, unless a signal waits. The signal lock is held.
    func allowMaskChangesLocked() {
        if pending.set.isEmpty, group.pending.set.isEmpty { currentContext.allowMaskChanges(true) }
    }

    /// Swaps the mask for the length of this call (ppoll, sigsuspend): it comes back when the call returns, or with the
    /// return of the handler that ends it. On the task's own thread.
    public func setTemporaryMask(_ mask: SignalSet) {
        if savedMask == nil { savedMask = blocked }
        setBlocked(mask)
    }

    /// Whether a signal waits that this thread would take now.
    public var hasDeliverableSignal: Bool {
        group.signalLock.withLock {
            isKilled || !pending.set.union(group.pending.set).isDisjoint(with: SignalSet.all.subtracting(blocked))
        }
    }

    /// Takes a waiting signal of `set` (signalfd, sigtimedwait): the thread's own first. On the task's own thread.
    public func dequeueSignal(in set: SignalSet) -> SignalInfo? {
        group.signalLock.withLock { pending.next(in: set) ?? group.pending.next(in: set) }
    }

    /// Waits for a signal of `set` (sigtimedwait(2)); nil at the deadline.
    ///
    /// - Throws: EINTR when another signal comes in between.
    public func waitForSignal(in set: SignalSet, until deadline: Deadline?) throws(Errno) -> SignalInfo? {
        let wanted = set.subtracting(.unblockable)
        if let info = dequeueSignal(in: wanted) { return info }
        group.signalLock.withLock { awaited = wanted }
        defer { group.signalLock.withLock { awaited = [] } }
        while true {
            if let info = dequeueSignal(in: wanted) { return info }
            switch waiter.park(until: deadline) {
            case .timedOut: return dequeueSignal(in: wanted)
            case .woken: continue
            case .interrupted:
                waiter.clearInterruption()
                if let info = dequeueSignal(in: wanted) {
                    // What else there may be is looked at on the way back to the guest.
                    interrupt()
                    return info
                }
                interrupt()
                throw .EINTR
            }
        }
    }
}
