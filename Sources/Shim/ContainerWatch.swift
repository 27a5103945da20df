import Cgroups
import HostOS
import LinuxABI
import TTRPC

/// What can happen to a container that the Sentry does not tell: a process dies that it cannot do without, or the kernel
/// kills one of it for want of memory. Runs on the loop of the shim's server.
final class ContainerWatch: @unchecked Sendable {
    private let server: Server
    private let cgroup: Cgroup
    private let onOOM: @Sendable () -> Void
    /// Keeps their descriptors open.
    private let companions: [HostProcess]
    /// Guards all below. Innermost.
    private let lock = Lock()
    private var watched: [(fd: HostFD, token: UInt64, owned: Bool)] = []
    private var kills: UInt64
    private var ended = false
    private var isLooking = false

    /// - Parameters:
    ///   - companions: the processes that it cannot do without, by name.
    ///   - onEnd: one of them has died; must not block.
    init(_ server: Server, _ cgroup: Cgroup, companions: [(name: String, process: HostProcess)] = [],
         onEnd: @escaping @Sendable (String) -> Void = { _ in }, onOOM: @escaping @Sendable () -> Void) {
        self.server = server
        self.cgroup = cgroup
        self.onOOM = onOOM
        kills = cgroup.oomKills
        self.companions = companions.map(\.process)
        for (name, process) in companions {
            let descriptor = process.descriptor
            watch(descriptor, owned: false) { [weak self] in
                self?.forget(descriptor)
                onEnd(name)
            }
        }
        if let events = try? cgroup.watchMemoryEvents() {
            watch(events, owned: true) { [weak self] in
                events.discardInput()
                self?.checkSoon()
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

    /// Version 1 tells of the want of memory, and the kill follows, or memory is found: looks for a while.
    private func checkSoon() {
        if check() { return }
        let first = lock.withLock {
            defer { isLooking = true }
            return !isLooking && !ended
        }
        guard first else { return }
        let started: Void? = try? Thread.start { [weak self] in
            for pause: Int32 in [2, 5, 10, 20, 50, 100, 200, 500] {
                _ = try? HostPoll.wait([], timeout: pause)
                guard let self, !self.check() else { break }
            }
            self?.lock.withLock { self?.isLooking = false }
        }
        if started == nil { lock.withLock { isLooking = false } }
    }

    /// Reports kills that were not reported yet; also called before an end is told, which they come before.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    func check() -> Bool {
        let new = lock.withLock {
            if ended { return false }
            let now = cgroup.oomKills
            defer { kills = max(kills, now) }
            return now > kills
        }
        if new { onOOM() }
        return new
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
