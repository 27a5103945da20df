import HostOS
import VFS

/// What is known of a directory's entries without asking: all names, once they were listed or the directory was made here,
/// and attributes of files that were read ahead. What this Sentry changes keeps it true.
///
/// Attributes serve the first look-up of their name: from then on an inode knows better, and nothing is read ahead of that
/// name again, for what had been changed since would be older there. Those of directories, which are of no use without a
/// handle, and of files with several names, which another name may change, are not kept.
final class KnownEntries: @unchecked Sendable {
    struct Entry {
        var name: FileName
        var inode: UInt64
        var type: FileType
    }

    enum Answer {
        case unknown
        case absent
        case present(FileStatus)
    }

    /// What to read ahead: entries with their attributes.
    struct Plan {
        var cookie: UInt64
        var count: Int
    }

    /// Guards all below. A leaf.
    private let lock = Lock()
    private var ordered: [Entry]?
    /// Names, with their place in `statuses`, `named` or `seen`.
    private var places: [FileName: Int] = [:]
    /// It is there, and nobody has asked for it.
    private static let named = -1
    /// There is an inode, or was.
    private static let seen = -2
    /// `places` has, or with `isUnindexed` will have from `ordered`, every name that there is.
    private var isComplete = false
    private var isUnindexed = false
    private var statuses: [FileStatus] = []
    /// How many of `statuses` are still to be given out.
    private var kept = 0
    private var changes: UInt64 = 0

    // Reading ahead: where it stands, and what it was good for.
    private var cookie: UInt64 = 0
    private var isAtEnd = false
    private var changesAtStart: UInt64 = 0
    private var misses = 0
    private var hits = 0
    private var fetched = 0

    /// How many entries a directory may have for them to be remembered.
    static let maximumCount = 16384
    /// So many names are asked for one by one before others are read with them; after a listing it takes fewer.
    private static let patience = 4
    /// How many entries are read ahead with one name: what that costs is little more than to ask for it. The more of them
    /// were of use, the more follow.
    private static let fewest = 16
    private static let most = 400

    /// The listing, if nothing was changed since.
    var list: [Entry]? { lock.withLock { ordered } }

    /// To be taken before a listing is made, so that one that overlaps with a change is not believed.
    var changeCount: UInt64 { lock.withLock { changes } }

    /// - Returns: whether the listing is remembered.
    func learn(_ entries: [Entry], asOf count: UInt64) -> Bool {
        if entries.count > Self.maximumCount { return false }
        return lock.withLock {
            guard count == changes else { return false }
            ordered = entries
            if isComplete { return false }
            isComplete = true
            isUnindexed = true
            return true
        }
    }

    /// The directory was just made: there is nothing in it.
    func learnEmpty() { _ = learn([], asOf: 0) }

    /// The caller makes the inode: attributes are given out once.
    func find(_ name: FileName) -> Answer {
        lock.withLock {
            index()
            guard let found = places.index(forKey: name) else { return isComplete ? .absent : .unknown }
            let place = places.values[found]
            guard place >= 0 else { return .unknown }
            places.values[found] = Self.seen
            hits += 1
            let status = statuses[place]
            dropOne()
            return .present(status)
        }
    }

    /// The name was found by asking for it.
    func noteSeen(_ name: FileName) { lock.withLock { see(name) } }

    // MARK: - Reading ahead

    /// The caller has to ask for a name: what it may read along.
    func planAhead() -> Plan? {
        lock.withLock {
            misses += 1
            if isAtEnd || misses <= (isComplete ? 1 : Self.patience) || places.count > Self.maximumCount { return nil }
            // Few of them were of use.
            if fetched > 8 * Self.fewest, hits < fetched / 8 { return nil }
            if cookie == 0 { changesAtStart = changes }
            return Plan(cookie: cookie, count: min(Self.fewest + hits, Self.most))
        }
    }

    /// - Parameter next: the cookie after the last of `entries`.
    /// - Returns: how many attributes are remembered.
    func learnAhead(_ entries: [(name: FileName, status: FileStatus?)], next: UInt64, isEnd: Bool, by plan: Plan) -> Int {
        lock.withLock {
            guard cookie == plan.cookie, !isAtEnd else { return 0 }
            index()
            var learnt = 0
            for (name, status) in entries {
                let place = places[name]
                guard let status, status.fileType != .directory, status.links == 1, place == nil || place == Self.named else {
                    if place == nil { places[name] = Self.named }
                    continue
                }
                places[name] = statuses.count
                statuses.append(status)
                learnt += 1
            }
            kept += learnt
            fetched += learnt
            cookie = next
            isAtEnd = isEnd
            if isEnd, changes == changesAtStart { isComplete = true }
            return learnt
        }
    }

    // MARK: - Changes

    func add(_ name: FileName) {
        lock.withLock {
            change(name)
            see(name)
        }
    }

    func remove(_ name: FileName) {
        lock.withLock {
            change(name)
            places[name] = nil
        }
    }

    func forget() {
        lock.withLock {
            changes &+= 1
            forgetLocked()
        }
    }

    private func change(_ name: FileName) {
        changes &+= 1
        index()
        ordered = nil
        if let place = places[name], place >= 0 { dropOne() }
    }

    private func see(_ name: FileName) {
        places[name] = Self.seen
        if places.count > Self.maximumCount { forgetLocked() }
    }

    /// Which names were seen is forgotten as well: so nothing is read ahead any more.
    private func forgetLocked() {
        ordered = nil
        places = [:]
        (isComplete, isUnindexed) = (false, false)
        statuses = []
        (kept, isAtEnd) = (0, true)
    }

    private func index() {
        guard isUnindexed, let ordered else { return }
        isUnindexed = false
        places.reserveCapacity(ordered.count)
        for entry in ordered where places[entry.name] == nil { places[entry.name] = Self.named }
    }

    private func dropOne() {
        kept -= 1
        if kept == 0 { statuses = [] }
    }
}
