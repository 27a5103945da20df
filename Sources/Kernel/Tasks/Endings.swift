import HostOS
import Waiting

/// Host processes and threads that are being ended while the end of their tasks has been told already.
final class Endings: @unchecked Sendable {
    /// Guards both. A leaf.
    private let lock = Lock()
    private var count = 0
    private var waiters: [Waiter] = []

    func begin() { lock.withLock { count += 1 } }

    func finish() {
        let woken = lock.withLock {
            count -= 1
            if count > 0 { return [] as [Waiter] }
            defer { waiters = [] }
            return waiters
        }
        for waiter in woken { waiter.unpark() }
    }

    /// Waits until none is left: a container's cgroup can be removed then.
    func waitForAll() {
        let waiter = Waiter()
        let mustWait = lock.withLock {
            if count > 0 { waiters.append(waiter) }
            return count > 0
        }
        if mustWait { _ = waiter.park() }
    }
}
