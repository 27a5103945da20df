import HostOS
import LinuxABI
import Memory
import Synchronization
import VFS

/// A file of an overlay: in the upper layer, or still in the lower one, from which the first change copies it up.
class OverlayInode: Inode, @unchecked Sendable {
    unowned let overlay: OverlayFileSystem

    /// Guards what follows; held while a file is copied up. Below directories' `lock`, and a parent's below its child's.
    final let state = Lock()
    private final var upperInode: Inode?
    private final var lowerInode: Inode?
    /// Where it is, for copying it up; nil for the root and for what has no name yet.
    private final var place: (directory: OverlayDirectory, name: FileName)?
    /// That place has another file now, or none: a copy of an open file gets no name.
    private final var isNameless = false
    /// Names that it lost while it was in the lower layer, which does not know.
    private final var lostLinks: UInt32 = 0
    /// Whether the contents that an open file reads have moved to the upper layer: 0 before.
    final let copies = Atomic<UInt32>(0)

    init(_ overlay: OverlayFileSystem, upper: Inode?, lower: Inode?, at place: (OverlayDirectory, FileName)?) {
        self.overlay = overlay
        upperInode = upper
        lowerInode = lower
        if let place { self.place = (place.0, place.1) }
        super.init(fileSystem: overlay, number: OverlayFileSystem.number(upper: upper, lower: lower),
                   type: (upper ?? lower)?.type ?? .regular)
        updateHint()
    }

    deinit {
        if type != .directory, let layer = upperInode ?? lowerInode { overlay.forgetLinked(ObjectIdentifier(layer)) }
    }

    /// The inode of the layer that answers for it now.
    final var active: Inode {
        state.withLock {
            guard let inode = upperInode ?? lowerInode else { preconditionFailure("an overlay's inode is in a layer") }
            return inode
        }
    }

    final var upper: Inode? { state.withLock { upperInode } }
    final var lower: Inode? { state.withLock { lowerInode } }

    final func moved(to directory: OverlayDirectory, _ name: FileName) {
        state.withLock {
            place = (directory, name)
            isNameless = false
        }
    }

    final func lostName(_ directory: OverlayDirectory, _ name: FileName) {
        state.withLock {
            if upperInode == nil { lostLinks += 1 }
            if let place, place.directory === directory, place.name == name { isNameless = true }
        }
    }

    /// A directory that took a name which the lower layer has as well no longer shows the lower one's entries.
    final func dropLower() { state.withLock { lowerInode = nil } }

    final func updateHint() {
        if let (mode, _, _) = try? active.permissions() {
            permissionHint.store(mode & 0o7777 | Self.permissionHintValid, ordering: .relaxed)
        }
    }

    // MARK: - Copying up

    /// The upper layer's inode; the file, and the directories above it, are copied there if they are not yet.
    ///
    /// - Parameter contents: how many bytes of a regular file are wanted.
    @discardableResult
    final func copyUp(by caller: Caller, contents: UInt64 = .max) throws(Errno) -> Inode {
        state.lock()
        defer { state.unlock() }
        if let upperInode { return upperInode }
        guard let lowerInode, let place else { throw .EROFS }
        let parent = try place.directory.copyUp(by: caller)
        let a = try lowerInode.attributes()
        var node = NewNode(type: type, mode: a.mode, uid: a.uid, gid: a.gid)
        node.device = a.deviceOfNode
        if type == .symbolicLink { node.target = try lowerInode.readLink(by: caller) }
        let copy: Inode
        if type == .regular {
            // The copy gets its name when it is complete.
            copy = try parent.createTemporary(node, by: caller)
            try copyContents(of: lowerInode, to: copy, limit: min(a.size, contents), by: caller)
        } else if isNameless {
            throw .ENOENT
        } else {
            copy = try parent.locked { () throws(Errno) in try parent.create(place.name, node, by: caller) }
        }
        try copyAttributes(a, of: lowerInode, to: copy, by: caller)
        if type == .regular, !isNameless { try parent.locked { () throws(Errno) in try parent.link(place.name, to: copy, by: caller) } }
        upperInode = copy
        if type != .directory {
            if a.links > 1 { overlay.noteLinked(self, in: lowerInode, keep: true) }
            copies.store(1, ordering: .releasing)
        }
        return copy
    }

