import Kernel
import LinuxABI
import Memory
import VFS

/// AT_* of openat(2) and its like.
enum AtFlags {
    static let AT_SYMLINK_NOFOLLOW: UInt32 = 0x100
    static let AT_EACCESS: UInt32 = 0x200
    static let AT_REMOVEDIR: UInt32 = 0x200
    static let AT_SYMLINK_FOLLOW: UInt32 = 0x400
    static let AT_NO_AUTOMOUNT: UInt32 = 0x800
    static let AT_EMPTY_PATH: UInt32 = 0x1000
    static let AT_STATX_SYNC_TYPE: UInt32 = 0x6000
}

let AT_FDCWD: Int32 = -100

extension Task {
    /// A path argument.
    ///
    /// - Throws: EFAULT, ENAMETOOLONG.
    func loadPath(_ address: GuestAddress) throws(Errno) -> [UInt8] { try memory.loadCString(address, limit: 4096) }

    /// What a dirfd, a path and AT_* flags name.
    ///
    /// - Parameter follow: whether a symbolic link at the end is followed.
    func place(_ dirfd: Int32, _ address: GuestAddress, follow: Bool, allowEmpty: Bool = false) throws(Errno) -> Path {
        var flags: WalkFlags = follow ? [.follow] : []
        if allowEmpty {
            flags.insert(.emptyPath)
            // Linux takes a null pointer for an empty path where that is allowed.
            if address.isNull, dirfd != AT_FDCWD { return try files.anyFile(dirfd).path }
        }
        return try withCString(address) { (text) throws(Errno) in try resolve(text, at: dirfd, flags) }
    }

    /// MAX_RW_COUNT.
    static var maximumTransfer: Int { 0x7fff_f000 }

    /// The first address that no guest has.
    static var addressLimit: UInt64 { 0x7fff_ffff_f000 }

    /// A buffer of read(2) or write(2).
    ///
    /// - Throws: EFAULT for one that cannot be the guest's.
    @inline(__always)
    func buffer(_ address: GuestAddress, _ count: UInt64) throws(Errno) -> IOVector {
        let (end, overflow) = address.rawValue.addingReportingOverflow(count)
        if overflow || end > Self.addressLimit { throw .EFAULT }
        return vector(address, Int(truncatingIfNeeded: min(count, UInt64(Self.maximumTransfer))))
    }

    /// The buffers of readv(2) or writev(2).
    ///
    /// - Throws: EINVAL for more than UIO_MAXIOV or a negative length; EFAULT.
    func buffers(_ address: GuestAddress, _ count: UInt64) throws(Errno) -> IOVector {
        if count > 1024 { throw .EINVAL }
        if count == 1 {
            let only = try load(address, as: RawSegment.self)
            if only.length > UInt64(Int64.max) { throw .EINVAL }
            return try buffer(GuestAddress(only.base), only.length)
        }
        let raw = try memory.loadArray(address, count: Int(count), as: RawSegment.self)
        var segments: [IOSegment] = []
        segments.reserveCapacity(raw.count)
        var room = Self.maximumTransfer
        for segment in raw {
            if segment.length > UInt64(Int64.max) { throw .EINVAL }
            let (end, overflow) = segment.base.addingReportingOverflow(segment.length)
            if overflow || end > Self.addressLimit { throw .EFAULT }
            let length = min(Int(segment.length), room)
            room -= length
            segments.append(IOSegment(base: GuestAddress(segment.base), length: length))
        }
        return IOVector(memory, segments)
    }
}

/// struct iovec.
private struct RawSegment: BitwiseCopyable {
    var base: UInt64
    var length: UInt64
}
