public import LinuxABI

/// A point in time as file systems keep it.
public struct HostTime: Hashable, Sendable, BitwiseCopyable {
    public var seconds: Int64
    public var nanoseconds: UInt32

    @inlinable public init(seconds: Int64 = 0, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// utimensat(2)'s values of `nanoseconds` for the time of the call, and for leaving a time alone.
    public static var now: HostTime { HostTime(nanoseconds: 0x3fff_ffff) }
    public static var omit: HostTime { HostTime(nanoseconds: 0x3fff_fffe) }
}

/// What statx(2) says of a file.
public struct FileStatus: Sendable, BitwiseCopyable {
    /// Type and permissions, as st_mode.
    public var mode: UInt32 = 0
    public var links: UInt32 = 0
    public var uid: UInt32 = 0
    public var gid: UInt32 = 0
    public var inode: UInt64 = 0
    public var size: UInt64 = 0
    /// In units of 512 bytes.
    public var blocks: UInt64 = 0
    public var blockSize: UInt32 = 0
    public var deviceMajor: UInt32 = 0
    public var deviceMinor: UInt32 = 0
    /// The device that a device node stands for.
    public var specialMajor: UInt32 = 0
    public var specialMinor: UInt32 = 0
    public var accessTime = HostTime()
    public var modificationTime = HostTime()
    public var changeTime = HostTime()
    public var birthTime = HostTime()

    public init() {}

    /// Reads a struct statx (linux/stat.h): 256 bytes.
    init(statx raw: InlineArray<32, UInt64>) {
        func low(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word) }
        func high(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
        func time(_ index: Int) -> HostTime {
            HostTime(seconds: Int64(bitPattern: raw[index]), nanoseconds: low(raw[index + 1]))
        }
        blockSize = high(raw[0])
        links = low(raw[2])
        uid = high(raw[2])
        gid = low(raw[3])
        mode = high(raw[3]) & 0xffff
        inode = raw[4]
        size = raw[5]
        blocks = raw[6]
        accessTime = time(8)
        birthTime = time(10)
        changeTime = time(12)
        modificationTime = time(14)
        specialMajor = low(raw[16])
        specialMinor = high(raw[16])
        deviceMajor = low(raw[17])
        deviceMinor = high(raw[17])
    }

    /// Reads a struct stat of x86-64.
    init(stat raw: InlineArray<18, UInt64>) {
        func low(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word) }
        func major(_ word: UInt64) -> UInt32 { low((word >> 8) & 0xfff | (word >> 32) & ~0xfff) }
        func minor(_ word: UInt64) -> UInt32 { low(word & 0xff | (word >> 12) & ~0xff) }
        func time(_ index: Int) -> HostTime { HostTime(seconds: Int64(bitPattern: raw[index]), nanoseconds: low(raw[index + 1])) }
        deviceMajor = major(raw[0])
        deviceMinor = minor(raw[0])
        inode = raw[1]
        links = low(raw[2])
        mode = low(raw[3])
        uid = low(raw[3] >> 32)
        gid = low(raw[4])
        specialMajor = major(raw[5])
        specialMinor = minor(raw[5])
        size = raw[6]
        blockSize = low(raw[7])
        blocks = raw[8]
        accessTime = time(9)
        modificationTime = time(11)
        changeTime = time(13)
    }
}

/// What statfs(2) says of a file system.
public struct FileSystemStatus: Sendable, BitwiseCopyable {
    public var type: UInt64 = 0
    public var blockSize: UInt64 = 0
    public var blocks: UInt64 = 0
    public var freeBlocks: UInt64 = 0
    public var availableBlocks: UInt64 = 0
    public var files: UInt64 = 0
    public var freeFiles: UInt64 = 0
    public var nameLength: UInt64 = 0
    public var fragmentSize: UInt64 = 0

    public init() {}
}

extension HostFD {
    static let AT_SYMLINK_NOFOLLOW = 0x100
    static let AT_EMPTY_PATH = 0x1000

    /// statx(2) of what this descriptor stands for, or of `name` in this directory (a symbolic link itself).
    public func status(of name: HostPath = .empty) throws(Errno) -> FileStatus {
        let raw = InlineArray<32, UInt64>(repeating: 0)
        let filled = try name.withArgument { (p) throws(Errno) in
            var raw = raw
            try unsafe withUnsafeMutableBytes(of: &raw) { (b) throws(Errno) in
                _ = try unsafe hostCall(.statx, argument, p, Self.AT_SYMLINK_NOFOLLOW | (name.isEmpty ? Self.AT_EMPTY_PATH : 0),
                                        0xfff /* STATX_BASIC_STATS | STATX_BTIME */, Int(b.baseAddress))
            }
            return raw
        }
        return FileStatus(statx: filled)
    }

    /// fstat(2): the same without the birth time, for processes whose filter leaves them no call with a path.
    public func statusOfDescriptor() throws(Errno) -> FileStatus {
        var raw = InlineArray<18, UInt64>(repeating: 0)
        try unsafe withUnsafeMutableBytes(of: &raw) { (b) throws(Errno) in
            _ = try unsafe hostCall(.fstat, argument, Int(b.baseAddress))
        }
        return FileStatus(stat: raw)
    }

    /// fstatfs(2).
    public func fileSystemStatus() throws(Errno) -> FileSystemStatus {
        var raw = InlineArray<15, UInt64>(repeating: 0)
        try unsafe withUnsafeMutableBytes(of: &raw) { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.fstatfs, argument, Int(b.baseAddress))
        }
        var status = FileSystemStatus()
        status.type = raw[0]
        status.blockSize = raw[1]
        status.blocks = raw[2]
        status.freeBlocks = raw[3]
        status.availableBlocks = raw[4]
        status.files = raw[5]
        status.freeFiles = raw[6]
        status.nameLength = raw[8]
        status.fragmentSize = raw[9]
        return status
    }
}
