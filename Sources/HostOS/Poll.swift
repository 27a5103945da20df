public import LinuxABI

/// POLL* bits (poll(2)).
public struct HostPollEvents: OptionSet, Sendable {
    public var rawValue: Int16
    public init(rawValue: Int16) { self.rawValue = rawValue }

    public static let readable = Self(rawValue: 1)
    public static let writable = Self(rawValue: 4)
    public static let error = Self(rawValue: 8)
    public static let hungUp = Self(rawValue: 16)
}

public enum HostPoll {
    /// Waits until a descriptor is ready.
    ///
    /// - Parameter timeout: milliseconds; -1: for ever.
    /// - Returns: what each is ready for, in order; all empty when the time passed.
    public static func wait(_ descriptors: [(fd: HostFD, events: HostPollEvents)],
                            timeout: Int32 = -1) throws(Errno) -> [HostPollEvents] {
        // struct pollfd: int fd, short events, short revents.
        var entries = descriptors.map { (entry) -> UInt64 in
            UInt64(UInt32(bitPattern: entry.fd.rawValue)) | UInt64(UInt16(bitPattern: entry.events.rawValue)) << 32
        }
        let count = entries.count
        try unsafe entries.withMutableBytes { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.poll, Int(b.baseAddress), count, Int(timeout))
        }
        return entries.map { HostPollEvents(rawValue: Int16(truncatingIfNeeded: $0 >> 48)) }
    }
}

/// Signals of this process, taken as data (signalfd(2)) instead of by handlers.
public enum HostSignals {
    /// Blocks the signals in the calling thread and those that it starts, and opens a descriptor that reads them.
    public static func open(_ signals: [Int32]) throws(Errno) -> HostFD {
        var mask: UInt64 = 0
        for signal in signals { mask |= 1 << UInt64(signal - 1) }
        return try unsafe withBytes(of: mask) { (m) throws(Errno) in
            _ = try unsafe hostCall(.rt_sigprocmask, 0 /* SIG_BLOCK */, Int(m.baseAddress), 0, 8)
            return HostFD(rawValue: Int32(try unsafe hostCall(.signalfd4, -1, Int(m.baseAddress), 8, 0x80000)))
        }
    }

    /// The number of the next signal; waits for one.
    public static func next(_ descriptor: HostFD) throws(Errno) -> Int32 {
        var info = [Int32](repeating: 0, count: 32)
        _ = try unsafe info.withMutableBytes { (b) throws(Errno) in try unsafe descriptor.read(into: b) }
        return info[0]
    }
}
