/// IN_* of inotify(7).
public struct WatchEvents: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let IN_ACCESS = WatchEvents(rawValue: 1)
    public static let IN_MODIFY = WatchEvents(rawValue: 2)
    public static let IN_ATTRIB = WatchEvents(rawValue: 4)
    public static let IN_CLOSE_WRITE = WatchEvents(rawValue: 8)
    public static let IN_CLOSE_NOWRITE = WatchEvents(rawValue: 0x10)
    public static let IN_OPEN = WatchEvents(rawValue: 0x20)
    public static let IN_MOVED_FROM = WatchEvents(rawValue: 0x40)
    public static let IN_MOVED_TO = WatchEvents(rawValue: 0x80)
    public static let IN_CREATE = WatchEvents(rawValue: 0x100)
    public static let IN_DELETE = WatchEvents(rawValue: 0x200)
    public static let IN_DELETE_SELF = WatchEvents(rawValue: 0x400)
    public static let IN_MOVE_SELF = WatchEvents(rawValue: 0x800)
    public static let IN_ALL_EVENTS = WatchEvents(rawValue: 0xfff)
    public static let IN_UNMOUNT = WatchEvents(rawValue: 0x2000)
    public static let IN_Q_OVERFLOW = WatchEvents(rawValue: 0x4000)
    public static let IN_IGNORED = WatchEvents(rawValue: 0x8000)
    public static let IN_ONLYDIR = WatchEvents(rawValue: 0x0100_0000)
    public static let IN_DONT_FOLLOW = WatchEvents(rawValue: 0x0200_0000)
    public static let IN_EXCL_UNLINK = WatchEvents(rawValue: 0x0400_0000)
    public static let IN_MASK_CREATE = WatchEvents(rawValue: 0x1000_0000)
    public static let IN_MASK_ADD = WatchEvents(rawValue: 0x2000_0000)
    public static let IN_ISDIR = WatchEvents(rawValue: 0x4000_0000)
    public static let IN_ONESHOT = WatchEvents(rawValue: 0x8000_0000)
}
