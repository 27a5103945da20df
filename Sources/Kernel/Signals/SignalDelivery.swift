import HostOS
import LinuxABI
import Memory
import Platform

extension Task {
    /// Does what a signal that left its queue asks for. No lock is held.
    ///
    /// - Parameter continuations: the process's, as they were when the signal left its queue.
    func deliver(_ info: SignalInfo, _ action: SignalAction, forced: Bool, continuations: UInt32) {
        let signal = info.signal
        logSignal(info)
        switch action.handler {
        case SignalAction.SIG_IGN:
            return
        case SignalAction.SIG_DFL:
            takeDefaultAction(info, forced: forced, continuations)
        default:
            settleRestart(action)
            do throws(Errno) {
                try pushFrame(info, action)
            } catch {
                // The frame does not fit the stack: SIGSEGV, which ends the process when that was the signal itself.
                if signal == Signal.SIGSEGV {
                    group.signalLock.withLock { group.handlers[Signal.SIGSEGV] = SignalAction() }
                }
                force(.kernel(Signal.SIGSEGV))
                return
            }
            group.signalLock.withLock {
                if action.flags & SignalAction.SA_RESETHAND != 0 {
                    var reset = action
                    reset.handler = SignalAction.SIG_DFL
                    group.handlers[signal] = reset
                }
            }
            savedMask = nil
            var mask = blocked.union(action.mask)
            if action.flags & SignalAction.SA_NODEFER == 0 { mask.formUnion(SignalSet(signal)) }
            setBlocked(mask)
            endStepAtHandler()
        }
    }

    private func takeDefaultAction(_ info: SignalInfo, forced: Bool, _ continuations: UInt32) {
        let signal = info.signal
        let isUnblockable = SignalSet.unblockable.contains(signal)
        if group.isInit, !forced, !isUnblockable { return }
        switch Signal.defaultAction(signal) {
        case .ignore, .continue: return
        case .stop: group.beginStop(signal, continuations: continuations)
        case .terminate: group.kill(.signaled(signal))
        case .core: if !dumpCore(info) { group.kill(.signaled(signal)) }
        }
    }

    /// Decides what the interrupted call returns when a handler runs.
    private func settleRestart(_ action: SignalAction) {
        guard let restart = pendingRestart else { return }
        pendingRestart = nil
        if restart == .ERESTARTNOINTR || restart == .ERESTARTSYS && action.flags & SignalAction.SA_RESTART != 0 {
            context.registers.rax = context.registers.origRax
            context.registers.rip &-= 2
        } else {
            context.complete(Errno.EINTR.returnValue)
        }
    }
}
