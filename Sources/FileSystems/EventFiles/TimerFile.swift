import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// A timer to wait for (timerfd_create(2)).
///
/// Expirations are counted from the clock when somebody asks: the timer queue tells once that there is something to read,
/// and is armed again by the read.
public final class TimerFile: OpenFile, @unchecked Sendable {
    private final class Alarm: Timer, @unchecked Sendable {
        let queue = WaitQueue()
        override func fire() { queue.notify(.readable) }
    }

    public let clock: GuestClock
    private let timers: TimerQueue
    private let alarm = Alarm()
    /// Guards all below.
    private let lock = Lock()
    /// When it expires next, in `clock`'s time; nil when disarmed.
    private var next: UInt64?
    private var interval: UInt64 = 0
    private var settimeFlags: UInt32 = 0

    public init(path: Path, clock: GuestClock, timers: TimerQueue, nonblocking: Bool) {
        self.clock = clock
        self.timers = timers
        super.init(path: path, flags: nonblocking ? [.O_RDWR, .O_NONBLOCK] : .O_RDWR)
    }

    deinit { timers.disarm(alarm) }

    /// timerfd_settime(2): nanoseconds; a `value` of 0 disarms.
    ///
    /// - Returns: what was set before: time left, interval.
    public func set(value: UInt64, interval: UInt64, absolute: Bool, flags: UInt32) -> (value: UInt64, interval: UInt64) {
        let now = clock.now
        let old = lock.withLock {
            let old = remaining(now)
            self.interval = interval
            settimeFlags = flags
            let (sum, overflow) = now.addingReportingOverflow(value)
            next = value == 0 ? nil : absolute ? value : overflow ? .max : sum
            return old
        }
        rearm()
        return old
    }

    /// timerfd_gettime(2): time until the next expiration and interval, nanoseconds.
    public func get() -> (value: UInt64, interval: UInt64) {
        let now = clock.now
        return lock.withLock { remaining(now) }
    }

    private func remaining(_ now: UInt64) -> (UInt64, UInt64) {
        guard let next else { return (0, interval) }
        if next > now { return (next - now, interval) }
        if interval == 0 { return (0, 0) }
        return (interval - (now - next) % interval, interval)
    }

    private func rearm() {
        let at = lock.withLock { next }
        if let at { timers.arm(alarm, at: clock.deadline(at: at)) } else { timers.disarm(alarm) }
    }

    /// Expirations since the last read, and the time of the one that follows.
    private func expirations(_ now: UInt64) -> (count: UInt64, next: UInt64?) {
        guard let next, next <= now else { return (0, next) }
        if interval == 0 { return (1, nil) }
        let count = (now - next) / interval + 1
        let (product, overflow) = count.multipliedReportingOverflow(by: interval)
        return (count, overflow ? .max : next &+ product)
    }

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if destination.remaining < 8 { throw .EINVAL }
        let count = try caller.waiter.wait(on: alarm.queue, for: .readable) { () throws(Errno) -> UInt64? in
            if let count = take() { return count }
            if isNonblocking { throw .EAGAIN }
            return nil
        }
        if unsafe withBytes(of: count, { unsafe destination.write(from: $0) }) < 8 { throw .EFAULT }
        return 8
    }

    private func take() -> UInt64? {
        let now = clock.now
        let (count, again) = lock.withLock {
            let found = expirations(now)
            if found.count > 0 { next = found.next }
            return (found.count, found.next != nil)
        }
        if count == 0 { return nil }
        if again { rearm() }
        return count
    }

    public override func poll() -> IOEvents {
        let now = clock.now
        return lock.withLock { expirations(now).count } > 0 ? .POLLIN : []
    }

    public override var waitQueue: WaitQueue? { alarm.queue }
    public override var anonymousName: String? { "anon_inode:[timerfd]" }

    public override var fdinfo: String {
        let now = clock.now
        let (ticks, left, flags) = lock.withLock { (expirations(now).count, remaining(now), settimeFlags) }
        return "clockid: \(clock.rawValue)\nticks: \(ticks)\nsettime flags: 0\(String(flags, radix: 8))\n"
            + "it_value: (\(left.0 / 1_000_000_000), \(left.0 % 1_000_000_000))\n"
            + "it_interval: (\(left.1 / 1_000_000_000), \(left.1 % 1_000_000_000))\n"
    }
}
