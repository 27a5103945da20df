import GoferProtocol
import HostOS
import LinuxABI
import Memory
import Synchronization
import VFS

/// A regular file: its contents are the host's, through descriptors that the Gofer hands out.
final class GoferRegularFile: GoferInode, @unchecked Sendable {
    // Guarded by the state lock. They stay while the file is open somewhere, and for a while after.
    private var readOnly: SharedFD?
    private var readWrite: SharedFD?
    /// Guests that read it by themselves. Once it is there it stays.
    private var viewedStorage: ViewedFile?
    let hasViewed = Atomic<Bool>(false)
    private var opens = 0
    /// Whether the file system's list of idle files holds it.
    private var isListed = false
    /// Where in that list. Guarded by the file system's lock.
    var idleSlot = 0

    /// Was mapped for writing: the host changes it without a call of ours.
    let isWrittenByMappings = Atomic<Bool>(false)
    /// Orders writes at the end of the file.
    let appendLock = Lock()

    init(_ fileSystem: GoferFileSystem, _ status: FileStatus, _ type: FileType, _ handle: Handle, _ place: (GoferDirectory, [UInt8])?) {
        super.init(fileSystem, status, type, handle, place)
    }

    // MARK: - Descriptors

    func keepDescriptor(_ fd: HostFD, writable: Bool) {
        let shared = SharedFD(owning: fd)
        state.withLock { keepLocked(shared, writable: writable) }
    }

    private func keepLocked(_ shared: SharedFD, writable: Bool) {
        if !writable { return readOnly = shared }
        readWrite = shared
        forgetReaderLocked()
    }

    /// The contents may be others now for who opens the file than for who has it mapped: a host's overlay copies a file up
    /// when it is opened for writing.
    private func forgetReaderLocked() {
        readOnly = nil
        viewed?.withdrawAll()
    }

    /// A descriptor of the host's that reads, or reads and writes.
    func descriptor(writable: Bool) throws(Errno) -> SharedFD {
        try state.withLock { () throws(Errno) in try descriptorLocked(writable: writable) }
    }

    private func descriptorLocked(writable: Bool) throws(Errno) -> SharedFD {
        if let known = writable ? readWrite : readOnly { return known }
        let opened = try gofer.connection.open(try placeLocked(), flags: writable ? 2 : 0, wantsHandle: !gofer.keepsNames)
        if handle == 0 { handle = opened.handle } else { gofer.connection.close(opened.handle) }
        updateLocked(opened.status)
        let shared = SharedFD(owning: opened.takeDescriptor())
        keepLocked(shared, writable: writable)
        return shared
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        let fd = try state.withLock { () throws(Errno) in
            // One that was opened for writing reads as well.
            let known = flags.isWritable ? nil : readOnly ?? readWrite
            let fd = if let known { known } else { try descriptorLocked(writable: flags.isWritable) }
            opens += 1
            return fd
        }
        return GoferFile(self, fd, path: path, flags: flags)
    }

    /// The last close of an open file.
    func closed() {
        let isIdle = state.withLock {
            opens -= 1
            if opens > 0 || isListed || (readOnly == nil && readWrite == nil) { return false }
            isListed = true
            return true
        }
        if isIdle { gofer.keepIdle(self) }
    }

    /// A program that runs, for one, is kept by no open file.
    override var isInUseLocked: Bool { opens > 0 || readOnly != nil || readWrite != nil }

    /// A name was removed: without any, and with nobody who has it open, its space is free now.
    func dropUnlinkedDescriptors() {
        guard state.withLock({ statusLocked.links == 0 && opens == 0 }), gofer.dropIdle(self) else { return }
        leftIdleList()
    }

    func leftIdleList() {
        state.withLock { isListed = false }
        dropIdleDescriptors()
    }

    /// Lets go of descriptors, and of a handle that a name can replace, unless somebody has the file open.
    func dropIdleDescriptors() {
        let (old, handle) = state.withLock { () -> ([SharedFD?], Handle) in
            if opens > 0 { return ([], 0) }
            defer { (readOnly, readWrite) = (nil, nil) }
            if isWrittenByMappings.load(ordering: .relaxed) { isStale.store(true, ordering: .relaxed) }
            guard hasNamesLocked else { return ([readOnly, readWrite], 0) }
            defer { self.handle = 0 }
            return ([readOnly, readWrite], self.handle)
        }
        _ = old
        gofer.connection.close(handle)
    }

