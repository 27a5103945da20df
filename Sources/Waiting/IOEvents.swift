/// Readiness of a file, in poll(2)'s bits.
public struct IOEvents: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public static var POLLIN: Self { Self(rawValue: 1) }
    @inlinable public static var POLLPRI: Self { Self(rawValue: 2) }
    @inlinable public static var POLLOUT: Self { Self(rawValue: 4) }
    @inlinable public static var POLLERR: Self { Self(rawValue: 8) }
    @inlinable public static var POLLHUP: Self { Self(rawValue: 0x10) }
    @inlinable public static var POLLNVAL: Self { Self(rawValue: 0x20) }
    @inlinable public static var POLLRDNORM: Self { Self(rawValue: 0x40) }
    @inlinable public static var POLLRDBAND: Self { Self(rawValue: 0x80) }
    @inlinable public static var POLLWRNORM: Self { Self(rawValue: 0x100) }
    @inlinable public static var POLLWRBAND: Self { Self(rawValue: 0x200) }
    @inlinable public static var POLLRDHUP: Self { Self(rawValue: 0x2000) }

    /// POLLIN and POLLRDNORM: data can be read.
    @inlinable public static var readable: IOEvents { [.POLLIN, .POLLRDNORM] }
    /// POLLOUT and POLLWRNORM: data can be written.
    @inlinable public static var writable: IOEvents { [.POLLOUT, .POLLWRNORM] }
    @inlinable public static var all: Self { Self(rawValue: .max) }
}
