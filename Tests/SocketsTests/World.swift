import FileSystems
import HostOS
import Identity
import LinuxABI
import Memory
import Sockets
import Testing
import VFS

/// A caller without a task, and calls with buffers of the test's own.
struct World {
    let caller: Caller

    init() {
        let mounts = MountNamespace(VirtualFileSystem(), root: TmpfsFileSystem(TmpfsFileSystem.Options(mode: 0o755)))
        caller = Caller.kernel(in: mounts, userNamespace: UserNamespace())
    }

    func send(_ file: SocketFile, _ text: String, flags: MessageFlags = [], rights: [OpenFile] = []) throws(Errno) -> Int {
        var vector = IOVector(KernelBuffer(Array(text.utf8)))
        var ancillary = Ancillary()
        ancillary.rights = rights
        return try file.send(&vector, flags: flags, to: [], ancillary: ancillary, by: caller)
    }

    func receive(_ file: SocketFile, _ room: Int, flags: MessageFlags = []) throws(Errno) -> (String, Received) {
        let buffer = KernelBuffer(count: room)
        var vector = IOVector(buffer)
        let received = try file.receive(&vector, flags: flags.union(.MSG_DONTWAIT), by: caller)
        return (String(decoding: buffer.bytes.prefix(min(room, received.count)), as: UTF8.self), received)
    }
}
