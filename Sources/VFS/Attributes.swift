import HostOS
import Synchronization

/// A file's type: the S_IFMT bits of its mode (inode(7)).
public enum FileType: UInt32, Sendable {
    case fifo = 0o010000
    case characterDevice = 0o020000
    case directory = 0o040000
    case blockDevice = 0o060000
    case regular = 0o100000
    case symbolicLink = 0o120000
    case socket = 0o140000

    /// DT_* of readdir(3).
    public var directoryEntryType: UInt8 { UInt8(rawValue >> 12) }
}

/// A point in time as files keep it: since the epoch.
public struct FileTime: Hashable, Comparable, Sendable {
    public var seconds: Int64
    public var nanoseconds: UInt32

    public init(seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static func < (a: Self, b: Self) -> Bool { (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds) }
}

/// A device number, as stat(2) splits it.
public struct DeviceNumber: Hashable, Sendable {
    public var major: UInt32
    public var minor: UInt32

    public init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }

    /// The kernel's 64-bit encoding of st_dev and st_rdev.
    public var encoded: UInt64 {
        let (ma, mi) = (UInt64(major), UInt64(minor))
        return (mi & 0xff) | ((ma & 0xfff) << 8) | ((mi & ~0xff) << 12) | ((ma & ~0xfff) << 32)
    }

    public init(encoded e: UInt64) {
        major = UInt32(truncatingIfNeeded: ((e >> 8) & 0xfff) | ((e >> 32) & ~0xfff))
        minor = UInt32(truncatingIfNeeded: (e & 0xff) | ((e >> 12) & ~0xff))
    }
}

/// What stat(2) tells of a file. Owner ids are the kernel's own.
public struct Attributes: Sendable {
    public var type: FileType
    /// Permission and set-id bits: 0o7777.
    public var mode: UInt32
    public var uid: UInt32
    public var gid: UInt32
    public var links: UInt32
    public var size: UInt64
    /// 512-byte units.
    public var blocks: UInt64
    public var blockSize: UInt32
    public var inode: UInt64
    public var device: DeviceNumber
    /// Of a device node.
    public var deviceOfNode: DeviceNumber
    public var accessed, modified, changed: FileTime
    public var born: FileTime?

    public init(type: FileType, mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0, links: UInt32 = 1, size: UInt64 = 0,
                blocks: UInt64 = 0, blockSize: UInt32 = 4096, inode: UInt64, device: DeviceNumber,
                deviceOfNode: DeviceNumber = DeviceNumber(major: 0, minor: 0),
                accessed: FileTime, modified: FileTime, changed: FileTime, born: FileTime? = nil) {
        self.type = type
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.links = links
        self.size = size
        self.blocks = blocks
        self.blockSize = blockSize
        self.inode = inode
        self.device = device
        self.deviceOfNode = deviceOfNode
        self.accessed = accessed
        self.modified = modified
        self.changed = changed
        self.born = born
    }
}

/// What setattr changes: chmod, chown, truncate, utimensat. Permission has been checked.
public struct AttributeChange: Sendable {
    public enum Time: Sendable {
        case now
        case at(FileTime)
    }

    public var mode: UInt32?
    public var uid: UInt32?
    public var gid: UInt32?
    public var size: UInt64?
    public var accessed: Time?
    public var modified: Time?

    public init(mode: UInt32? = nil, uid: UInt32? = nil, gid: UInt32? = nil, size: UInt64? = nil,
                accessed: Time? = nil, modified: Time? = nil) {
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.size = size
        self.accessed = accessed
        self.modified = modified
    }
}

extension FileTime {
    /// The present, by the host's coarse clock, as file systems stamp it.
    public static var now: FileTime {
        let nanoseconds = HostClock.now(5 /* CLOCK_REALTIME_COARSE */)
        return FileTime(seconds: Int64(nanoseconds / 1_000_000_000), nanoseconds: UInt32(nanoseconds % 1_000_000_000))
    }
}

extension AttributeChange.Time {
    public var value: FileTime {
        switch self {
        case .now: .now
        case .at(let time): time
        }
    }
}

extension DeviceNumber {
    private static let anonymous = Atomic<UInt32>(20)

    /// A number for a file system without a device: major 0.
    public static func nextAnonymous() -> DeviceNumber {
        DeviceNumber(major: 0, minor: anonymous.add(1, ordering: .relaxed).newValue)
    }
}
