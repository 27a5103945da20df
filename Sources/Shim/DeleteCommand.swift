import HostOS
import LinuxABI
import Messages
import Runtime
import TTRPC

/// How a container's own process has ended, kept in its bundle for `delete`: by then the shim may be no more.
enum ExitRecord {
    private static func path(_ bundle: String) -> String { bundle + "/exit" }

    static func write(_ exit: ProcessExit, bundle: String) {
        try? HostFD.currentDirectory.replaceFile(path(bundle), with: Array("\(exit.status) \(exit.at)".utf8), mode: 0o600)
    }

    static func read(bundle: String) -> ProcessExit? {
        guard let bytes = try? HostFD.currentDirectory.readFile(path(bundle), limit: 64) else { return nil }
        let words = bytes.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 2, let status = UInt32(words[0]), let at = Int64(words[1]) else { return nil }
        return ProcessExit(status: status, at: at)
    }
}

/// `delete`: containerd runs it whenever a shim's connection closes, after everything is gone as well as after the shim
/// was killed. Whatever of the container is left is removed; what a living shim of the pod still serves is let alone.
struct DeleteCommand {
    let line: CommandLine
    let cleanUp: @Sendable (_ pod: String, _ namespace: String) -> Void

    /// - Returns: what goes to standard output.
    func run() throws(CommandFailure) -> [UInt8] {
        try Pod.checkIdentifiers(id: line.id, namespace: line.namespace)
        let bundle = line.bundle.isEmpty ? (try? HostFD.currentDirectory.readLink("/proc/self/cwd")) ?? "/" : line.bundle
        let group = PodGroup.recorded(bundle: bundle, id: line.id)
        let pid = (try? HostFD.currentDirectory.readFile("\(bundle)/init.pid", limit: 64)).flatMap {
            UInt32(String(decoding: $0, as: UTF8.self))
        }
        let socket = address(bundle) ?? PodSocket(grpcAddress: line.address, namespace: line.namespace, group: group)
        if !socket.isAnswered {
            cleanUp(group, line.namespace)
            socket.remove()
        }
        RootfsMounts.unmount("\(bundle)/rootfs")
        // What had not ended by itself has ended with its shim.
        let exit = ExitRecord.read(bundle: bundle) ?? .now(137)
        let answer = TaskAPI.DeleteResponse(pid: pid ?? 0, exitStatus: exit.status, exitedAt: .init(nanoseconds: exit.at))
        guard let bytes = try? answer.encode() else { throw CommandFailure("the answer can't be encoded") }
        return bytes
    }

    private func address(_ bundle: String) -> PodSocket? {
        guard let bytes = try? HostFD.currentDirectory.readFile("\(bundle)/address", limit: 4096),
              case .path(let path)? = UnixAddress(ttrpc: String(decoding: bytes, as: UTF8.self)) else { return nil }
        return PodSocket(path: path)
    }
}
