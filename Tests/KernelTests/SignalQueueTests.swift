import LinuxABI
import Testing
@testable import Kernel

@Suite struct SignalQueueTests {
    @Test func standardSignalsCoalesceAndTheFirstIsKept() {
        var queue = SignalQueue()
        var first = SignalInfo(Signal.SIGUSR1, code: 0)
        first.pid = 5
        queue.add(first, source: nil, limit: 10)
        queue.add(SignalInfo(Signal.SIGUSR1, code: 0), source: nil, limit: 10)
        #expect(queue.count == 1)
        let (taken, none) = (queue.next(in: .all), queue.next(in: .all))
        #expect(taken?.pid == 5)
        #expect(none == nil)
        #expect(queue.set.isEmpty)
    }

    @Test func realTimeSignalsKeepTheirOrder() {
        var queue = SignalQueue()
        for value in [1, 2, 3] as [UInt64] {
            var info = SignalInfo(40, code: SignalInfo.SI_QUEUE)
            info.value = value
            queue.add(info, source: nil, limit: 10)
        }
        queue.add(SignalInfo(Signal.SIGTERM, code: 0), source: nil, limit: 10)
        queue.add(SignalInfo(Signal.SIGSEGV, code: 1), source: nil, limit: 10)
        var taken: [Int32] = []
        var values: [UInt64] = []
        while let info = queue.next(in: .all) {
            taken.append(info.signal)
            if info.signal == 40 { values.append(info.value) }
        }
        #expect(taken == [11, 15, 40, 40, 40])
        #expect(values == [1, 2, 3])
    }

    @Test func whatDoesNotFitIsOnlyMarked() {
        var queue = SignalQueue()
        let (first, second) = (queue.add(SignalInfo(34, code: -1), source: nil, limit: 1),
                               queue.add(SignalInfo(35, code: -1), source: nil, limit: 1))
        #expect(first && !second)
        let (marked, kept) = (queue.next(in: SignalSet(35)), queue.next(in: .all))
        #expect(marked?.code == SignalInfo.SI_USER)
        #expect(kept?.signal == 34)
    }

    @Test func siginfoHasLinuxsLayout() {
        #expect(MemoryLayout<SignalInfo>.size == 128)
        var info = SignalInfo(17, code: -6)
        info.pid = 77
        info.uid = 1000
        info.status = 9
        #expect(info.words[0] == 17 && info.words[1] == 0xffff_fffa && info.words[2] == 1000 << 32 | 77 && info.words[3] == 9)
    }

    @Test func framesHaveLinuxsLayout() {
        #expect(MemoryLayout<SignalContext>.size == 256)
        #expect(MemoryLayout<UserContext>.size == 304)
        #expect(MemoryLayout<SignalFrame>.size == 440)
    }

    @Test func setsCountFromOne() {
        #expect(SignalSet(1).rawValue == 1 && SignalSet(64).rawValue == 1 << 63)
        #expect(SignalSet(0).isEmpty && SignalSet(65).isEmpty && SignalSet(-1).isEmpty)
        #expect(SignalSet(rawValue: 0x100).first == 9)
    }
}
