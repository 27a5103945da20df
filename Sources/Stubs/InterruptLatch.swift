public import Synchronization

/// Interrupts of one runner that are never lost: kept until it looks, and turned into a kick while it runs.
public struct InterruptLatch: ~Copyable, Sendable {
    private let state = Atomic<UInt32>(0)
    private static var running: UInt32 { 1 }
    private static var interrupted: UInt32 { 2 }

    public init() {}

    /// - Returns: whether the runner is running, and so must be kicked.
    public func interrupt() -> Bool {
        state.bitwiseOr(Self.interrupted, ordering: .sequentiallyConsistent).oldValue == Self.running
    }

    /// The runner is about to run.
    ///
    /// - Returns: false when an interrupt is pending; it stays so.
    public func enter() -> Bool {
        state.compareExchange(expected: 0, desired: Self.running, ordering: .sequentiallyConsistent).exchanged
    }

    /// The runner has stopped.
    ///
    /// - Returns: whether an interrupt is pending.
    @discardableResult
    public func leave() -> Bool {
        state.bitwiseAnd(Self.interrupted, ordering: .sequentiallyConsistent).oldValue & Self.interrupted != 0
    }

    /// Whether an interrupt is pending.
    public var isPending: Bool { state.load(ordering: .relaxed) & Self.interrupted != 0 }

    /// The runner takes note of what is pending.
    public func clear() { _ = state.bitwiseAnd(~Self.interrupted, ordering: .sequentiallyConsistent) }
}
