public import HostOS
public import LinuxABI

// Extended attributes, whole file systems, space, sockets; see Operation for their meaning.
extension GoferConnection {
    public func fileSystemStatus(_ handle: Handle) throws(Errno) -> FileSystemStatus {
        try call(.statFileSystem, { $0.u64(handle) }) { (d, _) throws(Errno) in
            var status = FileSystemStatus()
            status.type = try d.u64()
            status.blockSize = try d.u64()
            status.blocks = try d.u64()
            status.freeBlocks = try d.u64()
            status.availableBlocks = try d.u64()
            status.files = try d.u64()
            status.freeFiles = try d.u64()
            status.nameLength = try d.u64()
            status.fragmentSize = try d.u64()
            return status
        }
    }

    /// The attribute's value; ERANGE when it is longer than `limit`.
    public func xattr(of place: Place, _ name: [UInt8], limit: Int) throws(Errno) -> [UInt8] {
        try call(.getXattr, {
            $0.place(place)
            $0.bytes(name)
            $0.u32(UInt32(clamping: min(max(limit, 1), Limits.maximumXattrValue)))
        }) { (d, _) throws(Errno) in
            _ = try d.u32()
            return Array(try d.bytes(limit: Limits.maximumXattrValue))
        }
    }

    public func setXattr(of place: Place, _ name: [UInt8], _ value: [UInt8], flags: UInt32) throws(Errno) {
        guard value.count <= Limits.maximumXattrValue else { throw .E2BIG }
        try call(.setXattr, {
            $0.place(place)
            $0.bytes(name)
            $0.u32(flags)
            $0.bytes(value)
        }) { (_, _) throws(Errno) in }
    }

    /// The names, each with a NUL behind it.
    public func xattrs(of place: Place) throws(Errno) -> [UInt8] {
        try call(.listXattr, {
            $0.place(place)
            $0.u32(UInt32(Limits.maximumXattrValue))
        }) { (d, _) throws(Errno) in
            _ = try d.u32()
            return Array(try d.bytes(limit: Limits.maximumXattrValue))
        }
    }

    public func removeXattr(of place: Place, _ name: [UInt8]) throws(Errno) {
        try call(.removeXattr, {
            $0.place(place)
            $0.bytes(name)
        }) { (_, _) throws(Errno) in }
    }

    public func synchronize(_ handle: Handle, dataOnly: Bool) throws(Errno) {
        try call(.synchronize, {
            $0.u64(handle)
            $0.u8(dataOnly ? 1 : 0)
        }) { (_, _) throws(Errno) in }
    }

    public func synchronizeFileSystem(_ handle: Handle) throws(Errno) {
        try call(.synchronizeFileSystem, { $0.u64(handle) }) { (_, _) throws(Errno) in }
    }

    public func allocate(_ handle: Handle, mode: UInt32, offset: UInt64, length: UInt64) throws(Errno) -> FileStatus {
        try call(.allocate, {
            $0.u64(handle)
            $0.u32(mode)
            $0.u64(offset)
            $0.u64(length)
        }) { (d, _) throws(Errno) in try d.attributes() }
    }

    /// A socket for calls that are made on `processor`, for the caller to close.
    func lane(on processor: Int) throws(Errno) -> HostFD {
        try call(.lane, { $0.u32(UInt32(truncatingIfNeeded: processor)) }) { (_, call) throws(Errno) in try call.takeDescriptor() }
    }

    /// A socket connected to the one at `place`. `type`: SOCK_STREAM...
    public func connect(_ place: Place, type: UInt32) throws(Errno) -> OwnedFD {
        try call(.connect, {
            $0.place(place)
            $0.u32(type)
        }) { (_, call) throws(Errno) in OwnedFD(owning: try call.takeDescriptor()) }
    }
}