    // MARK: - Views

    var viewed: ViewedFile? { hasViewed.load(ordering: .acquiring) ? viewedStorage : nil }

    /// What reads without calls are made of: only of a tree that nobody else changes, where the size is known.
    func viewRequest(of file: OpenFile) -> FileViewRequest? {
        guard gofer.sharing == .exclusive, file.flags.isReadable, !file.flags.contains(.O_DIRECT) else { return nil }
        return state.withLock { () -> FileViewRequest? in
            guard let bytes = try? descriptorLocked(writable: false), let status = try? bytes.fd.statusOfDescriptor(),
                  status.size >= 4096 else { return nil }
            let viewed: ViewedFile
            if let known = viewedStorage { viewed = known } else {
                viewed = ViewedFile()
                viewedStorage = viewed
                gofer.viewedFiles.add(viewed)
                hasViewed.store(true, ordering: .releasing)
            }
            let notes = !file.flags.contains(.O_NOATIME) && !file.path.mount.suppressesAccessTime(of: type)
            return FileViewRequest(bytes: bytes, isWritable: false, file: viewed, size: status.size, notesAccess: notes)
        }
    }

    func add(_ view: FileView) {
        state.withLock {
            // Who writes beyond it looks for views afterwards.
            viewedStorage?.add(view, length: 0, isWhole: false)
            guard let readOnly, ObjectIdentifier(readOnly) == view.bytes, let status = try? readOnly.fd.statusOfDescriptor() else { return }
            viewedStorage?.setLength(status.size, isWhole: true)
        }
    }

    /// Something was written up to `end`: views that end before are of no use any more.
    @inline(__always)
    func noteEnd(_ end: UInt64) {
        if let viewed, viewed.isViewed, end > viewed.knownLength { viewed.withdrawAll() }
    }

    /// What guests' threads read by themselves moves the access time, too: by a read of ours.
    private func takeMarks(of viewed: ViewedFile) {
        guard viewed.takeMarks().accessed, let reader = state.withLock({ readOnly }) else { return }
        unsafe withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { room in
            _ = try? unsafe reader.fd.pread(into: UnsafeMutableRawBufferPointer(room), at: 0)
        }
        wasRead()
    }

    // MARK: - Attributes

    override var mustFetch: Bool { super.mustFetch || isWrittenByMappings.load(ordering: .relaxed) }

    override func attributes() throws(Errno) -> Attributes {
        if let viewed, viewed.isViewed { takeMarks(of: viewed) }
        return try super.attributes()
    }

    /// A descriptor knows what the Gofer would say.
    override func fetchLocked() throws(Errno) {
        guard let fd = readWrite ?? readOnly else { return try super.fetchLocked() }
        var status = try fd.fd.statusOfDescriptor()
        status.birthTime = statusLocked.birthTime
        updateLocked(status)
    }

    override func truncateLocked(to size: UInt64) throws(Errno) -> Bool {
        viewed?.withdrawAll()
        guard let readWrite else {
            forgetReaderLocked()
            return false
        }
        try readWrite.fd.truncate(to: size)
        isStale.store(true, ordering: .relaxed)
        return true
    }

    /// The contents were written through a descriptor.
    func wasWritten() {
        if !isStale.load(ordering: .relaxed) { isStale.store(true, ordering: .relaxed) }
    }

    /// The host takes set-id bits away from whatever this process writes, for it has no capability. One who may keep them
    /// (CAP_FSETID) gets them back.
    func wasWritten(keepingPrivilegesFor caller: Caller) {
        let hint = permissionHint.load(ordering: .relaxed)
        let before = hint != 0 ? hint : state.withLock { statusLocked.mode }
        wasWritten()
        guard before & 0o6000 != 0, caller.has(.CAP_FSETID) else { return }
        try? setAttributes(AttributeChange(mode: before & 0o7777), by: caller)
    }

