import LinuxABI

/// What prctl(2) and others ask of a process.
extension Task {
    /// PR_SET_CHILD_SUBREAPER.
    public func setSubreaper(_ value: Bool) { kernel.treeLock.withLock { group.isSubreaper = value } }
    public var isSubreaper: Bool { kernel.treeLock.withLock { group.isSubreaper } }

    /// The namespaces, from any thread.
    public var namespacesSeenByOthers: NamespaceSet { kernel.treeLock.withLock { namespaces } }

    /// The signal actions, from any thread.
    public var handlers: SignalHandlers { group.signalLock.withLock { group.handlers } }

    /// PDEATHSIG does not outlive a change of identity.
    public func clearParentDeathSignal() { kernel.treeLock.withLock { parentDeathSignal = 0 } }
}
