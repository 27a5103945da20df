import HostOS
import Stubs

/// How long a stub's thread is waited for that is wanted out of guest code: a guest can block its kick.
///
/// What counts is what the thread has done meanwhile, not the clock: one that its control group keeps from running, a machine
/// that has other things to do, or a disk, is slow and no more. One that answers as it should is never looked at.
struct Grace {
    private static var millisecond: UInt64 { 1_000_000 }

    /// What it had done when it was looked at for the first time.
    private var first: StubProcess.ThreadState?
    /// How often in a row it slept, and no kick was on its way to it.
    private var idle = 0
    /// When to look next. CLOCK_MONOTONIC, nanoseconds.
    private(set) var deadline: UInt64

    /// - Parameter isEnding: its process is to end.
    init(now: UInt64, isEnding: Bool) {
        deadline = now + Self.pause(isEnding)
    }

    private static func pause(_ isEnding: Bool) -> UInt64 { (isEnding ? 100 : 1000) * millisecond }

    /// Looks at the thread.
    ///
    /// - Parameter isEnding: everyone who uses the stub's memory ends: nobody suffers when the stub is killed.
    /// - Returns: whether it will not answer.
    mutating func isOver(_ space: StubProcess, _ thread: Int32, now: UInt64, isEnding: Bool) -> Bool {
        deadline = now + Self.pause(isEnding)
        // One that is gone has not gone by our will.
        guard let state = space.state(of: thread) else { return true }
        if isEnding, !state.isRunnable { return true }
        // One that is frozen seems to sleep, too, but takes its kick when it goes on.
        idle = state.isAsleep && !space.willTake(SystrapContext.kick, thread) ? idle + 1 : 0
        if idle >= 5 { return true }
        guard let first else {
            self.first = state
            return false
        }
        let (user, system) = (state.user &- first.user, state.system &- first.system)
        if isEnding { return user &+ system >= 50 * Self.millisecond }
        // The stub's code answers within some thousand instructions, but a call of its own may keep the kernel busy: pages
        // that are to be there at once, a large fork.
        return user > 2000 * Self.millisecond || user &+ system > 30_000 * Self.millisecond
    }
}
