import HostOS
import LinuxABI
import Memory
import Synchronization
import VFS

/// The file system of an ipc namespace's POSIX message queues (mq_overview(7)).
public final class MqueueFileSystem: FileSystem, @unchecked Sendable {
    private let lastInode = Atomic<UInt64>(1)
    /// Guards both below. Innermost.
    private let rootLock = Lock()
    private var rootStorage: MqueueDirectory?
    /// A mount of its own, for queues that are opened without one.
    private var ownMount: Mount?

    /// /proc/sys/fs/mqueue.
    public static var maximumQueues: Int { 256 }
    public static var defaultMessages: Int { 10 }
    public static var defaultSize: Int { 8192 }
    static var hardMessages: Int { 65536 }
    static var hardSize: Int { 16 << 20 }

    public init() { super.init(typeName: "mqueue") }

    public override var root: Inode { directory }

    var directory: MqueueDirectory {
        rootLock.withLock {
            if let rootStorage { return rootStorage }
            let made = MqueueDirectory(self)
            rootStorage = made
            return made
        }
    }

    public override var caching: Caching { .never }
    public override func statistics() throws(Errno) -> FileSystemStatistics { FileSystemStatistics(magic: 0x1980_0202) }

    func nextInode() -> UInt64 { lastInode.add(1, ordering: .relaxed).newValue }

    /// What mq_open(2) asks of a queue that it makes; nil: the defaults.
    public struct Shape: Sendable {
        public var messages: Int
        public var size: Int

        public init(messages: Int, size: Int) {
            self.messages = messages
            self.size = size
        }
    }

    /// mq_open(2).
    ///
    /// - Throws: ENOENT, EEXIST, EACCES, EINVAL, ENOSPC, EMFILE, ENAMETOOLONG.
    public func open(_ name: [UInt8], flags: OpenFlags, mode: UInt32, shape: Shape?, by caller: Caller) throws(Errno) -> OpenFile {
        if name.isEmpty { throw .ENOENT }
        if name.contains(UInt8(ascii: "/")) { throw .EACCES }
        if name.count > FileName.maximumLength { throw .ENAMETOOLONG }
        if name == [0x2e] || name == [0x2e, 0x2e] { throw .EACCES }
        let queue = try directory.queue(FileName(name), flags: flags, mode: mode, shape: shape, by: caller)
        return try queue.open(path(to: queue, FileName(name)), flags: flags.subtracting([.O_CREAT, .O_EXCL, .O_CLOEXEC]), by: caller)
    }

    /// mq_unlink(2).
    public func unlink(_ name: [UInt8], by caller: Caller) throws(Errno) {
        if name.isEmpty || name.contains(UInt8(ascii: "/")) { throw name.isEmpty ? .ENOENT : .EACCES }
        try directory.unlink(FileName(name), by: caller)
    }

    private func path(to queue: PosixMessageQueue, _ name: FileName) -> Path {
        let top = rootDentry
        let mount = rootLock.withLock {
            if let ownMount { return ownMount }
            let made = Mount(id: 0, fileSystem: self, root: top, flags: [], source: Array("mqueue".utf8))
            ownMount = made
            return made
        }
        return Path(mount: mount, dentry: Dentry(name: name, parent: nil, inode: queue))
    }
}

/// Its only directory.
final class MqueueDirectory: AnonymousInode, @unchecked Sendable {
    private unowned let queues: MqueueFileSystem
    /// Guards the names. Innermost but for a queue's attributes.
    private let nameLock = Lock()
    private var names: [FileName: PosixMessageQueue] = [:]

    init(_ fileSystem: MqueueFileSystem) {
        queues = fileSystem
        super.init(fileSystem: fileSystem, number: 1, type: .directory, mode: 0o1777)
    }

