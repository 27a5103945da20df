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

    @Test func oneNotificationWakesAllWhoSleep() throws {
        final class Shared: Sendable {
            let queue = WaitQueue()
            let ready = Waiter()
            let waiting = Atomic<Int>(0)
            let woken = Atomic<Int>(0)
        }
        let shared = Shared()
        let count = 8
        for _ in 0..<count {
            try Thread.start {
                let waiter = Waiter()
                let entry = TaskWaitEntry(waiter)
                shared.queue.add(entry)
                shared.waiting.add(1, ordering: .sequentiallyConsistent)
                shared.ready.unpark()
                _ = waiter.park()
                shared.queue.remove(entry)
                shared.woken.add(1, ordering: .sequentiallyConsistent)
                shared.ready.unpark()
            }
        }
        while shared.waiting.load(ordering: .sequentiallyConsistent) < count { _ = shared.ready.park() }
        shared.queue.notify(.readable)
        while shared.woken.load(ordering: .sequentiallyConsistent) < count { _ = shared.ready.park() }
        #expect(shared.queue.isEmpty)
    }

    @Test func turnsAreTakenManyTimesAfterLooksAndSleeps() throws {
        final class Pair: Sendable {
            let a = Waiter(), b = Waiter()
            let turn = Atomic<Int>(0)
        }
        let pair = Pair()
        let rounds = 3000
        try Thread.start {
            for i in 0..<rounds {
                while pair.turn.load(ordering: .acquiring) != 2 * i + 1 { _ = pair.b.park() }
                pair.turn.store(2 * i + 2, ordering: .releasing)
                pair.a.unpark()
            }
        }
        for i in 0..<rounds {
            pair.turn.store(2 * i + 1, ordering: .releasing)
            pair.b.unpark()
            while pair.turn.load(ordering: .acquiring) != 2 * i + 2 { _ = pair.a.park() }
        }
        #expect(pair.turn.load(ordering: .acquiring) == 2 * rounds)
    }
}
