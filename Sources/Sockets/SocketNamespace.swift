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
}
