import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// An open socket (socket(2)), of whatever family. What is not overridden answers as a socket that cannot do it.
open class SocketFile: OpenFile, @unchecked Sendable {
    public final let domain: Int32
    public final let type: SocketType
    public final let protocolNumber: Int32
    public final let options: SocketOptions

    public init(path: Path, flags: OpenFlags, domain: Int32, type: SocketType, protocolNumber: Int32,
                options: SocketOptions = SocketOptions()) {
        self.domain = domain
        self.type = type
        self.protocolNumber = protocolNumber
        self.options = options
        super.init(path: path, flags: flags.union(.O_RDWR))
    }

    // Addresses are struct sockaddr, as the guest gave them: at most 128 bytes.

    open func bind(_ address: [UInt8], by caller: Caller) throws(Errno) { throw .EOPNOTSUPP }
    open func listen(backlog: Int32, by caller: Caller) throws(Errno) { throw .EOPNOTSUPP }
    /// - Returns: the new connection's file.
    open func accept(nonblocking: Bool, flags: OpenFlags, by caller: Caller) throws(Errno) -> SocketFile { throw .EOPNOTSUPP }
    open func connect(_ address: [UInt8], by caller: Caller) throws(Errno) { throw .EOPNOTSUPP }
    /// - Parameter address: empty for none.
    /// - Returns: bytes taken.
    open func send(_ source: inout IOVector, flags: MessageFlags, to address: [UInt8], ancillary: Ancillary,
                   by caller: Caller) throws(Errno) -> Int { throw .EOPNOTSUPP }
    open func receive(_ destination: inout IOVector, flags: MessageFlags, by caller: Caller) throws(Errno) -> Received { throw .EOPNOTSUPP }
    /// - Parameter how: SHUT_RD 0, SHUT_WR 1, SHUT_RDWR 2.
    open func shutdown(_ how: Int32) throws(Errno) { throw .EOPNOTSUPP }
    open func localAddress() throws(Errno) -> [UInt8] { throw .EOPNOTSUPP }
    open func peerAddress() throws(Errno) -> [UInt8] { throw .ENOTCONN }

    /// SO_ERROR: the pending error, which this takes.
    open func takeError() -> Errno? { nil }
    /// SO_ACCEPTCONN.
    open var isListening: Bool { false }
    /// SO_PEERCRED.
    open var peerCredentials: SocketCredentials { .none }

    /// setsockopt(2).
    open func setOption(_ level: Int32, _ name: Int32, _ value: [UInt8], by caller: Caller) throws(Errno) {
        if level != SocketOption.SOL_SOCKET { throw .EOPNOTSUPP }
        try options.set(name, value, by: caller)
    }

    /// getsockopt(2).
    ///
    /// - Returns: all of the value; the caller cuts it to the guest's room.
    open func option(_ level: Int32, _ name: Int32, by caller: Caller) throws(Errno) -> [UInt8] {
        if level != SocketOption.SOL_SOCKET { throw .EOPNOTSUPP }
        switch name {
        case SocketOption.SO_TYPE: return type.rawValue.bytes
        case SocketOption.SO_DOMAIN: return domain.bytes
        case SocketOption.SO_PROTOCOL: return protocolNumber.bytes
        case SocketOption.SO_ERROR: return (takeError()?.rawValue ?? 0).bytes
        case SocketOption.SO_ACCEPTCONN: return Int32(isListening ? 1 : 0).bytes
        case SocketOption.SO_COOKIE: return inode.number.bytes
        case SocketOption.SO_PEERCRED:
            let peer = peerCredentials
            let namespace = caller.credentials.userNamespace
            if peer == .none { return Int32(0).bytes + UInt32.max.bytes + UInt32.max.bytes }
            return peer.processID(seenBy: caller).bytes + namespace.visibleUID(peer.uid).bytes
                + namespace.visibleGID(peer.gid).bytes
        case SocketOption.SO_PEERGROUPS:
            let peer = peerCredentials
            if peer == .none { throw .ENODATA }
            return peer.groups.flatMap { caller.credentials.userNamespace.visibleGID($0).bytes }
        default:
            guard let value = options.get(name) else { throw .ENOPROTOOPT }
            return value
        }
    }

    // MARK: As a file

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if destination.remaining == 0 { return 0 }
        return try receive(&destination, flags: [], by: caller).count
    }

    public override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        try send(&source, flags: [], to: [], ancillary: Ancillary(), by: caller)
    }

    open override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        try InterfaceCalls.answer(request, GuestAddress(argument), by: caller)
    }

    public final override var anonymousName: String? { "socket:[\(inode.number)]" }

    // MARK: Waiting

    /// Tries `attempt` until it gives a result, as the socket's mode and timeouts have it.
    ///
    /// - Throws: EAGAIN when it may not wait, or not longer; ERESTARTSYS, or EINTR where a timeout was set: such a call is
    ///   not repeated.
    func wait<R>(on queue: WaitQueue, for mask: IOEvents, timeout: UInt64, flags: MessageFlags, exclusive: Bool = false,
                 by caller: Caller, _ attempt: () throws(Errno) -> R?) throws(Errno) -> R {
        if let result = try attempt() { return result }
        if isNonblocking || flags.contains(.MSG_DONTWAIT) { throw .EAGAIN }
        do throws(Errno) {
            return try caller.waiter.wait(on: queue, for: mask, until: timeout == 0 ? nil : .after(timeout),
                                          exclusive: exclusive, attempt)
        } catch {
            switch error {
            case .ETIMEDOUT: throw .EAGAIN
            case .ERESTARTSYS: throw timeout == 0 ? .ERESTARTSYS : .EINTR
            default: throw error
            }
        }
    }
}
