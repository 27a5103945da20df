import CHostOS
import CStub
import HostOS
import LinuxABI
import Memory
import Platform
import Stubs
import Synchronization

/// A descriptor that a stub's own code uses (CStub/file-calls.c).
final class SystrapFileView: FileView, @unchecked Sendable {
    let descriptor: Int
    let files: UInt32
    /// Nil for a device.
    let mapping: FileMapping?
    private let views: FileViews
    /// Guarded by the lock of `views`.
    fileprivate var hasEnded = false

    fileprivate init(_ request: FileViewRequest, descriptor: Int, files: UInt32, mapping: FileMapping?, views: FileViews) {
        self.descriptor = descriptor
        self.files = files
        self.mapping = mapping
        self.views = views
        super.init(request)
    }

    override func setLength(_ length: UInt64, isWhole: Bool) {
        guard let mapping else { return }
        let shown = min(length, mapping.size)
        views.store(length: shown | (isWhole && shown == length ? UInt64(STUB_VIEW_WHOLE) : 0), of: self)
    }

    override func takeMarks() -> (accessed: Bool, modified: UInt64) { views.takeMarks(descriptor) }

    override func end() { views.end(self) }

    /// struct stub_view's.
    fileprivate var stubFlags: UInt32 {
        if mapping != nil { return STUB_VIEW_READ | (isWritable ? STUB_VIEW_WRITE : 0) }
        return (device.contains(.zeroes) ? STUB_VIEW_ZEROES : 0) | (device.contains(.end) ? STUB_VIEW_END : 0)
            | (device.contains(.swallows) ? STUB_VIEW_SWALLOWS : 0) | (device.contains(.full) ? STUB_VIEW_FULL : 0)
    }

    /// What the position was in the end. Guarded by the lock of `views`.
    fileprivate var lastPosition: UInt64?

    override func keepPosition(_ position: UInt64) -> Bool { views.keep(position, by: self) }
    override func takePosition() -> UInt64? { views.takePosition(of: self) }
}

/// A file in the stub's own part of its address space.
final class FileMapping {
    let bytes: SharedFD
    let isWritable: Bool
    let address: UInt64
    let size: UInt64
    /// Guarded by the lock of `FileViews`.
    fileprivate var users = 0

    init(_ bytes: SharedFD, isWritable: Bool, address: UInt64, size: UInt64) {
        self.bytes = bytes
        self.isWritable = isWritable
        self.address = address
        self.size = size
    }
}

/// The views of one address space.
final class FileViews: @unchecked Sendable {
    private let arena: Arena
    /// Held while something is mapped or unmapped, and while the stub forks. Above `lock`.
    let mappingLock = Lock()
    /// Guards what follows, and the views' table in the arena. A leaf.
    private let lock = Lock()
    private var views: [Int: SystrapFileView] = [:]
    private var mappings: [FileMapping] = []
    private var unused: [FileMapping] = []
    private var nextPlace = UInt64(STUB_FILES)
    /// There are mappings that nobody uses.
    let hasUnused = Atomic<Bool>(false)

    /// How much one address space may have mapped, and in how many pieces: beyond that, it begins anew.
    private static var limit: UInt64 { 1 << 30 }
    private static var countLimit: Int { 64 }
    /// What is mapped of one file, from its start.
    private static var sizeLimit: UInt64 { 256 << 20 }

    init(_ arena: Arena) { self.arena = arena }

    private func entry(_ descriptor: Int) -> UnsafeMutablePointer<CStub.stub_view> { unsafe arena.view(descriptor) }

    /// The view that serves for the request already.
    func view(for request: FileViewRequest, descriptor: Int, files: UInt32) -> SystrapFileView? {
        lock.withLock {
            guard let view = views[descriptor], !view.hasEnded, view.files == files, view.file === request.file,
                  view.isWritable == request.isWritable, view.device == request.device else { return nil }
            guard let size = view.mapping?.size else { return view }
            return request.size <= size || size >= Self.sizeLimit ? view : nil
        }
    }

