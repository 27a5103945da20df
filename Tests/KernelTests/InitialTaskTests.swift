import FileSystems
import HostOS
import Identity
import LinuxABI
import Platform
import Testing
import VFS
import Waiting
@testable import Kernel
import struct Kernel.ExitStatus

/// Processes that are started from outside, and killed before they have run an instruction.
@Suite struct InitialTaskTests {
    private final class Ending: ExitObserver, @unchecked Sendable {
        /// Guards what was told. A leaf.
        private let lock = Lock()
        private var told: [ExitStatus] = []

        override func exited(_ group: ThreadGroup, status: ExitStatus) { lock.withLock { told.append(status) } }

        var all: [ExitStatus] { lock.withLock { told } }

        /// Waits until something was told.
        func wait() -> [ExitStatus] {
            for _ in 0..<20_000 where all.isEmpty { _ = try? hostCall(.poll, 0, 0, 1) }
            return all
        }
    }

    private func make(_ ending: Ending, load: @escaping @Sendable (Task) throws(Errno) -> Void) throws -> Task {
        let kernel = Kernel(platform: Platform(), systemCalls: SystemCallTable()) { _ in }
        let mounts = MountNamespace(VirtualFileSystem(), root: TmpfsFileSystem(.init(mode: 0o755)))
        let namespace = PIDNamespace(parent: kernel.rootPIDNamespace, userNamespace: kernel.rootUserNamespace)
        let user = kernel.rootUserNamespace
        return try kernel.makeInitialTask(
            container: GuestContainer(id: "test", source: StubSource(), pidNamespace: namespace),
            credentials: Caller.kernel(in: mounts, userNamespace: user).credentials, files: FDTable(),
            directories: DirectoryContext(root: mounts.rootPath, working: mounts.rootPath, umask: 0o022, mounts: mounts),
            namespaces: NamespaceSet(uts: UTSNamespace(userNamespace: user, inode: 1, hostName: []),
                                     ipc: IPCNamespace(userNamespace: user, inode: 2),
                                     network: NetworkNamespace(userNamespace: user, inode: 3), pidForChildren: namespace),
            limits: Limits(), observer: ending, load: load)
    }

    @Test func oneThatIsKilledWhileItIsLoadedEndsAsKilled() throws {
        let ending = Ending()
        let task = try make(ending) { (task) throws(Errno) in
            task.group.kill(.signaled(Signal.SIGKILL))
            // As exec says it.
            throw .ERESTARTNOINTR
        }
        task.startInitial()
        #expect(ending.wait() == [.signaled(Signal.SIGKILL)])
    }

    @Test func oneThatIsKilledBeforeItsStartIsToldOfOnce() throws {
        for _ in 0..<100 {
            let ending = Ending()
            // The task may be at its end before its maker goes on.
            _ = try make(ending) { (task) throws(Errno) in task.group.kill(.signaled(Signal.SIGKILL)) }
            #expect(ending.wait() == [.signaled(Signal.SIGKILL)])
        }
    }

    @Test func whatKeepsAProgramFromLoadingIsThrown() throws {
        let ending = Ending()
        #expect(throws: Errno.ENOEXEC) { _ = try make(ending) { (task) throws(Errno) in throw .ENOEXEC } }
        #expect(ending.all.isEmpty)
    }
}
