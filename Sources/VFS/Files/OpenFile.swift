import HostOS
import LinuxABI
import Memory
import Synchronization
import Waiting

/// An open file description (open(2)): what descriptors refer to. Linux's struct file with its file_operations.
///
/// The VFS has checked the access mode, lengths and limits. `position` is kept by the caller of `read` and `write`
/// under `positionLock` where files have one. What the last close does (a pipe's end hangs up) is the subclass's `deinit`:
/// references are dropped with no lock of the VFS held, on whatever thread had the last one.
open class OpenFile: @unchecked Sendable {
    /// By which it was opened; anonymous files (pipes, sockets, eventfds) have a dentry of their own.
    public final let path: Path
    /// `inode` without counting: the path keeps it.
    final let inodeReference: Unmanaged<Inode>
    /// Access mode, and status flags that fcntl(F_SETFL) changes.
    @usableFromInline let flagBits: Atomic<UInt32>
    /// Guards `position` against calls that use and move it.
    public let positionLock = Lock()
    public final var position: UInt64 {
        get {
            if isPositionKept.load(ordering: .acquiring) { takePosition() }
            return storedPosition
        }
        set {
            if isPositionKept.load(ordering: .acquiring) { takePosition() }
            storedPosition = newValue
        }
    }
    private final var storedPosition: UInt64 = 0
    /// Guards the position's keeper. Above the platform's locks.
    private let keeperLock = Lock()
    /// The view whose threads use the position by themselves.
    private final var keeper: FileView?
    private let isPositionKept = Atomic<Bool>(false)

    private final func takePosition() {
        keeperLock.withLock {
            guard let view = keeper else { return }
            keeper = nil
            if let position = view.takePosition() { storedPosition = position }
            isPositionKept.store(false, ordering: .releasing)
        }
        // They may have it again when they want it.
        wantsView.store(true, ordering: .relaxed)
    }

    /// Lets a view keep the position until somebody else wants it.
    public final func lendPosition(to view: FileView) {
        positionLock.withLock {
            keeperLock.withLock {
                if keeper != nil || !view.keepPosition(storedPosition) { return }
                keeper = view
                isPositionKept.store(true, ordering: .releasing)
            }
        }
    }

    /// fcntl(F_SETOWN), F_SETSIG.
    public final var asynchronousOwner: AnyObject?
    /// Set by the VFS when it opened the file for writing: counted in the inode and the mount.
    final var countsAsWriter = false
    /// It is used so much that a view of it is worth its price (`viewRequest`).
    public let wantsView = Atomic<Bool>(false)
    /// How much is read and written before that.
    private let patience = Atomic<Int>(16)
    /// Whether BSD or open-file locks were taken through it.
    final let mayHoldLocks = Atomic<Bool>(false)

    public init(path: Path, flags: OpenFlags) {
        self.path = path
        guard let inode = unsafe path.dentry.knownReference else { preconditionFailure("a negative dentry was opened") }
        unsafe inodeReference = inode
        flagBits = Atomic(flags.rawValue)
        path.mount.beginUse()
    }

    /// Itself, if it is a `T`, a class without subclasses: `as?` would ask the runtime.
    @inlinable @inline(__always)
    public final func exactly<T: OpenFile>(_ type: T.Type) -> T? {
        ObjectIdentifier(Swift.type(of: self)) == ObjectIdentifier(type) ? unsafe unsafeDowncast(self, to: T.self) : nil
    }

    /// Calls `body` with itself, if it is just a `T`: without counting.
    @inlinable @inline(__always)
    public final func ifExactly<T: OpenFile, R>(_ type: T.Type, _ body: (T) throws(Errno) -> R) throws(Errno) -> R? {
        if ObjectIdentifier(Swift.type(of: self)) != ObjectIdentifier(type) { return nil }
        return try unsafe Unmanaged.passUnretained(unsafeDowncast(self, to: T.self)).borrowed(body)
    }

    /// Tells those who watch the file, or its directory.
    @inline(__always)
    final func tell(_ events: WatchEvents) {
        if unsafe inodeReference._withUnsafeGuaranteedRef({ $0.isQuiet }) { return }
        tellSlowly(events)
    }

    @inline(never)
    private final func tellSlowly(_ events: WatchEvents) { path.dentry.inode.notify(events, path.dentry) }

    /// Whether it is a regular file.
    @inline(__always)
    final var isRegular: Bool { unsafe inodeReference._withUnsafeGuaranteedRef { $0.type == .regular } }

    deinit {
        if mayHoldLocks.load(ordering: .relaxed) { path.inode.attachments?.locks.releaseAll(of: ObjectIdentifier(self)) }
        if countsAsWriter {
            path.inode.endWriting()
            path.mount.endWriting()
        }
        path.mount.endUse()
        noteClosed()
    }

    @inlinable public final var flags: OpenFlags {
        get { OpenFlags(rawValue: flagBits.load(ordering: .relaxed)) }
        set { flagBits.store(newValue.rawValue, ordering: .relaxed) }
    }

    @inlinable public final var isNonblocking: Bool { flags.contains(.O_NONBLOCK) }
    public final var inode: Inode { path.dentry.inode }

    /// Whether it has a position (lseek); pipes, sockets, ttys have not: pread on them is ESPIPE.
    open var isSeekable: Bool { false }