    private func copyContents(of source: Inode, to copy: Inode, limit: UInt64, by caller: Caller) throws(Errno) {
        if limit == 0 { return }
        let paths = caller.vfs.anonymous
        let from = try source.open(paths.path(to: source), flags: [], by: caller)
        let to = try copy.open(paths.path(to: copy), flags: .O_WRONLY, by: caller)
        var offset: UInt64 = 0
        while offset < limit {
            let buffer = KernelBuffer(count: Int(min(limit - offset, 256 << 10)))
            var room = IOVector(buffer)
            let n = try from.read(&room, at: offset, by: caller)
            if n == 0 { return }
            // Holes stay holes.
            if !buffer.bytes.allSatisfy({ $0 == 0 }) || offset + UInt64(n) >= limit {
                var data = IOVector(buffer)
                data.truncate(to: n)
                var at = offset
                while data.remaining > 0 {
                    let written = try to.write(&data, at: &at, by: caller)
                    if written == 0 { throw .EIO }
                    at += UInt64(written)
                }
            }
            offset += UInt64(n)
        }
    }

    private func copyAttributes(_ a: Attributes, of source: Inode, to copy: Inode, by caller: Caller) throws(Errno) {
        for name in (try? source.extendedAttributeNames(by: caller)) ?? [] where !name.starts(with: OverlayMark.prefix) {
            guard let value = try? source.extendedAttribute(name, by: caller) else { continue }
            try? copy.setExtendedAttribute(name, value, flags: 0, by: caller)
        }
        var change = AttributeChange(accessed: .at(a.accessed), modified: .at(a.modified))
        if type != .symbolicLink { change.mode = a.mode }
        try copy.setAttributes(change, by: caller)
    }

    // MARK: - Attributes

    override func attributes() throws(Errno) -> Attributes {
        let (active, isMerged, lost) = state.withLock {
            (upperInode ?? lowerInode, upperInode != nil && lowerInode != nil, upperInode == nil ? lostLinks : 0)
        }
        guard var a = try active?.attributes() else { throw .EIO }
        a.inode = number
        a.device = overlay.device
        if type == .directory, isMerged { a.links = 1 }
        a.links -= min(lost, a.links)
        return a
    }

    override func permissions() throws(Errno) -> (mode: UInt32, uid: UInt32, gid: UInt32) { try active.permissions() }

    override func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) {
        try copyUp(by: caller, contents: change.size ?? .max).setAttributes(change, by: caller)
        updateHint()
    }

    // MARK: - Contents

    override func readLink(by caller: Caller) throws(Errno) -> [UInt8] { try active.readLink(by: caller) }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        if type != .regular { return try super.open(path, flags: flags, by: caller) }
        return try OverlayFile(self, path: path, flags: flags, by: caller)
    }

    // MARK: - Extended attributes

    override func extendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) -> [UInt8] {
        if name.starts(with: OverlayMark.prefix) { throw .EOPNOTSUPP }
        return try active.extendedAttribute(name, by: caller)
    }

    override func setExtendedAttribute(_ name: [UInt8], _ value: [UInt8], flags: Int32, by caller: Caller) throws(Errno) {
        if name.starts(with: OverlayMark.prefix) { throw .EOPNOTSUPP }
        try copyUp(by: caller).setExtendedAttribute(name, value, flags: flags, by: caller)
    }

    override func removeExtendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) {
        _ = try extendedAttribute(name, by: caller)
        try copyUp(by: caller).removeExtendedAttribute(name, by: caller)
    }

    override func extendedAttributeNames(by caller: Caller) throws(Errno) -> [[UInt8]] {
        try active.extendedAttributeNames(by: caller).filter { !$0.starts(with: OverlayMark.prefix) }
    }
}

extension Inode {
    /// Runs `body` with a layer's directory locked, as the VFS would.
    func locked<R>(_ body: () throws(Errno) -> R) throws(Errno) -> R {
        lock.lock()
        defer { lock.unlock() }
        return try body()
    }
}
