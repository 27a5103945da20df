import HostOS
import LinuxABI
import Waiting

/// The timers of a process.
public final class ProcessTimers: @unchecked Sendable {
    private unowned let group: ThreadGroup
    /// Guards the lists. Above a timer's lock and a group's signal lock.
    private let lock = Lock()
    private var intervals: [ProcessTimer]
    private var posix: [Int32: ProcessTimer] = [:]
    private var nextID: Int32 = 0

    init(_ group: ThreadGroup) {
        self.group = group
        intervals = [ProcessTimer(group: group, clock: .clock(.monotonic), signal: Signal.SIGALRM),
                     ProcessTimer(group: group, clock: .cpu(group, userOnly: true), signal: Signal.SIGVTALRM),
                     ProcessTimer(group: group, clock: .cpu(group, userOnly: false), signal: Signal.SIGPROF)]
    }

    /// setitimer(2): ITIMER_REAL 0, VIRTUAL 1, PROF 2; nanoseconds.
    ///
    /// - Throws: EINVAL for another number.
    public func setInterval(_ which: Int32, value: UInt64, interval: UInt64) throws(Errno) -> (value: UInt64, interval: UInt64) {
        try timer(which).set(value: value, interval: interval, absolute: false)
    }

    public func interval(_ which: Int32) throws(Errno) -> (value: UInt64, interval: UInt64) { try timer(which).get() }

    private func timer(_ which: Int32) throws(Errno) -> ProcessTimer {
        if which < 0 || which > 2 { throw .EINVAL }
        return intervals[Int(which)]
    }

    /// timer_create(2).
    ///
    /// - Parameters:
    ///   - clock: a clock, or nil for the process's CPU time.
    ///   - signal: 0 for none.
    ///   - value: of the signal; nil: the timer's number.
    /// - Throws: EAGAIN over RLIMIT_SIGPENDING.
    public func create(clock: GuestClock?, signal: Int32, value: UInt64?, thread: Task?) throws(Errno) -> Int32 {
        try lock.withLock { () throws(Errno) in
            if UInt64(posix.count) >= min(group.limits[Limits.RLIMIT_SIGPENDING].soft, 1 << 16) { throw .EAGAIN }
            while posix[nextID] != nil { nextID = nextID == .max ? 0 : nextID + 1 }
            let id = nextID
            nextID = nextID == .max ? 0 : nextID + 1
            posix[id] = ProcessTimer(group: group, thread: thread, clock: clock.map { .clock($0) } ?? .cpu(group, userOnly: false),
                                     id: id, signal: signal, value: value ?? UInt64(id))
            return id
        }
    }

    private func find(_ id: Int32) throws(Errno) -> ProcessTimer {
        guard let timer = lock.withLock({ posix[id] }) else { throw .EINVAL }
        return timer
    }

    /// timer_settime(2).
    public func set(_ id: Int32, value: UInt64, interval: UInt64, absolute: Bool) throws(Errno) -> (value: UInt64, interval: UInt64) {
        try find(id).set(value: value, interval: interval, absolute: absolute)
    }

    public func get(_ id: Int32) throws(Errno) -> (value: UInt64, interval: UInt64) { try find(id).get() }
    public func overrun(_ id: Int32) throws(Errno) -> Int32 { try find(id).overrun }

    public func delete(_ id: Int32) throws(Errno) {
        let timer = try find(id)
        lock.withLock { posix[id] = nil }
        timer.delete()
    }

    /// exec(2) leaves the interval timers alone.
    func deletePosix() {
        let old = lock.withLock {
            let old = posix
            posix = [:]
            return old
        }
        for timer in old.values { timer.delete() }
    }

    /// The process has ended: its signal lock may be held by no one.
    func deleteAll() {
        deletePosix()
        for timer in intervals { timer.delete() }
    }

    /// The numbers of the POSIX timers.
    public var posixIDs: [Int32] { lock.withLock { posix.keys.sorted() } }
}

extension ThreadGroup {
    /// The process's timers, made when first asked for. On a thread of its own.
    public var processTimers: ProcessTimers {
        signalLock.withLock {
            if let timers = timers as? ProcessTimers { return timers }
            let made = ProcessTimers(self)
            timers = made
            return made
        }
    }

    /// What exec does to timers.
    func deletePosixTimers() { (signalLock.withLock { timers } as? ProcessTimers)?.deletePosix() }

    /// What the process's end does to timers.
    func deleteTimers() { (signalLock.withLock { timers } as? ProcessTimers)?.deleteAll() }
}
