import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// A netlink socket (netlink(7)) to the part of the kernel that tells of interfaces, addresses and routes.
public final class NetlinkSocketFile: SocketFile, @unchecked Sendable {
    /// Guards all below.
    private let lock = Lock()
    private var port: UInt32 = 0
    private var groups: UInt32 = 0
    private var replies: [[UInt8]] = []
    private let queue = WaitQueue()

    /// - Throws: EPROTONOSUPPORT for other protocols than NETLINK_ROUTE.
    public static func make(_ type: SocketType, protocolNumber: Int32, flags: OpenFlags,
                            by caller: Caller) throws(Errno) -> NetlinkSocketFile {
        if protocolNumber != 0 { throw .EPROTONOSUPPORT }
        return NetlinkSocketFile(path: caller.vfs.anonymous.makePath(type: .socket, mode: 0o777, by: caller), flags: flags,
                                 domain: AddressFamily.AF_NETLINK, type: type, protocolNumber: protocolNumber)
    }

    /// struct sockaddr_nl: family, padding, port, groups.
    private static func address(port: UInt32, groups: UInt32) -> [UInt8] {
        UInt16(AddressFamily.AF_NETLINK).bytes + [0, 0] + port.bytes + groups.bytes
    }

    public override func bind(_ address: [UInt8], by caller: Caller) throws(Errno) {
        guard address.count >= 12, address.uint16(at: 0) == UInt16(AddressFamily.AF_NETLINK),
              let wanted = address.int32(at: 4), let groups = address.int32(at: 8) else { throw .EINVAL }
        lock.withLock {
            port = wanted == 0 ? ownPort(caller) : UInt32(bitPattern: wanted)
            self.groups = UInt32(bitPattern: groups)
        }
    }

    /// What the kernel gives a socket that asks for none: the process's number, if this is its first; unique by its inode.
    private func ownPort(_ caller: Caller) -> UInt32 {
        if port != 0 { return port }
        return 0x8000_0000 | UInt32(truncatingIfNeeded: inode.number)
    }

    public override func connect(_ address: [UInt8], by caller: Caller) throws(Errno) {
        if address.count < 12 { throw .EINVAL }
        lock.withLock { port = ownPort(caller) }
    }

    public override func localAddress() throws(Errno) -> [UInt8] {
        lock.withLock { Self.address(port: port, groups: groups) }
    }

    public override func peerAddress() throws(Errno) -> [UInt8] { Self.address(port: 0, groups: 0) }

    public override func setOption(_ level: Int32, _ name: Int32, _ value: [UInt8], by caller: Caller) throws(Errno) {
        // SOL_NETLINK: memberships and ways to answer, none of which change what is told of a network that never changes.
        if level == 270 { return }
        try super.setOption(level, name, value, by: caller)
    }

    public override func send(_ source: inout IOVector, flags: MessageFlags, to address: [UInt8], ancillary: Ancillary,
                              by caller: Caller) throws(Errno) -> Int {
        let size = source.remaining
        if size > options.sendBuffer - 32 { throw .EMSGSIZE }
        let bytes = source.readArray(limit: size)
        if bytes.count < size { throw .EFAULT }
        let own = lock.withLock {
            port = ownPort(caller)
            return port
        }
        let answers = RouteMessages.answer(bytes, port: own)
        lock.withLock { replies += answers }
        queue.notify(.readable)
        return size
    }

    /// Lets the socket receive `message`: what the kernel tells by itself.
    public func push(_ message: [UInt8]) {
        lock.withLock { replies.append(message) }
        queue.notify(.readable)
    }

    public override func receive(_ destination: inout IOVector, flags: MessageFlags, by caller: Caller) throws(Errno) -> Received {
        let message = try wait(on: queue, for: .readable, timeout: options.receiveTimeout, flags: flags, by: caller) {
            () throws(Errno) -> [UInt8]? in
            lock.withLock {
                if replies.isEmpty { return nil }
                return flags.contains(.MSG_PEEK) ? replies[0] : replies.removeFirst()
            }
        }
        var result = Received()
        let want = min(message.count, destination.remaining)
        if destination.write(message, at: 0, count: want) < want { throw .EFAULT }
        result.count = flags.contains(.MSG_TRUNC) ? message.count : want
        if want < message.count { result.flags.insert(.MSG_TRUNC) }
        result.address = Self.address(port: 0, groups: 0)
        return result
    }

    public override func poll() -> IOEvents {
        lock.withLock { replies.isEmpty } ? .writable : [.readable, .writable]
    }

    public override var waitQueue: WaitQueue? { queue }
}
