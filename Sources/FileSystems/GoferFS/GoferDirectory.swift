import GoferProtocol
import HostOS
import LinuxABI
import VFS

/// A directory that the Gofer holds. The VFS holds `lock` around what looks up or changes entries.
final class GoferDirectory: GoferInode, @unchecked Sendable {
    private var connection: GoferConnection { gofer.connection }
    /// What the last listing told, kept true by what this Sentry changes; in an exclusive tree.
    let entries = KnownEntries()
    /// Mount points that the tree itself lacks. Guarded by the state lock.
    private var mountPoints: [FileName: MountPointInode] = [:]

    init(_ fileSystem: GoferFileSystem, _ status: FileStatus, _ type: FileType, _ handle: Handle, _ place: (GoferDirectory, [UInt8])?) {
        super.init(fileSystem, status, type, handle, place)
    }

    /// The handle that names below are relative to.
    func directoryHandle() throws(Errno) -> Handle {
        try state.withLock { () throws(Errno) in
            if handle != 0 { return handle }
            guard case let place = try placeLocked(), place.handle != 0 else { throw .ENOENT }
            let walked = try connection.walk(from: place.handle, [place.name], .directoryHandles)
            guard let step = walked.steps.first, step.handle != 0 else { throw walked.end == .failed ? walked.error : .ENOENT }
            handle = step.handle
            forgetNamesLocked()
            return handle
        }
    }

