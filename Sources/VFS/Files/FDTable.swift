import HostOS
import LinuxABI
import Memory
import Synchronization

/// The descriptors of a process, shared by tasks with CLONE_FILES. It is also the owner of POSIX file locks (Linux's
/// files_struct), which go with it.
public final class FDTable: @unchecked Sendable {
    /// Guards the slots. Never held while a file's own code runs: what leaves a slot is released after it. The only user of
    /// a table reads them without: nobody else changes them then.
    private let lock = Lock()
    private var slots: [Slot] = []
    /// The callers that it is the table of.
    private let users = Atomic<Int>(0)
    /// No slot below is free.
    private var lowestFree = 0
    /// Where guests' threads use a descriptor without a call.
    private var views: [Int: FileView] = [:]

    /// What it is called where views are kept: not 0.
    public let id = FDTable.nextID()
    private static let lastID = Atomic<UInt32>(0)

    private static func nextID() -> UInt32 {
        let id = lastID.add(1, ordering: .relaxed).newValue
        return id == 0 ? nextID() : id
    }

    private enum Slot {
        case free
        /// A number that a call under way has taken.
        case reserved
        case file(OpenFile, closeOnExec: Bool)
    }

    public init() {}

    deinit {
        for slot in slots { if case .file(let file, _) = slot { releaseLocks(of: file) } }
    }

    func beginUse() { users.add(1, ordering: .relaxed) }
    func endUse() { users.subtract(1, ordering: .relaxed) }

    /// A file for the length of a call: counted only where somebody else could close it meanwhile.
    @safe @usableFromInline
    struct Loan {
        @usableFromInline let file: Unmanaged<OpenFile>
        @usableFromInline let isCounted: Bool

        init(_ file: OpenFile, isCounted: Bool) {
            unsafe self.file = isCounted ? .passRetained(file) : .passUnretained(file)
            self.isCounted = isCounted
        }
    }

    /// On a user's own thread: the file behind `fd`, which stays there until the call ends.
    ///
    /// - Throws: EBADF.
    @usableFromInline
    func lend(_ fd: Int32) throws(Errno) -> Loan {
        // Only a user's own thread makes another user.
        if users.load(ordering: .relaxed) == 1 {
            let i = Int(truncatingIfNeeded: UInt32(bitPattern: fd))
            guard i < slots.count, case .file(let file, _) = slots[i] else { throw .EBADF }
            return Loan(file, isCounted: false)
        }
        return Loan(try anyFile(fd), isCounted: true)
    }

    /// The same, where nobody else could close it meanwhile.
    func lendUncounted(_ fd: Int32) -> Unmanaged<OpenFile>? {
        let i = Int(truncatingIfNeeded: UInt32(bitPattern: fd))
        guard users.load(ordering: .relaxed) == 1, i < slots.count, case .file(let file, _) = slots[i] else { return nil }
        return unsafe .passUnretained(file)
    }

    /// The file behind `fd`, for calls that use it: not one that O_PATH opened.
    ///
    /// - Throws: EBADF.
    @inline(__always)
    public func file(_ fd: Int32) throws(Errno) -> OpenFile {
        let file = try anyFile(fd)
        if file.flags.contains(.O_PATH) { throw .EBADF }
        return file
    }

    /// The file behind `fd`, for calls that are content with its path: fstat, fchdir, the *at calls.
    ///
    /// - Throws: EBADF.
    public func anyFile(_ fd: Int32) throws(Errno) -> OpenFile {
        lock.lock()
        defer { lock.unlock() }
        guard let i = Int(exactly: fd), i >= 0, i < slots.count, case .file(let file, _) = slots[i] else { throw .EBADF }
        return file
    }

    /// Takes the lowest free number from `minimum` on, for `fill` or `cancel`.
    ///
    /// - Parameter limit: RLIMIT_NOFILE.
    /// - Throws: EMFILE.
    public func reserve(minimum: Int32 = 0, limit: UInt64) throws(Errno) -> Int32 {
        lock.lock()
        defer { lock.unlock() }
        return try reserveLocked(minimum: minimum, limit: limit)
    }

    private func reserveLocked(minimum: Int32, limit: UInt64) throws(Errno) -> Int32 {
        let first = max(Int(minimum), 0)
        var fd = max(first, lowestFree)
        while fd < slots.count {
            if case .free = slots[fd] { break }
            fd += 1
        }
        if UInt64(fd) >= min(limit, UInt64(Self.maximum)) { throw .EMFILE }
        if first <= lowestFree { lowestFree = fd + 1 }
        grow(to: fd)
        slots[fd] = .reserved
        return Int32(fd)
    }

    /// sysctl fs.nr_open.
    private static var maximum: Int { 1 << 20 }

    private func grow(to fd: Int) { while slots.count <= fd { slots.append(.free) } }

