import HostOS
import LinuxABI
import Memory
import Synchronization
import Waiting

/// What inotify_init1(2) opens.
public final class InotifyFile: OpenFile, @unchecked Sendable {
    private struct Event: Equatable {
        var descriptor: Int32
        var mask: WatchEvents
        var cookie: UInt32
        var name: [UInt8]

        /// With its name padded to a multiple of the structure, as inotify(7) has it.
        var size: Int { name.isEmpty ? 16 : 16 + (name.count + 16) / 16 * 16 }
    }

    /// Guards everything below. Below the inodes' lists of watches.
    private let lock = Lock()
    private var events: [Event] = []
    private var watches: [Int32: Watch] = [:]
    private var watched: [ObjectIdentifier: Watch] = [:]
    private var lastDescriptor: Int32 = 0
    private let queue = WaitQueue()
    private static let cookies = Atomic<UInt32>(0)

    /// fs.inotify.max_queued_events, max_user_watches.
    private static var maximumEvents: Int { 16384 }
    private static var maximumWatches: Int { 65536 }

    public init(flags: OpenFlags, by caller: Caller) {
        super.init(path: caller.vfs.anonymous.makePath(type: .regular, name: "inotify", by: caller), flags: flags)
    }

    deinit { for watch in watches.values { watch.inode.removeWatch(watch) } }

    static func nextCookie() -> UInt32 { cookies.add(1, ordering: .relaxed).newValue }

    /// inotify_add_watch(2).
    ///
    /// - Throws: ENOSPC for too many watches; EEXIST with IN_MASK_CREATE.
    public func add(_ path: Path, _ mask: WatchEvents) throws(Errno) -> Int32 {
        let inode = path.inode
        lock.lock()
        if let known = watched[ObjectIdentifier(inode)] {
            defer { lock.unlock() }
            if mask.contains(.IN_MASK_CREATE) { throw .EEXIST }
            if mask.contains(.IN_MASK_ADD) {
                known.mask.bitwiseOr(mask.rawValue, ordering: .relaxed)
            } else {
                known.mask.store(mask.rawValue, ordering: .relaxed)
            }
            return known.descriptor
        }
        if watches.count >= Self.maximumWatches {
            lock.unlock()
            throw .ENOSPC
        }
        lastDescriptor = lastDescriptor == .max ? 1 : lastDescriptor + 1
        let watch = Watch(lastDescriptor, self, inode, mask: mask)
        watches[watch.descriptor] = watch
        watched[ObjectIdentifier(inode)] = watch
        lock.unlock()
        inode.addWatch(watch)
        return watch.descriptor
    }

    /// inotify_rm_watch(2).
    ///
    /// - Throws: EINVAL.
    public func remove(_ descriptor: Int32) throws(Errno) {
        guard let watch = lock.withLock({ watches[descriptor] }) else { throw .EINVAL }
        drop(watch)
    }

    /// Ends a watch, and says so.
    func drop(_ watch: Watch) {
        let removed = lock.withLock {
            watched[ObjectIdentifier(watch.inode)] = nil
            return watches.removeValue(forKey: watch.descriptor)
        }
        if removed == nil { return }
        watch.inode.removeWatch(watch)
        enqueue(.IN_IGNORED, from: watch, name: nil, cookie: 0)
    }

    func enqueue(_ mask: WatchEvents, from watch: Watch, name: FileName?, cookie: UInt32) {
        lock.withLock {
            let event = Event(descriptor: watch.descriptor, mask: mask, cookie: cookie, name: name?.bytes ?? [])
            // What just happened and happens again is told once.
            if events.last == event { return }
            if events.count >= Self.maximumEvents {
                if events.last?.mask != .IN_Q_OVERFLOW {
                    events.append(Event(descriptor: -1, mask: .IN_Q_OVERFLOW, cookie: 0, name: []))
                }
                return
            }
            events.append(event)
        }
        queue.notify(.readable)
    }

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if let bytes = try take(destination.remaining) { return try put(bytes, &destination) }
        if isNonblocking { throw .EAGAIN }
        let room = destination.remaining
        let bytes = try caller.waiter.wait(on: queue, for: .readable) { () throws(Errno) in try take(room) }
        return try put(bytes, &destination)
    }

    private func put(_ bytes: [UInt8], _ destination: inout IOVector) throws(Errno) -> Int {
        if destination.write(bytes, at: 0, count: bytes.count) < bytes.count { throw .EFAULT }
        return bytes.count
    }

    /// - Returns: as many events as fit; nil when there is none.
    private func take(_ room: Int) throws(Errno) -> [UInt8]? {
        lock.lock()
        defer { lock.unlock() }
        if events.isEmpty { return nil }
        var bytes: [UInt8] = []
        var taken = 0
        for event in events {
            if bytes.count + event.size > room { break }
            for word in [UInt32(bitPattern: event.descriptor), event.mask.rawValue, event.cookie, UInt32(event.size - 16)] {
                for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
            }
            bytes += event.name
            bytes += [UInt8](repeating: 0, count: event.size - 16 - event.name.count)
            taken += 1
        }
        if taken == 0 { throw .EINVAL }
        events.removeFirst(taken)
        return bytes
    }

    public override func poll() -> IOEvents { lock.withLock { events.isEmpty } ? [] : .readable }
    public override var waitQueue: WaitQueue? { queue }

    public override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        guard request == 0x541b /* FIONREAD */ else { throw .ENOTTY }
        let bytes = lock.withLock { events.reduce(0) { $0 + $1.size } }
        try caller.memory.store(Int32(clamping: bytes), at: GuestAddress(argument))
        return 0
    }

    public override var anonymousName: String? { "anon_inode:inotify" }

    public override var fdinfo: String {
        let all = lock.withLock { Array(watches.values) }
        return all.sorted { $0.descriptor < $1.descriptor }.map { watch in
            let mask = String(watch.mask.load(ordering: .relaxed), radix: 16)
            return "inotify wd:\(watch.descriptor) ino:\(String(watch.inode.number, radix: 16)) " +
                "sdev:\(String(watch.inode.fileSystem.device.encoded, radix: 16)) mask:\(mask) ignored_mask:0\n"
        }.joined()
    }
}
