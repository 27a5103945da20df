import HostOS
import Kernel
import LinuxABI
import Memory
import Waiting

/// Nanoseconds of a second.
let nanosecondsPerSecond: UInt64 = 1_000_000_000

/// struct timespec (timespec(3)).
struct TimeSpec: BitwiseCopyable {
    var seconds: Int64
    var nanoseconds: Int64

    init(nanoseconds total: UInt64) {
        seconds = Int64(truncatingIfNeeded: total / nanosecondsPerSecond)
        nanoseconds = Int64(truncatingIfNeeded: total % nanosecondsPerSecond)
    }

    /// The whole in nanoseconds, the far future when it does not fit; nil for a value that is none.
    var total: UInt64? {
        guard seconds >= 0, nanoseconds >= 0, nanoseconds < Int64(nanosecondsPerSecond) else { return nil }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: nanosecondsPerSecond)
        if overflow { return .max >> 1 }
        return min(product &+ UInt64(nanoseconds), .max >> 1)
    }
}

/// struct timeval (gettimeofday(2)).
struct TimeValue: BitwiseCopyable {
    var seconds: Int64
    var microseconds: Int64

    init(nanoseconds total: UInt64) {
        seconds = Int64(truncatingIfNeeded: total / nanosecondsPerSecond)
        microseconds = Int64(truncatingIfNeeded: total % nanosecondsPerSecond / 1000)
    }

    /// The whole in nanoseconds; nil for a value that is none.
    var total: UInt64? {
        guard seconds >= 0, microseconds >= 0, microseconds < 1_000_000 else { return nil }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: nanosecondsPerSecond)
        if overflow { return .max >> 1 }
        return min(product &+ UInt64(microseconds) &* 1000, .max >> 1)
    }
}

/// struct itimerspec: interval, then value.
struct TimerSpec: BitwiseCopyable {
    var interval: TimeSpec
    var value: TimeSpec
}

/// struct itimerval.
struct TimerValue: BitwiseCopyable {
    var interval: TimeValue
    var value: TimeValue
}

extension GuestMemory {
    /// Reads a timespec.
    ///
    /// - Returns: nanoseconds.
    /// - Throws: EFAULT, EINVAL.
    func loadTimeSpec(_ address: GuestAddress) throws(Errno) -> UInt64 {
        guard let total = try load(address, as: TimeSpec.self).total else { throw .EINVAL }
        return total
    }

    /// The deadline that an optional relative timespec names, nil for a null pointer.
    func loadTimeout(_ address: GuestAddress) throws(Errno) -> Deadline? {
        if address.isNull { return nil }
        return .after(try loadTimeSpec(address))
    }
}

extension Deadline {
    /// Nanoseconds until then, 0 when it has passed.
    var remaining: UInt64 {
        let now = HostClock.monotonic
        return nanoseconds > now ? nanoseconds - now : 0
    }
}