    /// Lets a reserved number mean `file`.
    public func fill(_ fd: Int32, _ file: OpenFile, closeOnExec: Bool) {
        lock.withLock { slots[Int(fd)] = .file(file, closeOnExec: closeOnExec) }
    }

    /// Gives a reserved number back.
    public func cancel(_ fd: Int32) {
        lock.withLock { vacate(Int(fd)) }
    }

    private func vacate(_ fd: Int) {
        endView(fd)
        slots[fd] = .free
        lowestFree = min(lowestFree, fd)
    }

    /// Gives `file` the lowest free number from `minimum` on.
    ///
    /// - Parameter limit: RLIMIT_NOFILE.
    /// - Throws: EMFILE.
    public func install(_ file: OpenFile, closeOnExec: Bool, minimum: Int32 = 0, limit: UInt64) throws(Errno) -> Int32 {
        lock.lock()
        defer { lock.unlock() }
        let fd = try reserveLocked(minimum: minimum, limit: limit)
        slots[Int(fd)] = .file(file, closeOnExec: closeOnExec)
        return fd
    }

    /// dup2(2), dup3(2): lets `fd` mean `file`.
    ///
    /// - Returns: what it meant before; the caller closes it.
    /// - Throws: EBADF when `fd` is negative or not below `limit`; EBUSY when a call under way has taken the number.
    public func replace(_ fd: Int32, _ file: OpenFile, closeOnExec: Bool, limit: UInt64) throws(Errno) -> OpenFile? {
        if fd < 0 || UInt64(fd) >= min(limit, UInt64(Self.maximum)) { throw .EBADF }
        let i = Int(fd)
        lock.lock()
        defer { lock.unlock() }
        grow(to: i)
        var old: OpenFile?
        switch slots[i] {
        case .free: break
        case .reserved: throw .EBUSY
        case .file(let before, _): old = before
        }
        endView(i)
        slots[i] = .file(file, closeOnExec: closeOnExec)
        return old
    }

    /// With the lock held: the number is to mean something else.
    @inline(__always)
    private func endView(_ fd: Int) {
        if !views.isEmpty { views.removeValue(forKey: fd)?.withdraw() }
    }

    /// Lets a view of `file` be used as long as `fd` means it.
    ///
    /// - Parameter begin: makes it one that is used.
    /// - Returns: whether `fd` still means the file.
    public func attach(_ view: FileView, to fd: Int32, of file: OpenFile, _ begin: () -> Void) -> Bool {
        lock.withLock {
            guard let i = Int(exactly: fd), i >= 0, i < slots.count, case .file(let now, _) = slots[i], now === file else { return false }
            endView(i)
            views[i] = view
            begin()
            return true
        }
    }

    /// Frees `fd`.
    ///
    /// - Returns: what it meant; the caller closes it (`Caller.close`).
    /// - Throws: EBADF.
    public func remove(_ fd: Int32) throws(Errno) -> OpenFile {
        lock.lock()
        defer { lock.unlock() }
        guard let i = Int(exactly: fd), i >= 0, i < slots.count, case .file(let file, _) = slots[i] else { throw .EBADF }
        vacate(i)
        return file
    }

    public func closesOnExec(_ fd: Int32) throws(Errno) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard fd >= 0, Int(fd) < slots.count, case .file(_, let flag) = slots[Int(fd)] else { throw .EBADF }
        return flag
    }

    public func setCloseOnExec(_ fd: Int32, _ flag: Bool) throws(Errno) {
        lock.lock()
        defer { lock.unlock() }
        guard fd >= 0, Int(fd) < slots.count, case .file(let file, _) = slots[Int(fd)] else { throw .EBADF }
        slots[Int(fd)] = .file(file, closeOnExec: flag)
    }

    /// close_range(2) with CLOSE_RANGE_CLOEXEC.
    public func setCloseOnExec(from first: UInt32, through last: UInt32) {
        lock.withLock {
            for i in range(first, last) {
                if case .file(let file, _) = slots[i] { slots[i] = .file(file, closeOnExec: true) }
            }
        }
    }

    /// close_range(2).
    ///
    /// - Returns: what was open there; the caller closes them.
    public func remove(from first: UInt32, through last: UInt32) -> [OpenFile] {
        lock.withLock { take(range(first, last)) { _ in true } }
    }

    private func range(_ first: UInt32, _ last: UInt32) -> Range<Int> {
        let low = min(Int(first), slots.count)
        return low..<max(low, min(Int(last) + 1, slots.count))
    }

    private func take(_ range: Range<Int>, _ wanted: (Bool) -> Bool) -> [OpenFile] {
        var taken: [OpenFile] = []
        for i in range {
            guard case .file(let file, let closeOnExec) = slots[i], wanted(closeOnExec) else { continue }
            taken.append(file)
            vacate(i)
        }
        return taken
    }

    /// Frees what exec(2) closes.
    ///
    /// - Returns: the files; the caller closes them.
    public func removeCloseOnExec() -> [OpenFile] { lock.withLock { take(0..<slots.count) { $0 } } }

    /// Frees all.
    public func removeAll() -> [OpenFile] { lock.withLock { take(0..<slots.count) { _ in true } } }

    /// What fork gives a child; what unshare(CLONE_FILES) makes.
    public func copy() -> FDTable {
        let copy = FDTable()
        lock.withLock {
            copy.slots = slots.map { if case .reserved = $0 { .free } else { $0 } }
            copy.lowestFree = 0
        }
        return copy
    }

    /// What is open, in the order of the numbers: for /proc/PID/fd.
    public var descriptors: [(fd: Int32, file: OpenFile, closeOnExec: Bool)] {
        lock.withLock {
            var all: [(fd: Int32, file: OpenFile, closeOnExec: Bool)] = []
            for (i, slot) in slots.enumerated() {
                if case .file(let file, let flag) = slot { all.append((Int32(i), file, flag)) }
            }
            return all
        }
    }

    /// A process that closes any descriptor of a file loses its POSIX locks on it (fcntl(2)).
    @inline(__always)
    func releaseLocks(of file: OpenFile) {
        if !file.inode.hasAttachments { return }
        file.path.inode.attachments?.locks.releasePOSIX(of: ObjectIdentifier(self))
    }
}