    // MARK: - Looking up

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        if let made = state.withLock({ mountPoints[name] }) { return made }
        switch entries.find(name) {
        case .unknown: break
        case .absent: return nil
        case .present(let status): return try gofer.makeInode(status, handle: 0, at: (self, name.bytes))
        }
        if readAhead() {
            switch entries.find(name) {
            case .unknown: break
            case .absent: return nil
            case .present(let status): return try gofer.makeInode(status, handle: 0, at: (self, name.bytes))
            }
        }
        let walked = try connection.walk(from: try directoryHandle(), [name.bytes], .directoryHandles)
        switch walked.end {
        case .missing: return nil
        case .failed: throw walked.error
        default: break
        }
        guard let step = walked.steps.first else { throw .EIO }
        if gofer.sharing == .exclusive { entries.noteSeen(name) }
        return try gofer.makeInode(step.status, handle: step.handle, at: (self, name.bytes),
                                   target: step.status.fileType == .symbolicLink ? walked.target : nil)
    }

    /// Who asks for one name after the other gets attributes of several at once.
    ///
    /// - Returns: whether more is known now.
    private func readAhead() -> Bool {
        guard gofer.sharing == .exclusive, let plan = entries.planAhead(), let handle = try? directoryHandle(),
              let part = try? connection.readDirectory(handle, from: plan.cookie, attributes: true, limit: plan.count) else { return false }
        let next = part.entries.last?.cookie ?? plan.cookie
        let learnt = entries.learnAhead(part.entries.map { (FileName($0.name), $0.status) }, next: next,
                                        isEnd: part.isEnd || part.entries.isEmpty, by: plan)
        if learnt > 0 { gofer.remember(entries, count: learnt) }
        return true
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        GoferDirectoryFile(self, path: path, flags: flags)
    }

    /// All entries, from the host unless they are known.
    func list() throws(Errno) -> [KnownEntries.Entry] {
        if let known = entries.list { return known }
        let made = state.withLock { mountPoints }
        let isExclusive = gofer.sharing == .exclusive && made.isEmpty
        let changeCount = entries.changeCount
        let handle = try directoryHandle()
        var all: [KnownEntries.Entry] = []
        var cookie: UInt64 = 0
        // Empty files may be device nodes that a guest made.
        let hasSpecials = gofer.hasSpecials
        while true {
            let part = try connection.readDirectory(handle, from: cookie, attributes: hasSpecials)
            for entry in part.entries {
                all.append(.init(name: FileName(entry.name), inode: entry.inode, type: typeOf(entry, handle)))
                cookie = entry.cookie
            }
            if part.isEnd || part.entries.isEmpty { break }
        }
        if isExclusive, entries.learn(all, asOf: changeCount) { gofer.remember(entries, count: all.count) }
        for (name, inode) in made { all.append(.init(name: name, inode: inode.number, type: inode.type)) }
        return all
    }

    /// The type that a listing shows. Some file systems do not say it by themselves.
    private func typeOf(_ entry: RemoteEntry, _ handle: Handle) -> FileType {
        if let type = entry.status.flatMap({ gofer.special($0)?.type }) { return type }
        if let type = FileType(rawValue: UInt32(entry.type) << 12) { return type }
        let status = entry.status ?? (try? connection.attributes(of: Place(handle, entry.name)))
        return status?.fileType ?? .regular
    }

    // MARK: - Changing

    private func changed() { isStale.store(true, ordering: .relaxed) }

    override func create(_ name: FileName, _ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        if gofer.makesMountPoints {
            let made = try MountPointInode(gofer, node)
            state.withLock { mountPoints[name] = made }
            entries.forget()
            return made
        }
        let owner = Owner(uid: node.uid, gid: node.gid)
        let directory = try directoryHandle()
        let inode: GoferInode
        switch node.type {
        case .regular:
            let made = try connection.create(in: directory, name.bytes, flags: 0o200 | 2 /* O_EXCL | O_RDWR */, mode: node.mode, owner: owner,
                                             wantsHandle: !gofer.keepsNames)
            let (handle, status) = (made.handle, made.status)
            let file = GoferRegularFile(gofer, status, .regular, handle, (self, name.bytes))
            file.keepDescriptor(made.takeDescriptor(), writable: true)
            inode = file
        case .directory:
            let made = try connection.makeDirectory(in: directory, name.bytes, mode: node.mode, owner: owner)
            inode = try gofer.makeInode(made.status, handle: made.handle, at: (self, name.bytes))
            if gofer.sharing == .exclusive, let made = inode as? GoferDirectory {
                made.entries.learnEmpty()
                gofer.remember(made.entries, count: 1)
            }
        case .symbolicLink:
            let status = try connection.symlink(in: directory, name.bytes, target: node.target, owner: owner)
            inode = try gofer.makeInode(status, handle: 0, at: (self, name.bytes), target: node.target)
        case .fifo, .socket:
            let status = try connection.makeNode(in: directory, name.bytes, mode: node.type.rawValue | node.mode, owner: owner)
            inode = try gofer.makeInode(status, handle: 0, at: (self, name.bytes))
        case .characterDevice where node.device == DeviceNumber(major: 0, minor: 0):
            let status = try connection.makeNode(in: directory, name.bytes, mode: node.type.rawValue | node.mode, owner: owner)
            inode = try gofer.makeInode(status, handle: 0, at: (self, name.bytes))
        case .characterDevice, .blockDevice:
            // In a tree that others see too, an empty file would be taken for one.
            guard gofer.sharing == .exclusive else { throw .EPERM }
            let status = try connection.makeNode(in: directory, name.bytes, mode: FileType.regular.rawValue | node.mode, owner: owner)
            gofer.setSpecial(SpecialNode(type: node.type, device: node.device), status.key)
            inode = try gofer.makeInode(status, handle: 0, at: (self, name.bytes))
        }
        entries.add(name)
        changed()
        return inode
    }

    override func createTemporary(_ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        let made = try connection.makeTemporary(in: try directoryHandle(), flags: 2, mode: node.mode,
                                                owner: Owner(uid: node.uid, gid: node.gid))
        let (handle, status) = (made.handle, made.status)
        let file = GoferRegularFile(gofer, status, .regular, handle, nil)
        file.keepDescriptor(made.takeDescriptor(), writable: true)
        return file
    }

    override func link(_ name: FileName, to inode: Inode, by caller: Caller) throws(Errno) {
        guard let inode = inode as? GoferInode, inode.gofer === gofer else { throw .EXDEV }
        let directory = try directoryHandle()
        let status = try inode.state.withLock { () throws(Errno) in
            try connection.link(try inode.placeLocked(), to: directory, name.bytes)
        }
        inode.addName(self, name.bytes)
        inode.refresh(status)
        gofer.noteLinked(inode)
        entries.add(name)
        changed()
    }

    override func unlink(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) {
        guard let inode = inode as? GoferInode else { throw .EIO }
        let directory = try directoryHandle()
        try inode.loseName(self, name.bytes) { (keeps) throws(Errno) in
            try connection.unlink(in: directory, name.bytes, keeps ? .keepVictim : []).handle
        }
        (inode as? GoferRegularFile)?.dropUnlinkedDescriptors()
        entries.remove(name)
        changed()
    }

    override func removeDirectory(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) {
        guard let inode = inode as? GoferInode else { throw .EIO }
        _ = try connection.unlink(in: try directoryHandle(), name.bytes, .directory)
        inode.removeName(self, name.bytes, links: 2)
        entries.remove(name)
        changed()
    }

    override func rename(_ name: FileName, _ inode: Inode, to newParent: Inode, _ newName: FileName, replacing replaced: Inode?,
                         flags: RenameFlags, by caller: Caller) throws(Errno) {
        guard let inode = inode as? GoferInode, let target = newParent as? GoferDirectory, target.gofer === gofer else { throw .EXDEV }
        let replaced = replaced as? GoferInode
        let (from, to) = (try directoryHandle(), try target.directoryHandle())
        let options = RenameOptions(rawValue: flags.rawValue & 7)
        if let replaced, replaced.type != .directory, !flags.contains(.RENAME_EXCHANGE) {
            try replaced.loseName(target, newName.bytes) { (keeps) throws(Errno) in
                try connection.rename(in: from, name.bytes, to: to, newName.bytes, keeps ? options.union(.keepVictim) : options)
            }
            (replaced as? GoferRegularFile)?.dropUnlinkedDescriptors()
        } else {
            _ = try connection.rename(in: from, name.bytes, to: to, newName.bytes, options)
        }
        inode.replaceName(self, name.bytes, by: target, newName.bytes)
        if flags.contains(.RENAME_EXCHANGE) {
            replaced?.replaceName(target, newName.bytes, by: self, name.bytes)
            entries.add(name)
            target.entries.add(newName)
        } else {
            if replaced?.type == .directory { replaced?.removeName(target, newName.bytes, links: 2) }
            if flags.contains(.RENAME_WHITEOUT) { entries.add(name) } else { entries.remove(name) }
            target.entries.add(newName)
        }
        changed()
        target.changed()
    }
}

/// An open directory: the list as it was at the first entry.
final class GoferDirectoryFile: OpenFile, @unchecked Sendable {
    private let directory: GoferDirectory
    /// Used with the position's lock held.
    private var list: [KnownEntries.Entry]?

    init(_ directory: GoferDirectory, path: Path, flags: OpenFlags) {
        self.directory = directory
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }

    override func readDirectory(_ position: inout UInt64, by caller: Caller, _ emit: (DirectoryEntry) -> Bool) throws(Errno) {
        if position == 0 || list == nil { list = try directory.list() }
        guard let list else { return }
        while position < UInt64(list.count) &+ 2 {
            let next = position + 1
            let entry: DirectoryEntry
            switch position {
            case 0: entry = DirectoryEntry(name: ".", inode: directory.number, type: .directory, next: next)
            case 1: entry = DirectoryEntry(name: "..", inode: parentNumber, type: .directory, next: next)
            default:
                let known = list[Int(position) - 2]
                entry = DirectoryEntry(name: known.name, inode: known.inode, type: known.type, next: next)
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
        return UInt64(try directory.list().count) + 2
    }

    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) {
        try directory.gofer.connection.synchronize(try directory.directoryHandle(), dataOnly: dataOnly)
    }
}
