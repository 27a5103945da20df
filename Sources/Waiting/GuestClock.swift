import HostOS
import LinuxABI

/// CLOCK_* of clock_gettime(2) that run by themselves; those of CPU time belong to tasks.
public enum GuestClock: Int32, Sendable {
    case realtime = 0
    case monotonic = 1
    case monotonicRaw = 4
    case realtimeCoarse = 5
    case monotonicCoarse = 6
    case boottime = 7
    case realtimeAlarm = 8
    case boottimeAlarm = 9
    case tai = 11

    /// Nanoseconds since the clock's zero.
    public var now: UInt64 { HostClock.now(rawValue) }

    /// Whether the clock is set from outside, so that points in its time move.
    public var isSettable: Bool {
        switch self {
        case .realtime, .realtimeCoarse, .realtimeAlarm, .tai: true
        default: false
        }
    }

    /// When this clock will show `time`, or showed it.
    public func deadline(at time: UInt64) -> Deadline {
        if self == .monotonic { return Deadline(nanoseconds: time) }
        let now = self.now
        if time <= now { return Deadline(nanoseconds: 0) }
        return Deadline.after(time - now)
    }
}
