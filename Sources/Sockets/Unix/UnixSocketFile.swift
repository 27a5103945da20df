import Identity
import LinuxABI
import Memory
import VFS
import Waiting

/// A unix socket (unix(7)).
public final class UnixSocketFile: SocketFile, @unchecked Sendable {
    public let socket: UnixSocket

    init(_ socket: UnixSocket, path: Path, flags: OpenFlags) {
        self.socket = socket
        super.init(path: path, flags: flags, domain: AddressFamily.AF_UNIX, type: socket.type, protocolNumber: 0,
                   options: socket.options)
    }

    deinit { socket.close() }

    /// socket(2). A raw socket is a datagram socket here, as on Linux.
    public static func make(_ type: SocketType, flags: OpenFlags, by caller: Caller) -> UnixSocketFile {
        let socket = UnixSocket(type: type == .raw ? .datagram : type, options: SocketOptions())
        return UnixSocketFile(socket, path: caller.vfs.anonymous.makePath(type: .socket, mode: 0o777, by: caller), flags: flags)
    }

    /// socketpair(2).
    public static func makePair(_ type: SocketType, flags: OpenFlags, by caller: Caller) -> (UnixSocketFile, UnixSocketFile) {
        let (a, b) = (make(type, flags: flags, by: caller), make(type, flags: flags, by: caller))
        UnixSocket.pair(a.socket, b.socket, by: caller)
        return (a, b)
    }

    // MARK: Connections

    public override func bind(_ address: [UInt8], by caller: Caller) throws(Errno) { try socket.bind(address, by: caller) }

    public override func listen(backlog: Int32, by caller: Caller) throws(Errno) { try socket.listen(backlog, by: caller) }

    public override func accept(nonblocking: Bool, flags: OpenFlags, by caller: Caller) throws(Errno) -> SocketFile {
        if !socket.isConnectionOriented { throw .EOPNOTSUPP }
        let connection = try wait(on: socket.queue, for: .readable, timeout: options.receiveTimeout, flags: [],
                                  exclusive: true, by: caller) { () throws(Errno) in try socket.takeConnection() }
        return UnixSocketFile(connection, path: caller.vfs.anonymous.makePath(type: .socket, mode: 0o777, by: caller),
                              flags: flags)
    }

    public override func connect(_ address: [UInt8], by caller: Caller) throws(Errno) {
        if type == .datagram, address.uint16(at: 0) == UInt16(AddressFamily.AF_UNSPEC) {
            return try socket.setPeer(nil, by: caller)
        }
        let wanted = try UnixAddress(address)
        if options.passesCredentials { try socket.bindAutomatically(try SocketNamespace.of(caller)) }
        let target = try socket.find(wanted, by: caller)
        if type == .datagram { return try socket.setPeer(target, by: caller) }
        try socket.connect(to: target, by: caller) { (queue, attempt) throws(Errno) in
            try wait(on: queue, for: .all, timeout: options.sendTimeout, flags: [], by: caller, attempt)
        }
    }

    public override func shutdown(_ how: Int32) throws(Errno) {
        if how < 0 || how > 2 { throw .EINVAL }
        socket.shutdown(read: how != 1, write: how != 0)
    }

    public override func localAddress() throws(Errno) -> [UInt8] {
        socket.lock.withLock { socket.name }?.bytes ?? UnixAddress.unnamed
    }

    public override func peerAddress() throws(Errno) -> [UInt8] {
        let (peer, remembered) = try socket.lock.withLock { () throws(Errno) in
            if socket.state != .connected { throw .ENOTCONN }
            return (socket.peer, socket.peerName)
        }
        let name = peer.map { peer in peer.lock.withLock { peer.name } } ?? remembered
        return name?.bytes ?? UnixAddress.unnamed
    }

    public override var isListening: Bool { socket.lock.withLock { socket.state == .listening } }

    public override var peerCredentials: SocketCredentials {
        socket.lock.withLock { socket.state == .listening ? socket.owner : socket.peerOwner }
    }

