import HostOS
import LinuxABI

/// Threads that run handlers: as many as are busy at once, up to a bound, and none when there has been nothing to do
/// for a while.
final class Workers: @unchecked Sendable {
    private let bound: Int
    /// Guards all below. Nothing else is locked with it held.
    private let lock = Lock()
    private let work = Condition()
    private var queue: [@Sendable () -> Void] = []
    private var threads = 0
    private var idle = 0
    private static let patience: UInt64 = 2_000_000_000
    /// Called by the last thread before it ends. Set once, before the first `run`.
    var onRest: (@Sendable () -> Void)?

    init(bound: Int) { self.bound = bound }

    func run(_ body: @escaping @Sendable () -> Void) {
        let start = lock.withLock {
            queue.append(body)
            if idle >= queue.count || threads == bound {
                work.wakeOne()
                return false
            }
            threads += 1
            return true
        }
        if start { startThread() }
    }

    private func startThread() {
        do throws(Errno) { try Thread.start { self.loop() } } catch {
            // The host refuses a thread: whoever is there does it later, and if nobody is, this one now.
            let alone = lock.withLock {
                threads -= 1
                return threads == 0
            }
            if alone { while let body = take(wait: false) { body() } }
        }
    }

    private func loop() {
        while let body = take(wait: true) { body() }
        if lock.withLock({ threads == 0 }) { onRest?() }
    }

    private func take(wait: Bool) -> (@Sendable () -> Void)? {
        lock.withLock {
            let deadline = HostClock.monotonic + Self.patience
            while queue.isEmpty {
                if !wait { return nil }
                idle += 1
                let inTime = work.wait(lock, deadline: deadline)
                idle -= 1
                if !inTime && queue.isEmpty {
                    threads -= 1
                    return nil
                }
            }
            return queue.removeFirst()
        }
    }
}
