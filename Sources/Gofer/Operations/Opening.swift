import GoferProtocol
import HostOS
import LinuxABI

extension FileServer {
    /// What a client may ask of a descriptor.
    private static let openFlags = OpenFlag.accessMode | OpenFlag.truncate | OpenFlag.direct | OpenFlag.noAccessTime

    private func checkOpen(_ flags: Int32, _ mount: ServedMount) throws(Errno) {
        guard flags & OpenFlag.accessMode != OpenFlag.accessMode else { throw .EINVAL }
        if flags & (OpenFlag.accessMode | OpenFlag.truncate) != 0 { try mount.checkWritable() }
    }

    /// Another descriptor of the node's file, with other flags.
    func reopen(_ node: Node, _ flags: Int32) throws(Errno) -> HostFD {
        guard node.type == FileType.regular else {
            throw node.isDirectory ? .EISDIR : node.type == FileType.symlink ? .ELOOP : .ENXIO
        }
        return try descriptors.open(HostPath(ofDescriptor: node.fd), flags: flags & Self.openFlags | OpenFlag.noTerminal)
    }

    func open(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        let flags = Int32(bitPattern: try fields.u32())
        try fields.finish()
        try checkOpen(flags, place.node.mount)
        if UInt32(bitPattern: flags) & OpenOptions.withoutHandle != 0, !place.name.isEmpty {
            let (fd, status) = try openEntry(place.node, place.name, flags)
            reply.give(fd)
            reply.message.u64(0)
            return reply.message.attributes(status)
        }
        let node = try node(at: place)
        let fd = try reopen(node, flags)
        reply.give(fd)
        let status = try fd.status()
        reply.message.u64(place.name.isEmpty ? 0 : handles.add(node))
        reply.message.attributes(status)
    }

    /// Opens a regular file by its name, and nothing else: what is behind a name may be another thing by then, so that the
    /// second look decides. A FIFO is not even touched unless it came in between.
    private func openEntry(_ directory: Node, _ name: HostPath, _ flags: Int32) throws(Errno) -> (HostFD, FileStatus) {
        func check(_ status: FileStatus) throws(Errno) {
            switch status.mode & FileType.mask {
            case FileType.regular: return
            case FileType.directory: throw .EISDIR
            case FileType.symlink: throw .ELOOP
            default: throw .ENXIO
            }
        }
        try check(try directory.fd.status(of: name))
        let fd = OwnedFD(owning: try directory.fd.open(name, flags: flags & Self.openFlags | OpenFlag.noFollow | OpenFlag.noTerminal
                                                           | OpenFlag.nonBlocking, resolve: Self.confined))
        let status = try fd.fd.status()
        try check(status)
        return (fd.release(), status)
    }

    func create(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let directory = try handles.directory(try fields.u64())
        let name = try fields.name()
        let flags = Int32(bitPattern: try fields.u32())
        let mode = try fields.u32() & 0o7777
        let owner = try fields.owner()
        try fields.finish()
        try directory.mount.checkWritable()
        try checkOpen(flags, directory.mount)
        let fd: HostFD
        do throws(Errno) {
            fd = try directory.fd.open(name, flags: flags & Self.openFlags & ~OpenFlag.truncate | OpenFlag.create | OpenFlag.exclusive
                                           | OpenFlag.noFollow | OpenFlag.noTerminal, mode: mode, resolve: Self.confined)
        } catch {
            guard error == .EEXIST, flags & OpenFlag.exclusive == 0 else { throw error }
            let node = try lookUp(directory, name)
            let fd = try reopen(node, flags)
            reply.give(fd)
            let status = try fd.status()
            reply.message.u8(0)
            reply.message.u64(handles.add(node))
            reply.message.attributes(status)
            return
        }
        reply.give(fd)
        do throws(Errno) {
            try adopt(fd, directory.mount, mode, owner, wantsHandle: UInt32(bitPattern: flags) & OpenOptions.withoutHandle == 0, &reply)
        } catch {
            try? directory.fd.unlink(name, directory: false)
            throw error
        }
    }

    func makeTemporary(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let directory = try handles.directory(try fields.u64())
        let flags = Int32(bitPattern: try fields.u32())
        let mode = try fields.u32() & 0o7777
        let owner = try fields.owner()
        try fields.finish()
        try directory.mount.checkWritable()
        try checkOpen(flags, directory.mount)
        guard flags & OpenFlag.accessMode != 0 else { throw .EINVAL }
        let fd = try directory.fd.open(HostPath("."), flags: flags & Self.openFlags & ~OpenFlag.truncate | OpenFlag.temporary, mode: mode,
                                       resolve: Self.confined)
        reply.give(fd)
        try adopt(fd, directory.mount, mode, owner, wantsHandle: true, &reply)
    }

    /// Gives a new file its owner and encodes it.
    private func adopt(_ fd: HostFD, _ mount: ServedMount, _ mode: UInt32, _ owner: Owner, wantsHandle: Bool,
                       _ reply: inout Reply) throws(Errno) {
        var status = try fd.status()
        if try setOwner(of: fd, status, mode, owner) { status = try fd.status() }
        reply.message.u8(1)
        if wantsHandle {
            let path = try descriptors.open(HostPath(ofDescriptor: fd), flags: OpenFlag.pathOnly)
            reply.message.u64(handles.add(Node(owning: path, mount: mount, mode: status.mode)))
        } else {
            reply.message.u64(0)
        }
        reply.message.attributes(status)
    }

    /// The owner that the Sentry says, if the new file does not have it yet. A change of owner takes away set-id bits, so
    /// the mode is set again.
    ///
    /// - Returns: whether anything changed.
    func setOwner(of fd: HostFD, _ status: FileStatus, _ mode: UInt32, _ owner: Owner) throws(Errno) -> Bool {
        let isOwned = status.uid == owner.uid && status.gid == owner.gid
        if isOwned && (status.mode ^ mode) & 0o6000 == 0 { return false }
        if !isOwned { try fd.setOwner(uid: owner.uid, gid: owner.gid) }
        if status.mode & FileType.mask != FileType.symlink { try descriptors.setMode(HostPath(ofDescriptor: fd), mode: mode) }
        return true
    }
}