    /// The contents were read: the host may have moved the access time, by its rule for relatime (mount(8)).
    func wasRead() {
        if isStale.load(ordering: .relaxed) { return }
        state.lock()
        let status = statusLocked
        state.unlock()
        let access = FileTime(status.accessTime)
        if access <= FileTime(status.modificationTime) || access <= FileTime(status.changeTime)
            || UInt64(bitPattern: access.seconds) &+ 86400 <= HostClock.now(5 /* CLOCK_REALTIME_COARSE */) / 1_000_000_000 {
            isStale.store(true, ordering: .relaxed)
        }
    }
}

/// An open file: reads and writes go to the host's descriptor, without the Gofer.
final class GoferFile: OpenFile, @unchecked Sendable {
    private let file: GoferRegularFile
    private let descriptor: SharedFD

    init(_ file: GoferRegularFile, _ descriptor: SharedFD, path: Path, flags: OpenFlags) {
        self.file = file
        self.descriptor = descriptor
        super.init(path: path, flags: flags)
    }

    deinit { file.closed() }

    override var isSeekable: Bool { true }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        guard let start = Int64(exactly: offset) else { throw .EINVAL }
        let fd = descriptor.fd
        let n = try unsafe destination.fill { (buffer, done) throws(Errno) in
            try unsafe fd.pread(into: buffer, at: start &+ Int64(done))
        }
        if n > 0 { file.wasRead() }
        noteTransfer(n)
        return n
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        if flags.contains(.O_APPEND) { return try append(&source, at: &offset, by: caller) }
        guard let start = Int64(exactly: offset) else { throw .EINVAL }
        let fd = descriptor.fd
        defer { file.wasWritten(keepingPrivilegesFor: caller) }
        let n = try unsafe source.drain { (buffer, done) throws(Errno) in
            try unsafe fd.pwrite(buffer, at: start &+ Int64(done))
        }
        file.noteEnd(UInt64(start) &+ UInt64(n))
        try synchronizeIfAsked()
        return n
    }

    /// O_APPEND: the end is the host's to know, for others may write there too.
    private func append(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        let fd = descriptor.fd
        file.appendLock.lock()
        defer {
            file.appendLock.unlock()
            file.wasWritten(keepingPrivilegesFor: caller)
        }
        let n = try unsafe source.drain { (buffer, _) throws(Errno) in try unsafe fd.append(buffer) }
        let end = UInt64(try fd.seek(0, whence: 2))
        offset = end &- UInt64(n)
        file.noteEnd(end)
        try synchronizeIfAsked()
        return n
    }

    /// O_SYNC, O_DSYNC.
    private func synchronizeIfAsked() throws(Errno) {
        if flags.isDisjoint(with: .O_SYNC) { return }
        try descriptor.fd.synchronize(dataOnly: flags.intersection(.O_SYNC) == .O_DSYNC)
    }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 {
        switch whence {
        case 2:
            let size = try file.attributes().size
            let (sum, overflow) = Int64(truncatingIfNeeded: size).addingReportingOverflow(offset)
            if overflow { throw .EOVERFLOW }
            if sum < 0 { throw .EINVAL }
            return UInt64(sum)
        case 3, 4:
            return UInt64(try descriptor.fd.seek(offset, whence: whence))
        default:
            throw .EINVAL
        }
    }

    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) { try descriptor.fd.synchronize(dataOnly: dataOnly) }

    override func allocate(mode: Int32, offset: UInt64, length: UInt64, by caller: Caller) throws(Errno) {
        file.viewed?.withdrawAll()
        try descriptor.fd.allocate(mode: UInt32(bitPattern: mode), offset: offset, length: length)
        file.viewed?.withdrawAll()
        file.wasWritten()
    }

    override func viewRequest(writable: Bool) -> FileViewRequest? { file.viewRequest(of: self) }
    override func add(_ view: FileView) { file.add(view) }
    override var viewed: ViewedFile? { file.viewed }

    override func mappable(writable: Bool, by caller: Caller) throws(Errno) -> Mappable {
        if writable {
            file.isWrittenByMappings.store(true, ordering: .relaxed)
            return .file(try file.descriptor(writable: true))
        }
        file.wasRead()
        return .file(try file.descriptor(writable: false))
    }
}
