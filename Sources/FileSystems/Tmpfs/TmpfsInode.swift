import HostOS
import LinuxABI
import Synchronization
import VFS

/// What all files of a tmpfs have: attributes and extended attributes, in memory.
class TmpfsInode: Inode, @unchecked Sendable {
    /// Guards the attributes. Below a file's contents' lock; nothing is locked below it.
    final let attributeLock = Lock()
    private final var current: Attributes
    private final var extended: [[UInt8]: [UInt8]] = [:]
    /// Until which second of the clock an access need not be noted; 0: look at the attributes.
    private final let accessedUntil = Atomic<Int64>(0)

    var tmpfs: TmpfsFileSystem { unsafe unsafeDowncast(fileSystem, to: TmpfsFileSystem.self) }

    init(_ fileSystem: TmpfsFileSystem, number: UInt64, _ node: NewNode) {
        let now = FileTime.now
        current = Attributes(type: node.type, mode: node.mode & 0o7777, uid: node.uid, gid: node.gid,
                             links: node.type == .directory ? 2 : 1, inode: number, device: fileSystem.device,
                             deviceOfNode: node.device, accessed: now, modified: now, changed: now, born: now)
        super.init(fileSystem: fileSystem, number: number, type: node.type)
        permissionHint.store(Self.permissionHintValid | node.mode & 0o7777, ordering: .relaxed)
    }

    deinit { tmpfs.endInode() }

    override func attributes() throws(Errno) -> Attributes { attributeLock.withLock { current } }

    override func permissions() throws(Errno) -> (mode: UInt32, uid: UInt32, gid: UInt32) {
        attributeLock.lock()
        defer { attributeLock.unlock() }
        return (current.mode, current.uid, current.gid)
    }

    override func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) {
        update { a in
            if let mode = change.mode { a.mode = mode }
            if let uid = change.uid { a.uid = uid }
            if let gid = change.gid { a.gid = gid }
            if let accessed = change.accessed { a.accessed = accessed.value }
            if let modified = change.modified { a.modified = modified.value }
            a.changed = .now
        }
    }

    /// Changes the attributes.
    final func update(_ body: (inout Attributes) -> Void) {
        attributeLock.withLock {
            accessedUntil.store(0, ordering: .relaxed)
            body(&current)
            permissionHint.store(Self.permissionHintValid | current.mode, ordering: .relaxed)
        }
    }

    /// Something in it was changed, now.
    final func touch() {
        let now = FileTime.now
        update { a in
            a.modified = now
            a.changed = now
        }
    }

    /// relatime: notes an access when the last one is older than the last change, or than a day.
    final func noteAccess(_ file: OpenFile) { if notesAccess(by: file) { noteAccess() } }

    final func notesAccess(by file: OpenFile) -> Bool {
        !file.flags.contains(.O_NOATIME) && !file.path.mount.suppressesAccessTime(of: type)
    }

    final func noteAccess() {
        let now = FileTime.now
        if now.seconds < accessedUntil.load(ordering: .relaxed) { return }
        attributeLock.withLock {
            let a = current.accessed
            if a <= current.modified || a <= current.changed || now.seconds &- a.seconds >= 86400 { current.accessed = now }
            let isNewest = current.accessed > current.modified && current.accessed > current.changed
            accessedUntil.store(isNewest ? current.accessed.seconds &+ 86400 : 0, ordering: .relaxed)
        }
    }

    override func extendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) -> [UInt8] {
        if name.starts(with: "system.".utf8) { throw .EOPNOTSUPP }
        guard let value = attributeLock.withLock({ extended[name] }) else { throw .ENODATA }
        return value
    }

    override func setExtendedAttribute(_ name: [UInt8], _ value: [UInt8], flags: Int32, by caller: Caller) throws(Errno) {
        if name.starts(with: "system.".utf8) { throw .EOPNOTSUPP }
        try attributeLock.withLock { () throws(Errno) in
            if flags & 1 != 0, extended[name] != nil { throw .EEXIST }
            if flags & 2 != 0, extended[name] == nil { throw .ENODATA }
            // Linux bounds them by the file system's memory; here a file has at most a megabyte of them.
            let total = extended.reduce(0) { $0 + $1.key.count + $1.value.count }
            if total + name.count + value.count > 1 << 20 { throw .ENOSPC }
            extended[name] = value
            current.changed = .now
        }
    }

    override func removeExtendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) {
        try attributeLock.withLock { () throws(Errno) in
            if extended.removeValue(forKey: name) == nil { throw .ENODATA }
            current.changed = .now
        }
    }

    override func extendedAttributeNames(by caller: Caller) throws(Errno) -> [[UInt8]] {
        attributeLock.withLock { extended.keys.sorted { $0.lexicographicallyPrecedes($1) } }
    }
}

/// A symbolic link.
final class TmpfsLink: TmpfsInode, @unchecked Sendable {
    private let target: [UInt8]

    override init(_ fileSystem: TmpfsFileSystem, number: UInt64, _ node: NewNode) {
        target = node.target
        super.init(fileSystem, number: number, node)
        update { $0.size = UInt64(node.target.count) }
    }

    override func readLink(by caller: Caller) throws(Errno) -> [UInt8] { target }
}
