/// O_* of open(2) on x86-64 (asm-generic/fcntl.h).
public struct OpenFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public static var O_WRONLY: Self { Self(rawValue: 1) }
    @inlinable public static var O_RDWR: Self { Self(rawValue: 2) }
    @inlinable public static var O_ACCMODE: Self { Self(rawValue: 3) }
    @inlinable public static var O_CREAT: Self { Self(rawValue: 0o100) }
    @inlinable public static var O_EXCL: Self { Self(rawValue: 0o200) }
    @inlinable public static var O_NOCTTY: Self { Self(rawValue: 0o400) }
    @inlinable public static var O_TRUNC: Self { Self(rawValue: 0o1000) }
    @inlinable public static var O_APPEND: Self { Self(rawValue: 0o2000) }
    @inlinable public static var O_NONBLOCK: Self { Self(rawValue: 0o4000) }
    @inlinable public static var O_DSYNC: Self { Self(rawValue: 0o10000) }
    @inlinable public static var O_ASYNC: Self { Self(rawValue: 0o20000) }
    @inlinable public static var O_DIRECT: Self { Self(rawValue: 0o40000) }
    @inlinable public static var O_LARGEFILE: Self { Self(rawValue: 0o100000) }
    @inlinable public static var O_DIRECTORY: Self { Self(rawValue: 0o200000) }
    @inlinable public static var O_NOFOLLOW: Self { Self(rawValue: 0o400000) }
    @inlinable public static var O_NOATIME: Self { Self(rawValue: 0o1000000) }
    @inlinable public static var O_CLOEXEC: Self { Self(rawValue: 0o2000000) }
    @inlinable public static var O_SYNC: Self { Self(rawValue: 0o4010000) }
    @inlinable public static var O_PATH: Self { Self(rawValue: 0o10000000) }
    /// The bit of O_TMPFILE itself; the flag is this with O_DIRECTORY.
    @inlinable public static var O_TMPFILE: Self { Self(rawValue: 0o20200000) }

    /// Whether the access mode lets read(2) through. Mode 3 allows neither.
    @inlinable public var isReadable: Bool { rawValue & 3 == 0 || rawValue & 3 == 2 }
    @inlinable public var isWritable: Bool { rawValue & 3 == 1 || rawValue & 3 == 2 }
}
