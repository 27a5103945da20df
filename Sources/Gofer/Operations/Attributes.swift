import GoferProtocol
import HostOS
import LinuxABI

extension FileServer {
    func getAttributes(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        try fields.finish()
        reply.message.attributes(try place.node.fd.status(of: place.name))
    }

    /// Size, owner, mode and times, in this order: a change of owner clears mode bits, and every one changes times.
    func setAttributes(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        let mask = AttributeMask(rawValue: try fields.u32())
        let mode = try fields.u32()
        let uid = try fields.u32()
        let gid = try fields.u32()
        let size = try fields.u64()
        let access = try fields.time()
        let modification = try fields.time()
        try fields.finish()
        try place.node.mount.checkWritable()
        let node = try node(at: place)
        let path = HostPath(ofDescriptor: node.fd)
        if mask.contains(.size) {
            guard size <= UInt64(Int64.max) else { throw .EINVAL }
            let fd = OwnedFD(owning: try reopen(node, OpenFlag.write))
            try fd.fd.truncate(to: size)
        }
        if !mask.isDisjoint(with: [.uid, .gid]) {
            try node.fd.setOwner(uid: mask.contains(.uid) ? uid : .max, gid: mask.contains(.gid) ? gid : .max)
        }
        if mask.contains(.mode) {
            if node.type == FileType.symlink { throw .EOPNOTSUPP }
            try descriptors.setMode(path, mode: mode & 0o7777)
        }
        if !mask.isDisjoint(with: [.accessTime, .modificationTime]) {
            try descriptors.setTimes(path, access: mask.contains(.accessTime) ? access : .omit,
                                     modification: mask.contains(.modificationTime) ? modification : .omit, follow: true)
        }
        reply.message.attributes(try node.fd.status())
    }

    func readLink(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        try fields.finish()
        if place.name.isEmpty && place.node.type != FileType.symlink { throw .EINVAL }
        reply.message.bytes(try place.node.fd.readLink(place.name))
    }

    func statFileSystem(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let node = try handles.node(try fields.u64())
        try fields.finish()
        let status = try node.fd.fileSystemStatus()
        for value in [status.type, status.blockSize, status.blocks, status.freeBlocks, status.availableBlocks, status.files,
                      status.freeFiles, status.nameLength, status.fragmentSize] {
            reply.message.u64(value)
        }
    }

    // MARK: - Extended attributes

    /// The place's path below the working directory, which is /proc/self/fd; the magic link is followed, a link that the
    /// name stands for is not.
    private func path(of place: CheckedPlace) -> HostPath { HostPath(ofDescriptor: place.node.fd, name: place.name) }

    private static func checkedXattrName(_ fields: inout Decoder) throws(Errno) -> HostPath {
        let name = try fields.text(limit: Limits.maximumXattrName)
        if name.isEmpty { throw .ERANGE }
        return name
    }

    func getXattr(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        let name = try Self.checkedXattrName(&fields)
        let size = Int(try fields.u32())
        try fields.finish()
        guard size <= Limits.maximumXattrValue else { throw .ERANGE }
        var value = [UInt8](repeating: 0, count: size)
        let n = try HostXattr.get(path(of: place), name, into: &value, follow: place.name.isEmpty)
        reply.message.u32(UInt32(n))
        if size > 0 { reply.message.bytes(value.prefix(n)) }
    }

    func setXattr(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        let name = try Self.checkedXattrName(&fields)
        let flags = try fields.u32()
        let value = Array(try fields.bytes(limit: Limits.maximumXattrValue))
        try fields.finish()
        try place.node.mount.checkWritable()
        try HostXattr.set(path(of: place), name, value, flags: flags, follow: place.name.isEmpty)
    }

    func listXattr(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        let size = Int(try fields.u32())
        try fields.finish()
        guard size <= Limits.maximumXattrValue else { throw .ERANGE }
        var names = [UInt8](repeating: 0, count: size)
        let n = try HostXattr.list(path(of: place), into: &names, follow: place.name.isEmpty)
        reply.message.u32(UInt32(n))
        if size > 0 { reply.message.bytes(names.prefix(n)) }
    }

    func removeXattr(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        let name = try Self.checkedXattrName(&fields)
        try fields.finish()
        try place.node.mount.checkWritable()
        try HostXattr.remove(path(of: place), name, follow: place.name.isEmpty)
    }
}
