import HostOS
import LinuxABI
import Memory
import Platform
import Waiting

/// The futexes whose words name their owners (FUTEX_LOCK_PI and its family). The host's kernel cannot keep them: it does
/// not know the guest's thread ids. Priorities are not lent; the longest waiter is next.
///
/// Once a word has WAITERS, guest code leaves it alone, and only what runs under this object's lock changes it.
public final class PriorityFutexes: @unchecked Sendable {
    private final class Sleeper {
        let task: Task
        /// The word's owner field when it is this one's.
        let tid: UInt32
        /// Where it waits now: CMP_REQUEUE_PI moves it.
        var key: FutexKey
        /// Its own address of the lock word.
        let word: GuestAddress
        /// It waits for a condition (WAIT_REQUEUE_PI), not yet for the lock.
        var isOutside: Bool
        /// It has the lock; `ownerDied` says that its word has yet to be written, by itself.
        var isOwner = false
        var ownerDied = false

        init(task: Task, tid: UInt32, key: FutexKey, word: GuestAddress, isOutside: Bool) {
            self.task = task
            self.tid = tid
            self.key = key
            self.word = word
            self.isOutside = isOutside
        }
    }

    /// Guards all. Held while words in guest memory are changed; above the platform's own locks.
    private let lock = Lock()
    private var sleepers: [FutexKey: [Sleeper]] = [:]
    /// Who owns a lock that others wait for.
    private var owners: [FutexKey: ObjectIdentifier] = [:]

    private typealias Op = FutexOperation

    init() {}

    // MARK: LOCK_PI, TRYLOCK_PI

    /// - Throws: EDEADLK, ESRCH, EAGAIN for a try, ETIMEDOUT, ERESTARTNOINTR, EFAULT.
    public func acquire(_ word: GuestAddress, private isPrivate: Bool, tries: Bool, until deadline: Deadline?,
                        by task: Task) throws(Errno) {
        let key = try task.futexKey(word, private: isPrivate)
        let me = UInt32(bitPattern: task.id(in: task.pidNamespace))
        let sleeper = try lock.withLock { () throws(Errno) -> Sleeper? in
            try tryAcquire(key, word, me, tries: tries, task)
        }
        if let sleeper { try sleep(sleeper, until: deadline, interrupted: .ERESTARTNOINTR) }
    }

    /// Takes the lock, or queues for it.
    ///
    /// - Returns: nil when it was taken.
    private func tryAcquire(_ key: FutexKey, _ word: GuestAddress, _ me: UInt32, tries: Bool, _ task: Task) throws(Errno) -> Sleeper? {
        var value = try task.context.load(word, as: UInt32.self)
        while true {
            let owner = value & Op.TID_MASK
            if owner == me { throw .EDEADLK }
            let isAwaited = !(sleepers[key] ?? []).isEmpty
            if owner == 0, !isAwaited {
                let new = me | value & Op.OWNER_DIED
                let seen = try task.context.compareExchange(word, expected: value, desired: new)
                if seen == value { return nil }
                value = seen
                continue
            }
            if tries { throw .EAGAIN }
            if owner != 0 {
                guard let holder = task.kernel.task(tid: Int32(truncatingIfNeeded: owner), in: task.pidNamespace) else { throw .ESRCH }
                owners[key] = ObjectIdentifier(holder)
            }
            let seen = try task.context.compareExchange(word, expected: value, desired: value | Op.WAITERS)
            if seen != value {
                value = seen
                continue
            }
            let sleeper = Sleeper(task: task, tid: me, key: key, word: word, isOutside: false)
            sleepers[key, default: []].append(sleeper)
            return sleeper
        }
    }

    private func sleep(_ sleeper: Sleeper, until deadline: Deadline?, interrupted: Errno) throws(Errno) {
        let task = sleeper.task
        while true {
            if lock.withLock({ sleeper.isOwner }) { return try settle(sleeper) }
            let wake = task.waiter.park(until: deadline)
            if case .woken = wake { continue }
            let gaveUp = lock.withLock {
                if sleeper.isOwner { return false }
                remove(sleeper)
                return true
            }
            if !gaveUp { return try settle(sleeper) }
            if case .timedOut = wake { throw .ETIMEDOUT }
            throw interrupted
        }
    }

    /// A lock whose owner died: its word is written by whoever has it now.
    private func settle(_ sleeper: Sleeper) throws(Errno) {
        try lock.withLock { () throws(Errno) in
            guard sleeper.ownerDied else { return }
            let more = !(sleepers[sleeper.key] ?? []).isEmpty
            try sleeper.task.context.store(sleeper.tid | Op.OWNER_DIED | (more ? Op.WAITERS : 0), at: sleeper.word)
        }
    }

