import HostOS
import LinuxABI
import Waiting

/// The locks on one file: byte ranges (fcntl(2): POSIX and open-file-description locks) and whole-file ones (flock(2)).
/// The two kinds do not see each other.
public final class FileLocks: @unchecked Sendable {
    public struct Range: Sendable {
        public var first: UInt64
        /// Inclusive; Int64.max: to the end, however far that moves.
        public var last: UInt64
        public var isExclusive: Bool
        /// The process as fcntl(F_GETLK) names it, in the root pid namespace; -1 for an open file description's lock.
        public var process: Int32
        let owner: ObjectIdentifier
    }

    /// Guards both lists. Innermost.
    private let lock = Lock()
    /// Sorted by `first`; one owner's do not overlap.
    private var ranges: [Range] = []
    private var whole: [(owner: ObjectIdentifier, isExclusive: Bool)] = []
    /// Told when a lock goes away.
    private let released = WaitQueue()

    /// The first lock that keeps `owner` from having the range.
    private func conflict(_ first: UInt64, _ last: UInt64, exclusive: Bool, _ owner: ObjectIdentifier) -> Range? {
        for range in ranges where range.owner != owner && range.first <= last && range.last >= first {
            if exclusive || range.isExclusive { return range }
        }
        return nil
    }

    var isEmpty: Bool { lock.withLock { ranges.isEmpty && whole.isEmpty } }

    func test(_ first: UInt64, _ last: UInt64, exclusive: Bool, _ owner: ObjectIdentifier) -> Range? {
        lock.withLock { conflict(first, last, exclusive: exclusive, owner) }
    }

    /// Takes the range if nobody is in the way.
    ///
    /// - Returns: who is in the way.
    private func take(_ range: Range) -> Range? {
        lock.withLock {
            if let other = conflict(range.first, range.last, exclusive: range.isExclusive, range.owner) { return other }
            clear(range.first, range.last, range.owner)
            insert(range)
            return nil
        }
    }

    /// With the lock held: puts a range in, together with neighbours of the same kind.
    private func insert(_ range: Range) {
        var new = range
        ranges.removeAll { old in
            guard old.owner == new.owner, old.isExclusive == new.isExclusive else { return false }
            let touches = old.first <= (new.last == .max ? .max : new.last + 1) && (old.last == .max ? .max : old.last + 1) >= new.first
            if touches {
                new.first = min(new.first, old.first)
                new.last = max(new.last, old.last)
            }
            return touches
        }
        let at = ranges.firstIndex { $0.first > new.first } ?? ranges.count
        ranges.insert(new, at: at)
    }

    /// With the lock held: takes a range away from `owner`; what sticks out on either side stays.
    private func clear(_ first: UInt64, _ last: UInt64, _ owner: ObjectIdentifier) {
        var kept: [Range] = []
        for range in ranges {
            if range.owner != owner || range.last < first || range.first > last {
                kept.append(range)
                continue
            }
            if range.first < first {
                var left = range
                left.last = first - 1
                kept.append(left)
            }
            if range.last > last {
                var right = range
                right.first = last + 1
                kept.append(right)
            }
        }
        ranges = kept.sorted { $0.first < $1.first }
    }

    func unlock(_ first: UInt64, _ last: UInt64, _ owner: ObjectIdentifier) {
        lock.withLock { clear(first, last, owner) }
        released.notify(.all)
    }

    /// F_SETLK, F_SETLKW and their OFD forms.
    ///
    /// - Parameter waits: F_SETLKW.
    /// - Throws: EAGAIN; EDEADLK when waiting would be for oneself; ERESTARTSYS.
    func set(_ range: Range, waits: Bool, detectDeadlock: Bool, _ lockWaits: LockWaits, by caller: Caller) throws(Errno) {
        guard let other = take(range) else { return }
        if !waits { throw .EAGAIN }
        var blocker = other.owner
        defer { lockWaits.end(range.owner) }
        try caller.waiter.wait(on: released, for: .all) { () throws(Errno) -> Void? in
            guard let other = take(range) else { return () }
            blocker = other.owner
            if !lockWaits.begin(range.owner, for: blocker, detectDeadlock: detectDeadlock) { throw .EDEADLK }
            return nil
        }
    }

