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
        func low(_ value: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: value) }
        func high(_ value: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: value >> 32) }
        func seconds(_ time: HostTime) -> UInt64 { UInt64(bitPattern: time.seconds) }
        let (a, m) = (status.accessTime, status.modificationTime)
        let (c, b) = (status.changeTime, status.birthTime)
        words([
            status.mode, status.links, status.uid, status.gid, low(status.inode), high(status.inode),
            low(status.size), high(status.size), low(status.blocks), high(status.blocks), status.blockSize,
            status.deviceMajor, status.deviceMinor, status.specialMajor, status.specialMinor,
            low(seconds(a)), high(seconds(a)), a.nanoseconds, low(seconds(m)), high(seconds(m)), m.nanoseconds,
            low(seconds(c)), high(seconds(c)), c.nanoseconds, low(seconds(b)), high(seconds(b)), b.nanoseconds,
        ] as InlineArray<27, UInt32>)
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
