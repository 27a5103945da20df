import HostOS
import Synchronization

/// How a sleep ended.
public enum Wake: Sendable {
    case woken, interrupted, timedOut
}

/// A point in time at which a wait gives up: nanoseconds of the host's CLOCK_MONOTONIC.
public struct Deadline: Comparable, Sendable {
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// `duration` nanoseconds from now; the far future when that does not fit.
    public static func after(_ duration: UInt64) -> Deadline {
        let (sum, overflow) = HostClock.monotonic.addingReportingOverflow(duration)
        return Deadline(nanoseconds: overflow ? .max : sum)
    }

    public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
}

/// Whose thread waits.
open class WaiterOwner: @unchecked Sendable {
    public init() {}

    /// Called on that thread before it waits.
    open func willWait() {}
}

/// The place where one task sleeps: the only way in which a thread of the Sentry waits on a guest's behalf.
///
/// The word has a bit for a wake-up that has not been consumed, one for an interruption, and one that says that somebody
/// sleeps. An interruption stays until the task clears it, so that no sleep begins while there is a signal to look at.
public final class Waiter: @unchecked Sendable {
    @usableFromInline let word = Atomic<UInt32>(0)
    private static var woken: UInt32 { 1 }
    @usableFromInline static var interruption: UInt32 { 2 }
    private static var asleep: UInt32 { 4 }
    // The parking thread's own.

    private var lookout = Lookout()
    /// Wants to know that it is about to wait.
    public unowned(unsafe) final var owner: WaiterOwner?

    public init() {}

    /// Sleeps until `unpark`, `interrupt` or the deadline. A wake-up sent before counts.
    ///
    /// - Parameter interruptible: false lets only `unpark` and the deadline end it.
    public func park(until deadline: Deadline? = nil, interruptible: Bool = true) -> Wake {
        while true {
            let state = word.load(ordering: .acquiring)
            if interruptible, state & Self.interruption != 0 { return .interrupted }
            if state & Self.woken != 0 {
                word.bitwiseAnd(~Self.woken, ordering: .acquiring)
                return .woken
            }
            unsafe owner?.willWait()
            if unsafe withUnsafePointer(to: word, { unsafe lookout.look(UnsafeRawPointer($0), while: state) }) { continue }
            let sleeping = state | Self.asleep
            if !word.compareExchange(expected: state, desired: sleeping, ordering: .acquiringAndReleasing).exchanged { continue }
            let start = Lookout.now
            defer {
                word.bitwiseAnd(~Self.asleep, ordering: .relaxed)
                lookout.slept(since: start)
            }
            do {
                try unsafe withUnsafePointer(to: word) {
                    try unsafe Futex.wait(UnsafeRawPointer($0), expected: sleeping, deadline: deadline?.nanoseconds)
                }
            } catch {
                return .timedOut
            }
        }
    }

    /// Wakes the task, or lets its next `park` return at once.
    public func unpark() { if set(Self.woken) { wake() } }

    /// The first half of `unpark`, below locks that the task may want as soon as it runs.
    ///
    /// - Returns: whether `wake` has to follow.
    func unparkLater() -> Bool { set(Self.woken) }

    func wake() { unsafe withUnsafePointer(to: word) { unsafe Futex.wake(UnsafeRawPointer($0)) } }

    /// Lets this and each later interruptible `park` return until `clearInterruption`.
    public func interrupt() { if set(Self.interruption) { wake() } }

    public func clearInterruption() { word.bitwiseAnd(~Self.interruption, ordering: .acquiringAndReleasing) }

    @inlinable public var isInterrupted: Bool { word.load(ordering: .acquiring) & Self.interruption != 0 }

    /// - Returns: whether the task sleeps and has to be woken.
    private func set(_ bit: UInt32) -> Bool {
        let before = word.bitwiseOr(bit, ordering: .acquiringAndReleasing).oldValue
        return before & (bit | Self.asleep) == Self.asleep
    }
}
