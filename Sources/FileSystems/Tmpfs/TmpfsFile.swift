import HostOS
import LinuxABI
import Memory
import Synchronization
import VFS

/// A regular file of a tmpfs, or one that memfd_create(2) made: in the Sentry's memory until a guest maps it, then a memory
/// file of the host's, which guest and Sentry share.
final class TmpfsFile: TmpfsInode, @unchecked Sendable {
    /// Guards contents, size and seals. Above the attributes' lock.
    let contentLock = Lock()
    /// The contents, until there is `mapped`.
    private var memory = ChunkedBytes()
    private(set) var mapped: MemoryFile?
    private(set) var size: UInt64 = 0
    /// Of the memory file: so many bytes from the start on have no hole among them. More may be so.
    var dense: UInt64 = 0
    /// Guests that use it by themselves (TmpfsViews.swift). Once it is there it stays.
    var viewedStorage: ViewedFile?
    let hasViewed = Atomic<Bool>(false)
    /// Guests may map it for writing: the memory file's time when it was last looked at (TmpfsViews.swift).
    var storesSeen: HostTime?
    /// Pages that were counted in the file system.
    private var countedPages: UInt64 = 0
    private(set) var seals: FileSeals
    /// Size and 512-byte blocks for those who ask without the lock, while the contents are in memory.
    private let shownSize = Atomic<UInt64>(0)
    private let shownBlocks = Atomic<UInt64>(0)
    private let isMapped = Atomic<Bool>(false)

    init(_ fileSystem: TmpfsFileSystem, number: UInt64, _ node: NewNode, seals: FileSeals) {
        self.seals = seals
        super.init(fileSystem, number: number, node)
    }

    override convenience init(_ fileSystem: TmpfsFileSystem, number: UInt64, _ node: NewNode) {
        self.init(fileSystem, number: number, node, seals: .F_SEAL_SEAL)
    }

    deinit { tmpfs.give(pages: countedPages) }

    override func attributes() throws(Errno) -> Attributes {
        takeMarks()
        if isMapped.load(ordering: .acquiring) { contentLock.withLock { takeStores() } }
        var a = try super.attributes()
        if !isMapped.load(ordering: .acquiring) {
            a.size = shownSize.load(ordering: .relaxed)
            a.blocks = shownBlocks.load(ordering: .relaxed)
            return a
        }
        contentLock.withLock {
            a.size = size
            a.blocks = pagesUsed &* 8
        }
        return a
    }

    /// With the lock held.
    private var pagesUsed: UInt64 {
        if let mapped { return ((try? mapped.writable.fd.status())?.blocks ?? 0) / 8 }
        return memory.pages
    }

