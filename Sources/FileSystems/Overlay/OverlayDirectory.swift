import HostOS
import LinuxABI
import VFS

/// A directory of an overlay: of the upper layer, of the lower one, or of both, merged. The VFS holds `lock` around what
/// looks up or changes entries; the upper directory's own lock is taken below it.
final class OverlayDirectory: OverlayInode, @unchecked Sendable {
    private typealias Layers = (upper: Inode?, lower: Inode?)

    // MARK: - Looking up

    /// What the layers have under `name`; a whiteout counts as nothing.
    private func find(_ name: FileName, by caller: Caller) throws(Errno) -> Layers {
        var found: Layers = (nil, nil)
        if let above = try upper?.layerLookup(name, by: caller) {
            if try OverlayMark.isWhiteout(above) { return found }
            found.upper = above
            if above.type != .directory || OverlayMark.isOpaque(above, by: caller) { return found }
        }
        guard let below = try lower?.layerLookup(name, by: caller) else { return found }
        if found.upper == nil || below.type == .directory { found.lower = below }
        return found
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        let found = try find(name, by: caller)
        guard let inode = found.upper ?? found.lower else { return nil }
        let links = inode.type == .directory ? 1 : try inode.attributes().links
        return overlay.makeInode(upper: found.upper, lower: found.lower, at: (self, name), links: links)
    }

    /// Whether the lower layer has something under `name` that would show if the upper layer had nothing.
    private func isBelow(_ name: FileName, by caller: Caller) throws(Errno) -> Bool {
        try lower?.layerLookup(name, by: caller) != nil
    }

