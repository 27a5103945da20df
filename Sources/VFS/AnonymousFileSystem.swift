import HostOS
import LinuxABI
import Synchronization

/// Where files without names live: pipes, sockets, eventfds. Linux has pipefs, sockfs and anon_inodefs.
public final class AnonymousFileSystem: FileSystem, @unchecked Sendable {
    private let lastInode = Atomic<UInt64>(1)
    private let mountLock = Lock()
    private var mountStorage: Mount?

    init() { super.init(typeName: "anon_inodefs") }

    /// A directory that nobody can reach.
    public override var root: Inode { AnonymousInode(fileSystem: self, number: 1, type: .directory, mode: 0) }

    public override func statistics() throws(Errno) -> FileSystemStatistics { FileSystemStatistics(magic: 0x0904_1934) }

    private var mount: Mount {
        mountLock.withLock {
            if let mountStorage { return mountStorage }
            let made = Mount(id: 0, fileSystem: self, root: rootDentry, flags: [], source: Array("none".utf8))
            mountStorage = made
            return made
        }
    }

    /// A number for an inode that the caller makes itself.
    public func nextInode() -> UInt64 { lastInode.add(1, ordering: .relaxed).newValue }

    /// A path for `inode`, which gets no name: what `OpenFile.init` needs.
    public func path(to inode: Inode, name: FileName = "anon") -> Path {
        Path(mount: mount, dentry: Dentry(name: name, parent: nil, inode: inode))
    }

    /// A path to a new inode of `type`, owned by `caller`: fifo for pipes, socket for sockets.
    public func makePath(type: FileType, mode: UInt32 = 0o600, name: FileName = "anon", by caller: Caller) -> Path {
        path(to: AnonymousInode(fileSystem: self, number: nextInode(), type: type, mode: mode,
                                uid: caller.credentials.fsuid, gid: caller.credentials.fsgid), name: name)
    }
}

/// The inode of a file without a name: attributes in memory, nothing else.
open class AnonymousInode: Inode, @unchecked Sendable {
    /// Guards the attributes. Innermost.
    private let attributeLock = Lock()
    private var current: Attributes

    public init(fileSystem: FileSystem, number: UInt64, type: FileType, mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0) {
        let now = FileTime.now
        current = Attributes(type: type, mode: mode, uid: uid, gid: gid, inode: number, device: fileSystem.device,
                             accessed: now, modified: now, changed: now)
        super.init(fileSystem: fileSystem, number: number, type: type)
    }

    open override func attributes() throws(Errno) -> Attributes { attributeLock.withLock { current } }

    open override func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) {
        attributeLock.withLock {
            if let mode = change.mode { current.mode = mode }
            if let uid = change.uid { current.uid = uid }
            if let gid = change.gid { current.gid = gid }
            if let accessed = change.accessed { current.accessed = accessed.value }
            if let modified = change.modified { current.modified = modified.value }
            current.changed = .now
        }
    }
}
