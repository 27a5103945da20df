import HostOS
import LinuxABI
import Platform
import Synchronization

// The traced task's side of ptrace(2): where it stops for its tracer, all on its own thread.

extension Task {
    static let trapFlag: UInt64 = 0x100

    /// Whether some task traces this one, as of now.
    var isTraced: Bool { CallHooks(rawValue: hooks.load(ordering: .acquiring)).contains(.traced) }

    /// Stands still until the tracer lets it go on, it detaches, or this task is killed. No lock is held.
    ///
    /// - Returns: the signal that the tracer wants delivered; when there is no tracer, that of a signal's stop.
    @discardableResult
    func stand(_ kind: TraceStop.Kind, code: Int32, info: SignalInfo?, message: UInt64 = 0) -> Int32 {
        var unchanged: Int32 = 0
        if case .signal = kind { unchanged = code }
        // Its memory is its tracer's to see and to change.
        context.settle()
        context.forgetInput()
        var registers = context.registers
        if let pendingRestart { registers.rax = pendingRestart.returnValue }
        kernel.treeLock.lock()
        group.signalLock.lock()
        guard let trace, !isBeyondStops(kind) else {
            group.signalLock.unlock()
            kernel.treeLock.unlock()
            return unchanged
        }
        trace.stop = TraceStop(kind: kind, code: code, info: info, message: message, registers: registers)
        trace.resumption = nil
        trace.isListening = false
        isKilledAgain = false
        group.signalLock.unlock()
        var why = SignalInfo.CLD_TRAPPED
        if case .group = kind { why = SignalInfo.CLD_STOPPED }
        trace.tracer.group.noteStop(of: self, code: why, status: code & 0x7f)
        kernel.treeLock.unlock()
        wait(in: trace, kind)
        return leave(trace, unchanged)
    }

    /// SIGKILL ends all stops but that of the end itself, which only a further one ends. The signal lock is held.
    private func isBeyondStops(_ kind: TraceStop.Kind) -> Bool {
        if case .event(.exit) = kind { return isKilledAgain }
        return isKilled
    }

    private func wait(in trace: Trace, _ kind: TraceStop.Kind) {
        while true {
            group.signalLock.lock()
            let isOver = self.trace !== trace || trace.resumption != nil || isBeyondStops(kind)
                || trace.isListening && trace.mustStop
            let work = trace.work
            group.signalLock.unlock()
            if isOver { return }
            if let work {
                work.perform(self)
                group.signalLock.withLock { if trace.work === work { trace.work = nil } }
            } else {
                _ = waiter.park(interruptible: false)
            }
        }
    }

    /// Takes what the tracer has changed.
    private func leave(_ trace: Trace, _ unchanged: Int32) -> Int32 {
        group.signalLock.lock()
        let stop = trace.stop, resumption = trace.resumption, work = trace.work
        let isGone = self.trace !== trace
        trace.stop = nil
        trace.resumption = nil
        trace.work = nil
        trace.isListening = false
        if let stop { signalInStop = stop.info }
        let killed = isKilled
        // What came in the meantime, or had come before: one interruption stood for all of it.
        group.recalculateLocked(self)
        if killed || self.trace?.mustStop ?? false || group.stopSignal != 0 || group.owesContinueNotice { interrupt() }
        group.signalLock.unlock()
        work?.abandon()
        if let stop, stop.hasNewRegisters { take(stop.registers) }
        set(isGone || resumption == nil ? .freely : resumption?.mode ?? .freely)
        applyHooks()
        if killed { return 0 }
        if let resumption { return resumption.signal }
        // The tracer has gone without a word: a signal that no wait has seen is still delivered.
        return isGone && stop?.isReported == false ? unchanged : 0
    }

    /// Registers that a tracer has set. They decide whether the call that was interrupted is made again.
    private func take(_ registers: Registers) {
        context.registers = registers
        context.call = GuestCall(registers)
        let number = Int32(truncatingIfNeeded: registers.origRax)
        let result = Int64(bitPattern: registers.rax)
        pendingRestart = nil
        if number >= 0, result <= -512, result >= -516 {
            let error = Errno(rawValue: Int32(truncatingIfNeeded: -result))
            if error.isRestart { pendingRestart = error }
        }
    }

    private func set(_ mode: TraceResumption.Mode) {
        switch mode {
        case .toCall, .emulatingCalls, .stepEmulating: addHook(.calls)
        case .freely, .step: removeHook(.calls)
        }
        switch mode {
        case .emulatingCalls, .stepEmulating: isEmulated = true
        default: isEmulated = false
        }
        switch mode {
        case .step, .stepEmulating: isStepping = true
        default: isStepping = false
        }
    }

