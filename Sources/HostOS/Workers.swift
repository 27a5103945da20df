public import LinuxABI
import Synchronization

/// Threads that run one body after another. Making a host thread costs more than all else that a new guest thread or
/// process needs of us, so a few are kept when they have nothing to do: asleep, without a timer.
public enum Workers {
    private final class Worker: @unchecked Sendable {
        /// 1: there is a body. A futex word.
        let word = Atomic<UInt32>(0)
        /// Written before `word` is set, taken by the worker after.
        var body: (() -> Void)?
    }

    /// How many may be idle.
    private static let keeping = 4
    /// Bytes of address space.
    private static let stackSize = 512 << 10

    private final class Idle: @unchecked Sendable {
        /// Guards the list. A leaf.
        let lock = Lock()
        var workers: [Worker] = []
    }
    private static let idle = Idle()

    /// Runs `body` on a thread of its own, every signal blocked.
    ///
    /// - Throws: EAGAIN when the host refuses another thread.
    public static func run(_ body: @escaping @Sendable () -> Void) throws(Errno) {
        if let worker = idle.lock.withLock({ idle.workers.popLast() }) {
            worker.body = body
            worker.word.store(1, ordering: .releasing)
            unsafe withUnsafePointer(to: worker.word) { unsafe Futex.wake(UnsafeRawPointer($0)) }
            return
        }
        let worker = Worker()
        worker.body = body
        worker.word.store(1, ordering: .releasing)
        try Thread.start(stackSize: stackSize) { work(worker) }
    }

    private static func work(_ worker: Worker) {
        while true {
            while worker.word.load(ordering: .acquiring) == 0 {
                unsafe withUnsafePointer(to: worker.word) { try? unsafe Futex.wait(UnsafeRawPointer($0), expected: 0) }
            }
            let body = worker.body
            worker.body = nil
            worker.word.store(0, ordering: .relaxed)
            body?()
            let stays = idle.lock.withLock {
                if idle.workers.count >= keeping { return false }
                idle.workers.append(worker)
                return true
            }
            if !stays { return }
        }
    }
}
