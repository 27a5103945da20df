import HostOS
import LinuxABI
import Memory
import Synchronization
import VFS
import Waiting

/// A descriptor of the host as a guest's file: the standard streams that a container was given.
///
/// The descriptor is shared with processes outside, whose O_NONBLOCK must not change: the Sentry asks whether it is ready
/// before it reads or writes, and sleeps in a wait queue, where signals reach it.
public final class HostFile: OpenFile, @unchecked Sendable {
    private let host: SharedFD
    private let kind: FileType
    private let queue = WaitQueue()
    /// Guards the registration. Above HostReadiness's lock.
    private let watchLock = Lock()
    private var token: UInt64?
    private var isWatched = false

    /// More than a pipe takes at once without blocking, when the host cannot be asked for writes that do not block.
    private static let atomicWrite = 4096

    /// - Parameters:
    ///   - flags: how the guest sees it opened.
    ///   - caller: whoever owns the file, as fstat shows it.
    public convenience init(_ host: SharedFD, flags: OpenFlags, by caller: Caller) throws(Errno) {
        let status = try host.fd.status()
        let type = FileType(rawValue: status.mode & 0o170000) ?? .fifo
        let inode = HostInode(host, type, in: caller.vfs.anonymous, status)
        self.init(host, path: caller.vfs.anonymous.path(to: inode), type, flags)
    }

    fileprivate init(_ host: SharedFD, path: Path, _ type: FileType, _ flags: OpenFlags) {
        self.host = host
        kind = type
        super.init(path: path, flags: flags)
    }

    deinit {
        if let token { HostReadiness.shared.unwatch(host.fd, token) }
    }

    public override var isSeekable: Bool { kind == .regular }

    public override var anonymousName: String? {
        switch kind {
        case .fifo: "pipe:[\(inode.number)]"
        case .socket: "socket:[\(inode.number)]"
        default: "host:[\(inode.number)]"
        }
    }

    // MARK: Reading and writing

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if kind == .regular {
            return try destination.fill { (room, done) throws(Errno) in
                try unsafe host.fd.pread(into: room, at: Int64(clamping: offset &+ UInt64(done)))
            }
        }
        if destination.remaining == 0 { return 0 }
        try waitUntil(.POLLIN, caller)
        var isFirst = true
        return try destination.fill { (room, _) throws(Errno) in
            // A stream's bytes are gone once they are read: one piece, as much as the guest's first pages can take.
            if !isFirst { return 0 }
            isFirst = false
            return try unsafe host.fd.read(into: room)
        }
    }

    public override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        do throws(Errno) {
            if kind == .regular {
                let start = flags.contains(.O_APPEND) ? try host.fd.status().size : offset
                let count = try source.drain { (bytes, done) throws(Errno) in
                    try unsafe host.fd.pwrite(bytes, at: Int64(clamping: start &+ UInt64(done)))
                }
                offset = start &+ UInt64(count)
                return count
            }
            return try source.drain { (bytes, done) throws(Errno) in try unsafe writeStream(bytes, isFirst: done == 0, caller) }
        } catch {
            if error == .EPIPE { caller.raise(13 /* SIGPIPE */) }
            throw error
        }
    }

    /// Writes all of `bytes` as room comes; fewer when interrupted or when the file does not block.
    private func writeStream(_ bytes: UnsafeRawBufferPointer, isFirst: Bool, _ caller: Caller) throws(Errno) -> Int {
        var done = 0
        while done < bytes.count {
            do throws(Errno) {
                try waitUntil(.POLLOUT, caller)
                done += try unsafe writePiece(UnsafeRawBufferPointer(rebasing: bytes[done...]))
            } catch {
                if done > 0 { return done }
                throw error
            }
        }
        return done
    }

    /// - Throws: EAGAIN when there is no room after all.
    private func writePiece(_ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        do throws(Errno) { return try unsafe host.fd.writeWithoutBlocking(bytes) } catch {
            if error == .EAGAIN { return 0 }
            if error != .EOPNOTSUPP && error != .ESPIPE { throw error }
        }
        return try unsafe host.fd.write(UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, Self.atomicWrite)]))
    }

    /// Returns when the host would not block.
    private func waitUntil(_ event: IOEvents, _ caller: Caller) throws(Errno) {
        let wanted = event.union([.POLLERR, .POLLHUP])
        if !poll().isDisjoint(with: wanted) { return }
        if isNonblocking { throw .EAGAIN }
        watch()
        try caller.waiter.wait(on: queue, for: event) { () throws(Errno) -> Void? in
            poll().isDisjoint(with: wanted) ? nil : ()
        }
    }

    // MARK: Readiness

    public override func poll() -> IOEvents {
        if kind == .regular { return [.readable, .writable] }
        let asked: HostPollEvents = [.readable, .writable]
        guard let ready = (try? HostPoll.wait([(host.fd, asked)], timeout: 0))?.first else { return [] }
        var events = IOEvents(rawValue: UInt32(UInt16(bitPattern: ready.rawValue)))
        if events.contains(.POLLIN) { events.insert(.POLLRDNORM) }
        if events.contains(.POLLOUT) { events.insert(.POLLWRNORM) }
        return events
    }

    public override var waitQueue: WaitQueue? {
        if kind == .regular { return nil }
        watch()
        return queue
    }

    private func watch() {
        watchLock.withLock {
            if isWatched { return }
            isWatched = true
            token = HostReadiness.shared.watch(host.fd, queue)
        }
    }

    // MARK: The rest

    public override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 {
        guard kind == .regular else { throw .ESPIPE }
        guard whence == 2 else { throw .EINVAL }
        let (end, overflow) = Int64(clamping: try host.fd.status().size).addingReportingOverflow(offset)
        if overflow || end < 0 { throw .EINVAL }
        return UInt64(end)
    }

    public override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) {
        guard kind == .regular else { throw .EINVAL }
        try host.fd.synchronize(dataOnly: dataOnly)
    }

    public override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        // Only what tells programs that they write to a person's terminal; its settings are not the guest's.
        let size: Int
        switch request {
        case 0x5401: size = 36 // TCGETS
        case 0x5413: size = 8 // TIOCGWINSZ
        case 0x541b where kind != .regular: size = 4 // FIONREAD
        default: throw .ENOTTY
        }
        var answer = [UInt8](repeating: 0, count: size)
        try unsafe answer.withMutableBytes { (room) throws(Errno) in
            _ = try unsafe hostCall(.ioctl, host.fd.argument, Int(request), Int(room.baseAddress))
        }
        try caller.memory.store(array: answer, at: GuestAddress(argument))
        return 0
    }
}

/// The inode of a host descriptor. Opened again (/dev/stdout, /proc/self/fd/1) it is the same stream.
private final class HostInode: AnonymousInode, @unchecked Sendable {
    private let host: SharedFD

    init(_ host: SharedFD, _ type: FileType, in fileSystem: AnonymousFileSystem, _ status: FileStatus) {
        self.host = host
        super.init(fileSystem: fileSystem, number: fileSystem.nextInode(), type: type, mode: status.mode & 0o7777)
    }

    override func attributes() throws(Errno) -> Attributes {
        var attributes = try super.attributes()
        if type == .regular {
            let status = try host.fd.status()
            attributes.size = status.size
            attributes.blocks = status.blocks
        }
        return attributes
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        if type == .socket { throw .ENXIO }
        return HostFile(host, path: path, type, flags)
    }
}