    /// What a stop that is no signal's tells as its signal (ptrace_notify of Linux).
    private func notice(_ code: Int32, _ signal: Int32 = Signal.SIGTRAP) -> SignalInfo {
        var info = SignalInfo(signal, code: code)
        info.pid = ids.last ?? 0
        info.uid = credentials.userNamespace.visibleUID(credentials.ruid)
        return info
    }

    // MARK: Kinds of stops

    /// Stops for an event that the tracer has asked for.
    ///
    /// - Returns: whether it had.
    @discardableResult
    func standForEvent(_ event: TraceEvent, message: UInt64) -> Bool {
        guard isTraced, group.signalLock.withLock({ trace?.options.isSuperset(of: event.option) ?? false }) else { return false }
        stand(.event(event), code: event.code(), info: notice(event.code()), message: message)
        return true
    }

    /// The stop that the tracer or the state of the process wants. The signal lock is held, and given back.
    func standAsWanted() {
        guard let trace else { return group.signalLock.unlock() }
        let (isSeized, signal) = (trace.isSeized, group.stopSignal)
        trace.isStopWanted = false
        trace.isContinueNoted = false
        group.signalLock.unlock()
        if isSeized {
            let shown = signal == 0 ? Signal.SIGTRAP : signal
            let code = TraceEvent.stop.code(shown)
            stand(.group, code: code, info: notice(code, shown))
        } else if signal != 0 {
            stand(.group, code: signal, info: nil)
        }
    }

    /// A signal's stop: the tracer may change it or take it away.
    ///
    /// - Returns: what is to be delivered; nil: nothing.
    func standForSignal(_ info: SignalInfo) -> SignalInfo? {
        let chosen = stand(.signal, code: info.signal, info: info)
        let described = signalInStop ?? info
        signalInStop = nil
        if chosen == 0 { return nil }
        if chosen == described.signal { return described }
        var changed = SignalInfo(chosen, code: SignalInfo.SI_USER)
        if let tracer = group.signalLock.withLock({ trace?.tracer }) {
            changed = SignalInfo(chosen, code: SignalInfo.SI_USER, sender: tracer, to: group)
        }
        // One that is blocked waits.
        if blocked.contains(chosen) {
            send(changed)
            return nil
        }
        return changed
    }

    /// The entry of a call.
    ///
    /// - Returns: whether the call is to be made.
    func standAtEntry() -> Bool {
        let emulates = isEmulated
        standAtCall(.callEntry, message: 1)
        if group.signalLock.withLock({ isKilled }) || emulates { return false }
        return true
    }

    func standAtExit() { standAtCall(.callExit, message: 2) }

    private func standAtCall(_ kind: TraceStop.Kind, message: UInt64) {
        let marks = group.signalLock.withLock { trace?.options.contains(.sysgood) ?? false }
        let code = Signal.SIGTRAP | (marks ? 0x80 : 0)
        let signal = stand(kind, code: code, info: notice(code), message: message)
        if signal != 0 { send(SignalInfo(signal, code: SignalInfo.SI_USER)) }
    }

    // MARK: Single steps

    /// Guest code has come back to the Sentry: the flag is the tracer's, not the guest's.
    func clearTrapFlag() {
        if isStepping { context.registers.eflags &= ~Self.trapFlag }
    }

    /// A step over a system call ends behind it.
    func endStepAtCall() {
        guard isStepping, !isEmulated else { return }
        var info = SignalInfo(Signal.SIGTRAP, code: 1 /* TRAP_BRKPT */)
        info.address = context.registers.rip
        force(info)
    }

    /// A step into a handler ends at its first instruction.
    func endStepAtHandler() {
        if isStepping { stand(.signal, code: Signal.SIGTRAP, info: notice(Signal.SIGTRAP)) }
    }
}

extension ThreadGroup {
    /// Tells a tracer in this process that `task` has stopped. The tree lock is held.
    func noteStop(of task: Task, code: Int32, status: Int32) {
        var info = task.group.childInfo(for: self, code: code, status: status)
        info.pid = task.id(in: pidNamespace)
        let action = handlersNow[Signal.SIGCHLD]
        if action.handler != SignalAction.SIG_IGN, action.flags & SignalAction.SA_NOCLDSTOP == 0 { send(info) }
        childrenChanged.notify(.all)
    }
}
