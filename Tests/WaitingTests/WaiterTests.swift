import HostOS
import LinuxABI
import Synchronization
import Testing
import Waiting

@Suite struct WaiterTests {
    private var longAgo: Deadline { Deadline(nanoseconds: 1) }

    @Test func aWakeUpSentBeforeTheSleepCounts() {
        let waiter = Waiter()
        waiter.unpark()
        #expect(waiter.park() == .woken)
        #expect(waiter.park(until: longAgo) == .timedOut)
    }

    @Test func anInterruptionStaysUntilItIsCleared() {
        let waiter = Waiter()
        waiter.interrupt()
        waiter.unpark()
        #expect(waiter.park() == .interrupted)
        #expect(waiter.park() == .interrupted)
        #expect(waiter.park(interruptible: false) == .woken)
        waiter.clearInterruption()
        #expect(waiter.park(until: longAgo) == .timedOut)
    }

    @Test func manyWakeUpsFromOtherThreadsAreNotLost() throws {
        let waiter = Waiter()
        let sum = Atomic<Int>(0)
        let total = 4 * 5000
        final class Shared: Sendable {
            let waiter: Waiter
            let count = Atomic<Int>(0)
            init(_ waiter: Waiter) { self.waiter = waiter }
        }
        let shared = Shared(waiter)
        for _ in 0..<4 {
            try Thread.start {
                for _ in 0..<5000 {
                    shared.count.add(1, ordering: .sequentiallyConsistent)
                    shared.waiter.unpark()
                }
            }
        }
        while shared.count.load(ordering: .sequentiallyConsistent) < total {
            #expect(waiter.park() == .woken)
            sum.add(1, ordering: .relaxed)
        }
        #expect(sum.load(ordering: .relaxed) <= total)
    }

    @Test func waitTriesBeforeItSleepsAndAfterTheDeadline() throws {
        let waiter = Waiter()
        let queue = WaitQueue()
        #expect(try waiter.wait(on: queue, for: .readable) { () throws(Errno) in 5 } == 5)
        #expect(throws: Errno.ETIMEDOUT) {
            try waiter.wait(on: queue, for: .readable, until: longAgo) { () throws(Errno) -> Int? in nil }
        }
        #expect(queue.isEmpty)
        waiter.interrupt()
        #expect(throws: Errno.ERESTARTSYS) {
            try waiter.wait(on: queue, for: .readable) { () throws(Errno) -> Int? in nil }
        }
        #expect(throws: Errno.EPIPE) {
            try waiter.wait(on: queue, for: .readable) { () throws(Errno) -> Int? in throw .EPIPE }
        }
    }
}
