/// The protocol between a Sentry (client) and a Gofer (server).
///
/// One AF_UNIX SOCK_SEQPACKET connection per container serves all its mounts. A message is one packet of at most
/// `maximumMessage` bytes, little-endian, without padding:
///
///     request:  operation u16, tag u32, fields
///     reply:    errno u16 (0: success), tag u32, fields; descriptors beside it
///
/// Many requests may be in flight; a reply carries the request's tag and may overtake others. Fields are u8, u16, u32,
/// u64, `bytes` (length u16, then the bytes), `attributes` (FileAttributes) and `place`.
///
/// A *handle* is a u64 that names an inode held open by the Gofer until it is closed. Handles count up from 1 and are
/// never given out twice. A *place* is a handle and a name (bytes): with an empty name the handle's own inode, else the
/// entry of that name in the directory that the handle stands for, never followed if it is a symbolic link. Names are 1
/// to 255 bytes, without "/" and NUL, and not "." or "..".
///
/// Every operation that changes something answers EROFS on a mount that was given as read-only. Where a new file gets
/// `uid, gid`, both are the final ids (the client applies set-group-id directories).
public enum Operation: UInt16, Sendable {
    /// mount u32 -> handle, attributes, read-only u8.
    case attach = 1
    /// handle of the start, flags u32 (WalkFlags), count u16, names. -> reached u16, reason u8 (WalkEnd), then for each
    /// component reached: handle u64 (0: none), attributes; then target bytes if the last is a symbolic link.
    /// A component that is a symbolic link or no directory ends the walk there.
    case walk = 2
    /// place, flags u32 (O_ACCMODE, O_TRUNC, O_DIRECT, O_NOATIME, O_DIRECTORY) -> handle, attributes; the descriptor (of
    /// regular files only). The handle stands for the inode, whatever happens to its names; it is 0 where the place was
    /// a handle already, and with OpenOptions.withoutHandle.
    case open = 3
    /// directory handle, name, flags u32 (as open, and O_EXCL; without O_EXCL there is a handle), mode u32, uid, gid -> created u8, handle, attributes;
    /// the descriptor. Without O_EXCL an existing regular file is opened.
    case create = 4
    /// directory handle, cookie u64 (0: from the start), attributes wanted u8, entries at most u16 -> end u8, count u16, then per entry:
    /// inode u64, type u8 (DT_*), cookie u64 after it, name bytes, present u8, attributes if present (never of directories).
    case readDirectory = 5
    /// place -> attributes.
    case getAttributes = 6
    /// place, mask u32 (AttributeMask), mode, uid, gid u32, size u64, access time, modification time (seconds u64,
    /// nanoseconds u32) -> attributes.
    case setAttributes = 7
    /// place -> target.
    case readLink = 8
    /// place of the file, directory handle, name -> attributes.
    case link = 9
    /// directory handle, name, target bytes, uid, gid -> attributes.
    case symlink = 10
    /// directory handle, name, mode, uid, gid -> handle, attributes.
    case makeDirectory = 11
    /// directory handle, name, mode (with S_IFIFO, S_IFSOCK, S_IFREG, or S_IFCHR of device 0: a whiteout), uid, gid
    /// -> attributes.
    case makeNode = 12
    /// directory handle, name, flags u32 (UnlinkFlags) -> handle of the victim (0: not wanted), attributes (of the
    /// victim, afterwards) if there is a handle.
    case unlink = 13
    /// directory handle, name, directory handle, name, flags u32 (RENAME_*, and RenameOptions.keepVictim) -> handle of the
    /// replaced inode or 0.
    case rename = 14
    /// handle -> type, block size, blocks, free, available, files, free files, name length, fragment size: u64 each.
    case statFileSystem = 15
    /// place, name bytes, size u32 -> length u32, then value bytes unless size was 0.
    case getXattr = 16
    /// place, name bytes, flags u32, value bytes ->
    case setXattr = 17
    /// place, size u32 -> length u32, then bytes (names with NULs) unless size was 0.
    case listXattr = 18
    /// place, name bytes ->
    case removeXattr = 19
    /// handle, data only u8 ->
    case synchronize = 20
    /// handle ->; the whole file system that it is on.
    case synchronizeFileSystem = 21
    /// handle (opened for writing), mode u32, offset, length u64 -> attributes.
    case allocate = 22
    /// place, type u32 -> ; a connected socket. Only when the Gofer was started with --unix-sockets, else ECONNREFUSED.
    case connect = 23
    /// count u16, handles. There is no reply, and the tag is 0. Unknown handles are ignored.
    case close = 24
    /// directory handle, flags u32, mode, uid, gid -> created u8 (1), handle, attributes; the descriptor. A file without a name.
    case makeTemporary = 25
    /// processor u32 -> ; a socket, whose other end a thread of the Gofer's serves that is bound to that processor. It
    /// takes any operation, one at a time: a client that calls on that processor waits for no other to wake up.
    /// EMFILE: there are as many as may be.
    case lane = 26
}

/// What a walk is asked for besides attributes.
public struct WalkFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Handles of the directories that are passed and reached.
    public static let directoryHandles = WalkFlags(rawValue: 1)
    /// A handle of what the last name leads to, whatever it is.
    public static let lastHandle = WalkFlags(rawValue: 2)
}

/// Why a walk ended.
public enum WalkEnd: UInt8, Sendable {
    case complete = 0
    /// The next component does not exist.
    case missing = 1
    /// The last component reached is a symbolic link, and names are left.
    case symlink = 2
    /// The last component reached is no directory, and names are left.
    case notDirectory = 3
    /// The next component could not be looked at; an errno (u16) follows the components.
    case failed = 4
}

public struct UnlinkFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let directory = UnlinkFlags(rawValue: 1)
    /// A handle of the victim, which lives on.
    public static let keepVictim = UnlinkFlags(rawValue: 2)
}

/// Added to the flags of `open` and `create`.
public enum OpenOptions {
    /// No handle is wanted: the name will do.
    public static let withoutHandle: UInt32 = 1 << 31
}

public struct RenameOptions: OptionSet, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let noReplace = RenameOptions(rawValue: 1)
    public static let exchange = RenameOptions(rawValue: 2)
    public static let whiteout = RenameOptions(rawValue: 4)
    /// A handle of the inode that is replaced, which lives on. Not the kernel's: it is masked out for renameat2.
    public static let keepVictim = RenameOptions(rawValue: 1 << 31)
}

/// Which attributes to set.
public struct AttributeMask: OptionSet, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let mode = AttributeMask(rawValue: 1)
    public static let uid = AttributeMask(rawValue: 2)
    public static let gid = AttributeMask(rawValue: 4)
    public static let size = AttributeMask(rawValue: 8)
    /// The time given; its nanoseconds may be HostTime.now's.
    public static let accessTime = AttributeMask(rawValue: 16)
    public static let modificationTime = AttributeMask(rawValue: 32)
}

/// Limits that both ends know.
public enum Limits {
    /// Bytes of one message.
    public static let maximumMessage = 64 << 10
    public static let maximumName = 255
    /// Bytes of a symbolic link's target: PATH_MAX without its NUL.
    public static let maximumTarget = 4095
    public static let maximumComponents = 64
    public static let maximumXattrValue = 60 << 10
    public static let maximumXattrName = 255
    /// Handles that one `close` carries.
    public static let maximumClose = 512
    /// Lanes of one connection, and processors that may have one.
    public static let maximumLanes = 64
}
