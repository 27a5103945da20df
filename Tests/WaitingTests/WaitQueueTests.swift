import HostOS
import LinuxABI
import Testing
import Waiting

/// An entry that counts what it is told.
private final class Counter: WaitEntry, @unchecked Sendable {
    var told = 0
    var takes = true

    override func notify(_ events: IOEvents) -> Bool {
        told += 1
        return takes
    }
}

@Suite struct WaitQueueTests {
    @Test func onlyWhoWantsTheEventsIsTold() {
        let queue = WaitQueue()
        let (reader, writer) = (Counter(mask: .readable), Counter(mask: .writable))
        queue.add(reader)
        queue.add(writer)
        queue.notify(.POLLIN)
        #expect((reader.told, writer.told) == (1, 0))
        queue.notify(.POLLHUP)
        #expect((reader.told, writer.told) == (2, 1))
        queue.remove(reader)
        queue.notify([.POLLIN, .POLLOUT])
        #expect((reader.told, writer.told) == (2, 2))
        queue.remove(writer)
        #expect(queue.isEmpty)
    }

    @Test func whoIsWokenLaterHasBeenToldAtOnce() {
        let queue = WaitQueue()
        let waiter = Waiter()
        let (entry, other, counter) = (TaskWaitEntry(waiter), TaskWaitEntry(Waiter(), mask: .writable), Counter(mask: .all))
        for entry in [entry, other, counter] { queue.add(entry) }
        var wakes = DelayedWakes()
        queue.notify(.readable, later: &wakes)
        #expect(counter.told == 1)
        // It does not sleep any more, so it need not be woken.
        #expect(waiter.park() == .woken)
        wakes.wake()
        for entry in [entry, other, counter] { queue.remove(entry) }
    }

    @Test func oneWhoSleepsIsWokenLater() throws {
        let queue = WaitQueue()
        let waiter = Waiter()
        let entry = TaskWaitEntry(waiter)
        queue.add(entry)
        let isDone = Waiter()
        try Thread.start {
            if waiter.park() == .woken { isDone.unpark() }
        }
        var wakes = DelayedWakes()
        queue.notify(.readable, later: &wakes)
        wakes.wake()
        #expect(isDone.park() == .woken)
        queue.remove(entry)
    }

    @Test func aLimitedNotificationReachesAllWhoLookAndOneWhoTakes() {
        let queue = WaitQueue()
        let takers = (0..<3).map { _ in Counter(mask: .all, exclusive: true) }
        let lookers = (0..<2).map { _ in Counter(mask: .all) }
        queue.add(takers[0])
        queue.add(lookers[0])
        queue.add(takers[1])
        queue.add(lookers[1])
        queue.add(takers[2])
        queue.notify(.readable, limit: 1)
        #expect(lookers.map(\.told) == [1, 1])
        #expect(takers.map(\.told) == [1, 0, 0])
        takers[0].takes = false
        queue.notify(.readable, limit: 1)
        #expect(takers.map(\.told) == [2, 1, 0])
        queue.notify(.readable)
        #expect(takers.map(\.told) == [3, 2, 1])
    }

    @Test func entriesLeaveInAnyOrderAndMayOutliveTheQueue() {
        var queue: WaitQueue? = WaitQueue()
        let entries = (0..<5).map { _ in Counter(mask: .all) }
        for entry in entries { queue?.add(entry) }
        for index in [2, 0, 4, 2] { queue?.remove(entries[index]) }
        queue?.notify(.POLLIN)
        #expect(entries.map(\.told) == [0, 1, 0, 1, 0])
        queue = nil
        let other = WaitQueue()
        other.remove(entries[1])
        other.add(entries[1])
        other.notify(.POLLIN)
        #expect(entries[1].told == 2)
        other.remove(entries[1])
    }
}
