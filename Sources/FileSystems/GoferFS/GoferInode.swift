import GoferProtocol
import HostOS
import LinuxABI
import Synchronization
import VFS

/// A file that the Gofer holds: what all types have in common, and all there is to FIFOs, sockets and device nodes.
class GoferInode: Inode, @unchecked Sendable {
    unowned let gofer: GoferFileSystem
    let key: FileKey
    private let device: DeviceNumber
    /// Of a device node that a guest made.
    private let special: DeviceNumber?

    /// Guards what follows, and orders changes of attributes: it is held during the Gofer's call. Below directories' `lock`.
    final let state = Lock()
    private final var status: FileStatus
    /// What the Gofer knows the inode by; 0 while its names are enough. A directory has one before anything is done below.
    final var handle: Handle
    /// Where it can be found. Directories with a handle keep none, so that no chain of parents hangs on them.
    private final var names: [(directory: GoferDirectory, name: [UInt8])] = []
    /// The names of all extended attributes, once asked for; in an exclusive tree.
    private final var xattrNames: [[UInt8]]?

    /// Attributes changed by other ways than through `status`: the next question goes to the host.
    final let isStale = Atomic<Bool>(false)

    init(_ fileSystem: GoferFileSystem, _ status: FileStatus, _ type: FileType, _ handle: Handle, _ place: (GoferDirectory, [UInt8])?,
         special: DeviceNumber? = nil) {
        self.special = special
        gofer = fileSystem
        key = status.key
        device = fileSystem.deviceNumber(status.device)
        self.status = status
        self.handle = handle
        if let place, !(type == .directory && handle != 0) { names = [place] }
        super.init(fileSystem: fileSystem, number: status.inode, type: type)
        updateHint()
    }

    deinit {
        if handle != 0 { gofer.connection.close(handle, now: status.links == 0) }
        if status.links > 1 { gofer.forgetLinked(key) }
    }

    // MARK: - Place

    /// Where the Gofer finds it. The state lock is held.
    ///
    /// - Throws: ENOENT when its names are gone and nothing was kept.
    final func placeLocked() throws(Errno) -> Place {
        if handle != 0 { return Place(handle) }
        guard let at = names.first else { throw .ENOENT }
        return Place(try at.directory.directoryHandle(), at.name)
    }

    /// Files only: it can be found by this name as well.
    final func addName(_ directory: GoferDirectory, _ name: [UInt8]) {
        state.withLock { if !(type == .directory && handle != 0) { names.append((directory, name)) } }
    }

    /// It has lost this name. `links`: by how many its link count goes down.
    final func removeName(_ directory: GoferDirectory, _ name: [UInt8], links: UInt32) {
        state.withLock {
            names.removeAll { $0.directory === directory && $0.name == name }
            status.links -= min(links, status.links)
            // The host gives the number to another file some day.
            if special != nil, status.links == 0 { gofer.setSpecial(nil, key) }
        }
        isStale.store(true, ordering: .relaxed)
    }

    /// The same for a file, around the call that takes the name away.
    ///
    /// - Parameter change: makes the call; told to, it has the Gofer keep the victim, and returns its handle.
    final func loseName(_ directory: GoferDirectory, _ name: [UInt8], _ change: (_ keeps: Bool) throws(Errno) -> Handle) throws(Errno) {
        try state.withLock { () throws(Errno) in
            let isLast = names.count == 1
            let kept = try change(isLast && handle == 0 && isInUseLocked)
            if kept != 0 { handle = kept }
        }
        removeName(directory, name, links: 1)
    }

    /// Whether somebody may go on to use it without a name. The state lock is held.
    var isInUseLocked: Bool { false }

    final func replaceName(_ directory: GoferDirectory, _ name: [UInt8], by newDirectory: GoferDirectory, _ newName: [UInt8]) {
        state.withLock {
            names.removeAll { $0.directory === directory && $0.name == name }
            if !(type == .directory && handle != 0) { names.append((newDirectory, newName)) }
        }
        isStale.store(true, ordering: .relaxed)
    }

    final func forgetNamesLocked() { names = [] }
    final var hasNamesLocked: Bool { !names.isEmpty }

    // MARK: - Attributes

    /// What is known now. The state lock is held.
    final var statusLocked: FileStatus { status }

    /// Takes over what the host says. The state lock is held.
    final func updateLocked(_ new: FileStatus) {
        status = new
        isStale.store(false, ordering: .relaxed)
        updateHint()
    }

    final func refresh(_ new: FileStatus) { state.withLock { updateLocked(new) } }

    private func updateHint() {
        if gofer.sharing == .exclusive { permissionHint.store(status.mode & 0o7777 | Self.permissionHintValid, ordering: .relaxed) }
    }

    /// Asks the host for the attributes: here the Gofer, in files with a descriptor that. The state lock is held.
    func fetchLocked() throws(Errno) {
        let place: Place
        do throws(Errno) { place = try placeLocked() } catch { return }
        updateLocked(try gofer.connection.attributes(of: place))
    }

    /// Whether `status` may differ from what the host knows.
    var mustFetch: Bool { isStale.load(ordering: .relaxed) || gofer.sharing == .shared }

