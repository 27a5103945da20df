import HostOS
import Synchronization
import VFS
import Waiting

/// What one epoll is interested in: a file under a descriptor number. Lies in the file's queue, and in the epoll's ready
/// list while the file may be ready.
final class EpollItem: WaitEntry, @unchecked Sendable {
    /// The file is not kept open by being watched.
    private(set) weak var file: OpenFile?
    /// Keeps the file's place in memory, not the file: no other one comes to lie there, so that `identity` stays its own.
    private unowned let place: OpenFile
    private let identity: ObjectIdentifier
    let fd: Int32
    /// Where the entry lies. Kept, since the queue may belong to what the file shares with others.
    let source: WaitQueue
    private let ready: EpollReadyList

    /// EPOLLIN... and the flags. Guarded by the epoll's lock; `isArmed` by the ready list's too.
    var events: UInt32
    var data: UInt64
    /// Another file's item under the same descriptor number.
    var alias: EpollItem?

    /// Guarded by the ready list's lock: whether the item is in the list, whether ONESHOT has not disarmed it, its successor.
    fileprivate var isQueued = false
    fileprivate var isArmed = true
    fileprivate var nextReady: EpollItem?

    init(file: OpenFile, fd: Int32, source: WaitQueue, ready: EpollReadyList, events: UInt32, data: UInt64) {
        self.file = file
        place = file
        identity = ObjectIdentifier(file)
        self.fd = fd
        self.source = source
        self.ready = ready
        self.events = events
        self.data = data
        super.init(mask: IOEvents(rawValue: events & EpollFile.eventBits),
                   exclusive: events & EpollFile.EPOLLEXCLUSIVE != 0)
    }

    override func notify(_ events: IOEvents) -> Bool { ready.add(self) }

    /// Whether `other`, which somebody has open, is the file.
    func watches(_ other: OpenFile) -> Bool { ObjectIdentifier(other) == identity }

    /// What the file is ready for; nil when it is closed.
    func poll(by caller: Caller) -> IOEvents? {
        // As a rule the caller has it open under this number. A weak reference costs more than all the rest of a wait.
        if let known = caller.withUncountedFile(fd, { watches($0) ? $0.poll() : nil }), let events = known { return events }
        return file?.poll()
    }
}

/// The items of an epoll whose files may be ready, in the order in which they became so, and who waits for them.
final class EpollReadyList: @unchecked Sendable {
    /// Guards the list and each item's place in it. Below wait queues.
    private let lock = Lock()
    private var first: EpollItem?
    private var last: EpollItem?
    /// Changed below the lock.
    private let count = Atomic<Int>(0)

    /// epoll_wait's tasks, and whoever polls the epoll's descriptor.
    let queue = WaitQueue()

    deinit { removeAll() }

    /// Puts an item at the end, unless it is there or disarmed.
    ///
    /// - Returns: whether somebody was there to be woken.
    func add(_ item: EpollItem) -> Bool {
        let added = lock.withLock {
            if !item.isArmed { return false }
            append(item)
            return true
        }
        if !added { return false }
        let awaited = !queue.isEmpty
        queue.notify(.readable, limit: 1)
        return awaited
    }

    /// Puts an item back that stays ready, without telling anybody.
    func requeue(_ item: EpollItem) { lock.withLock { if item.isArmed { append(item) } } }

    /// The first item, taken out.
    func popFirst() -> EpollItem? {
        lock.withLock {
            guard let item = first else { return nil }
            first = item.nextReady
            if first == nil { last = nil }
            item.nextReady = nil
            item.isQueued = false
            count.subtract(1, ordering: .releasing)
            return item
        }
    }

    /// The only item, left there, and not counted. With the epoll's lock held, below which items are taken out: others only
    /// add behind it.
    var only: Unmanaged<EpollItem>? {
        guard readyCount == 1, let first else { return nil }
        return unsafe .passUnretained(first)
    }

    func remove(_ item: EpollItem) {
        lock.withLock {
            item.isArmed = false
            guard item.isQueued else { return }
            var before: EpollItem?
            var at = first
            while let here = at, here !== item {
                before = here
                at = here.nextReady
            }
            if let before { before.nextReady = item.nextReady } else { first = item.nextReady }
            if last === item { last = before }
            item.nextReady = nil
            item.isQueued = false
            count.subtract(1, ordering: .releasing)
        }
    }

    func setArmed(_ item: EpollItem, _ armed: Bool) { lock.withLock { item.isArmed = armed } }

    /// Without the lock: who adds an item tells those who wait afterwards.
    var isEmpty: Bool { readyCount == 0 }
    var readyCount: Int { count.load(ordering: .sequentiallyConsistent) }

    /// Breaks the references among the items, one by one: a long chain must not be released recursively.
    func removeAll() {
        lock.withLock {
            while let item = first {
                first = item.nextReady
                item.nextReady = nil
                item.isQueued = false
                item.isArmed = false
            }
            last = nil
            count.store(0, ordering: .releasing)
        }
    }

    private func append(_ item: EpollItem) {
        if item.isQueued { return }
        item.isQueued = true
        if let last { last.nextReady = item } else { first = item }
        last = item
        count.add(1, ordering: .releasing)
    }
}