    override func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) {
        if let size = change.size { try resize(to: size) }
        takeMarks()
        // What is written from now on takes these bits away.
        if let mode = change.mode, mode & 0o6000 != 0 { viewed?.withdrawAll() }
        if change.modified != nil, isMapped.load(ordering: .acquiring) { contentLock.withLock { forgetStores() } }
        try super.setAttributes(change, by: caller)
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        TmpfsOpenFile(path: path, flags: flags, self)
    }

    private func resize(to new: UInt64) throws(Errno) {
        try contentLock.withLock { () throws(Errno) in
            if new < size, seals.contains(.F_SEAL_SHRINK) { throw .EPERM }
            if new > size, seals.contains(.F_SEAL_GROW) { throw .EPERM }
            if mapped != nil { noteSize(new, kept: min(size, new)) }
            if let mapped { try mapped.writable.fd.truncate(to: new) } else if new < size { memory.truncate(to: new) }
            size = new
            recount()
            show()
        }
    }

    /// With the lock held: tells others of size and blocks.
    private func show() {
        shownSize.store(size, ordering: .relaxed)
        if hasViewed.load(ordering: .relaxed) { showLength() }
        if mapped == nil { shownBlocks.store(memory.pages &* 8, ordering: .relaxed) }
    }

    /// With the lock held: what is used less than was counted goes back.
    private func recount() {
        let used = pagesUsed
        if used < countedPages {
            tmpfs.give(pages: countedPages - used)
            countedPages = used
        }
    }

    /// With the lock held: counts pages that are to be used.
    private func take(_ pages: UInt64) throws(Errno) {
        if pages == 0 { return }
        try tmpfs.take(pages: pages)
        countedPages += pages
    }

    func read(_ destination: inout IOVector, at offset: UInt64) throws(Errno) -> Int {
        contentLock.lock()
        defer { contentLock.unlock() }
        if offset >= size { return 0 }
        let count = Int(min(UInt64(destination.remaining), size - offset))
        if count == 0 { return 0 }
        let done: Int
        if let mapped {
            destination.truncate(to: count)
            done = try destination.fill(from: mapped.writable.fd, at: offset)
        } else {
            done = memory.read(offset, count, into: &destination)
        }
        if done == 0, destination.faulted { throw .EFAULT }
        return done
    }

    /// - Parameter append: write at the end; `offset` then says where that was.
    func write(_ source: inout IOVector, at offset: inout UInt64, append: Bool) throws(Errno) -> Int {
        contentLock.lock()
        defer { contentLock.unlock() }
        if append { offset = size }
        if !seals.isDisjoint(with: [.F_SEAL_WRITE, .F_SEAL_FUTURE_WRITE]) { throw .EPERM }
        var count = min(source.remaining, Int(UInt64(Int64.max) - min(offset, UInt64(Int64.max))))
        if count == 0 { return 0 }
        if seals.contains(.F_SEAL_GROW), offset + UInt64(count) > size {
            if offset >= size { throw .EPERM }
            count = Int(size - offset)
        }
        if mapped != nil, offset > size { clearTail(until: offset) }
        let done = try store(&source, offset, count)
        if done > 0 {
            let end = offset + UInt64(done)
            if mapped != nil, offset <= dense, end > dense { dense = end }
            size = max(size, end)
            show()
            takeMarks()
            touch()
        }
        if done == 0, source.faulted { throw .EFAULT }
        return done
    }

    private func store(_ source: inout IOVector, _ offset: UInt64, _ wanted: Int) throws(Errno) -> Int {
        if let mapped {
            source.truncate(to: wanted)
            if takeDensely(offset, wanted) {
                let done = try source.drain(to: mapped.writable.fd, at: offset)
                if done < wanted { recount() }
                return done
            }
            let before = pagesUsed
            if before > countedPages { try take(before - countedPages) }
            // Room for the worst case first; what was there already is given back.
            try take(UInt64(wanted) / 4096 + 2)
            defer { recount() }
            return try source.drain(to: mapped.writable.fd, at: offset)
        }
        var count = wanted
        // As much as fits is written; nothing at all is ENOSPC.
        do throws(Errno) { try take(memory.missingPages(offset, count)) } catch {
            count = min(count, Int(4096 - offset % 4096))
            try take(memory.missingPages(offset, count))
        }
        let done = memory.write(offset, count, from: &source)
        recount()
        return done
    }

    /// With the lock held: counts the pages for a write to the memory file, without a look at it: where it has no hole, or
    /// right behind its end.
    private func takeDensely(_ offset: UInt64, _ count: Int) -> Bool {
        let end = offset + UInt64(count)
        if end <= dense { return true }
        if offset > dense || dense < size { return false }
        return (try? take((end + 4095) / 4096 - (dense + 4095) / 4096)) != nil
    }

    func seek(_ offset: Int64, whence: Int32) throws(Errno) -> UInt64 {
        contentLock.lock()
        defer { contentLock.unlock() }
        if whence == 2 {
            let (sum, overflow) = Int64(truncatingIfNeeded: size).addingReportingOverflow(offset)
            if overflow || sum < 0 { throw .EINVAL }
            return UInt64(sum)
        }
        if offset < 0 || UInt64(offset) >= size { throw .ENXIO }
        if let mapped { return UInt64(try mapped.writable.fd.seek(offset, whence: whence)) }
        guard let found = memory.next(from: UInt64(offset), data: whence == 3), found < size || whence == 4 else { throw .ENXIO }
        return min(found, size)
    }

    /// fallocate(2): KEEP_SIZE 1, PUNCH_HOLE 2, ZERO_RANGE 0x10.
    func allocate(mode: Int32, _ offset: UInt64, _ length: UInt64) throws(Errno) {
        let (keepSize, punch, zero) = (mode & 1 != 0, mode & 2 != 0, mode & 0x10 != 0)
        if mode & ~0x13 != 0 || punch && (!keepSize || zero) { throw .EOPNOTSUPP }
        try contentLock.withLock { () throws(Errno) in
            defer { recount() }
            if punch || zero, !seals.isDisjoint(with: [.F_SEAL_WRITE, .F_SEAL_FUTURE_WRITE]) { throw .EPERM }
            let grows = !keepSize && offset + length > size
            if grows, seals.contains(.F_SEAL_GROW) { throw .EPERM }
            if let mapped {
                if punch || zero { noteSize(size, kept: min(offset, size)) }
                if grows { clearTail(until: offset + length) }
                if !punch { try take(length / 4096 + 2) }
                try mapped.writable.fd.allocate(mode: UInt32(bitPattern: mode), offset: offset, length: length)
            } else {
                if punch || zero { memory.punch(offset, length) }
                if !punch { try reserve(offset, length) }
            }
            if grows { size = offset + length }
            show()
        }
        takeMarks()
        touch()
    }

    /// With the lock held: room in memory.
    private func reserve(_ offset: UInt64, _ length: UInt64) throws(Errno) {
        // More than the machine has cannot be had; nor is it counted page by page.
        if length > HostMemory.information.total { throw .ENOSPC }
        var missing: UInt64 = 0
        var at = offset
        while at < offset + length {
            let step = min(offset + length - at, 1 << 30)
            missing += memory.missingPages(at, Int(step))
            at += step
        }
        try take(missing)
        memory.reserve(offset, length)
    }

    /// Makes the file one that guests can map.
    func mappable(writable: Bool) throws(Errno) -> Mappable {
        contentLock.lock()
        defer { contentLock.unlock() }
        if writable, !seals.isDisjoint(with: [.F_SEAL_WRITE, .F_SEAL_FUTURE_WRITE]) { throw .EPERM }
        let file = try memoryFile()
        if writable, storesSeen == nil { watchStores() }
        return .file(writable ? file.writable : file.readOnly)
    }

    /// With the lock held: the contents as a memory file.
    func memoryFile() throws(Errno) -> MemoryFile {
        let file: MemoryFile
        if let mapped {
            file = mapped
        } else {
            file = try MemoryFile(name: "tmpfs")
            try file.writable.fd.truncate(to: size)
            var failure: Errno?
            memory.forEachRun { offset, piece, range in
                let count = offset < size ? Int(min(UInt64(range.count), size - offset)) : 0
                let part = piece[range.lowerBound..<(range.lowerBound + count)]
                do throws(Errno) { try file.writable.fd.pwriteAll(part, at: offset) } catch { failure = error }
            }
            if let failure { throw failure }
            // What guests may not do to it the host keeps them from.
            if seals != .F_SEAL_SEAL { try file.addSeals(seals.rawValue & FileSeals.hostSeals) }
            mapped = file
            memory = ChunkedBytes()
            isMapped.store(true, ordering: .releasing)
        }
        return file
    }

    /// The size, without the lock.
    var shownLength: UInt64 { shownSize.load(ordering: .relaxed) }

    var currentSeals: FileSeals { contentLock.withLock { seals } }

    /// F_ADD_SEALS.
    func add(seals new: FileSeals) throws(Errno) {
        try contentLock.withLock { () throws(Errno) in
            if seals.contains(.F_SEAL_SEAL) { throw .EPERM }
            if let mapped { try mapped.addSeals(new.rawValue & FileSeals.hostSeals) }
            seals.formUnion(new)
        }
    }
}

