import HostOS
import LinuxABI
import Waiting

/// Tells wait queues when descriptors of the host become ready. One thread for all, which starts with the first file that
/// somebody waits for and sleeps in the host in between.
final class HostReadiness: @unchecked Sendable {
    static let shared = HostReadiness()

    /// Guards the table and the start. Above the wait queues' locks.
    private let lock = Lock()
    private var epoll: HostEpoll?
    private var queues: [UInt64: WaitQueue] = [:]
    private var lastToken: UInt64 = 0

    /// EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET: told at each change.
    private static let changes = HostEpoll.Events(rawValue: 1 | 4 | 0x2000 | 1 << 31)

    /// Watches `fd` from now on.
    ///
    /// - Returns: a token for `unwatch`; nil for a descriptor that is always ready (a regular file).
    func watch(_ fd: HostFD, _ queue: WaitQueue) -> UInt64? {
        lock.withLock {
            do throws(Errno) {
                let epoll = try startedLocked()
                lastToken += 1
                queues[lastToken] = queue
                do throws(Errno) { try epoll.add(fd, Self.changes, token: lastToken) } catch {
                    queues[lastToken] = nil
                    throw error
                }
                return lastToken
            } catch {
                return nil
            }
        }
    }

    func unwatch(_ fd: HostFD, _ token: UInt64) {
        lock.withLock {
            epoll?.remove(fd)
            queues[token] = nil
        }
    }

    private func startedLocked() throws(Errno) -> HostEpoll {
        if let epoll { return epoll }
        let made = try HostEpoll()
        epoll = made
        try Thread.start(stackSize: 128 << 10) { self.run(made) }
        return made
    }

    private func run(_ epoll: HostEpoll) {
        while let ready = try? epoll.wait() {
            for (token, events) in ready {
                // Host and guest name these events alike.
                let told = IOEvents(rawValue: events.rawValue & 0x3fff)
                lock.withLock { queues[token] }?.notify(told.union([.POLLRDNORM, .POLLWRNORM]))
            }
        }
    }
}