    /// flock(2).
    func setWhole(exclusive: Bool?, _ owner: ObjectIdentifier, waits: Bool, by caller: Caller) throws(Errno) {
        // A conversion lets the old lock go first.
        let had = lock.withLock {
            let before = whole.count
            let same = whole.contains { $0.owner == owner && $0.isExclusive == exclusive }
            if !same { whole.removeAll { $0.owner == owner } }
            return whole.count != before
        }
        if had { released.notify(.all) }
        guard let exclusive else { return }
        if takeWhole(exclusive, owner) { return }
        if !waits { throw .EAGAIN }
        try caller.waiter.wait(on: released, for: .all) { () throws(Errno) -> Void? in takeWhole(exclusive, owner) ? () : nil }
    }

    private func takeWhole(_ exclusive: Bool, _ owner: ObjectIdentifier) -> Bool {
        lock.withLock {
            if whole.contains(where: { $0.owner == owner }) { return true }
            if whole.contains(where: { exclusive || $0.isExclusive }) { return false }
            whole.append((owner, exclusive))
            return true
        }
    }

    /// The last reference to an open file is gone.
    func releaseAll(of owner: ObjectIdentifier) {
        lock.withLock {
            ranges.removeAll { $0.owner == owner }
            whole.removeAll { $0.owner == owner }
        }
        released.notify(.all)
    }

    func releasePOSIX(of owner: ObjectIdentifier) {
        let some = lock.withLock {
            let before = ranges.count
            ranges.removeAll { $0.owner == owner }
            return ranges.count != before
        }
        if some { released.notify(.all) }
    }

    /// For /proc/locks.
    public var descriptions: (ranges: [Range], whole: [Bool]) {
        lock.lock()
        defer { lock.unlock() }
        return (ranges, whole.map(\.isExclusive))
    }
}

/// Which owner of POSIX locks waits for which: a circle is a deadlock.
final class LockWaits: @unchecked Sendable {
    /// Guards the list. Innermost.
    private let lock = Lock()
    private var waits: [(waiter: ObjectIdentifier, blocker: ObjectIdentifier)] = []

    /// - Returns: false when `blocker` waits, perhaps through others, for `waiter`.
    func begin(_ waiter: ObjectIdentifier, for blocker: ObjectIdentifier, detectDeadlock: Bool) -> Bool {
        lock.withLock {
            if detectDeadlock {
                var at = blocker
                // As many steps as Linux takes before it gives up looking.
                for _ in 0..<10 {
                    guard let next = waits.first(where: { $0.waiter == at })?.blocker else { break }
                    if next == waiter { return false }
                    at = next
                }
            }
            waits.removeAll { $0.waiter == waiter }
            waits.append((waiter, blocker))
            return true
        }
    }

    func end(_ waiter: ObjectIdentifier) { lock.withLock { waits.removeAll { $0.waiter == waiter } } }
}

extension Caller {
    /// A range lock of the process (POSIX), or of the open file.
    ///
    /// - Parameter exclusive: nil unlocks.
    /// - Parameter last: inclusive; Int64.max for the end.
    public final func setLock(_ file: OpenFile, first: UInt64, last: UInt64, exclusive: Bool?, ofOpenFile: Bool,
                              waits: Bool) throws(Errno) {
        let owner = ofOpenFile ? ObjectIdentifier(file) : ObjectIdentifier(files)
        guard let exclusive else {
            file.inode.attachments?.locks.unlock(first, last, owner)
            return
        }
        if ofOpenFile { file.mayHoldLocks.store(true, ordering: .relaxed) }
        let range = FileLocks.Range(first: first, last: last, isExclusive: exclusive, process: ofOpenFile ? -1 : processID,
                                    owner: owner)
        try file.inode.makeAttachments().locks.set(range, waits: waits, detectDeadlock: !ofOpenFile, vfs.lockWaits, by: self)
    }

    /// F_GETLK: a lock that is in the way, if one is.
    public final func testLock(_ file: OpenFile, first: UInt64, last: UInt64, exclusive: Bool, ofOpenFile: Bool) -> FileLocks.Range? {
        let owner = ofOpenFile ? ObjectIdentifier(file) : ObjectIdentifier(files)
        return file.inode.attachments?.locks.test(first, last, exclusive: exclusive, owner)
    }

    /// flock(2).
    ///
    /// - Parameter exclusive: nil unlocks.
    public final func lockWhole(_ file: OpenFile, exclusive: Bool?, waits: Bool) throws(Errno) {
        if exclusive == nil, file.inode.attachments == nil { return }
        file.mayHoldLocks.store(true, ordering: .relaxed)
        try file.inode.makeAttachments().locks.setWhole(exclusive: exclusive, ObjectIdentifier(file), waits: waits, by: self)
    }
}