/// A regular file of a tmpfs, opened.
final class TmpfsOpenFile: OpenFile, @unchecked Sendable {
    private let file: TmpfsFile

    init(path: Path, flags: OpenFlags, _ file: TmpfsFile) {
        self.file = file
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        let done = try file.read(&destination, at: offset)
        file.noteAccess(self)
        noteTransfer(done)
        return done
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        let done = try file.write(&source, at: &offset, append: appends)
        if offset &+ UInt64(done) < file.shownLength { noteTransfer(done) }
        return done
    }

    // MARK: Views (TmpfsViews.swift)

    override func viewRequest(writable: Bool) -> FileViewRequest? { file.viewRequest(of: self, writable: writable) }

    override func add(_ view: FileView) { file.add(view) }

    override var viewed: ViewedFile? { file.viewed }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 {
        try file.seek(offset, whence: whence)
    }

    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) {}

    override func allocate(mode: Int32, offset: UInt64, length: UInt64, by caller: Caller) throws(Errno) {
        try file.allocate(mode: mode, offset, length)
    }

    override func mappable(writable: Bool, by caller: Caller) throws(Errno) -> Mappable { try file.mappable(writable: writable) }

    override var seals: FileSeals? { file.currentSeals }
    override func addSeals(_ seals: FileSeals) throws(Errno) { try file.add(seals: seals) }
}

/// Files that memfd_create(2) makes, and shared memory without a name.
public final class MemoryFiles: Sendable {
    private let fileSystem: TmpfsFileSystem
    private let mount: Mount

    public init(_ vfs: VirtualFileSystem) {
        fileSystem = TmpfsFileSystem(TmpfsFileSystem.Options(mode: 0o700))
        mount = Mount(id: 0, fileSystem: fileSystem, root: fileSystem.rootDentry, flags: [], source: Array("tmpfs".utf8))
    }

    /// - Parameter name: what /proc/PID/fd shows behind `prefix`.
    public func make(name: [UInt8], prefix: String = "memfd:", mode: UInt32 = 0o777, seals: FileSeals, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        try fileSystem.beginInode()
        let node = NewNode(type: .regular, mode: mode, uid: caller.credentials.fsuid, gid: caller.credentials.fsgid)
        let file = TmpfsFile(fileSystem, number: fileSystem.nextInode(), node, seals: seals)
        file.update { $0.links = 0 }
        let path = mount.pathToNameless(file, name: FileName(Array(prefix.utf8) + name))
        return try file.open(path, flags: flags, by: caller)
    }
}