    private func remove(_ sleeper: Sleeper) {
        sleepers[sleeper.key]?.removeAll { $0 === sleeper }
        if sleepers[sleeper.key]?.isEmpty == true {
            sleepers[sleeper.key] = nil
            owners[sleeper.key] = nil
        }
    }

    // MARK: UNLOCK_PI

    /// - Throws: EPERM for whoever does not own it, EFAULT.
    public func release(_ word: GuestAddress, private isPrivate: Bool, by task: Task) throws(Errno) {
        let key = try task.futexKey(word, private: isPrivate)
        let me = UInt32(bitPattern: task.id(in: task.pidNamespace))
        try lock.withLock { () throws(Errno) in
            var value = try task.context.load(word, as: UInt32.self)
            if value & Op.TID_MASK != me { throw .EPERM }
            while true {
                let next = (sleepers[key] ?? []).first { !$0.isOutside }
                let more = (sleepers[key]?.count ?? 0) > 1
                let new = next.map { $0.tid | (more ? Op.WAITERS : 0) } ?? 0
                let seen = try task.context.compareExchange(word, expected: value, desired: new)
                if seen == value {
                    if let next { hand(over: key, to: next) }
                    return
                }
                value = seen
            }
        }
    }

    private func hand(over key: FutexKey, to next: Sleeper) {
        remove(next)
        if sleepers[key] != nil { owners[key] = ObjectIdentifier(next.task) }
        next.isOwner = true
        next.task.waiter.unpark()
    }

    /// A task ends: what it owned goes on to those who wait. Its memory may be gone.
    func abandon(_ task: Task) {
        lock.withLock {
            for (key, owner) in owners where owner == ObjectIdentifier(task) {
                guard let next = (sleepers[key] ?? []).first else { continue }
                next.ownerDied = true
                hand(over: key, to: next)
            }
        }
    }

    // MARK: Conditions

    /// FUTEX_WAIT_REQUEUE_PI: waits at `condition` until CMP_REQUEUE_PI moves it to `word`, and until it has that.
    ///
    /// - Throws: EAGAIN when `condition` does not hold `expected`, ETIMEDOUT, ERESTARTNOINTR.
    public func wait(_ condition: GuestAddress, expected: UInt32, then word: GuestAddress, private isPrivate: Bool,
                     until deadline: Deadline?, by task: Task) throws(Errno) {
        if condition == word { throw .EINVAL }
        let outside = try task.futexKey(condition, private: isPrivate)
        _ = try task.futexKey(word, private: isPrivate)
        let me = UInt32(bitPattern: task.id(in: task.pidNamespace))
        let sleeper = Sleeper(task: task, tid: me, key: outside, word: word, isOutside: true)
        try lock.withLock { () throws(Errno) in
            if try task.context.load(condition, as: UInt32.self) != expected { throw .EAGAIN }
            sleepers[outside, default: []].append(sleeper)
        }
        try sleep(sleeper, until: deadline, interrupted: .EAGAIN)
    }

    /// FUTEX_CMP_REQUEUE_PI: gives the lock to the first of those who wait at `condition`, and queues up to `count` others.
    ///
    /// - Returns: how many were woken or moved.
    public func requeue(_ condition: GuestAddress, expected: UInt32, to word: GuestAddress, count: Int32,
                        private isPrivate: Bool, by task: Task) throws(Errno) -> Int {
        let outside = try task.futexKey(condition, private: isPrivate)
        let key = try task.futexKey(word, private: isPrivate)
        if outside == key || count < 0 { throw .EINVAL }
        return try lock.withLock { () throws(Errno) in
            if try task.context.load(condition, as: UInt32.self) != expected { throw .EAGAIN }
            var done = 0
            while done <= Int(count), let sleeper = (sleepers[outside] ?? []).first(where: \.isOutside) {
                let value = try task.context.load(word, as: UInt32.self)
                let isFree = value & Op.TID_MASK == 0 && sleepers[key] == nil
                let new = isFree ? sleeper.tid : value | Op.WAITERS
                if try task.context.compareExchange(word, expected: value, desired: new) != value { continue }
                remove(sleeper)
                sleeper.key = key
                sleeper.isOutside = false
                if isFree {
                    sleeper.isOwner = true
                    sleeper.task.waiter.unpark()
                } else {
                    if let holder = task.kernel.task(tid: Int32(truncatingIfNeeded: value & Op.TID_MASK), in: task.pidNamespace) {
                        owners[key] = ObjectIdentifier(holder)
                    }
                    sleepers[key, default: []].append(sleeper)
                }
                done += 1
            }
            return done
        }
    }
}
