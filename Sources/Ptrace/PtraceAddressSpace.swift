import HostOS
import Stubs

/// A traced stub process.
final class PtraceAddressSpace: StubProcess, @unchecked Sendable {
    /// Guards `threads`. A leaf.
    private let threadLock = Lock()
    /// The stub's threads that are traced.
    private var threads: [Int32] = []

    func addThread(_ thread: Int32) { threadLock.withLock { threads.append(thread) } }

    /// The thread is about to end by our will, or has ended.
    func removeThread(_ thread: Int32) { threadLock.withLock { threads.removeAll { $0 == thread } } }

    /// A leader with unreaped threads is not reported by the host: so each thread is looked at.
    override var hasDied: Bool { threadLock.withLock { threads.contains(where: HostTrace.hasEnded) } }
}