    // MARK: - Listing

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        OverlayDirectoryFile(self, path: path, flags: flags)
    }

    func list(by caller: Caller) throws(Errno) -> [DirectoryEntry] {
        guard let upper else { return try lower?.layerEntries(by: caller) ?? [] }
        var entries: [DirectoryEntry] = []
        var hidden: Set<FileName> = []
        for entry in try upper.layerEntries(by: caller) {
            if lower != nil { hidden.insert(entry.name) }
            if entry.type == .characterDevice {
                guard let inode = try upper.layerLookup(entry.name, by: caller), !(try OverlayMark.isWhiteout(inode)) else { continue }
            }
            var shown = entry
            shown.inode = entry.inode | 1 << 47
            entries.append(shown)
        }
        guard let lower else { return entries }
        let below = try lower.layerEntries(by: caller)
        // A file that was copied up keeps its number.
        var numbers: [FileName: UInt64] = [:]
        for entry in below {
            if hidden.contains(entry.name) { numbers[entry.name] = entry.inode } else { entries.append(entry) }
        }
        for i in entries.indices { if let number = numbers[entries[i].name] { entries[i].inode = number } }
        return entries
    }

    // MARK: - Making

    /// The upper directory, ready to get `name`: a whiteout there is gone.
    ///
    /// - Returns: whether there was one.
    private func clear(_ name: FileName, in upper: Inode, by caller: Caller) throws(Errno) -> Bool {
        guard let old = try upper.lookup(name, by: caller), try OverlayMark.isWhiteout(old) else { return false }
        try upper.unlink(name, old, by: caller)
        return true
    }

    private func putWhiteout(_ name: FileName, in upper: Inode, by caller: Caller) throws(Errno) {
        _ = try upper.create(name, NewNode(type: .characterDevice, mode: 0, uid: 0, gid: 0), by: caller)
    }

    override func create(_ name: FileName, _ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        let directory = try copyUp(by: caller)
        let made = try directory.locked { () throws(Errno) in
            let wasHidden = try clear(name, in: directory, by: caller)
            do throws(Errno) {
                let made = try directory.create(name, node, by: caller)
                if wasHidden, node.type == .directory { try OverlayMark.setOpaque(made, by: caller) }
                return made
            } catch {
                if wasHidden { try? putWhiteout(name, in: directory, by: caller) }
                throw error
            }
        }
        return overlay.makeInode(upper: made, lower: nil, at: (self, name), links: 1)
    }

    override func createTemporary(_ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        let made = try copyUp(by: caller).createTemporary(node, by: caller)
        return overlay.makeInode(upper: made, lower: nil, at: nil, links: 1)
    }

    override func link(_ name: FileName, to inode: Inode, by caller: Caller) throws(Errno) {
        guard let inode = inode as? OverlayInode else { throw .EXDEV }
        let file = try inode.copyUp(by: caller)
        let directory = try copyUp(by: caller)
        try directory.locked { () throws(Errno) in
            let wasHidden = try clear(name, in: directory, by: caller)
            do throws(Errno) { try directory.link(name, to: file, by: caller) } catch {
                if wasHidden { try? putWhiteout(name, in: directory, by: caller) }
                throw error
            }
        }
        inode.moved(to: self, name)
        overlay.noteLinked(inode, in: file, keep: false)
    }

    // MARK: - Removing

    override func unlink(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) {
        guard let removed = inode as? OverlayInode else { throw .EIO }
        try remove(name, removed, by: caller) { (directory, above) throws(Errno) in try directory.unlink(name, above, by: caller) }
        removed.lostName(self, name)
    }

    override func removeDirectory(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) {
        guard let removed = inode as? OverlayDirectory else { throw .ENOTDIR }
        if !(try removed.list(by: caller).isEmpty) { throw .ENOTEMPTY }
        try remove(name, removed, by: caller) { (directory, above) throws(Errno) in
            try Self.clearWhiteouts(of: above, by: caller)
            try directory.removeDirectory(name, above, by: caller)
        }
    }

    /// Takes `name` out of the upper layer and hides it in the lower one.
    private func remove(_ name: FileName, _ inode: OverlayInode, by caller: Caller,
                        _ body: (Inode, Inode) throws(Errno) -> Void) throws(Errno) {
        let mustHide = try isBelow(name, by: caller)
        guard let directory = mustHide ? try copyUp(by: caller) : upper else { throw .EIO }
        try directory.locked { () throws(Errno) in
            if let above = inode.upper { try body(directory, above) }
            if mustHide { try putWhiteout(name, in: directory, by: caller) }
        }
    }

    /// A directory that shows nothing may still have whiteouts.
    private static func clearWhiteouts(of directory: Inode, by caller: Caller) throws(Errno) {
        for entry in try directory.layerEntries(by: caller) {
            try directory.locked { () throws(Errno) in
                if let whiteout = try directory.lookup(entry.name, by: caller) { try directory.unlink(entry.name, whiteout, by: caller) }
            }
        }
    }

    // MARK: - Moving

    override func rename(_ name: FileName, _ inode: Inode, to newParent: Inode, _ newName: FileName, replacing replaced: Inode?,
                         flags: RenameFlags, by caller: Caller) throws(Errno) {
        guard let inode = inode as? OverlayInode, let target = newParent as? OverlayDirectory else { throw .EXDEV }
        let replaced = replaced as? OverlayInode
        let exchange = flags.contains(.RENAME_EXCHANGE)
        // The lower layer cannot move; who gets EXDEV copies the directory, as on Linux without redirect_dir.
        if inode.type == .directory, inode.lower != nil { throw .EXDEV }
        if exchange, let replaced, replaced.type == .directory, replaced.lower != nil { throw .EXDEV }
        if !exchange, let replaced = replaced as? OverlayDirectory, !(try replaced.list(by: caller).isEmpty) { throw .ENOTEMPTY }

        let file = try inode.copyUp(by: caller)
        if exchange { try replaced?.copyUp(by: caller) }
        let (from, to) = (try copyUp(by: caller), try target.copyUp(by: caller))
        let hidesOld = try isBelow(name, by: caller)
        let hidesNew = try target.isBelow(newName, by: caller)

        try Self.lock(from, to)
        defer { Self.unlock(from, to) }
        let above = replaced?.upper
        if above == nil { _ = try clear(newName, in: to, by: caller) }
        if let above, above.type == .directory, !exchange { try Self.clearWhiteouts(of: above, by: caller) }
        try from.rename(name, file, to: to, newName, replacing: above, flags: exchange ? .RENAME_EXCHANGE : [], by: caller)
        if file.type == .directory, hidesNew { try OverlayMark.setOpaque(file, by: caller) }
        inode.moved(to: target, newName)
        if !exchange { replaced?.lostName(target, newName) }
        if exchange {
            replaced?.moved(to: self, name)
            if let above, above.type == .directory, hidesOld { try OverlayMark.setOpaque(above, by: caller) }
        } else if hidesOld || flags.contains(.RENAME_WHITEOUT) {
            try putWhiteout(name, in: from, by: caller)
        }
    }

    private static func lock(_ a: Inode, _ b: Inode) throws(Errno) {
        if a === b { return a.lock.lock() }
        // Renames of two directories are ordered by the overlay's rename lock; look-ups take one lock only.
        a.lock.lock()
        b.lock.lock()
    }

    private static func unlock(_ a: Inode, _ b: Inode) {
        a.lock.unlock()
        if a !== b { b.lock.unlock() }
    }
}

/// An open directory of an overlay: the merged list as it was at the first entry.
final class OverlayDirectoryFile: OpenFile, @unchecked Sendable {
    private let directory: OverlayDirectory
    /// Used with the position's lock held.
    private var list: [DirectoryEntry]?

    init(_ directory: OverlayDirectory, path: Path, flags: OpenFlags) {
        self.directory = directory
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }

    override func readDirectory(_ position: inout UInt64, by caller: Caller, _ emit: (DirectoryEntry) -> Bool) throws(Errno) {
        if position == 0 || list == nil { list = try directory.list(by: caller) }
        guard let list else { return }
        while position < UInt64(list.count) &+ 2 {
            let next = position + 1
            var entry: DirectoryEntry
            switch position {
            case 0: entry = DirectoryEntry(name: ".", inode: directory.number, type: .directory, next: next)
            case 1: entry = DirectoryEntry(name: "..", inode: parentNumber, type: .directory, next: next)
            default:
                entry = list[Int(position) - 2]
                entry.next = next
            }
            if !emit(entry) { return }
            position = next
        }
    }

    private var parentNumber: UInt64 {
        path.dentry === path.mount.root ? directory.number : path.dentry.parent?.inode.number ?? directory.number
    }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 {
        guard whence == 2, offset == 0 else { throw .EINVAL }
        return UInt64(try directory.list(by: caller).count) + 2
    }

    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) {}
}
