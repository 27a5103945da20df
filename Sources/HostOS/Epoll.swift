public import LinuxABI

/// What descriptors of the host are ready for, many at once (epoll(7)).
public struct HostEpoll: Sendable {
    public struct Events: OptionSet, Sendable {
        public var rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let readable = Self(rawValue: 1)
        public static let priority = Self(rawValue: 2)
        public static let writable = Self(rawValue: 4)
        public static let error = Self(rawValue: 8)
        public static let hungUp = Self(rawValue: 16)
    }

    public let fd: HostFD

    public init() throws(Errno) { fd = HostFD(rawValue: Int32(try hostCall(.epoll_create1, 0x80000))) }

    /// Watches a descriptor; `token` comes back with its events.
    public func add(_ descriptor: HostFD, _ events: Events, token: UInt64) throws(Errno) {
        try control(1, descriptor, events, token)
    }

    public func modify(_ descriptor: HostFD, _ events: Events, token: UInt64) throws(Errno) {
        try control(3, descriptor, events, token)
    }

    public func remove(_ descriptor: HostFD) { try? control(2, descriptor, [], 0) }

    private func control(_ operation: Int, _ descriptor: HostFD, _ events: Events, _ token: UInt64) throws(Errno) {
        // struct epoll_event is packed: 4 bytes of events, 8 of data.
        let event = (events.rawValue, UInt32(truncatingIfNeeded: token), UInt32(truncatingIfNeeded: token >> 32))
        try unsafe withBytes(of: event) { (e) throws(Errno) in
            _ = try unsafe hostCall(.epoll_ctl, fd.argument, operation, descriptor.argument, Int(e.baseAddress))
        }
    }

    /// Waits until something is ready, at most 32 at once.
    ///
    /// - Parameter timeout: milliseconds; -1: for ever.
    public func wait(timeout: Int32 = -1) throws(Errno) -> [(token: UInt64, events: Events)] {
        var words = [UInt32](repeating: 0, count: 3 * 32)
        let count = try unsafe words.withMutableBytes { (b) throws(Errno) in
            try unsafe hostCallRetrying(.epoll_wait, fd.argument, Int(b.baseAddress), 32, Int(timeout))
        }
        return (0..<count).map { i in
            (UInt64(words[3 * i + 1]) | UInt64(words[3 * i + 2]) << 32, Events(rawValue: words[3 * i]))
        }
    }
}

extension HostFD {
    /// A counter that makes its descriptor readable while it isn't 0 (eventfd(2)); never blocks.
    public static func event() throws(Errno) -> HostFD {
        HostFD(rawValue: Int32(try hostCall(.eventfd2, 0, 0x80800)))
    }

    /// A descriptor that is readable once a time set by `setTimer` is over (timerfd_create(2)); never blocks.
    public static func timer() throws(Errno) -> HostFD {
        HostFD(rawValue: Int32(try hostCall(.timerfd_create, 1 /* CLOCK_MONOTONIC */, 0x80800)))
    }

    /// Sets a `timer` to go off once, `nanoseconds` from now; 0: never.
    public func setTimer(nanoseconds: UInt64) {
        let time: (Int64, Int64, Int64, Int64) = (0, 0, Int64(nanoseconds / 1_000_000_000), Int64(nanoseconds % 1_000_000_000))
        _ = try? unsafe withBytes(of: time) { (t) throws(Errno) in
            _ = try unsafe hostCall(.timerfd_settime, argument, 0, Int(t.baseAddress), 0)
        }
    }

    /// Makes an `event` readable.
    public func signalEvent() {
        _ = try? unsafe withBytes(of: UInt64(1)) { (b) throws(Errno) in try unsafe write(b) }
    }

    /// Makes an `event` unreadable again.
    public func clearEvent() {
        var value: UInt64 = 0
        _ = try? unsafe withUnsafeMutableBytes(of: &value) { (b) throws(Errno) in try unsafe read(into: b) }
    }
}
