import HostOS
import Testing
import Waiting

/// Remembers in which order timers fired.
private final class Record: @unchecked Sendable {
    private let lock = Lock()
    private var values: [Int] = []
    let waiter = Waiter()

    func add(_ value: Int) {
        lock.withLock { values.append(value) }
        waiter.unpark()
    }

    func wait(for count: Int) -> [Int] {
        while true {
            let seen = lock.withLock { values }
            if seen.count >= count { return seen }
            _ = waiter.park()
        }
    }
}

private final class Numbered: Timer, @unchecked Sendable {
    let number: Int
    let record: Record

    init(_ number: Int, _ record: Record) {
        self.number = number
        self.record = record
    }

    override func fire() { record.add(number) }
}

@Suite struct TimerTests {
    @Test func timersFireInTheOrderOfTheirDeadlines() {
        let queue = TimerQueue()
        let record = Record()
        let start = HostClock.monotonic + 20_000_000
        let order = [5, 2, 9, 0, 7, 1, 8, 3, 6, 4]
        let timers = order.map { Numbered($0, record) }
        for timer in timers { queue.arm(timer, at: Deadline(nanoseconds: start + UInt64(timer.number) * 1_000_000)) }
        #expect(record.wait(for: 10) == Array(0..<10))
    }

    @Test func aDisarmedTimerDoesNotFireAndAnArmedOneMoves() {
        let queue = TimerQueue()
        let record = Record()
        let timers = (0..<4).map { Numbered($0, record) }
        let now = HostClock.monotonic
        for timer in timers { queue.arm(timer, at: Deadline(nanoseconds: now + 30_000_000_000)) }
        #expect(queue.disarm(timers[1]))
        #expect(!queue.disarm(timers[1]))
        queue.arm(timers[3], at: Deadline(nanoseconds: now))
        #expect(record.wait(for: 1) == [3])
        queue.arm(timers[2], at: Deadline(nanoseconds: 0))
        #expect(record.wait(for: 2) == [3, 2])
        #expect(!queue.disarm(timers[2]))
        #expect(queue.disarm(timers[0]))
    }

    @Test func aPointInTimeThatDoesNotFitIsTheFarFuture() {
        #expect(Deadline.after(.max).nanoseconds == .max)
        #expect(GuestClock.realtime.deadline(at: 0).nanoseconds == 0)
        #expect(GuestClock.monotonic.deadline(at: 77).nanoseconds == 77)
        #expect(GuestClock.realtime.deadline(at: .max) > Deadline.after(1 << 60))
    }
}
