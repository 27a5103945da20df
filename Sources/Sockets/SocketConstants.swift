/// AF_* of socket(2).
public enum AddressFamily {
    @inlinable public static var AF_UNSPEC: Int32 { 0 }
    @inlinable public static var AF_UNIX: Int32 { 1 }
    @inlinable public static var AF_INET: Int32 { 2 }
    @inlinable public static var AF_INET6: Int32 { 10 }
    @inlinable public static var AF_NETLINK: Int32 { 16 }
    @inlinable public static var AF_PACKET: Int32 { 17 }
    @inlinable public static var AF_VSOCK: Int32 { 40 }
    /// One more than the highest family that Linux knows.
    @inlinable public static var AF_MAX: Int32 { 46 }
}

/// SOCK_* of socket(2).
public enum SocketType: Int32, Sendable {
    case stream = 1
    case datagram = 2
    case raw = 3
    case seqpacket = 5
}

/// MSG_* of send(2) and recv(2).
public struct MessageFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public static var MSG_OOB: Self { Self(rawValue: 1) }
    @inlinable public static var MSG_PEEK: Self { Self(rawValue: 2) }
    @inlinable public static var MSG_DONTROUTE: Self { Self(rawValue: 4) }
    @inlinable public static var MSG_CTRUNC: Self { Self(rawValue: 8) }
    @inlinable public static var MSG_TRUNC: Self { Self(rawValue: 0x20) }
    @inlinable public static var MSG_DONTWAIT: Self { Self(rawValue: 0x40) }
    @inlinable public static var MSG_EOR: Self { Self(rawValue: 0x80) }
    @inlinable public static var MSG_WAITALL: Self { Self(rawValue: 0x100) }
    @inlinable public static var MSG_CONFIRM: Self { Self(rawValue: 0x800) }
    @inlinable public static var MSG_ERRQUEUE: Self { Self(rawValue: 0x2000) }
    @inlinable public static var MSG_NOSIGNAL: Self { Self(rawValue: 0x4000) }
    @inlinable public static var MSG_MORE: Self { Self(rawValue: 0x8000) }
    @inlinable public static var MSG_WAITFORONE: Self { Self(rawValue: 0x1_0000) }
    @inlinable public static var MSG_CMSG_CLOEXEC: Self { Self(rawValue: 0x4000_0000) }
}

/// SO_* of level SOL_SOCKET (socket(7)).
public enum SocketOption {
    @inlinable public static var SOL_SOCKET: Int32 { 1 }
    @inlinable public static var SO_DEBUG: Int32 { 1 }
    @inlinable public static var SO_REUSEADDR: Int32 { 2 }
    @inlinable public static var SO_TYPE: Int32 { 3 }
    @inlinable public static var SO_ERROR: Int32 { 4 }
    @inlinable public static var SO_DONTROUTE: Int32 { 5 }
    @inlinable public static var SO_BROADCAST: Int32 { 6 }
    @inlinable public static var SO_SNDBUF: Int32 { 7 }
    @inlinable public static var SO_RCVBUF: Int32 { 8 }
    @inlinable public static var SO_KEEPALIVE: Int32 { 9 }
    @inlinable public static var SO_OOBINLINE: Int32 { 10 }
    @inlinable public static var SO_NO_CHECK: Int32 { 11 }
    @inlinable public static var SO_PRIORITY: Int32 { 12 }
    @inlinable public static var SO_LINGER: Int32 { 13 }
    @inlinable public static var SO_REUSEPORT: Int32 { 15 }
    @inlinable public static var SO_PASSCRED: Int32 { 16 }
    @inlinable public static var SO_PEERCRED: Int32 { 17 }
    @inlinable public static var SO_RCVLOWAT: Int32 { 18 }
    @inlinable public static var SO_SNDLOWAT: Int32 { 19 }
    @inlinable public static var SO_RCVTIMEO: Int32 { 20 }
    @inlinable public static var SO_SNDTIMEO: Int32 { 21 }
    @inlinable public static var SO_TIMESTAMP: Int32 { 29 }
    @inlinable public static var SO_ACCEPTCONN: Int32 { 30 }
    @inlinable public static var SO_PEERSEC: Int32 { 31 }
    @inlinable public static var SO_SNDBUFFORCE: Int32 { 32 }
    @inlinable public static var SO_RCVBUFFORCE: Int32 { 33 }
    @inlinable public static var SO_PASSSEC: Int32 { 34 }
    @inlinable public static var SO_TIMESTAMPNS: Int32 { 35 }
    @inlinable public static var SO_MARK: Int32 { 36 }
    @inlinable public static var SO_PROTOCOL: Int32 { 38 }
    @inlinable public static var SO_DOMAIN: Int32 { 39 }
    @inlinable public static var SO_PEEK_OFF: Int32 { 42 }
    @inlinable public static var SO_COOKIE: Int32 { 57 }
    @inlinable public static var SO_PEERGROUPS: Int32 { 59 }
}