    func queue(_ name: FileName, flags: OpenFlags, mode: UInt32, shape: MqueueFileSystem.Shape?,
               by caller: Caller) throws(Errno) -> PosixMessageQueue {
        if let found = nameLock.withLock({ names[name] }) {
            if flags.contains([.O_CREAT, .O_EXCL]) { throw .EEXIST }
            if flags.rawValue & 3 == 3 { throw .EINVAL }
            var access: AccessMask = []
            if flags.isReadable { access.insert(.read) }
            if flags.isWritable { access.insert(.write) }
            try found.checkPermission(access, by: caller)
            return found
        }
        if !flags.contains(.O_CREAT) { throw .ENOENT }
        let node = NewNode(type: .regular, mode: mode & 0o777 & ~caller.directories.umask, uid: caller.credentials.fsuid,
                           gid: caller.credentials.fsgid)
        return try make(name, node, shape, by: caller)
    }

    private func make(_ name: FileName, _ node: NewNode, _ shape: MqueueFileSystem.Shape?, by caller: Caller) throws(Errno) -> PosixMessageQueue {
        let shape = shape ?? .init(messages: MqueueFileSystem.defaultMessages, size: MqueueFileSystem.defaultSize)
        let mayExceed = caller.has(.CAP_SYS_RESOURCE)
        if shape.messages <= 0 || shape.size <= 0 { throw .EINVAL }
        if shape.messages > (mayExceed ? MqueueFileSystem.hardMessages : MqueueFileSystem.defaultMessages)
            || shape.size > (mayExceed ? MqueueFileSystem.hardSize : MqueueFileSystem.defaultSize) { throw .EINVAL }
        let cost = PosixMessageQueue.cost(shape.messages, shape.size)
        let limit = caller.limit(12 /* RLIMIT_MSGQUEUE */)
        return try nameLock.withLock { () throws(Errno) in
            if names[name] != nil { throw .EEXIST }
            if names.count >= MqueueFileSystem.maximumQueues, !mayExceed || names.count >= 4096 { throw .ENOSPC }
            let used = names.values.reduce(UInt64(0)) {
                $0 &+ ($1.ownerUID == node.uid ? PosixMessageQueue.cost($1.maximumMessages, $1.messageSize) : 0)
            }
            if used &+ cost > limit { throw .EMFILE }
            let made = PosixMessageQueue(queues, number: queues.nextInode(), node, maximumMessages: shape.messages,
                                         messageSize: shape.size)
            names[name] = made
            return made
        }
    }

    /// mq_unlink(2): the sticky directory's rule.
    func unlink(_ name: FileName, by caller: Caller) throws(Errno) {
        guard let found = nameLock.withLock({ names[name] }) else { throw .ENOENT }
        if !(try found.isOwned(by: caller)), !(try isOwned(by: caller)) { throw .EACCES }
        nameLock.withLock { if names[name] === found { names[name] = nil } }
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? { nameLock.withLock { names[name] } }

    override func create(_ name: FileName, _ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        if node.type != .regular { throw .EPERM }
        return try make(name, node, nil, by: caller)
    }

    override func unlink(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) {
        nameLock.withLock { if names[name] === inode { names[name] = nil } }
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        MqueueListing(path: path, flags: flags, entries: nameLock.withLock {
            names.map { ($0.key, $0.value.number) }.sorted { $0.1 < $1.1 }
        })
    }
}

/// The open directory: the names as they were when it was opened.
private final class MqueueListing: OpenFile, @unchecked Sendable {
    private let entries: [(FileName, UInt64)]

    init(path: Path, flags: OpenFlags, entries: [(FileName, UInt64)]) {
        self.entries = entries
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }

    override func readDirectory(_ position: inout UInt64, by caller: Caller, _ emit: (DirectoryEntry) -> Bool) throws(Errno) {
        while position < UInt64(entries.count) + 2 {
            let entry: DirectoryEntry = switch position {
            case 0: DirectoryEntry(name: ".", inode: 1, type: .directory, next: 1)
            case 1: DirectoryEntry(name: "..", inode: 1, type: .directory, next: 2)
            default: DirectoryEntry(name: entries[Int(position - 2)].0, inode: entries[Int(position - 2)].1, type: .regular,
                                    next: position + 1)
            }
            if !emit(entry) { return }
            position += 1
        }
    }
}
