import Synchronization

/// Interrupts of one thread that are never lost: kept until it looks, and turned into a kick while it runs guest code.
///
/// The thread's side costs no more than plain accesses. It says that it runs, tells its stub to go on, which is an exchange
/// that no processor reorders with what stands around it, and then looks once more: either it sees the interrupt there, or
/// who interrupts sees that it runs.
struct RunLatch: ~Copyable {
    private let isRunning = Atomic<Bool>(false)
    private let pending = Atomic<Bool>(false)

    /// - Returns: whether the thread runs and is to be kicked.
    func interrupt() -> Bool {
        // One that is pending already has seen to that.
        if pending.exchange(true, ordering: .sequentiallyConsistent) { return false }
        return isRunning.load(ordering: .sequentiallyConsistent)
    }

    /// The thread is about to run. It looks at `isPending` again when it has told its stub.
    ///
    /// - Returns: false when an interrupt is pending; it stays so.
    @inline(__always)
    func enter() -> Bool {
        if isPending { return false }
        isRunning.store(true, ordering: .releasing)
        return true
    }

    /// The thread has stopped.
    ///
    /// - Returns: whether an interrupt is pending.
    @inline(__always) @discardableResult
    func leave() -> Bool {
        isRunning.store(false, ordering: .releasing)
        return isPending
    }

    /// Whether an interrupt is pending.
    @inline(__always)
    var isPending: Bool { pending.load(ordering: .acquiring) }

    /// The thread takes note of what is pending: what led to it is seen by all that it looks at afterwards.
    func clear() { _ = pending.exchange(false, ordering: .sequentiallyConsistent) }
}
