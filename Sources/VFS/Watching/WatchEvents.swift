/// IN_* of inotify(7).
public struct WatchEvents: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public static var IN_ACCESS: Self { Self(rawValue: 1) }
    @inlinable public static var IN_MODIFY: Self { Self(rawValue: 2) }
    @inlinable public static var IN_ATTRIB: Self { Self(rawValue: 4) }
    @inlinable public static var IN_CLOSE_WRITE: Self { Self(rawValue: 8) }
    @inlinable public static var IN_CLOSE_NOWRITE: Self { Self(rawValue: 0x10) }
    @inlinable public static var IN_OPEN: Self { Self(rawValue: 0x20) }
    @inlinable public static var IN_MOVED_FROM: Self { Self(rawValue: 0x40) }
    @inlinable public static var IN_MOVED_TO: Self { Self(rawValue: 0x80) }
    @inlinable public static var IN_CREATE: Self { Self(rawValue: 0x100) }
    @inlinable public static var IN_DELETE: Self { Self(rawValue: 0x200) }
    @inlinable public static var IN_DELETE_SELF: Self { Self(rawValue: 0x400) }
    @inlinable public static var IN_MOVE_SELF: Self { Self(rawValue: 0x800) }
    @inlinable public static var IN_ALL_EVENTS: Self { Self(rawValue: 0xfff) }
    @inlinable public static var IN_UNMOUNT: Self { Self(rawValue: 0x2000) }
    @inlinable public static var IN_Q_OVERFLOW: Self { Self(rawValue: 0x4000) }
    @inlinable public static var IN_IGNORED: Self { Self(rawValue: 0x8000) }
    @inlinable public static var IN_ONLYDIR: Self { Self(rawValue: 0x0100_0000) }
    @inlinable public static var IN_DONT_FOLLOW: Self { Self(rawValue: 0x0200_0000) }
    @inlinable public static var IN_EXCL_UNLINK: Self { Self(rawValue: 0x0400_0000) }
    @inlinable public static var IN_MASK_CREATE: Self { Self(rawValue: 0x1000_0000) }
    @inlinable public static var IN_MASK_ADD: Self { Self(rawValue: 0x2000_0000) }
    @inlinable public static var IN_ISDIR: Self { Self(rawValue: 0x4000_0000) }
    @inlinable public static var IN_ONESHOT: Self { Self(rawValue: 0x8000_0000) }
}
