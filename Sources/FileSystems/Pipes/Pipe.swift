import HostOS
import LinuxABI
import Memory
import Synchronization
import VFS
import Waiting

/// A pipe (pipe(7)): what both ends, and all openings of a FIFO, share.
public final class Pipe: @unchecked Sendable {
    /// /proc/sys/fs/pipe-max-size.
    public static var maximumCapacity: Int { 1 << 20 }
    public static var defaultCapacity: Int { 1 << 16 }

    /// Guards all below. Two pipes' locks are taken in the order of their addresses (tee, splice). Above wait queues.
    let lock = Lock()
    var ring = PipeRing(slots: Pipe.defaultCapacity / PipeRing.pageBytes)
    private(set) var readers = 0
    private(set) var writers = 0
    /// How often an end was opened: a FIFO's opener waits for the other side's count to change.
    private(set) var readerOpenings: UInt64 = 0
    private(set) var writerOpenings: UInt64 = 0

    /// Told of bytes, room, and ends that come and go.
    public let queue = WaitQueue()

    public init() {}

    /// An end was opened.
    ///
    /// - Returns: the openings so far, and whether both sides had it open at that moment: who is there may leave at once.
    @discardableResult
    func attach(reader: Bool, writer: Bool) -> (readers: UInt64, writers: UInt64, areMet: Bool) {
        let openings = lock.withLock {
            if reader { readers += 1; readerOpenings &+= 1 }
            if writer { writers += 1; writerOpenings &+= 1 }
            return (readerOpenings, writerOpenings, readers > 0 && writers > 0)
        }
        queue.notify(.all)
        return openings
    }

    /// An end was closed for the last time.
    ///
    /// - Returns: whether nobody has the pipe open any more; what was in it is gone then.
    @discardableResult
    func detach(reader: Bool, writer: Bool) -> Bool {
        let unused = lock.withLock {
            if reader { readers -= 1 }
            if writer { writers -= 1 }
            if readers > 0 || writers > 0 { return false }
            ring = PipeRing(slots: ring.slotCount)
            return true
        }
        if !unused { queue.notify([.readable, .writable, .POLLHUP, .POLLERR]) }
        return unused
    }

    var isUnused: Bool { lock.withLock { readers == 0 && writers == 0 } }

    // MARK: Reading

    /// Reads what is there; 0 at the end.

    public func read(_ destination: inout IOVector, nonblocking: Bool, by caller: Caller) throws(Errno) -> Int {
        if destination.remaining == 0 { return 0 }
        if let count = try tryRead(&destination) { return count }
        return try waitToRead(&destination, nonblocking, caller)
    }

    @inline(never)
    private func waitToRead(_ destination: inout IOVector, _ nonblocking: Bool, _ caller: Caller) throws(Errno) -> Int {
        try caller.waiter.wait(on: queue, for: .readable) { () throws(Errno) -> Int? in
            if let count = try tryRead(&destination) { return count }
            if nonblocking { throw .EAGAIN }
            return nil
        }
    }

    /// - Returns: bytes read; 0 when empty without writers; nil when empty with writers.
    private func tryRead(_ destination: inout IOVector) throws(Errno) -> Int? {
        lock.lock()
        if ring.isEmpty {
            let end = writers == 0
            lock.unlock()
            return end ? 0 : nil
        }
        let wasFull = ring.isFull
        var done = 0
        var freed = false
        while !ring.isEmpty, destination.remaining > 0 {
            let step = ring.consume(into: &destination)
            done += step.count
            freed = freed || step.freed
            if destination.faulted || step.wasPacket { break }
        }
        lock.unlock()
        if wasFull && freed { queue.notifyUnlocked(.writable) }
        if done == 0 { throw .EFAULT }
        return done
    }

    // MARK: Writing

    /// Writes all, unless it may not wait.

    public func write(_ source: inout IOVector, packets: Bool, nonblocking: Bool, by caller: Caller) throws(Errno) -> Int {
        if source.remaining == 0 { return 0 }
        var done = 0
        do throws(Errno) {
            if try tryWrite(&source, packets: packets, &done) { return done }
            return try waitToWrite(&source, packets, nonblocking, &done, caller)
        } catch {
            if error == .EPIPE { caller.raise(13 /* SIGPIPE */) }
            if done > 0 { return done }
            throw error
        }
    }

    @inline(never)
    private func waitToWrite(_ source: inout IOVector, _ packets: Bool, _ nonblocking: Bool, _ done: inout Int,
                             _ caller: Caller) throws(Errno) -> Int {
        try caller.waiter.wait(on: queue, for: .writable) { () throws(Errno) -> Int? in
            if try tryWrite(&source, packets: packets, &done) { return done }
            if nonblocking { throw .EAGAIN }
            return nil
        }
    }

    /// Puts in what fits.
    ///
    /// - Returns: whether the write is complete.
    private func tryWrite(_ source: inout IOVector, packets: Bool, _ done: inout Int) throws(Errno) -> Bool {
        lock.lock()
        if readers == 0 {
            lock.unlock()
            throw .EPIPE
        }
        let before = done
        var faulted = false
        if done == 0, !packets, let merged = ring.merge(&source) {
            done += merged
            faulted = source.faulted
        }
        while source.remaining > 0, !faulted, !ring.isFull {
            done += ring.append(&source, packet: packets)
            faulted = source.faulted
        }
        lock.unlock()
        if done > before { queue.notifyUnlocked(.readable) }
        if faulted {
            if done == 0 { throw .EFAULT }
            return true
        }
        return source.remaining == 0
    }

    // MARK: State

    /// Bytes that a read would find.
    public var byteCount: Int { lock.withLock { ring.byteCount } }

    /// - Parameter writersSeen: of a FIFO's reader: the openings for writing before its own.
    func events(reader: Bool, writer: Bool, writersSeen: UInt64) -> IOEvents {
        lock.withLock {
            var events: IOEvents = []
            if reader {
                if !ring.isEmpty { events.formUnion(.readable) }
                if writers == 0, writerOpenings != writersSeen { events.insert(.POLLHUP) }
            }
            if writer {
                if !ring.isFull { events.formUnion(.writable) }
                if readers == 0 { events.insert(.POLLERR) }
            }
            return events
        }
    }

    /// fcntl(F_GETPIPE_SZ).
    public var capacity: Int { lock.withLock { ring.slotCount * PipeRing.pageBytes } }

    /// fcntl(F_SETPIPE_SZ).
    ///
    /// - Returns: the new capacity, rounded up to a power of two pages.
    /// - Throws: EINVAL; EPERM over the maximum without CAP_SYS_RESOURCE; EBUSY when the pipe holds more.
    public func setCapacity(_ bytes: UInt64, by caller: Caller) throws(Errno) -> Int {
        if bytes > 1 << 31 { throw .EINVAL }
        var size = PipeRing.pageBytes
        while UInt64(size) < bytes { size <<= 1 }
        let grows = size > capacity
        if grows, size > Self.maximumCapacity, !caller.has(.CAP_SYS_RESOURCE) { throw .EPERM }
        // Beyond this a guest would only spend our memory.
        if size > 64 << 20 { throw .ENOMEM }
        if !lock.withLock({ ring.resize(slots: size / PipeRing.pageBytes) }) { throw .EBUSY }
        if grows { queue.notify(.writable) }
        return size
    }
}