    /// A mapping of the request's bytes that is large enough, in use from now on.
    fileprivate func mapping(for request: FileViewRequest) -> FileMapping? {
        lock.withLock {
            guard let found = mappings.first(where: {
                $0.bytes === request.bytes && $0.isWritable == request.isWritable
                    && ($0.size >= request.size || $0.size >= Self.sizeLimit)
            }) else { return nil }
            found.users += 1
            return found
        }
    }

    /// How much to map, with room for the file to grow.
    static func size(for file: UInt64) -> UInt64 {
        min(sizeLimit, max(1 << 20, file > sizeLimit / 2 ? sizeLimit : (file * 2 + 0xfffff) & ~0xfffff))
    }

    /// A place that no thread has a file's address of.
    ///
    /// - Returns: nil when all views have to be withdrawn first.
    fileprivate func takePlace(_ size: UInt64) -> UInt64? {
        lock.withLock {
            let sum = mappings.reduce(0) { $0 + $1.size }
            if sum + size > Self.limit || mappings.count >= Self.countLimit { return nil }
            if nextPlace + size + pageSize > UInt64(STUB_FILES) + UInt64(STUB_FILES_LENGTH) {
                // Hundreds of thousands of mappings later.
                if !mappings.isEmpty || !unused.isEmpty { return nil }
                nextPlace = UInt64(STUB_FILES)
            }
            defer { nextPlace += size + pageSize }
            return nextPlace
        }
    }

    fileprivate func add(_ mapping: FileMapping) {
        lock.withLock {
            mapping.users = 1
            mappings.append(mapping)
        }
    }

    /// The descriptor's view, which is not used yet.
    fileprivate func add(_ view: SystrapFileView) {
        // One of a table that is no longer the thread's, or that has become too small.
        let old = lock.withLock { views[view.descriptor] }
        old?.withdraw()
        lock.withLock {
            views[view.descriptor] = view
            let entry = unsafe entry(view.descriptor), mark = unsafe arena.mark(view.descriptor)
            unsafe host_store64(&mark.pointee.position, UInt64(STUB_POSITION_AWAY))
            unsafe host_store64(&mark.pointee.modified, 0)
            unsafe host_store64(&mark.pointee.accessed, 0)
            let version = unsafe entry.pointee.version
            unsafe host_store32(&entry.pointee.version, version | 1)
            host_fence()
            unsafe entry.pointee.files = 0
            unsafe entry.pointee.flags = view.stubFlags
            unsafe entry.pointee.address = view.mapping?.address ?? 0
            unsafe host_store64(&entry.pointee.length, 0)
            unsafe host_store32(&entry.pointee.version, (version | 1) &+ 1)
        }
    }

    func use(_ view: SystrapFileView) {
        lock.withLock {
            if !view.hasEnded { unsafe host_store32(&entry(view.descriptor).pointee.files, view.files) }
        }
    }

    fileprivate func store(length: UInt64, of view: SystrapFileView) {
        lock.withLock {
            if !view.hasEnded { unsafe host_store64(&entry(view.descriptor).pointee.length, length) }
        }
    }

    fileprivate func takeMarks(_ descriptor: Int) -> (accessed: Bool, modified: UInt64) {
        let mark = unsafe arena.mark(descriptor)
        return (unsafe host_exchange64(&mark.pointee.accessed, 0) != 0, unsafe host_exchange64(&mark.pointee.modified, 0))
    }

    fileprivate func end(_ view: SystrapFileView) {
        lock.withLock {
            if view.hasEnded { return }
            view.hasEnded = true
            if views[view.descriptor] === view {
                view.lastPosition = exchangePosition(view)
                views[view.descriptor] = nil
                unsafe host_store32(&entry(view.descriptor).pointee.files, 0)
            }
            if let mapping = view.mapping { release(mapping) }
        }
    }

    /// With the lock held.
    private func exchangePosition(_ view: SystrapFileView) -> UInt64? {
        let position = unsafe host_exchange64(&arena.mark(view.descriptor).pointee.position, UInt64(STUB_POSITION_AWAY))
        return position < UInt64(STUB_POSITION_AWAY) ? position : nil
    }

    fileprivate func keep(_ position: UInt64, by view: SystrapFileView) -> Bool {
        lock.withLock {
            if view.hasEnded || position > UInt64(Int64.max) { return false }
            unsafe host_store64(&arena.mark(view.descriptor).pointee.position, position)
            return true
        }
    }

