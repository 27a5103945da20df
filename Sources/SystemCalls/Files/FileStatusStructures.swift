import Identity
import LinuxABI
import VFS

/// struct timespec.
struct TimeStructure: BitwiseCopyable {
    var seconds: Int64
    var nanoseconds: Int64

    init(_ time: FileTime) {
        seconds = time.seconds
        nanoseconds = Int64(time.nanoseconds)
    }
}

/// struct stat of x86-64 (arch/x86/include/uapi/asm/stat.h): 144 bytes.
struct StatStructure: BitwiseCopyable {
    var device: UInt64
    var inode: UInt64
    var links: UInt64
    var mode: UInt32
    var uid: UInt32
    var gid: UInt32
    var padding: UInt32 = 0
    var deviceOfNode: UInt64
    var size: UInt64
    var blockSize: UInt64
    var blocks: UInt64
    var accessed, modified, changed: TimeStructure
    var unused: (UInt64, UInt64, UInt64) = (0, 0, 0)

    init(_ a: Attributes, _ viewer: UserNamespace) {
        device = a.device.encoded
        inode = a.inode
        links = UInt64(a.links)
        mode = a.type.rawValue | a.mode
        uid = viewer.visibleUID(a.uid)
        gid = viewer.visibleGID(a.gid)
        deviceOfNode = a.deviceOfNode.encoded
        size = a.size
        blockSize = UInt64(a.blockSize)
        blocks = a.blocks
        accessed = TimeStructure(a.accessed)
        modified = TimeStructure(a.modified)
        changed = TimeStructure(a.changed)
    }
}

/// struct statx_timestamp.
struct StatxTime: BitwiseCopyable {
    var seconds: Int64
    var nanoseconds: UInt32
    var padding: Int32 = 0

    init(_ time: FileTime) {
        seconds = time.seconds
        nanoseconds = time.nanoseconds
    }
}

/// struct statx (include/uapi/linux/stat.h): 256 bytes.
struct StatxStructure: BitwiseCopyable {
    var mask: UInt32 = 0x17ff
    var blockSize: UInt32
    var attributes: UInt64
    var links: UInt32
    var uid: UInt32
    var gid: UInt32
    var mode: UInt16
    var padding: UInt16 = 0
    var inode: UInt64
    var size: UInt64
    var blocks: UInt64
    /// STATX_ATTR_MOUNT_ROOT is what we can tell of.
    var attributesMask: UInt64 = 0x2000
    var accessed, born, changed, modified: StatxTime
    var nodeMajor, nodeMinor, deviceMajor, deviceMinor: UInt32
    var mountID: UInt64
    var directMemoryAlignment: UInt32 = 0
    var directOffsetAlignment: UInt32 = 0
    var spare: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    var spare2: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    init(_ a: Attributes, _ path: Path, _ viewer: UserNamespace) {
        blockSize = a.blockSize
        attributes = path.dentry === path.mount.root ? 0x2000 : 0
        links = a.links
        uid = viewer.visibleUID(a.uid)
        gid = viewer.visibleGID(a.gid)
        mode = UInt16(truncatingIfNeeded: a.type.rawValue | a.mode)
        inode = a.inode
        size = a.size
        blocks = a.blocks
        accessed = StatxTime(a.accessed)
        born = StatxTime(a.born ?? FileTime(seconds: 0, nanoseconds: 0))
        if a.born == nil { mask &= ~0x800 }
        changed = StatxTime(a.changed)
        modified = StatxTime(a.modified)
        nodeMajor = a.deviceOfNode.major
        nodeMinor = a.deviceOfNode.minor
        deviceMajor = a.device.major
        deviceMinor = a.device.minor
        mountID = UInt64(UInt32(bitPattern: path.mount.id))
    }
}
