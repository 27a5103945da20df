import HostOS
import Identity
import LinuxABI

// How tracing begins and ends.

extension Task {
    /// PTRACE_TRACEME: the parent traces this task from now on.
    ///
    /// - Throws: EPERM when somebody does already, there is no parent, or it may not.
    func traceMe() throws(Errno) {
        try kernel.treeLock.withLock { () throws(Errno) in
            guard let parent = group.parent, let tracer = group.parentThread ?? parent.liveTasks.first else { throw .EPERM }
            if trace != nil || !tracer.mayTrace(self) { throw .EPERM }
            link(Trace(tracer: tracer, isSeized: false, options: []))
        }
    }

    /// PTRACE_ATTACH and PTRACE_SEIZE.
    ///
    /// - Throws: EPERM, ESRCH.
    func attach(to target: Task, seize: Bool, options: TraceOptions) throws(Errno) {
        if target.group === group { throw .EPERM }
        try kernel.treeLock.withLock { () throws(Errno) in
            if !mayTrace(target) || target.hasExited || target.trace != nil { throw .EPERM }
            let trace = Trace(tracer: self, isSeized: seize, options: options)
            target.link(trace)
            target.group.signalLock.withLock {
                if target.isStopped {
                    // It leaves the stop of its process for one of its tracer's.
                    trace.isStopWanted = true
                    target.waiter.unpark()
                }
            }
        }
        if !seize { target.send(.kernel(Signal.SIGSTOP), forced: true) }
    }

    /// ptrace(2), "Ptrace access mode checking", PTRACE_MODE_ATTACH_REALCREDS.
    private func mayTrace(_ target: Task) -> Bool { mayAccess(target) }

    /// The tree lock is held.
    private func link(_ trace: Trace) {
        trace.tracer.tracees.append(self)
        group.signalLock.withLock { self.trace = trace }
        addHook(.traced)
    }

    /// A child of a traced task is traced from its birth on, when its tracer wants that. The tree lock is held.
    func inheritTrace(from parent: Task) {
        guard let theirs = parent.trace else { return }
        let trace = Trace(tracer: theirs.tracer, isSeized: theirs.isSeized, options: theirs.options)
        link(trace)
        group.signalLock.withLock {
            if trace.isSeized {
                trace.isStopWanted = true
            } else {
                group.forbidMaskChanges(of: self)
                pending.add(.kernel(Signal.SIGSTOP), source: nil, limit: .max)
            }
        }
        waiter.interrupt()
    }

    /// Which event a clone is to the tracer, if it wants to see it. CLONE_UNTRACED hides the child.
    func cloneEvent(_ request: CloneRequest) -> TraceEvent? {
        guard isTraced, !request.flags.contains(.CLONE_UNTRACED) else { return nil }
        let event: TraceEvent = request.flags.contains(.CLONE_VFORK) ? .vfork : request.exitSignal == Signal.SIGCHLD ? .fork : .clone
        return group.signalLock.withLock { trace?.options.isSuperset(of: event.option) ?? false } ? event : nil
    }

    /// The number of `task` as the tracer sees it.
    func numberForTracer(of task: Task) -> UInt64 {
        let namespace = group.signalLock.withLock { trace?.tracer.pidNamespace } ?? pidNamespace
        return UInt64(UInt32(bitPattern: task.id(in: namespace)))
    }

    /// Ends the tracing of this task; it goes on if it stands. The tree lock is held.
    func unlink() {
        guard let trace else { return }
        trace.tracer.tracees.removeAll { $0 === self }
        removeHook(.traced)
        group.signalLock.withLock {
            self.trace = nil
            if trace.stop != nil { waiter.unpark() }
            // Where the process stands still, the task does too now.
            if group.stopSignal != 0 { interrupt() }
        }
    }

    /// PTRACE_DETACH of a task that stands.
    func detach(_ target: Task, signal: Int32) throws(Errno) {
        if signal < 0 || signal > Signal.maximum { throw .EIO }
        try kernel.treeLock.withLock { () throws(Errno) in
            try withStop(of: target) { (trace, _) throws(Errno) in trace.resumption = TraceResumption(signal: signal) }
            target.unlink()
        }
    }

    /// The end of a tracer: its tracees go on, or end with it (PTRACE_O_EXITKILL). The tree lock is held.
    func releaseTracees() {
        for tracee in tracees {
            let kills = tracee.trace?.options.contains(.exitKill) ?? false
            tracee.unlink()
            if tracee.hasExited {
                tracee.releaseZombie()
            } else if kills {
                tracee.group.send(.kernel(Signal.SIGKILL), forced: true)
            }
        }
    }

    /// A traced task that has ended and whose tracer is through with it. The tree lock is held.
    func releaseZombie() {
        if group.leader !== self {
            pidNamespace.forEachLevel(ids) { namespace, id in if namespace.tasks[id] === self { namespace.tasks[id] = nil } }
        } else if group.hasEnded, !group.tellParentOfEnd() {
            group.release()
        }
    }

    /// The end of a traced task that is not its process's. The tree lock is held.
    ///
    /// - Returns: whether its number stays until the tracer has waited for it.
    func leaveZombieToTracer() -> Bool {
        guard let trace, group.leader !== self else { return false }
        let (code, status) = exitCode.childCode
        trace.tracer.group.noteStop(of: self, code: code, status: status)
        return true
    }

    /// exec is done: `former` is the number that the tracer knew this task by.
    func standAfterExec(former: UInt64) {
        guard isTraced, !standForEvent(.exec, message: former) else { return }
        let isSeized = group.signalLock.withLock { trace?.isSeized ?? true }
        if !isSeized { send(SignalInfo(Signal.SIGTRAP, code: SignalInfo.SI_USER, sender: self, to: group)) }
    }

    /// Whether exec must not grant privileges: a tracer without them could use them.
    public var isTracedByLesser: Bool {
        guard isTraced, let tracer = group.signalLock.withLock({ trace?.tracer }) else { return false }
        return !tracer.snapshot.credentials.has(.CAP_SYS_PTRACE, in: credentials.userNamespace)
    }

    /// The tracer's number in `namespace`, 0 for none (/proc/PID/status).
    public func tracerID(in namespace: PIDNamespace) -> Int32 {
        kernel.treeLock.withLock { trace?.tracer.group.id(in: namespace) ?? 0 }
    }

    /// Whether it stands for its tracer.
    var isInTraceStop: Bool { group.signalLock.withLock { trace?.stop != nil } }
}

extension ThreadGroup {
    /// All threads have ended, and the first one is traced by somebody who is not the parent: that one waits first. The
    /// tree lock is held.
    func leaveEndToTracer() -> Bool {
        guard let leader, let trace = leader.trace, trace.tracer.group !== parent else { return false }
        let (code, status) = (exitStatus ?? .exited(0)).childCode
        trace.tracer.group.noteStop(of: leader, code: code, status: status)
        return true
    }
}
