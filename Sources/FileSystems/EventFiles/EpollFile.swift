import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// struct epoll_event of x86-64: 12 bytes, packed.
public struct EpollEvent: Sendable {
    public var events: UInt32
    public var data: UInt64

    public static var size: Int { 12 }

    public init(events: UInt32, data: UInt64) {
        self.events = events
        self.data = data
    }

    /// Reads one.
    public init(_ memory: GuestMemory, _ address: GuestAddress) throws(Errno) {
        let words = try memory.load(address, as: (UInt32, UInt32, UInt32).self)
        events = words.0
        data = UInt64(words.1) | UInt64(words.2) << 32
    }
}

/// An epoll instance (epoll(7)).
public final class EpollFile: OpenFile, @unchecked Sendable {
    static var EPOLLEXCLUSIVE: UInt32 { 1 << 28 }
    static var EPOLLWAKEUP: UInt32 { 1 << 29 }
    static var EPOLLONESHOT: UInt32 { 1 << 30 }
    static var EPOLLET: UInt32 { 1 << 31 }
    /// The bits that name events, not ways to report them.
    static var eventBits: UInt32 { 0x0fff_ffff }

    /// Guards the items and the taking of ready ones. An outer epoll's before an inner one's; above all locks of files.
    let lock = Lock()
    private var items: [Int32: EpollItem] = [:]
    /// Events on their way to the guest: three words each.
    private var scratch: [UInt32] = []
    private let ready = EpollReadyList()

    /// The epolls that watch this one. Guarded by `EpollNesting.lock`.
    var watchers: [WeakEpoll] = []

    public init(path: Path) { super.init(path: path, flags: .O_RDWR) }

    deinit {
        for item in items.values {
            // One by one: thousands may hang on each other, and must not end recursively.
            var next: EpollItem? = item
            while let here = next {
                here.source.remove(here)
                next = here.alias
                here.alias = nil
            }
        }
        ready.removeAll()
    }

    public override var anonymousName: String? { "anon_inode:[eventpoll]" }
    public override var waitQueue: WaitQueue? { ready.queue }

    // MARK: Interest

    /// EPOLL_CTL_ADD.
    ///
    /// - Throws: EPERM for a file that is always ready, EINVAL, EEXIST, ELOOP.
    public func add(_ file: OpenFile, fd: Int32, _ event: EpollEvent) throws(Errno) {
        guard let source = file.waitQueue else { throw .EPERM }
        if file === self { throw .EINVAL }
        let inner = file as? EpollFile
        if event.events & Self.EPOLLEXCLUSIVE != 0 {
            // EPOLLIN, OUT, ERR, HUP, WAKEUP, ET, EXCLUSIVE.
            if inner != nil || event.events & ~(0x1d | Self.EPOLLEXCLUSIVE | Self.EPOLLWAKEUP | Self.EPOLLET) != 0 {
                throw .EINVAL
            }
        }
        if let inner { try EpollNesting.join(outer: self, inner: inner) }
        let item = EpollItem(file: file, fd: fd, source: source, ready: ready, events: event.events, data: event.data)
        do throws(Errno) {
            try lock.withLock { () throws(Errno) in
                if find(file, fd) != nil { throw .EEXIST }
                item.alias = items[fd]
                items[fd] = item
                source.add(item)
            }
        } catch {
            if let inner { EpollNesting.leave(outer: self, inner: inner) }
            throw error
        }
        look(at: item, file)
    }

    /// EPOLL_CTL_MOD.
    public func modify(_ file: OpenFile, fd: Int32, _ event: EpollEvent) throws(Errno) {
        try check(file)
        if event.events & Self.EPOLLEXCLUSIVE != 0 { throw .EINVAL }
        let item = try lock.withLock { () throws(Errno) in
            guard let item = find(file, fd) else { throw .ENOENT }
            if item.isExclusive { throw .EINVAL }
            item.source.remove(item)
            item.events = event.events
            item.data = event.data
            item.mask = IOEvents(rawValue: event.events & Self.eventBits)
            ready.setArmed(item, true)
            item.source.add(item)
            return item
        }
        look(at: item, file)
    }

    /// EPOLL_CTL_DEL.
    public func remove(_ file: OpenFile, fd: Int32) throws(Errno) {
        try check(file)
        try lock.withLock { () throws(Errno) in
            guard let item = find(file, fd) else { throw .ENOENT }
            drop(item)
        }
        if let inner = file as? EpollFile { EpollNesting.leave(outer: self, inner: inner) }
    }

    private func check(_ file: OpenFile) throws(Errno) {
        if file.waitQueue == nil { throw .EPERM }
        if file === self { throw .EINVAL }
    }

    /// A file that is ready when it is added or changed is reported at once.
    private func look(at item: EpollItem, _ file: OpenFile) {
        if !file.poll().isDisjoint(with: item.mask) { _ = ready.add(item) }
    }

    /// The item of `file` under `fd`. Items of files that were closed meanwhile are dropped on the way.
    private func find(_ file: OpenFile, _ fd: Int32) -> EpollItem? {
        var at = items[fd]
        while let item = at {
            at = item.alias
            guard let watched = item.file else {
                drop(item)
                continue
            }
            if watched === file { return item }
        }
        return nil
    }

    /// Forgets an item. The lock is held.
    private func drop(_ item: EpollItem) {
        item.source.remove(item)
        ready.remove(item)
        if items[item.fd] === item {
            items[item.fd] = item.alias
        } else {
            var at = items[item.fd]
            while let here = at, here.alias !== item { at = here.alias }
            at?.alias = item.alias
        }
        item.alias = nil
    }