    fileprivate func takePosition(of view: SystrapFileView) -> UInt64? {
        lock.withLock { view.hasEnded ? view.lastPosition : exchangePosition(view) }
    }

    /// With the lock held.
    private func release(_ mapping: FileMapping) {
        mapping.users -= 1
        if mapping.users > 0 { return }
        mappings.removeAll { $0 === mapping }
        unused.append(mapping)
        hasUnused.store(true, ordering: .relaxed)
    }

    fileprivate func takeUnused() -> [FileMapping] {
        lock.withLock {
            hasUnused.store(false, ordering: .relaxed)
            defer { unused = [] }
            return unused
        }
    }

    /// Something is mapped that a fork's child does not get.
    var hasMappings: Bool { lock.withLock { !mappings.isEmpty || !unused.isEmpty } }

    func withdrawAll() {
        let all = lock.withLock { Array(views.values) }
        for view in all { view.withdraw() }
    }
}

extension SystrapContext {
    func makeFileView(_ request: FileViewRequest, _ descriptor: Int32, _ files: UInt32) throws(Errno) -> (view: FileView, isNew: Bool) {
        guard let index = Int(exactly: descriptor), index >= 0, index < Int(STUB_VIEWS) else { throw .EMFILE }
        let views = space.views
        if let view = views.view(for: request, descriptor: index, files: files) {
            use(files: files)
            return (view, false)
        }
        var mapping: FileMapping?
        if let bytes = request.bytes {
            mapping = try views.mappingLock.withLock { () throws(Errno) -> FileMapping in
                if let known = views.mapping(for: request) { return known }
                let made = try map(bytes, request)
                views.add(made)
                return made
            }
        }
        let view = SystrapFileView(request, descriptor: index, files: files, mapping: mapping, views: views)
        views.add(view)
        return (view, true)
    }

    /// With the mapping lock held: maps the file where guest code sees nothing of it, and forks inherit nothing.
    private func map(_ bytes: SharedFD, _ request: FileViewRequest) throws(Errno) -> FileMapping {
        let size = FileViews.size(for: request.size)
        var place = space.views.takePlace(size)
        if place == nil {
            space.views.withdrawAll()
            try unmapUnusedLocked()
            place = space.views.takePlace(size)
        }
        guard let place else { throw .ENOMEM }
        let known = space.slot(of: bytes)
        var slot = known ?? 0
        if known == nil {
            slot = try asking(.descriptor(bytes.fd, slot: space.takeSlot()), STUB_CALL_B, number: UInt32(StubLayout.requestNumber),
                              StubLayout.requestDescriptor)
        }
        // PROT_READ, PROT_WRITE; MAP_SHARED | FIXED, and for small files MAP_POPULATE.
        let flags: UInt64 = 0x11 | (request.size <= 1 << 20 ? 0x8000 : 0)
        try judged(.mmap, place, size, request.isWritable ? 3 : 1, flags, slot, 0)
        if known == nil { _ = command(STUB_CALL_A, number: UInt32(SystemCallNumber.close.rawValue), slot) }
        try judged(.madvise, place, size, 10 /* MADV_DONTFORK */, 0, 0, 0)
        return FileMapping(bytes, isWritable: request.isWritable, address: place, size: size)
    }

    private func judged(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64,
                        _ f: UInt64) throws(Errno) {
        _ = try asking(.call(number.rawValue, (a, b, c, d, e, f)), STUB_CALL_B, number: UInt32(number.rawValue), a, b, c, d, e, f)
    }

    /// Takes away what nobody uses any more.
    @inline(never)
    func unmapUnused() {
        space.views.mappingLock.withLock { _ = try? unmapUnusedLocked() }
    }

    private func unmapUnusedLocked() throws(Errno) {
        for mapping in space.views.takeUnused() {
            // PROT_NONE; MAP_PRIVATE | FIXED | ANONYMOUS | NORESERVE: nothing else comes to lie there.
            try judged(.mmap, mapping.address, mapping.size, 0, 0x4032, .max, 0)
        }
    }
}
