import HostOS
import Kernel
import LinuxABI
import VFS

/// What the socket layer keeps for a network namespace.
public final class SocketNamespace: @unchecked Sendable {
    /// Guards the names. Below sockets' locks.
    private let lock = Lock()
    private var abstract: [AbstractName: UnixSocket] = [:]
    private var nextAutobind: UInt32 = 0
    /// Descriptors on their way, by who sent them.
    private var inFlight: [UInt32: Int] = [:]

    /// Sockets of different types do not see each other's names.
    struct AbstractName: Hashable {
        var type: SocketType
        var name: [UInt8]
    }

    /// That of the caller's network namespace.
    public static func of(_ caller: Caller) throws(Errno) -> SocketNamespace {
        guard let task = caller as? Task else { throw .EAFNOSUPPORT }
        return task.namespaces.network.state { SocketNamespace() }
    }

    func find(_ name: AbstractName) -> UnixSocket? { lock.withLock { abstract[name] } }

    /// - Throws: EADDRINUSE.
    func claim(_ name: AbstractName, _ socket: UnixSocket) throws(Errno) {
        try lock.withLock { () throws(Errno) in
            if abstract[name] != nil { throw .EADDRINUSE }
            abstract[name] = socket
        }
    }

    /// A free name of five hexadecimal digits.
    func claimAny(_ socket: UnixSocket) throws(Errno) -> [UInt8] {
        try lock.withLock { () throws(Errno) in
            for _ in 0..<(1 << 20) {
                let text = String(nextAutobind, radix: 16)
                nextAutobind = (nextAutobind + 1) & 0xfffff
                let name = Array((String(repeating: "0", count: 5 - text.utf8.count) + text).utf8)
                let key = AbstractName(type: socket.type, name: name)
                if abstract[key] == nil {
                    abstract[key] = socket
                    return name
                }
            }
            throw .ENOSPC
        }
    }

    func release(_ name: AbstractName, _ socket: UnixSocket) {
        lock.withLock { if abstract[name] === socket { abstract[name] = nil } }
    }

    /// - Returns: false when that would be more than `limit`.
    fileprivate func addInFlight(_ count: Int, _ uid: UInt32, limit: Int) -> Bool {
        lock.withLock {
            let before = inFlight[uid] ?? 0
            if before > limit { return false }
            inFlight[uid] = before + count
            return true
        }
    }

    fileprivate func removeInFlight(_ count: Int, _ uid: UInt32) {
        lock.withLock {
            let left = (inFlight[uid] ?? 0) - count
            inFlight[uid] = left > 0 ? left : nil
        }
    }
}

/// Descriptors that lie in a socket's queue. Sockets that are passed to each other and closed may keep each other alive:
/// what bounds how much of that there can be is that each user has a limited number on their way.
final class RightsInFlight: Sendable {
    private let namespace: SocketNamespace?
    private let count: Int
    private let uid: UInt32
    /// How deep sockets lie in queues of sockets here: the end of one must not need much stack to end the others.
    let depth: Int

    /// Linux's bound on that, before it had a better way.
    private static var maximumDepth: Int { 4 }
    /// More than this nobody has on their way, whatever their limits and capabilities.
    private static var maximum: Int { 1 << 16 }

    /// - Throws: ETOOMANYREFS when the caller has more than RLIMIT_NOFILE on their way already, or sockets lie too deep.
    init(_ rights: [OpenFile], by caller: Caller) throws(Errno) {
        count = rights.count
        uid = caller.credentials.ruid
        var deepest = -1
        for file in rights {
            if let socket = (file as? UnixSocketFile)?.socket { deepest = max(deepest, socket.lock.withLock { socket.depth }) }
        }
        if deepest > Self.maximumDepth { throw .ETOOMANYREFS }
        depth = deepest + 1
        namespace = try? SocketNamespace.of(caller)
        let isTrusted = caller.has(.CAP_SYS_RESOURCE) || caller.has(.CAP_SYS_ADMIN)
        let limit = isTrusted ? Self.maximum : min(Self.maximum, Int(clamping: caller.limit(7 /* RLIMIT_NOFILE */)))
        if let namespace, !namespace.addInFlight(count, uid, limit: limit) { throw .ETOOMANYREFS }
    }

    deinit { namespace?.removeInFlight(count, uid) }
}
