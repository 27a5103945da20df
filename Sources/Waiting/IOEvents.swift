/// Readiness of a file, in poll(2)'s bits.
public struct IOEvents: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let POLLIN = IOEvents(rawValue: 1)
    public static let POLLPRI = IOEvents(rawValue: 2)
    public static let POLLOUT = IOEvents(rawValue: 4)
    public static let POLLERR = IOEvents(rawValue: 8)
    public static let POLLHUP = IOEvents(rawValue: 0x10)
    public static let POLLNVAL = IOEvents(rawValue: 0x20)
    public static let POLLRDNORM = IOEvents(rawValue: 0x40)
    public static let POLLRDBAND = IOEvents(rawValue: 0x80)
    public static let POLLWRNORM = IOEvents(rawValue: 0x100)
    public static let POLLWRBAND = IOEvents(rawValue: 0x200)
    public static let POLLRDHUP = IOEvents(rawValue: 0x2000)

    /// POLLIN and POLLRDNORM: data can be read.
    public static let readable: IOEvents = [.POLLIN, .POLLRDNORM]
    /// POLLOUT and POLLWRNORM: data can be written.
    public static let writable: IOEvents = [.POLLOUT, .POLLWRNORM]
    public static let all = IOEvents(rawValue: .max)
}
