import HostOS
import LinuxABI
import Synchronization
import VFS
import Waiting

/// The options that all sockets have (socket(7)).
public final class SocketOptions: @unchecked Sendable {
    /// Guards all. Innermost.
    private let lock = Lock()
    // Written below the lock; calls read them without.
    private let sendBufferStorage = Atomic<Int>(SocketOptions.defaultBuffer)
    private var receiveBufferStorage = SocketOptions.defaultBuffer
    /// Nanoseconds; 0: for ever.
    private var receiveTimeoutStorage: UInt64 = 0
    private var sendTimeoutStorage: UInt64 = 0
    private let passesCredentialsStorage = Atomic<Bool>(false)
    private var linger: (on: Int32, seconds: Int32) = (0, 0)
    /// What is only remembered.
    private var remembered: [Int32: Int32] = [:]

    /// sysctl net.core.wmem_default, and rmem_default.
    static var defaultBuffer: Int { 212_992 }
    /// sysctl net.core.wmem_max, and rmem_max: twice what may be asked for.
    static var maximumBuffer: Int { 2 * 212_992 }

    public var sendBuffer: Int { sendBufferStorage.load(ordering: .relaxed) }
    public var passesCredentials: Bool { passesCredentialsStorage.load(ordering: .acquiring) }
    public var receiveTimeout: UInt64 { lock.withLock { receiveTimeoutStorage } }
    public var sendTimeout: UInt64 { lock.withLock { sendTimeoutStorage } }

    public init() {}

    /// A copy for a connection that was accepted.
    func inherit(from other: SocketOptions) {
        let (send, receive, passes) = other.lock.withLock {
            (other.sendBuffer, other.receiveBufferStorage, other.passesCredentials)
        }
        lock.withLock {
            sendBufferStorage.store(send, ordering: .relaxed)
            receiveBufferStorage = receive
            passesCredentialsStorage.store(passes, ordering: .releasing)
        }
    }

    /// Sets an option of level SOL_SOCKET.
    ///
    /// - Throws: ENOPROTOOPT, EINVAL for too short a value, EDOM, EPERM.
    func set(_ name: Int32, _ value: [UInt8], by caller: Caller) throws(Errno) {
        switch name {
        case SocketOption.SO_RCVTIMEO, SocketOption.SO_SNDTIMEO:
            let timeout = try Self.timeout(value)
            lock.withLock {
                if name == SocketOption.SO_RCVTIMEO { receiveTimeoutStorage = timeout } else { sendTimeoutStorage = timeout }
            }
        case SocketOption.SO_LINGER:
            guard let on = value.int32(at: 0), let seconds = value.int32(at: 4) else { throw .EINVAL }
            lock.withLock { linger = (on != 0 ? 1 : 0, on != 0 ? seconds : linger.seconds) }
        case SocketOption.SO_TYPE, SocketOption.SO_PROTOCOL, SocketOption.SO_DOMAIN, SocketOption.SO_ERROR,
             SocketOption.SO_ACCEPTCONN, SocketOption.SO_PEERCRED, SocketOption.SO_PEERGROUPS, SocketOption.SO_COOKIE:
            throw .ENOPROTOOPT
        default:
            guard let number = value.int32(at: 0) else { throw .EINVAL }
            try set(name, number, by: caller)
        }
    }

