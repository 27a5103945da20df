/// AF_* of socket(2).
public enum AddressFamily {
    public static let AF_UNSPEC: Int32 = 0
    public static let AF_UNIX: Int32 = 1
    public static let AF_INET: Int32 = 2
    public static let AF_INET6: Int32 = 10
    public static let AF_NETLINK: Int32 = 16
    public static let AF_PACKET: Int32 = 17
    public static let AF_VSOCK: Int32 = 40
    /// One more than the highest family that Linux knows.
    public static let AF_MAX: Int32 = 46
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
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let MSG_OOB = MessageFlags(rawValue: 1)
    public static let MSG_PEEK = MessageFlags(rawValue: 2)
    public static let MSG_DONTROUTE = MessageFlags(rawValue: 4)
    public static let MSG_CTRUNC = MessageFlags(rawValue: 8)
    public static let MSG_TRUNC = MessageFlags(rawValue: 0x20)
    public static let MSG_DONTWAIT = MessageFlags(rawValue: 0x40)
    public static let MSG_EOR = MessageFlags(rawValue: 0x80)
    public static let MSG_WAITALL = MessageFlags(rawValue: 0x100)
    public static let MSG_CONFIRM = MessageFlags(rawValue: 0x800)
    public static let MSG_ERRQUEUE = MessageFlags(rawValue: 0x2000)
    public static let MSG_NOSIGNAL = MessageFlags(rawValue: 0x4000)
    public static let MSG_MORE = MessageFlags(rawValue: 0x8000)
    public static let MSG_WAITFORONE = MessageFlags(rawValue: 0x1_0000)
    public static let MSG_CMSG_CLOEXEC = MessageFlags(rawValue: 0x4000_0000)
}

/// SO_* of level SOL_SOCKET (socket(7)).
public enum SocketOption {
    public static let SOL_SOCKET: Int32 = 1
    public static let SO_DEBUG: Int32 = 1
    public static let SO_REUSEADDR: Int32 = 2
    public static let SO_TYPE: Int32 = 3
    public static let SO_ERROR: Int32 = 4
    public static let SO_DONTROUTE: Int32 = 5
    public static let SO_BROADCAST: Int32 = 6
    public static let SO_SNDBUF: Int32 = 7
    public static let SO_RCVBUF: Int32 = 8
    public static let SO_KEEPALIVE: Int32 = 9
    public static let SO_OOBINLINE: Int32 = 10
    public static let SO_NO_CHECK: Int32 = 11
    public static let SO_PRIORITY: Int32 = 12
    public static let SO_LINGER: Int32 = 13
    public static let SO_REUSEPORT: Int32 = 15
    public static let SO_PASSCRED: Int32 = 16
    public static let SO_PEERCRED: Int32 = 17
    public static let SO_RCVLOWAT: Int32 = 18
    public static let SO_SNDLOWAT: Int32 = 19
    public static let SO_RCVTIMEO: Int32 = 20
    public static let SO_SNDTIMEO: Int32 = 21
    public static let SO_TIMESTAMP: Int32 = 29
    public static let SO_ACCEPTCONN: Int32 = 30
    public static let SO_PEERSEC: Int32 = 31
    public static let SO_SNDBUFFORCE: Int32 = 32
    public static let SO_RCVBUFFORCE: Int32 = 33
    public static let SO_PASSSEC: Int32 = 34
    public static let SO_TIMESTAMPNS: Int32 = 35
    public static let SO_MARK: Int32 = 36
    public static let SO_PROTOCOL: Int32 = 38
    public static let SO_DOMAIN: Int32 = 39
    public static let SO_PEEK_OFF: Int32 = 42
    public static let SO_COOKIE: Int32 = 57
    public static let SO_PEERGROUPS: Int32 = 59
}
