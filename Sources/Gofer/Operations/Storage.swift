import GoferProtocol
import HostOS
import LinuxABI

/// Space, durability, and sockets in the file system.
extension FileServer {
    func synchronize(_ fields: inout Decoder) throws(Errno) {
        let node = try handles.node(try fields.u64())
        let dataOnly = try fields.u8() != 0
        try fields.finish()
        if node.isDirectory { return try node.fd.synchronize(dataOnly: dataOnly) }
        let fd = OwnedFD(owning: try reopen(node, 0))
        try fd.fd.synchronize(dataOnly: dataOnly)
    }

    func synchronizeFileSystem(_ fields: inout Decoder) throws(Errno) {
        let node = try handles.node(try fields.u64())
        try fields.finish()
        if node.isDirectory { return try node.fd.synchronizeFileSystem() }
        let fd = OwnedFD(owning: try reopen(node, 0))
        try fd.fd.synchronizeFileSystem()
    }

    func allocate(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let node = try handles.node(try fields.u64())
        let mode = try fields.u32()
        let offset = try fields.u64()
        let length = try fields.u64()
        try fields.finish()
        try node.mount.checkWritable()
        let fd = OwnedFD(owning: try reopen(node, OpenFlag.write))
        try fd.fd.allocate(mode: mode, offset: offset, length: length)
        reply.message.attributes(try fd.fd.status())
    }

    func connect(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let place = try fields.place(handles)
        let type = try fields.u32()
        try fields.finish()
        guard allowsSockets else { throw .ECONNREFUSED }
        let node = try node(at: place)
        guard node.type == FileType.socket else { throw .ECONNREFUSED }
        let socket = OwnedFD(owning: try HostFD.unixSocket(type: type))
        // The address is a path below the working directory: the node's magic link.
        try socket.fd.connectUnix(HostPath(ofDescriptor: node.fd))
        reply.give(socket.release())
    }
}
