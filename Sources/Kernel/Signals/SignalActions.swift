import HostOS
import LinuxABI

extension Task {
    /// rt_sigaction(2): replaces the action of `signal` when `new` is given.
    ///
    /// - Returns: the action before.
    /// - Throws: EINVAL.
    public func setAction(_ signal: Int32, _ new: SignalAction?) throws(Errno) -> SignalAction {
        guard Signal.isValid(signal), new == nil || !SignalSet.unblockable.contains(signal) else { throw .EINVAL }
        return group.signalLock.withLock {
            let old = group.handlers[signal]
            if var action = new {
                action.flags &= SignalAction.knownFlags
                action.mask.subtract(.unblockable)
                group.handlers[signal] = action
                // What is ignored now is not kept waiting.
                if action.ignores(signal) {
                    group.pending.remove(SignalSet(signal))
                    for task in group.tasks { task.pending.remove(SignalSet(signal)) }
                }
            }
            return old
        }
    }

    /// sigsuspend(2): swaps the mask and sleeps until a signal is delivered.
    public func suspend(_ mask: SignalSet) throws(Errno) -> Never {
        setTemporaryMask(mask)
        try pause()
    }

    /// pause(2).
    public func pause() throws(Errno) -> Never {
        while true {
            if case .interrupted = waiter.park() { throw .ERESTARTNOHAND }
        }
    }
}
