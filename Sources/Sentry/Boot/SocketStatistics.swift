import Introspection
import Kernel
import Sockets
import VFS

/// What the socket layer tells /proc/net.
final class SocketStatistics: NetworkStatistics, @unchecked Sendable {
    private unowned let kernel: Kernel

    init(_ kernel: Kernel) {
        self.kernel = kernel
        super.init()
    }

    override func rows(_ name: String, of namespace: NetworkNamespace, by caller: Caller) -> [UInt8]? {
        name == "unix" ? UnixTable.rows(kernel, namespace) : nil
    }
}
