import Glibc

/// The host's clocks, in nanoseconds. Read through the vDSO: no system call.
public enum HostClock {
    public static func now(_ clock: Int32) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    public static var monotonic: UInt64 { now(CLOCK_MONOTONIC) }
    public static var realtime: UInt64 { now(CLOCK_REALTIME) }
}
