import HostOS
import Identity
import LinuxABI
import Memory
import Waiting

/// Who makes a call into the file layer: the part of a task that files need to know. Kernel's `Task` is one.
///
/// A call is made on the caller's own thread; only `waiter` may be used by others.
@safe open class Caller: WaiterOwner, @unchecked Sendable {
    public let waiter = Waiter()
    /// The caller's own thread alone reads these three directly and replaces them (`replace`); others ask `snapshot`.
    public private(set) final var credentials: Credentials {
        didSet { unsafe credentialsReference = .passUnretained(credentials) }
    }
    /// `credentials` without counting.
    @usableFromInline final var credentialsReference: Unmanaged<Credentials>
    public private(set) final var files: FDTable {
        didSet { unsafe filesReference = .passUnretained(files) }
    }
    /// `files` without counting.
    @usableFromInline final var filesReference: Unmanaged<FDTable>
    @usableFromInline final var memoryReference: Unmanaged<GuestMemory>
    public private(set) final var directories: DirectoryContext {
        didSet { unsafe directoriesReference = .passUnretained(directories) }
    }
    /// `directories` without counting.
    final var directoriesReference: Unmanaged<DirectoryContext>
    /// The keys of names' hashes, at hand.
    final let nameKeys = DentryTable.keys
    /// Guards the three references while they are replaced or read by another thread. Innermost.
    private let referencesLock = Lock()

    public init(credentials: Credentials, files: FDTable, directories: DirectoryContext) {
        self.credentials = credentials
        unsafe credentialsReference = .passUnretained(credentials)
        self.files = files
        unsafe filesReference = .passUnretained(files)
        unsafe memoryReference = .passUnretained(Self.noMemory)
        self.directories = directories
        unsafe directoriesReference = .passUnretained(directories)
        super.init()
        unsafe waiter.owner = self
        files.beginUse()
    }

    deinit { files.endUse() }

    /// Replaces what is given. On the caller's own thread only.
    public final func replace(credentials new: Credentials? = nil, files newFiles: FDTable? = nil,
                              directories newDirectories: DirectoryContext? = nil) {
        // What was replaced is let go of after the lock: a file's end may be in it.
        let old = (credentials, files, directories)
        newFiles?.beginUse()
        defer { if newFiles != nil { old.1.endUse() } }
        referencesLock.withLock {
            if let new { credentials = new }
            if let newFiles { files = newFiles }
            if let newDirectories { directories = newDirectories }
        }
        withExtendedLifetime(old) {}
        if new != nil { credentialsChanged() }
        if newFiles != nil { filesChanged() }
    }

    /// Called on the caller's own thread when `files` is another one.
    open func filesChanged() {}

    /// Called on the caller's own thread when `credentials` is another one.
    open func credentialsChanged() {}

    /// What the caller is and has, for other threads.
    public final var snapshot: (credentials: Credentials, files: FDTable, directories: DirectoryContext) {
        referencesLock.withLock { (credentials, files, directories) }
    }

    /// Lends the credentials, without counting them. On the caller's own thread; `body` must not change them.
    @inlinable @inline(__always)
    public final func withCredentials<R>(_ body: (Credentials) -> R) -> R {
        unsafe credentialsReference._withUnsafeGuaranteedRef { body($0) }
    }

    /// What the sockets' layer keeps of the caller from one call to the next. Its own thread's.
    public final var socketIdentity: AnyObject?

    /// Copies guest memory of the current call: `GuestMemory`'s own, without counting references.
    @inlinable @inline(__always)
    public final func load<T: BitwiseCopyable>(_ address: GuestAddress, as type: T.Type = T.self) throws(Errno) -> T {
        try unsafe memoryReference.borrowed { (memory) throws(Errno) in try memory.load(address, as: T.self) }
    }

    @inlinable @inline(__always)
    public final func store<T: BitwiseCopyable>(_ value: T, at address: GuestAddress) throws(Errno) {
        try unsafe memoryReference.borrowed { (memory) throws(Errno) in try memory.store(value, at: address) }
    }

    /// Lends a path, or another string, to `body` (`GuestMemory.withCString`).
    @inlinable @inline(__always)
    public final func withCString<R>(_ address: GuestAddress, limit: Int = 4096,
                                     _ body: (Span<UInt8>) throws(Errno) -> R) throws(Errno) -> R {
        try unsafe memoryReference.borrowed { (memory) throws(Errno) in
            try memory.withCString(address, limit: limit, body)
        }
    }

    /// One buffer of the current call, for reading or writing.
    @inlinable @inline(__always)
    public final func vector(_ base: GuestAddress, _ length: Int) -> IOVector {
        unsafe IOVector(memoryReference, base, length)
    }

    /// What the functions above use from now on. The caller keeps it alive.
    public final func setMemory(_ memory: GuestMemory) { unsafe memoryReference = .passUnretained(memory) }

    private static let noMemory = GuestMemory()

    /// The guest's memory, as the current call sees it.
    open var memory: GuestMemory { GuestMemory() }

    /// The soft limit of RLIMIT_`resource` (getrlimit(2)).
    open func limit(_ resource: Int) -> UInt64 { .max }

    /// Sends a signal to the calling thread: SIGPIPE, SIGXFSZ.
    open func raise(_ signal: Int32) {}

    /// The process id that file locks, fcntl(F_GETLK) and socket credentials show, in the root pid namespace.
    open var processID: Int32 { 0 }

    // Job control (JobControl.swift): what terminals ask of a caller.

    open var processGroup: SignalGroup? { nil }
    open var session: TerminalSession? { nil }
    open var isSessionLeader: Bool { false }
    /// Whether the calling thread blocks `signal` or its process ignores it.
    open func isBlockedOrIgnored(_ signal: Int32) -> Bool { false }
    /// The process group with `id` in the caller's pid namespace.
    open func processGroup(withID id: Int32) -> SignalGroup? { nil }

    public final var vfs: VirtualFileSystem { directories.mounts.vfs }

    /// Whether the caller may change things of the host's size: CAP_x in the namespace that owns mounts.
    public final func has(_ capability: Capabilities) -> Bool { credentials.has(capability) }
}