    private func set(_ name: Int32, _ value: Int32, by caller: Caller) throws(Errno) {
        switch name {
        case SocketOption.SO_SNDBUF, SocketOption.SO_SNDBUFFORCE:
            if name == SocketOption.SO_SNDBUFFORCE, !caller.has(.CAP_NET_ADMIN) { throw .EPERM }
            // Linux doubles what is asked for, and has minima of its own.
            let size = min(max(0, Int(value)) * 2, Self.maximumBuffer)
            sendBufferStorage.store(max(4608, size), ordering: .relaxed)
        case SocketOption.SO_RCVBUF, SocketOption.SO_RCVBUFFORCE:
            if name == SocketOption.SO_RCVBUFFORCE, !caller.has(.CAP_NET_ADMIN) { throw .EPERM }
            let size = min(max(0, Int(value)) * 2, Self.maximumBuffer)
            lock.withLock { receiveBufferStorage = max(2304, size) }
        case SocketOption.SO_PASSCRED: passesCredentialsStorage.store(value != 0, ordering: .releasing)
        case SocketOption.SO_DEBUG:
            if value != 0, !caller.has(.CAP_NET_ADMIN) { throw .EACCES }
        case SocketOption.SO_PRIORITY, SocketOption.SO_MARK:
            if name == SocketOption.SO_MARK || value < 0 || value > 6, !caller.has(.CAP_NET_ADMIN) { throw .EPERM }
            lock.withLock { remembered[name] = value }
        case SocketOption.SO_REUSEADDR, SocketOption.SO_REUSEPORT, SocketOption.SO_DONTROUTE, SocketOption.SO_BROADCAST,
             SocketOption.SO_KEEPALIVE, SocketOption.SO_OOBINLINE, SocketOption.SO_NO_CHECK, SocketOption.SO_TIMESTAMP,
             SocketOption.SO_TIMESTAMPNS, SocketOption.SO_PASSSEC:
            lock.withLock { remembered[name] = value != 0 ? 1 : 0 }
        case SocketOption.SO_RCVLOWAT: lock.withLock { remembered[name] = value == 0 ? 1 : value < 0 ? .max : value }
        default: throw .ENOPROTOOPT
        }
    }

    /// - Returns: nil for an option that is not kept here.
    func get(_ name: Int32) -> [UInt8]? {
        lock.withLock {
            switch name {
            case SocketOption.SO_SNDBUF: Int32(sendBuffer).bytes
            case SocketOption.SO_RCVBUF: Int32(receiveBufferStorage).bytes
            case SocketOption.SO_PASSCRED: Int32(passesCredentials ? 1 : 0).bytes
            case SocketOption.SO_RCVTIMEO: Self.bytes(timeout: receiveTimeoutStorage)
            case SocketOption.SO_SNDTIMEO: Self.bytes(timeout: sendTimeoutStorage)
            case SocketOption.SO_LINGER: linger.on.bytes + linger.seconds.bytes
            case SocketOption.SO_RCVLOWAT: (remembered[name] ?? 1).bytes
            case SocketOption.SO_SNDLOWAT: Int32(1).bytes
            case SocketOption.SO_DEBUG, SocketOption.SO_REUSEADDR, SocketOption.SO_REUSEPORT, SocketOption.SO_DONTROUTE,
                 SocketOption.SO_BROADCAST, SocketOption.SO_KEEPALIVE, SocketOption.SO_OOBINLINE, SocketOption.SO_NO_CHECK,
                 SocketOption.SO_PRIORITY, SocketOption.SO_TIMESTAMP, SocketOption.SO_TIMESTAMPNS, SocketOption.SO_MARK,
                 SocketOption.SO_PASSSEC:
                (remembered[name] ?? 0).bytes
            default: nil
            }
        }
    }

    /// struct timeval.
    private static func timeout(_ value: [UInt8]) throws(Errno) -> UInt64 {
        guard value.count >= 16, let seconds = value.int64(at: 0), let microseconds = value.int64(at: 8) else { throw .EINVAL }
        if microseconds < 0 || microseconds >= 1_000_000 { throw .EDOM }
        if seconds < 0 { return 1 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? 0 : whole &+ UInt64(microseconds) * 1000
    }

    private static func bytes(timeout: UInt64) -> [UInt8] {
        Int64(timeout / 1_000_000_000).bytes + Int64(timeout % 1_000_000_000 / 1000).bytes
    }
}

extension FixedWidthInteger {
    /// In the machine's order.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        for shift in stride(from: 0, to: Self.bitWidth, by: 8) { result.append(UInt8(truncatingIfNeeded: self >> shift)) }
        return result
    }
}

extension Array<UInt8> {
    /// The integer at `offset`, nil where the bytes end before.
    public func int32(at offset: Int) -> Int32? { load(at: offset) }
    public func int64(at offset: Int) -> Int64? { load(at: offset) }
    public func uint16(at offset: Int) -> UInt16? { load(at: offset) }

    private func load<T: FixedWidthInteger>(at offset: Int) -> T? {
        let size = T.bitWidth / 8
        guard offset >= 0, count - offset >= size else { return nil }
        var value: T = 0
        for i in 0..<size { value |= T(truncatingIfNeeded: self[offset + i]) << T(8 * i) }
        return value
    }
}
