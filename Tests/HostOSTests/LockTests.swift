import HostOS
import LinuxABI
import Synchronization
import Testing

private final class Counter: @unchecked Sendable {
    let lock = Lock()
    var value = 0
    let done = Atomic<Int>(0)
}

@Suite struct LockTests {
    @Test func excludesThreads() throws {
        let counter = Counter()
        for _ in 0..<8 {
            try Thread.start {
                for _ in 0..<20_000 { counter.lock.withLock { counter.value += 1 } }
                counter.done.add(1, ordering: .releasing)
            }
        }
        while counter.done.load(ordering: .acquiring) < 8 { _ = try? hostCall(.sched_yield) }
        #expect(counter.lock.withLock { counter.value } == 160_000)
    }

    @Test func errorsOfTheHostAreThrown() {
        #expect(throws: Errno.EBADF) { try hostCall(.close, -1) }
        #expect(Errno.ENOENT.description == "ENOENT")
    }
}
