import HostOS
import LinuxABI
import Memory
import VFS

/// A directory of a tmpfs. Its entries are guarded by the inode's `lock`, which the VFS holds.
final class TmpfsDirectory: TmpfsInode, @unchecked Sendable {
    private struct Entry {
        var inode: TmpfsInode
        /// Its place in a listing: a number that no entry of this directory had before.
        var cookie: UInt64
    }

    private struct Position {
        var cookie: UInt64
        /// nil: removed since.
        var name: FileName?
    }

    private var entries: [FileName: Entry] = [:]
    /// In the order of their cookies.
    private var order: [Position] = []
    private var removed = 0
    /// 0 is ".", 1 is "..".
    private var lastCookie: UInt64 = 1
    /// What ".." shows: the parent's number.
    private var parentNumber: UInt64

    override init(_ fileSystem: TmpfsFileSystem, number: UInt64, _ node: NewNode) {
        parentNumber = number
        super.init(fileSystem, number: number, node)
        update { $0.size = 40 }
    }

    /// Lets go of all below without recursion: a guest decides how deep it is.
    deinit { takeApart() }

    func takeApart() {
        var work = takeEntries()
        while let inode = work.popLast() {
            var unique: TmpfsInode? = consume inode
            if isKnownUniquelyReferenced(&unique), let directory = unique as? TmpfsDirectory { work += directory.takeEntries() }
        }
    }

    private func takeEntries() -> [TmpfsInode] {
        lock.withLock {
            let all = entries.values.map(\.inode)
            entries = [:]
            order = []
            return all
        }
    }

    private var tree: TmpfsFileSystem { tmpfs }

    // The VFS's calls, with `lock` held.

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? { entries[name]?.inode }

    override func create(_ name: FileName, _ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        let inode = try make(node)
        insert(name, inode)
        if let directory = inode as? TmpfsDirectory {
            directory.parentNumber = number
            update { $0.links &+= 1 }
        }
        return inode
    }

    private func make(_ node: NewNode) throws(Errno) -> TmpfsInode {
        try tree.beginInode()
        let number = tree.nextInode()
        return switch node.type {
        case .directory: TmpfsDirectory(tree, number: number, node)
        case .regular: TmpfsFile(tree, number: number, node)
        case .symbolicLink: TmpfsLink(tree, number: number, node)
        case .fifo, .socket, .characterDevice, .blockDevice: TmpfsInode(tree, number: number, node)
        }
    }

    override func createTemporary(_ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        let inode = try make(node)
        inode.update { $0.links = 0 }
        return inode
    }

    override func link(_ name: FileName, to inode: Inode, by caller: Caller) throws(Errno) {
        guard let inode = inode as? TmpfsInode else { throw .EXDEV }
        inode.update { a in
            a.links &+= 1
            a.changed = .now
        }
        insert(name, inode)
    }

    override func unlink(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) {
        guard let entry = remove(name) else { throw .ENOENT }
        entry.inode.update { a in
            a.links &-= 1
            a.changed = .now
        }
    }

    override func removeDirectory(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) {
        guard let directory = entries[name]?.inode as? TmpfsDirectory else { throw .ENOENT }
        if !directory.entries.isEmpty { throw .ENOTEMPTY }
        _ = remove(name)
        update { $0.links &-= 1 }
        directory.update { a in
            a.links = 0
            a.changed = .now
        }
    }