    override func attributes() throws(Errno) -> Attributes {
        state.lock()
        defer { state.unlock() }
        if mustFetch { try fetchLocked() }
        return Attributes(
            type: type, mode: status.mode & 0o7777, uid: status.uid, gid: status.gid, links: status.links, size: status.size,
            blocks: status.blocks, blockSize: status.blockSize, inode: number, device: device,
            deviceOfNode: special ?? DeviceNumber(major: status.specialMajor, minor: status.specialMinor),
            accessed: FileTime(status.accessTime), modified: FileTime(status.modificationTime),
            changed: FileTime(status.changeTime), born: FileTime(status.birthTime))
    }

    override func permissions() throws(Errno) -> (mode: UInt32, uid: UInt32, gid: UInt32) {
        state.withLock { (status.mode & 0o7777, status.uid, status.gid) }
    }

    override func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) {
        var update = AttributeUpdate(change)
        if update.mask.isEmpty {
            // chown(-1, -1): nothing but the time of the change.
            update.mask = [.uid, .gid]
            (update.uid, update.gid) = (.max, .max)
        }
        try state.withLock { () throws(Errno) in
            if let size = change.size, try truncateLocked(to: size) {
                update.mask.remove(.size)
                // truncate(2) sets these two by itself.
                if case .now = change.modified { update.mask.remove(.modificationTime) }
                if update.mask.isEmpty { return try fetchLocked() }
            }
            updateLocked(try gofer.connection.setAttributes(of: try placeLocked(), update))
        }
    }

    /// Changes the size without the Gofer, if there is a way.
    func truncateLocked(to size: UInt64) throws(Errno) -> Bool { false }

    // MARK: - Extended attributes

    /// Of the host's own bookkeeping the guest sees nothing.
    private static func isVisible(_ name: [UInt8]) -> Bool {
        name.starts(with: "user.".utf8) || name.starts(with: "system.posix_acl_".utf8) || name.elementsEqual("security.capability".utf8)
    }

    private func knownXattrNames() throws(Errno) -> [[UInt8]] {
        state.lock()
        defer { state.unlock() }
        if let xattrNames { return xattrNames }
        let all: [UInt8]
        do throws(Errno) {
            all = try gofer.connection.xattrs(of: try placeLocked())
        } catch {
            guard error == .EOPNOTSUPP else { throw error }
            all = []
        }
        let names = all.split(separator: 0).map(Array.init).filter(Self.isVisible)
        if gofer.sharing == .exclusive { xattrNames = names }
        return names
    }

    override func extendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) -> [UInt8] {
        guard Self.isVisible(name) else { throw .EOPNOTSUPP }
        guard try knownXattrNames().contains(name) else { throw .ENODATA }
        return try state.withLock { () throws(Errno) in
            try gofer.connection.xattr(of: try placeLocked(), name, limit: Limits.maximumXattrValue)
        }
    }

    override func setExtendedAttribute(_ name: [UInt8], _ value: [UInt8], flags: Int32, by caller: Caller) throws(Errno) {
        guard Self.isVisible(name) else { throw .EOPNOTSUPP }
        try state.withLock { () throws(Errno) in
            try gofer.connection.setXattr(of: try placeLocked(), name, value, flags: UInt32(bitPattern: flags))
            xattrNames = nil
        }
        isStale.store(true, ordering: .relaxed)
    }

    override func removeExtendedAttribute(_ name: [UInt8], by caller: Caller) throws(Errno) {
        guard Self.isVisible(name) else { throw .EOPNOTSUPP }
        try state.withLock { () throws(Errno) in
            try gofer.connection.removeXattr(of: try placeLocked(), name)
            xattrNames = nil
        }
        isStale.store(true, ordering: .relaxed)
    }

    override func extendedAttributeNames(by caller: Caller) throws(Errno) -> [[UInt8]] { try knownXattrNames() }
}

extension FileTime {
    init(_ time: HostTime) { self.init(seconds: time.seconds, nanoseconds: time.nanoseconds) }
}

extension HostTime {
    init(_ time: AttributeChange.Time) {
        switch time {
        case .now: self = .now
        case .at(let time): self = HostTime(seconds: time.seconds, nanoseconds: time.nanoseconds)
        }
    }
}

extension AttributeUpdate {
    init(_ change: AttributeChange) {
        self.init()
        if let mode = change.mode {
            mask.insert(.mode)
            self.mode = mode
        }
        if let uid = change.uid {
            mask.insert(.uid)
            self.uid = uid
        }
        if let gid = change.gid {
            mask.insert(.gid)
            self.gid = gid
        }
        if let size = change.size {
            mask.insert(.size)
            self.size = size
        }
        if let accessed = change.accessed {
            mask.insert(.accessTime)
            accessTime = HostTime(accessed)
        }
        if let modified = change.modified {
            mask.insert(.modificationTime)
            modificationTime = HostTime(modified)
        }
    }
}

/// A symbolic link. Its target never changes.
final class GoferSymbolicLink: GoferInode, @unchecked Sendable {
    /// Guarded by the state lock.
    private var target: [UInt8]?

    init(_ fileSystem: GoferFileSystem, _ status: FileStatus, _ handle: Handle, _ place: (GoferDirectory, [UInt8])?,
         target: [UInt8]?) {
        self.target = target
        super.init(fileSystem, status, .symbolicLink, handle, place)
    }

    override func readLink(by caller: Caller) throws(Errno) -> [UInt8] {
        try state.withLock { () throws(Errno) in
            if let target { return target }
            let read = try gofer.connection.readLink(try placeLocked())
            target = read
            return read
        }
    }
}
