import Cgroups
import HostOS
import LinuxABI
import TTRPC

/// What can happen to a container that the Sentry does not tell: its Gofer dies, or the kernel kills a process of it for
/// want of memory. Runs on the loop of the shim's server.
final class ContainerWatch: @unchecked Sendable {
    private let server: Server
    private let cgroup: Cgroup
    private let onOOM: @Sendable () -> Void
    /// Guards all below. Innermost.
    private let lock = Lock()
    private var watched: [(fd: HostFD, token: UInt64, owned: Bool)] = []
    private var kills: UInt64
    private var ended = false

    /// - Parameters:
    ///   - gofer: readable when the Gofer has died; stays the caller's.
    ///   - onGoferEnd: must not block.
    init(_ server: Server, _ cgroup: Cgroup, gofer: HostFD?, onGoferEnd: @escaping @Sendable () -> Void,
         onOOM: @escaping @Sendable () -> Void) {
        self.server = server
        self.cgroup = cgroup
        self.onOOM = onOOM
        kills = cgroup.oomKills
        if let gofer {
            watch(gofer, owned: false) { [weak self] in
                self?.forget(gofer)
                onGoferEnd()
            }
        }
        if let events = try? cgroup.watchMemoryEvents() {
            watch(events, owned: true) { [weak self] in
                events.discardInput()
                self?.check()
            }
        }
    }

    private func watch(_ fd: HostFD, owned: Bool, _ body: @escaping @Sendable () -> Void) {
        lock.withLock {
            if let token = try? server.watch(fd, body) { watched.append((fd, token, owned)) } else if owned { fd.close() }
        }
    }

    private func forget(_ fd: HostFD) {
        lock.withLock {
            guard let i = watched.firstIndex(where: { $0.fd == fd }) else { return }
            server.unwatch(fd, watched[i].token)
            watched.remove(at: i)
        }
    }

    /// Reports kills that were not reported yet; also called before an end is told, which they come before.
    func check() {
        let new = lock.withLock {
            if ended { return false }
            let now = cgroup.oomKills
            defer { kills = max(kills, now) }
            return now > kills
        }
        if new { onOOM() }
    }

    func end() {
        lock.withLock {
            ended = true
            for (fd, token, owned) in watched {
                server.unwatch(fd, token)
                if owned { fd.close() }
            }
            watched = []
        }
    }
}
