import HostOS
import LinuxABI
import Waiting

/// What a timer runs by: a clock, or the CPU time that a process uses.
enum TimerClock {
    case clock(GuestClock)
    /// Nanoseconds of CPU time; of user time alone when `userOnly`.
    case cpu(ThreadGroup, userOnly: Bool)

    var now: UInt64 {
        switch self {
        case .clock(let clock): return clock.now
        case .cpu(let group, let userOnly):
            let usage = group.usage
            return userOnly ? usage.user : usage.user &+ usage.system
        }
    }

    /// When it is worth looking whether the clock has reached `time`: for CPU time that is when it could be soonest.
    func deadline(at time: UInt64) -> Deadline {
        switch self {
        case .clock(let clock): return clock.deadline(at: time)
        case .cpu(let group, _):
            let now = self.now
            if time <= now { return Deadline(nanoseconds: 0) }
            let threads = UInt64(max(1, min(group.liveTasks.count, HostProcessors.count)))
            // Not more often than a kernel's tick would look.
            return .after(max((time - now) / threads, 4_000_000))
        }
    }
}