    public override func takeError() -> Errno? {
        socket.lock.withLock {
            let error = socket.error
            socket.error = nil
            return error
        }
    }

    // MARK: Messages

    public override func send(_ source: inout IOVector, flags: MessageFlags, to address: [UInt8], ancillary: Ancillary,
                              by caller: Caller) throws(Errno) -> Int {
        if flags.contains(.MSG_OOB) { throw .EOPNOTSUPP }
        if type == .stream, address.isEmpty, ancillary.rights.isEmpty, ancillary.credentials == nil,
           let done = socket.sendPlain(&source, by: caller) { return done }
        var ancillary = ancillary
        if !ancillary.rights.isEmpty { ancillary.passage = try RightsInFlight(ancillary.rights, by: caller) }
        let credentials = ancillary.credentials ?? SocketCredentials(of: caller)
        let timeout = options.sendTimeout
        do throws(Errno) {
            if type == .stream {
                if !address.isEmpty {
                    throw socket.lock.withLock { socket.state == .connected } ? .EISCONN : .EOPNOTSUPP
                }
                return try socket.sendStream(&source, ancillary, credentials) { (queue, attempt) throws(Errno) in
                    try wait(on: queue, for: .writable, timeout: timeout, flags: flags, by: caller, attempt)
                }
            }
            if type == .seqpacket, socket.lock.withLock({ socket.state != .connected }) { throw .ENOTCONN }
            if type == .datagram, options.passesCredentials { try socket.bindAutomatically(try SocketNamespace.of(caller)) }
            let target = address.isEmpty || type == .seqpacket ? nil
                : try socket.find(try UnixAddress(address), by: caller)
            return try socket.sendMessage(&source, to: target, ancillary, credentials) { (queue, attempt) throws(Errno) in
                try wait(on: queue, for: .all, timeout: timeout, flags: flags, by: caller, attempt)
            }
        } catch {
            if error == .EPIPE, !flags.contains(.MSG_NOSIGNAL), type != .datagram { caller.raise(13 /* SIGPIPE */) }
            throw error
        }
    }

    public override func receive(_ destination: inout IOVector, flags: MessageFlags, by caller: Caller) throws(Errno) -> Received {
        if flags.contains(.MSG_OOB) { throw type == .stream ? .EINVAL : .EOPNOTSUPP }
        let timeout = options.receiveTimeout
        var result: Received
        if type == .stream {
            if flags.isDisjoint(with: [.MSG_PEEK, .MSG_WAITALL]), let done = socket.receivePlain(&destination) {
                result = Received()
                result.count = done
                return result
            }
            result = try socket.receiveStream(&destination, flags) { (queue, attempt) throws(Errno) in
                try wait(on: queue, for: .readable, timeout: timeout, flags: flags, by: caller, attempt)
            }
        } else {
            result = try socket.receiveMessage(&destination, flags) { (queue, attempt) throws(Errno) in
                try wait(on: queue, for: .readable, timeout: timeout, flags: flags, by: caller, attempt)
            }
        }
        if !options.passesCredentials { result.ancillary.credentials = nil }
        return result
    }

    // MARK: As a file

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if type == .stream, let done = socket.receivePlain(&destination) { return done }
        return try super.read(&destination, at: offset, by: caller)
    }

    public override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        if type == .stream, let done = socket.sendPlain(&source, by: caller) { return done }
        return try super.write(&source, at: &offset, by: caller)
    }

    public override func poll() -> IOEvents { socket.poll() }
    public override var waitQueue: WaitQueue? { socket.queue }

    public override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        switch request {
        case 0x541b: // SIOCINQ
            if isListening { throw .EINVAL }
            try caller.memory.store(Int32(truncatingIfNeeded: socket.readableBytes), at: GuestAddress(argument))
            return 0
        case 0x5411: // SIOCOUTQ
            if isListening { throw .EINVAL }
            try caller.memory.store(Int32(truncatingIfNeeded: socket.budget.inFlight), at: GuestAddress(argument))
            return 0
        default: return try super.ioctl(request, argument, by: caller)
        }
    }
}