    /// A seekable file that has no position (/dev/null) or keeps it itself: a call that uses and moves it passes the offset
    /// `UInt64.max`, and lseek is all the file's.
    open var ignoresPosition: Bool { false }

    /// read(2), pread(2). A stream ignores `offset`. Blocks unless `isNonblocking` (or `nonblocking`: RWF_NOWAIT, MSG_DONTWAIT).
    ///
    /// - Returns: bytes put into `destination`; 0 at the end.
    /// - Throws: EAGAIN, ERESTARTSYS, EFAULT when the first byte cannot be stored, and the file's own errors.
    open func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int { throw .EINVAL }

    /// write(2), pwrite(2). With O_APPEND a seekable file writes at its end and returns there through `offset`.
    open func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int { throw .EINVAL }

    /// lseek(2) with SEEK_END 2, SEEK_DATA 3, SEEK_HOLE 4; SEEK_SET and SEEK_CUR are the VFS's.
    open func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 { throw .ESPIPE }

    /// Tells of entries from `position` on, which it moves, until `emit` returns false (that entry was not taken).
    open func readDirectory(_ position: inout UInt64, by caller: Caller,
                            _ emit: (DirectoryEntry) -> Bool) throws(Errno) { throw .ENOTDIR }

    /// What is ready now. Regular files: always.
    open func poll() -> IOEvents { [.POLLIN, .POLLOUT, .POLLRDNORM, .POLLWRNORM] }

    /// The queues that tell when `poll`'s answer changes; nil for a file that is always ready (epoll refuses it: EPERM).
    open var waitQueue: WaitQueue? { nil }

    /// ioctl(2) beyond what the VFS answers for all (FIOCLEX, FIONBIO, FIOASYNC).
    open func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 { throw .ENOTTY }

    /// fsync(2), fdatasync(2). EINVAL for files that have nothing to write back (pipes, sockets).
    open func sync(dataOnly: Bool, by caller: Caller) throws(Errno) { throw .EINVAL }

    /// fallocate(2).
    open func allocate(mode: Int32, offset: UInt64, length: UInt64, by caller: Caller) throws(Errno) { throw .EOPNOTSUPP }

    /// Attributes for fstat(2); sockets and pipes answer themselves.
    open func attributes() throws(Errno) -> Attributes { try inode.attributes() }

    /// The host descriptor to map in the guest: read-only unless `writable` (a shared mapping of a file open for writing).
    /// native-memory.md, section 7.
    ///
    /// - Throws: ENODEV for a file that cannot be mapped.
    open func mappable(writable: Bool, by caller: Caller) throws(Errno) -> Mappable { throw .ENODEV }

    /// For files that can have views: so much was read, or written in place.
    @inline(__always)
    public final func noteTransfer(_ count: Int) {
        if count >= 512 { noteLargeTransfer(count) }
    }

    /// The same for devices: a view costs them next to nothing.
    @inline(__always)
    public final func noteCall() { noteLargeTransfer(0) }

    private final func noteLargeTransfer(_ count: Int) {
        if patience.subtract(1 + count >> 14, ordering: .relaxed).newValue > 0 { return }
        patience.store(16, ordering: .relaxed)
        wantsView.store(true, ordering: .relaxed)
    }

    /// There is no view of it now, nor soon.
    public final func refuseView() { patience.store(256, ordering: .relaxed) }

    /// What guests' threads need to read it, and to write it if `writable`, by themselves; nil: they cannot.
    open func viewRequest(writable: Bool) -> FileViewRequest? { nil }
    /// Tells a view how far it goes, from now on.
    open func add(_ view: FileView) {}
    /// What knows of its views, if there ever were any.
    open var viewed: ViewedFile? { nil }

    /// F_GET_SEALS; nil for files that know none.
    open var seals: FileSeals? { nil }
    /// F_ADD_SEALS of a file that was opened for writing.
    open func addSeals(_ seals: FileSeals) throws(Errno) { throw .EINVAL }

    /// A descriptor was closed (any of those that refer to this file): Linux's flush.
    open func flush(by caller: Caller) throws(Errno) {}

    /// Whether fcntl(F_SETFL) may set these flags: O_DIRECT, O_NOATIME...
    ///
    /// - Throws: EINVAL, EPERM.
    open func checkFlags(_ flags: OpenFlags, by caller: Caller) throws(Errno) {}

    /// Whether O_APPEND writes go to the end: the VFS then passes no position.
    public final var appends: Bool { flags.contains(.O_APPEND) }

    /// Lines that /proc/PID/fdinfo shows beyond pos, flags, mnt_id.
    open var fdinfo: String { "" }

    /// For /proc/PID/fd of files without a name: "pipe:[12]", "socket:[7]", "anon_inode:[eventfd]".
    open var anonymousName: String? { nil }
}

/// What mmap needs of a file.
public enum Mappable {
    /// A regular file or memory file of the host.
    case file(SharedFD)
    /// Zeroes: /dev/zero; private anonymous memory, or shared when asked.
    case anonymous
}

/// What getdents64(2) tells of an entry.
public struct DirectoryEntry {
    public var name: FileName
    public var inode: UInt64
    public var type: FileType
    /// d_off: the position behind this entry.
    public var next: UInt64

    public init(name: FileName, inode: UInt64, type: FileType, next: UInt64) {
        self.name = name
        self.inode = inode
        self.type = type
        self.next = next
    }
}