extension Caller {
    /// Calls `body` with the file behind `fd`, for calls that use it: not one that O_PATH opened. On the caller's own thread;
    /// `body` must not close descriptors.
    ///
    /// - Throws: EBADF.
    @inlinable @inline(__always)
    public final func withFile<R>(_ fd: Int32, _ body: (OpenFile) throws(Errno) -> R) throws(Errno) -> R {
        try withAnyFile(fd) { (file) throws(Errno) in
            if file.flags.contains(.O_PATH) { throw .EBADF }
            return try body(file)
        }
    }

    /// The same for calls that are content with the file's path.
    @inlinable @inline(__always)
    public final func withAnyFile<R>(_ fd: Int32, _ body: (OpenFile) throws(Errno) -> R) throws(Errno) -> R {
        let loan = try unsafe filesReference.borrowed { (files) throws(Errno) in try files.lend(fd) }
        defer { if loan.isCounted { unsafe loan.file.release() } }
        return try unsafe loan.file.borrowed(body)
    }

    /// The same for who can do without it: only where the file need not be counted, as nobody else uses the table.
    ///
    /// - Returns: nil when that is not so, or nothing is behind `fd`.
    @inline(__always)
    public final func withUncountedFile<R>(_ fd: Int32, _ body: (OpenFile) -> R) -> R? {
        guard let file = unsafe filesReference._withUnsafeGuaranteedRef({ unsafe $0.lendUncounted(fd) }) else { return nil }
        return unsafe file._withUnsafeGuaranteedRef(body)
    }

    /// close(2) of a file that has left the descriptor table.
    ///
    /// - Throws: what the file's flush has to report; the descriptor is gone in any case.
    public final func close(_ file: consuming OpenFile) throws(Errno) {
        if file.flags.contains(.O_PATH) { return }
        unsafe filesReference.borrowed { $0.releaseLocks(of: file) }
        try file.flush(by: self)
    }

    /// close(2).
    public final func closeDescriptor(_ fd: Int32) throws(Errno) {
        let file = try unsafe filesReference.borrowed { (files) throws(Errno) in try files.remove(fd) }
        try close(file)
    }

    /// open(2), openat(2): with a descriptor.
    ///
    /// - Throws: EMFILE before the path is looked at.
    public final func open(_ path: Span<UInt8>, at dirfd: Int32, installing how: OpenHow) throws(Errno) -> UInt64 {
        let limit = limit(7 /* RLIMIT_NOFILE */)
        return try unsafe filesReference.borrowed { (files) throws(Errno) in
            let fd = try files.reserve(limit: limit)
            do throws(Errno) {
                files.fill(fd, try open(path, at: dirfd, how), closeOnExec: how.flags.contains(.O_CLOEXEC))
            } catch {
                files.cancel(fd)
                throw error
            }
            return UInt64(fd)
        }
    }

    /// Installs two files, or neither (pipe, socketpair).
    public final func installPair(_ a: OpenFile, _ b: OpenFile, closeOnExec: Bool) throws(Errno) -> (Int32, Int32) {
        let limit = limit(7 /* RLIMIT_NOFILE */)
        let first = try files.reserve(limit: limit)
        let second: Int32
        do throws(Errno) { second = try files.install(b, closeOnExec: closeOnExec, limit: limit) } catch {
            files.cancel(first)
            throw error
        }
        files.fill(first, a, closeOnExec: closeOnExec)
        return (first, second)
    }

    /// Gives `file` the lowest free descriptor.
    public final func install(_ file: OpenFile, closeOnExec: Bool) throws(Errno) -> Int32 {
        try files.install(file, closeOnExec: closeOnExec, limit: limit(7 /* RLIMIT_NOFILE */))
    }
}
