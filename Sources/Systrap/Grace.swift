import HostOS
import Stubs

/// How long a stub's thread is waited for that is wanted out of guest code: a guest can block its kick.
///
/// What counts is what the thread has done meanwhile, not the clock: one that its control group keeps from running, a machine
/// that has other things to do, or a disk, is slow and no more. It is looked at each second, so an answer costs nothing.
struct Grace {
    private static var second: UInt64 { 1_000_000_000 }
    /// The stub's code answers within some thousand instructions.
    private static var ownTime: UInt64 { 2 * second }
    /// A call of its own may keep the kernel busy: pages that are to be there at once, a large fork.
    private static var allTime: UInt64 { 30 * second }
    /// A thread of a process that ends with all its threads has so long to wake up.
    private static var sleepTime: UInt64 { 5 * second }

    private var begin: UInt64
    private var first: StubProcess.ThreadState?
    /// When to look next. CLOCK_MONOTONIC, nanoseconds.
    private(set) var deadline: UInt64

    init(now: UInt64) {
        begin = now
        deadline = now + Self.second
    }

    /// Looks at the thread.
    ///
    /// - Parameter isEnding: everyone who uses the stub's memory ends.
    /// - Returns: whether it will not answer.
    mutating func isOver(_ space: StubProcess, _ thread: Int32, now: UInt64, isEnding: Bool) -> Bool {
        deadline = now + Self.second
        // One that has ended by itself has not done so by our will.
        guard let state = space.state(of: thread) else { return true }
        if isEnding, !state.isRunnable, now - begin > Self.sleepTime { return true }
        guard let first else {
            self.first = state
            return false
        }
        let (user, system) = (state.user &- first.user, state.system &- first.system)
        return user > Self.ownTime || user &+ system > Self.allTime
    }
}