    // MARK: Events

    /// epoll_wait(2).
    ///
    /// - Returns: how many events were stored at `address`; 0 at the deadline.
    /// - Throws: EFAULT; EINTR when interrupted: the call is never restarted.
    public func wait(_ address: GuestAddress, capacity: Int, until deadline: Deadline?, by caller: Caller) throws(Errno) -> Int {
        let count = try collect(address, capacity, caller)
        // Who does not wait is not interrupted either.
        return count > 0 || deadline?.nanoseconds == 0 ? count : try waitForEvents(address, capacity, deadline, caller)
    }

    @inline(never)
    private func waitForEvents(_ address: GuestAddress, _ capacity: Int, _ deadline: Deadline?, _ caller: Caller) throws(Errno) -> Int {
        do throws(Errno) {
            return try caller.waiter.wait(on: ready.queue, for: .readable, until: deadline, exclusive: true) {
                () throws(Errno) -> Int? in
                let count = try collect(address, capacity, caller)
                return count > 0 ? count : nil
            }
        } catch {
            switch error {
            case .ETIMEDOUT: return 0
            case .ERESTARTSYS: throw .EINTR
            default: throw error
            }
        }
    }

    /// What is ready now, without waiting.
    public func collectReady(_ address: GuestAddress, capacity: Int, by caller: Caller) throws(Errno) -> Int {
        try collect(address, capacity, caller)
    }

    private func collect(_ address: GuestAddress, _ capacity: Int, _ caller: Caller) throws(Errno) -> Int {
        let readyCount = ready.readyCount
        if readyCount == 0 { return 0 }
        if readyCount == 1, let event = onlyEvent(by: caller) {
            try caller.store(event, at: address)
            if !ready.queue.isEmpty { ready.queue.notify(.readable, limit: 1) }
            return 1
        }
        // Events are gone once they were taken.
        let capacity = caller.memory.writablePrefix(address, min(capacity, ready.readyCount) * EpollEvent.size) / EpollEvent.size
        if capacity == 0 { throw .EFAULT }
        let (stored, faulted) = lock.withLock { () -> (Int, Bool) in
            scratch.removeAll(keepingCapacity: true)
            var count = 0
            // An item that stays ready goes to the end: it is not to be met again in this pass.
            var left = ready.readyCount
            while count < capacity, left > 0, let item = ready.popFirst() {
                left -= 1
                guard let found = take(item, by: caller) else { continue }
                append(found, item.data)
                count += 1
            }
            do throws(Errno) {
                try caller.memory.store(array: scratch, at: address)
                return (count, false)
            } catch { return (0, count > 0) }
        }
        if !ready.isEmpty, !ready.queue.isEmpty { ready.queue.notify(.readable, limit: 1) }
        if faulted { throw .EFAULT }
        return stored
    }

    /// The event of the only item that may be ready, which stays where it is, as most waits find it: at the price of a look.
    ///
    /// - Returns: nil when it is not that simple.
    private func onlyEvent(by caller: Caller) -> (UInt32, UInt32, UInt32)? {
        lock.lock()
        defer { lock.unlock() }
        guard let only = unsafe ready.only else { return nil }
        return unsafe only._withUnsafeGuaranteedRef { item in
            guard item.events & (Self.EPOLLONESHOT | Self.EPOLLET) == 0, let events = item.poll(by: caller) else { return nil }
            let found = events.intersection(item.mask)
            if found.isEmpty { return nil }
            return (found.rawValue, UInt32(truncatingIfNeeded: item.data), UInt32(truncatingIfNeeded: item.data >> 32))
        }
    }

    /// What an item's file is ready for, and what that makes of the item. The lock is held.
    private func take(_ item: EpollItem, by caller: Caller) -> IOEvents? {
        guard let events = item.poll(by: caller) else {
            drop(item)
            return nil
        }
        let found = events.intersection(item.mask)
        if found.isEmpty { return nil }
        if item.events & Self.EPOLLONESHOT != 0 {
            ready.setArmed(item, false)
        } else if item.events & Self.EPOLLET == 0 {
            ready.requeue(item)
        }
        return found
    }

    private func append(_ events: IOEvents, _ data: UInt64) {
        scratch.append(events.rawValue)
        scratch.append(UInt32(truncatingIfNeeded: data))
        scratch.append(UInt32(truncatingIfNeeded: data >> 32))
    }

    public override func poll() -> IOEvents {
        if ready.isEmpty { return [] }
        return lock.withLock {
            var left = ready.readyCount
            while left > 0, let item = ready.popFirst() {
                left -= 1
                guard let file = item.file else {
                    drop(item)
                    continue
                }
                if !file.poll().isDisjoint(with: item.mask) {
                    ready.requeue(item)
                    return .readable
                }
            }
            return []
        }
    }

    /// The epolls among the watched files.
    var innerEpolls: [EpollFile] {
        lock.withLock {
            var found: [EpollFile] = []
            for item in items.values {
                var at: EpollItem? = item
                while let here = at {
                    if let inner = here.file as? EpollFile { found.append(inner) }
                    at = here.alias
                }
            }
            return found
        }
    }

    public override var fdinfo: String {
        lock.withLock {
            var text = ""
            for item in items.values.sorted(by: { $0.fd < $1.fd }) {
                guard let file = item.file else { continue }
                text += "tfd: \(padded(item.fd.description, 8)) events: \(padded(String(item.events, radix: 16), 8))"
                text += " data: \(padded(String(item.data, radix: 16), 16)) "
                text += " pos:\(file.position) ino:\(String(file.inode.number, radix: 16)) sdev:0\n"
            }
            return text
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
}