    override func rename(_ name: FileName, _ inode: Inode, to newParent: Inode, _ newName: FileName, replacing replaced: Inode?,
                         flags: RenameFlags, by caller: Caller) throws(Errno) {
        guard let target = newParent as? TmpfsDirectory, let moved = entries[name]?.inode else { throw .ENOENT }
        let movedDirectory = moved as? TmpfsDirectory
        if flags.contains(.RENAME_EXCHANGE) {
            guard let other = target.entries[newName]?.inode else { throw .ENOENT }
            entries[name]?.inode = other
            target.entries[newName]?.inode = moved
            let otherDirectory = other as? TmpfsDirectory
            if target !== self {
                update { $0.links = $0.links &- (movedDirectory == nil ? 0 : 1) &+ (otherDirectory == nil ? 0 : 1) }
                target.update { $0.links = $0.links &+ (movedDirectory == nil ? 0 : 1) &- (otherDirectory == nil ? 0 : 1) }
                movedDirectory?.parentNumber = target.number
                otherDirectory?.parentNumber = number
            }
            other.update { $0.changed = .now }
            touch()
            target.touch()
        } else {
            let whiteout = flags.contains(.RENAME_WHITEOUT)
                ? try make(NewNode(type: .characterDevice, mode: 0, uid: caller.credentials.fsuid, gid: caller.credentials.fsgid)) : nil
            if let replaced = replaced as? TmpfsDirectory {
                if !replaced.entries.isEmpty { throw .ENOTEMPTY }
                _ = target.remove(newName)
                target.update { $0.links &-= 1 }
                replaced.update { $0.links = 0 }
            } else if replaced != nil, let gone = target.remove(newName) {
                gone.inode.update { a in
                    a.links &-= 1
                    a.changed = .now
                }
            }
            _ = remove(name)
            target.insert(newName, moved)
            if let movedDirectory, target !== self {
                update { $0.links &-= 1 }
                target.update { $0.links &+= 1 }
                movedDirectory.parentNumber = target.number
            }
            if let whiteout { insert(name, whiteout) }
        }
        moved.update { $0.changed = .now }
    }

    private func insert(_ name: FileName, _ inode: TmpfsInode) {
        lastCookie += 1
        entries[name] = Entry(inode: inode, cookie: lastCookie)
        order.append(Position(cookie: lastCookie, name: name))
        noteSize()
    }

    private func remove(_ name: FileName) -> Entry? {
        guard let entry = entries.removeValue(forKey: name) else { return nil }
        let at = index(of: entry.cookie)
        if at < order.count, order[at].cookie == entry.cookie {
            order[at].name = nil
            removed += 1
        }
        if removed > 32, removed > order.count / 2 {
            order.removeAll { $0.name == nil }
            removed = 0
        }
        noteSize()
        return entry
    }

    private func noteSize() {
        let size = 40 + 20 * UInt64(entries.count)
        let now = FileTime.now
        update { a in
            a.size = size
            a.modified = now
            a.changed = now
        }
    }

    /// The first position in `order` whose cookie is `cookie` or greater.
    private func index(of cookie: UInt64) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if order[middle].cookie < cookie { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // Listing.

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        TmpfsOpenDirectory(path: path, flags: flags, self)
    }

    /// - Parameter position: the cookie of the next entry: 0 ".", 1 "..".
    fileprivate func list(_ position: inout UInt64, _ emit: (DirectoryEntry) -> Bool) {
        lock.lock()
        defer { lock.unlock() }
        if position == 0 {
            if !emit(DirectoryEntry(name: ".", inode: number, type: .directory, next: 1)) { return }
            position = 1
        }
        if position == 1 {
            if !emit(DirectoryEntry(name: "..", inode: parentNumber, type: .directory, next: 2)) { return }
            position = 2
        }
        for i in index(of: position)..<order.count {
            guard let name = order[i].name, let entry = entries[name] else { continue }
            let next = order[i].cookie + 1
            if !emit(DirectoryEntry(name: name, inode: entry.inode.number, type: entry.inode.type, next: next)) { return }
            position = next
        }
    }
}

final class TmpfsOpenDirectory: OpenFile, @unchecked Sendable {
    private let directory: TmpfsDirectory

    init(path: Path, flags: OpenFlags, _ directory: TmpfsDirectory) {
        self.directory = directory
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }
    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int { throw .EISDIR }

    override func readDirectory(_ position: inout UInt64, by caller: Caller,
                                _ emit: (DirectoryEntry) -> Bool) throws(Errno) {
        directory.list(&position, emit)
        directory.noteAccess(self)
    }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 { throw .EINVAL }
    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) {}
}
