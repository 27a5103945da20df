import HostOS
import LinuxABI
import Memory
import Synchronization
import VFS

/// A directory or an empty file in memory, where a read-only tree has nothing that a mount could stand on.
final class MountPointInode: AnonymousInode, @unchecked Sendable {
    private unowned let gofer: GoferFileSystem
    /// Guards the entries. A leaf.
    private let entriesLock = Lock()
    private var entries: [FileName: MountPointInode] = [:]

    private static let lastNumber = Atomic<UInt64>(1 << 46)

    init(_ fileSystem: GoferFileSystem, _ node: NewNode) throws(Errno) {
        guard node.type == .directory || node.type == .regular else { throw .EROFS }
        gofer = fileSystem
        super.init(fileSystem: fileSystem, number: Self.lastNumber.add(1, ordering: .relaxed).newValue, type: node.type,
                   mode: node.mode, uid: node.uid, gid: node.gid)
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? { entriesLock.withLock { entries[name] } }

    override func create(_ name: FileName, _ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        guard gofer.makesMountPoints else { throw .EROFS }
        let made = try MountPointInode(gofer, node)
        entriesLock.withLock { entries[name] = made }
        return made
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        type == .directory ? MountPointFile(self, path: path, flags: flags) : EmptyFile(path: path, flags: flags)
    }

    var list: [DirectoryEntry] {
        let known = entriesLock.withLock { entries }
        return known.sorted { $0.value.number < $1.value.number }.enumerated().map { i, entry in
            DirectoryEntry(name: entry.key, inode: entry.value.number, type: entry.value.type, next: UInt64(i) + 3)
        }
    }
}

/// Reads as nothing.
private final class EmptyFile: OpenFile, @unchecked Sendable {
    override var isSeekable: Bool { true }
    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int { 0 }
}

private final class MountPointFile: OpenFile, @unchecked Sendable {
    private let directory: MountPointInode

    init(_ directory: MountPointInode, path: Path, flags: OpenFlags) {
        self.directory = directory
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }

    override func readDirectory(_ position: inout UInt64, by caller: Caller, _ emit: (DirectoryEntry) -> Bool) throws(Errno) {
        let dots = [DirectoryEntry(name: ".", inode: directory.number, type: .directory, next: 1),
                    DirectoryEntry(name: "..", inode: path.dentry.parent?.inode.number ?? directory.number, type: .directory, next: 2)]
        for entry in (dots + directory.list).dropFirst(Int(min(position, 1 << 32))) {
            if !emit(entry) { return }
            position = entry.next
        }
    }
}
