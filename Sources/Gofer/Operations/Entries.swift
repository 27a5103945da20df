import GoferProtocol
import HostOS
import LinuxABI

/// What makes, moves and removes directory entries.
extension FileServer {
    func link(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        let directory = try handles.directory(try fields.u64())
        let name = try fields.name()
        try fields.finish()
        try directory.mount.checkWritable()
        guard place.node.mount === directory.mount else { throw .EXDEV }
        try place.node.fd.link(place.name, to: directory.fd, name)
        reply.message.attributes(try directory.fd.status(of: name))
    }

    func symlink(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let directory = try handles.directory(try fields.u64())
        let name = try fields.name()
        let target = try fields.text(limit: Limits.maximumTarget)
        let owner = try fields.owner()
        try fields.finish()
        try directory.mount.checkWritable()
        guard !target.isEmpty else { throw .ENOENT }
        try directory.fd.makeSymlink(name, target: target)
        try finishMaking(directory, name, 0o777, owner) { (_, status) in reply.message.attributes(status) }
    }

    func makeDirectory(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let directory = try handles.directory(try fields.u64())
        let name = try fields.name()
        let mode = try fields.u32() & 0o7777
        let owner = try fields.owner()
        try fields.finish()
        try directory.mount.checkWritable()
        try directory.fd.makeDirectory(name, mode: mode)
        try finishMaking(directory, name, mode, owner) { (node, status) in
            reply.message.u64(handles.add(node))
            reply.message.attributes(status)
        }
    }

    func makeNode(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let directory = try handles.directory(try fields.u64())
        let name = try fields.name()
        let mode = try fields.u32()
        let owner = try fields.owner()
        try fields.finish()
        try directory.mount.checkWritable()
        switch mode & FileType.mask {
        // A character device of number 0 is overlayfs's whiteout, no device.
        case FileType.regular, FileType.fifo, FileType.socket, FileType.character: break
        default: throw .EPERM
        }
        try directory.fd.makeNode(name, mode: mode & (FileType.mask | 0o7777), device: 0)
        try finishMaking(directory, name, mode & 0o7777, owner) { (_, status) in reply.message.attributes(status) }
    }

    /// Gives what was just made its owner; takes it away again if that fails.
    private func finishMaking(_ directory: Node, _ name: HostPath, _ mode: UInt32, _ owner: Owner,
                              _ encode: (Node, FileStatus) -> Void) throws(Errno) {
        let node = try lookUp(directory, name)
        do throws(Errno) {
            var status = try node.fd.status()
            if try setOwner(of: node.fd, status, mode, owner) { status = try node.fd.status() }
            encode(node, status)
        } catch {
            try? directory.fd.unlink(name, directory: node.isDirectory)
            throw error
        }
    }

    func unlink(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let directory = try handles.directory(try fields.u64())
        let name = try fields.name()
        let flags = UnlinkFlags(rawValue: try fields.u32())
        try fields.finish()
        try directory.mount.checkWritable()
        let victim = flags.contains(.keepVictim) ? try lookUp(directory, name) : nil
        try directory.fd.unlink(name, directory: flags.contains(.directory))
        guard let victim else { return reply.message.u64(0) }
        let status = try victim.fd.status()
        reply.message.u64(handles.add(victim))
        reply.message.attributes(status)
    }

    func rename(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let directory = try handles.directory(try fields.u64())
        let name = try fields.name()
        let newDirectory = try handles.directory(try fields.u64())
        let newName = try fields.name()
        let flags = RenameOptions(rawValue: try fields.u32())
        try fields.finish()
        try directory.mount.checkWritable()
        guard directory.mount === newDirectory.mount else { throw .EXDEV }
        guard flags.subtracting([.noReplace, .exchange, .whiteout, .keepVictim]).isEmpty else { throw .EINVAL }
        var victim: Node?
        if flags.contains(.keepVictim) && flags.isDisjoint(with: [.noReplace, .exchange]) {
            do throws(Errno) {
                victim = try lookUp(newDirectory, newName)
            } catch {
                if error != .ENOENT { throw error }
            }
        }
        try directory.fd.rename(name, to: newDirectory.fd, newName, flags: flags.subtracting(.keepVictim).rawValue)
        if let victim { reply.message.u64(handles.add(victim)) } else { reply.message.u64(0) }
    }
}
