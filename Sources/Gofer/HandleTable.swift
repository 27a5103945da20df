import GoferProtocol
import HostOS
import LinuxABI

/// The handles of one connection. A number is given out once: a stale one is EBADF for ever.
final class HandleTable: @unchecked Sendable {
    /// Guards `nodes` and `last`. A leaf; a node is let go of outside it, for that closes a descriptor.
    private let lock = Lock()
    private var nodes: [Handle: Node] = [:]
    private var last: Handle = 0

    func add(_ node: Node) -> Handle {
        lock.withLock {
            last += 1
            nodes[last] = node
            return last
        }
    }

    func node(_ handle: Handle) throws(Errno) -> Node {
        guard let node = lock.withLock({ nodes[handle] }) else { throw .EBADF }
        return node
    }

    func directory(_ handle: Handle) throws(Errno) -> Node {
        let node = try self.node(handle)
        guard node.isDirectory else { throw .ENOTDIR }
        return node
    }

    func remove(_ handle: Handle) -> Node? {
        lock.withLock { nodes.removeValue(forKey: handle) }
    }

    var count: Int { lock.withLock { nodes.count } }
}
