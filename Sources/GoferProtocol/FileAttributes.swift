public import HostOS
public import LinuxABI

/// Names an inode held by the Gofer. 0 is none.
public typealias Handle = UInt64

/// Where an operation takes place: a handle's own inode, or the entry `name` of a directory handle.
public struct Place: Sendable {
    public var handle: Handle
    /// Empty for the handle's own inode.
    public var name: [UInt8]

    public init(_ handle: Handle, _ name: [UInt8] = []) {
        self.handle = handle
        self.name = name
    }
}

extension Encoder {
    /// 108 bytes.
    public mutating func attributes(_ status: FileStatus) {
        u32(status.mode)
        u32(status.links)
        u32(status.uid)
        u32(status.gid)
        u64(status.inode)
        u64(status.size)
        u64(status.blocks)
        u32(status.blockSize)
        u32(status.deviceMajor)
        u32(status.deviceMinor)
        u32(status.specialMajor)
        u32(status.specialMinor)
        time(status.accessTime)
        time(status.modificationTime)
        time(status.changeTime)
        time(status.birthTime)
    }

}

extension Decoder {
    public mutating func attributes() throws(Errno) -> FileStatus {
        var status = FileStatus()
        status.mode = try u32()
        status.links = try u32()
        status.uid = try u32()
        status.gid = try u32()
        status.inode = try u64()
        status.size = try u64()
        status.blocks = try u64()
        status.blockSize = try u32()
        status.deviceMajor = try u32()
        status.deviceMinor = try u32()
        status.specialMajor = try u32()
        status.specialMinor = try u32()
        status.accessTime = try time()
        status.modificationTime = try time()
        status.changeTime = try time()
        status.birthTime = try time()
        return status
    }
}
