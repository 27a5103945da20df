import Kernel
import LinuxABI
import VFS

/// The unix sockets of a network namespace as /proc/net/unix lists them.
public enum UnixTable {
    /// The lines below the header: those that a process has open.
    public static func rows(_ kernel: Kernel, _ namespace: NetworkNamespace) -> [UInt8] {
        var seen: Set<ObjectIdentifier> = []
        var text: [UInt8] = []
        for (_, group) in kernel.groups(in: kernel.rootPIDNamespace) {
            guard let task = group.liveTasks.first,
                  kernel.treeLock.withLock({ task.namespaces.network === namespace }) else { continue }
            for (_, file, _) in task.snapshot.files.descriptors {
                guard let file = file as? UnixSocketFile, seen.insert(ObjectIdentifier(file.socket)).inserted else { continue }
                text += row(file.socket, inode: file.inode.number)
            }
        }
        return text
    }

    private static func row(_ socket: UnixSocket, inode: UInt64) -> [UInt8] {
        let (state, name) = socket.lock.withLock { (socket.state, socket.name) }
        // __SO_ACCEPTCON; SS_UNCONNECTED, SS_CONNECTED.
        let flags = state == .listening ? "00010000" : "00000000"
        let connection = state == .connected ? "03" : "01"
        let number = String(inode)
        let inode = String(repeating: " ", count: max(0, 5 - number.utf8.count)) + number
        let type = String(socket.type.rawValue, radix: 16)
        var line = Array("0000000000000000: 00000002 00000000 \(flags) 000\(type) \(connection) \(inode)".utf8)
        if let name { line += [0x20] + name.text }
        return line + [0x0a]
    }
}
