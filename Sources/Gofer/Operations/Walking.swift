import GoferProtocol
import HostOS
import LinuxABI

extension FileServer {
    static let confined: Resolve = [.beneath, .noSymlinks, .noMagicLinks]

    /// A node for the entry `name`, whatever it is.
    func lookUp(_ directory: Node, _ name: HostPath) throws(Errno) -> Node {
        let fd = OwnedFD(owning: try directory.fd.open(name, flags: OpenFlag.pathOnly | OpenFlag.noFollow, resolve: Self.confined))
        let mode = try fd.fd.status().mode
        if mode & FileType.mask == FileType.directory { return try openDirectory(directory, name) }
        return Node(owning: fd.release(), mount: directory.mount, mode: mode)
    }

    /// Directories that may not be read (on a network file system) are opened for walking only.
    func openDirectory(_ directory: Node, _ name: HostPath) throws(Errno) -> Node {
        let flags = OpenFlag.directory | OpenFlag.noFollow | OpenFlag.nonBlocking
        let fd: HostFD
        do throws(Errno) {
            fd = try directory.fd.open(name, flags: flags, resolve: Self.confined)
        } catch {
            guard error == .EACCES || error == .EPERM else { throw error }
            fd = try directory.fd.open(name, flags: flags | OpenFlag.pathOnly, resolve: Self.confined)
        }
        return Node(owning: fd, mount: directory.mount, mode: FileType.directory)
    }

    func node(at place: CheckedPlace) throws(Errno) -> Node {
        place.name.isEmpty ? place.node : try lookUp(place.node, place.name)
    }

    func walk(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        var current = try handles.node(try fields.u64())
        let flags = WalkFlags(rawValue: try fields.u32())
        let count = Int(try fields.u16())
        guard count <= Limits.maximumComponents else { throw .ENAMETOOLONG }
        let reachedAt = reply.message.count
        reply.message.u16(0)
        reply.message.u8(WalkEnd.complete.rawValue)

        var reached: UInt16 = 0
        var end = WalkEnd.complete
        var failure: Errno?
        var target: [UInt8]?
        while reached < count {
            let name: HostPath
            let status: FileStatus
            var next: Node?
            guard current.isDirectory else {
                end = target == nil ? .notDirectory : .symlink
                break
            }
            do throws(Errno) {
                name = try fields.name()
                var found = try current.fd.status(of: name)
                let isLast = reached + 1 == count
                if found.mode & FileType.mask == FileType.directory, !isLast || !flags.isDisjoint(with: [.directoryHandles, .lastHandle]) {
                    next = try openDirectory(current, name)
                } else if isLast && flags.contains(.lastHandle) {
                    next = try lookUp(current, name)
                }
                if let next { found = try next.fd.status() }
                status = found
                if status.mode & FileType.mask == FileType.symlink { target = try current.fd.readLink(name) }
            } catch {
                if error == .EBADMSG { throw error }
                end = error == .ENOENT ? .missing : .failed
                failure = error
                break
            }
            reached += 1
            let wanted = flags.contains(.directoryHandles) && next?.isDirectory == true || flags.contains(.lastHandle) && reached == count
            if let next, wanted { reply.message.u64(handles.add(next)) } else { reply.message.u64(0) }
            reply.message.attributes(status)
            if let next, next.isDirectory { current = next } else if reached < count {
                end = target == nil ? .notDirectory : .symlink
                break
            }
        }
        if end == .failed { reply.message.u16(UInt16(truncatingIfNeeded: (failure ?? .EIO).rawValue)) }
        if let target { reply.message.bytes(target) }
        reply.message.patch(reached, at: reachedAt)
        reply.message.patch(byte: end.rawValue, at: reachedAt + 2)
    }
}
