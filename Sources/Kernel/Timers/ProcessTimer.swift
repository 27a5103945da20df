import HostOS
import LinuxABI
import Waiting

/// A timer of a process that sends a signal: an interval timer (setitimer(2)) or a POSIX one (timer_create(2)).
///
/// It is armed for one expiration at a time. The next one of an interval is armed when the signal is taken, and the
/// expirations in between are then counted from the clock, as Linux does: a signal that is not taken costs nothing.
final class ProcessTimer: Timer, @unchecked Sendable {
    /// Says of the timer's signal when it leaves the queue.
    private final class Source: SignalSource, @unchecked Sendable {
        /// A signal that was sent while its timer was being deleted may outlive it.
        private weak let timer: ProcessTimer?

        init(_ timer: ProcessTimer) {
            self.timer = timer
            super.init()
        }

        override func dequeued(_ info: inout SignalInfo) {
            guard let timer else { return }
            let overrun = timer.taken()
            if timer.id != nil { info.uid = UInt32(bitPattern: overrun) }
        }
    }

    private unowned let kernel: Kernel
    private weak let group: ThreadGroup?
    /// The thread that gets the signal; nil: the process.
    private weak let thread: Task?
    private let wantsThread: Bool
    let clock: TimerClock
    /// Of a POSIX timer.
    let id: Int32?
    /// 0 for SIGEV_NONE.
    let signal: Int32
    private let value: UInt64
    private var source: Source?

    /// Guards all below. Below a group's signal lock, above the timer queue's.
    private let lock = Lock()
    /// When it expires next, by `clock`; nil when disarmed.
    private var next: UInt64?
    private var interval: UInt64 = 0
    private var lastOverrun: Int32 = 0
    private var isDeleted = false
    /// Its signal was taken, and the next expiration has to be worked out on the timer thread.
    private var owesContinuation = false

    init(group: ThreadGroup, thread: Task? = nil, clock: TimerClock, id: Int32? = nil, signal: Int32, value: UInt64 = 0) {
        kernel = group.kernel
        self.group = group
        self.thread = thread
        wantsThread = thread != nil
        self.clock = clock
        self.id = id
        self.signal = signal
        self.value = value
        super.init()
        source = Source(self)
    }

    /// Sets it: nanoseconds; a `value` of 0 disarms.
    ///
    /// - Returns: what was set before: time left, interval.
    func set(value: UInt64, interval: UInt64, absolute: Bool) -> (value: UInt64, interval: UInt64) {
        let now = clock.now
        let (old, at) = lock.withLock {
            let old = remaining(now)
            self.interval = interval
            lastOverrun = 0
            let (sum, overflow) = now.addingReportingOverflow(value)
            next = value == 0 ? nil : absolute ? value : overflow ? .max : sum
            return (old, next)
        }
        // A signal that waits is the old setting's.
        if id != nil, let source, let group { group.forget(source) }
        arm(at)
        return old
    }

    /// Time until the next expiration, and the interval.
    func get() -> (value: UInt64, interval: UInt64) {
        let now = clock.now
        return lock.withLock { remaining(now) }
    }

    var overrun: Int32 { lock.withLock { lastOverrun } }

    private func remaining(_ now: UInt64) -> (value: UInt64, interval: UInt64) {
        guard let next else { return (0, interval) }
        if next > now { return (next - now, interval) }
        // Expired, its signal not taken yet.
        if interval == 0 { return (signal == 0 ? 0 : 1, 0) }
        return (interval - (now - next) % interval, interval)
    }

    private func arm(_ at: UInt64?) {
        if let at, !lock.withLock({ isDeleted }) { kernel.timers.arm(self, at: clock.deadline(at: at)) } else { kernel.timers.disarm(self) }
    }

    override func fire() {
        let now = clock.now
        let (expiration, continues) = lock.withLock {
            let continues = owesContinuation
            owesContinuation = false
            return (next, continues)
        }
        guard let due = expiration else { return }
        if continues {
            _ = continueInterval()
            return
        }
        if due > now { return arm(due) }
        if signal == 0 {
            // Nobody is told: the time that is left is computed when asked for.
            return
        }
        guard let group, let source else { return }
        var info = SignalInfo(signal, code: id == nil ? SignalInfo.SI_KERNEL : SignalInfo.SI_TIMER)
        if let id {
            info.pid = id
            info.value = value
        }
        if let thread { thread.send(info, from: source) } else if !wantsThread { group.send(info, from: source) }
        // Ignored: the interval goes on by itself, not faster than a tick.
        if group.signalLock.withLock({ !source.isQueued }), lock.withLock({ next == due }) {
            _ = continueInterval(floor: 4_000_000)
        }
    }

    /// The signal was taken. The group's signal lock is held: CPU time, which needs others, is looked at later.
    private func taken() -> Int32 {
        if case .clock = clock { return continueInterval() }
        let goesOn = lock.withLock {
            if interval == 0 { next = nil }
            owesContinuation = next != nil
            return owesContinuation
        }
        if goesOn { kernel.timers.arm(self, at: Deadline(nanoseconds: 0)) }
        return 0
    }

    /// The signal was taken: counts what was missed, and arms the next expiration.
    ///
    /// - Returns: expirations beyond the one that the signal told of.
    private func continueInterval(floor: UInt64 = 0) -> Int32 {
        let now = clock.now
        let (overrun, at) = lock.withLock { () -> (Int32, UInt64?) in
            guard let due = next, due <= now else { return (0, next) }
            if interval == 0 {
                next = nil
                return (0, nil)
            }
            let missed = (now - due) / interval
            let (product, overflow) = (missed + 1).multipliedReportingOverflow(by: interval)
            next = overflow ? .max : max(due &+ product, now &+ floor)
            lastOverrun = Int32(clamping: missed)
            return (lastOverrun, next)
        }
        if let at { arm(at) }
        return overrun
    }

    /// The timer is gone.
    func delete() {
        lock.withLock {
            next = nil
            isDeleted = true
        }
        kernel.timers.disarm(self)
        if let source, let group { group.forget(source) }
    }
}
