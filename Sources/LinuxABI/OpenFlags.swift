/// O_* of open(2) on x86-64 (asm-generic/fcntl.h).
public struct OpenFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let O_WRONLY = OpenFlags(rawValue: 1)
    public static let O_RDWR = OpenFlags(rawValue: 2)
    public static let O_ACCMODE = OpenFlags(rawValue: 3)
    public static let O_CREAT = OpenFlags(rawValue: 0o100)
    public static let O_EXCL = OpenFlags(rawValue: 0o200)
    public static let O_NOCTTY = OpenFlags(rawValue: 0o400)
    public static let O_TRUNC = OpenFlags(rawValue: 0o1000)
    public static let O_APPEND = OpenFlags(rawValue: 0o2000)
    public static let O_NONBLOCK = OpenFlags(rawValue: 0o4000)
    public static let O_DSYNC = OpenFlags(rawValue: 0o10000)
    public static let O_ASYNC = OpenFlags(rawValue: 0o20000)
    public static let O_DIRECT = OpenFlags(rawValue: 0o40000)
    public static let O_LARGEFILE = OpenFlags(rawValue: 0o100000)
    public static let O_DIRECTORY = OpenFlags(rawValue: 0o200000)
    public static let O_NOFOLLOW = OpenFlags(rawValue: 0o400000)
    public static let O_NOATIME = OpenFlags(rawValue: 0o1000000)
    public static let O_CLOEXEC = OpenFlags(rawValue: 0o2000000)
    public static let O_SYNC = OpenFlags(rawValue: 0o4010000)
    public static let O_PATH = OpenFlags(rawValue: 0o10000000)
    /// The bit of O_TMPFILE itself; the flag is this with O_DIRECTORY.
    public static let O_TMPFILE = OpenFlags(rawValue: 0o20200000)

    /// Whether the access mode lets read(2) through. Mode 3 allows neither.
    @inlinable public var isReadable: Bool { rawValue & 3 == 0 || rawValue & 3 == 2 }
    @inlinable public var isWritable: Bool { rawValue & 3 == 1 || rawValue & 3 == 2 }
}
