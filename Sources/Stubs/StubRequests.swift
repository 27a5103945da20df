internal import CStub
public import HostOS
public import LinuxABI
import Synchronization

/// Answers what the stubs of one container ask by notification (native-memory.md, sections 4 and 5).
///
/// One thread receives. It never waits for anything else: whoever lets a stub's thread ask says before what it may ask for,
/// and learns of the outcome from that thread. What nobody expects is refused.
public final class StubRequests: @unchecked Sendable {
    /// What a thread may ask for, once.
    public enum Expected {
        /// Exactly this call, which the kernel then executes.
        case call(Int, (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64))
        /// A thread or process, with these flags.
        case clone(flags: UInt64)
        /// A descriptor, as number `slot`.
        case descriptor(HostFD, slot: Int32)
    }

    /// A process that is being made by a fork of a stub.
    public final class Arrival: @unchecked Sendable {
        fileprivate let arena: HostFD
        /// Its id, by the kernel's word; 0: it has not asked for its arena yet. A futex word.
        private let process = Atomic<Int32>(0)

        fileprivate init(arena: HostFD) { self.arena = arena }

        fileprivate func arrive(_ id: Int32) {
            process.store(id, ordering: .releasing)
            unsafe withUnsafePointer(to: process) { unsafe Futex.wake(UnsafeRawPointer($0)) }
        }

        /// The process that has arrived; nil: none has.
        public var now: Int32? {
            let id = process.load(ordering: .acquiring)
            return id == 0 ? nil : id
        }

        /// Waits for it.
        ///
        /// - Parameter deadline: CLOCK_MONOTONIC, nanoseconds.
        public func wait(until deadline: UInt64) -> Int32? {
            while true {
                if let id = now { return id }
                do throws(Errno) {
                    try unsafe withUnsafePointer(to: process) { (p) throws(Errno) in
                        try unsafe Futex.wait(UnsafeRawPointer(p), expected: 0, deadline: deadline)
                    }
                } catch { return now }
            }
        }
    }

    private struct Expectation {
        var what: Expected
        var serial: UInt64
    }

    /// A stub that was forked from the seed and waits for its arena.
    private struct ReadyStub {
        var process: Int32
        var request: UInt64
    }

    private let seed: Int32
    private let listener: SeccompListener

    /// Guards what follows. A leaf.
    private let lock = Lock()
    private var expected: [Int32: Expectation] = [:]
    private var expectations: UInt64 = 0
    private var arrivals: [UInt64: Arrival] = [:]
    /// Processes that have shown a ticket.
    private var known: Set<Int32> = []
    private var closed = false
    /// The seed's own request, not answered yet: it can fork.
    private var seedRequest: UInt64?
    /// Forks of the seed that are wanted, by ticket.
    private var wanted: [UInt64] = []
    /// The one that it makes, and whether it has asked for the clone.
    private var current: UInt64?
    private var hasCloned = false
    /// Tickets of processes that the seed has forked or is about to, with their ids once it has told.
    private var coming: [UInt64: Int32] = [:]
    private var ready: [ReadyStub] = []
    private var taken = 0
    /// How many threads wait for one.
    private var waiting = 0
    private var failure: Errno?
    /// Changes when something comes of a fork of the seed. A futex word.
    private let progress = Atomic<UInt32>(0)

    /// - Parameter seed: the process whose filter `listener` belongs to.
    public init(seed: Int32, listener: SeccompListener) throws(Errno) {
        self.seed = seed
        self.listener = listener
        try Thread.start { self.listen() }
    }

    // MARK: The receiving thread

    private func listen() {
        while true {
            do throws(Errno) {
                handle(try listener.receive())
            } catch {
                // The asker went away, or all of them.
                guard error == .ENOENT || error == .EINTR, (try? listener.isReady(timeout: 0)) != nil else { return }
            }
        }
    }

    private func handle(_ request: SeccompNotification) {
        if request.thread == seed { return handleSeed(request) }
        if request.number == StubLayout.requestNumber, request.arguments.0 == UInt64(STUB_REQUEST_ARENA) {
            return handleArrival(request, ticket: request.arguments.1)
        }
        let may = lock.withLock { expected[request.thread] }
        do throws(Errno) {
            switch may?.what {
            case .call(let number, let arguments)? where number == request.number && arguments == request.arguments:
                try listener.answer(request.id, proceed: true)
            case .clone(let flags)? where request.number == SystemCallNumber.clone.rawValue && flags == request.arguments.0:
                try listener.answer(request.id, proceed: true)
            case .descriptor(let file, let slot)? where request.number == StubLayout.requestNumber:
                do throws(Errno) {
                    try listener.answer(request.id, installing: file, at: slot)
                } catch {
                    try listener.answer(request.id, error: error)
                }
            default:
                try listener.answer(request.id, error: .EPERM)
            }
        } catch {
            // It has died, or a signal took it out of the request (on hosts before 5.19): it may ask once more.
            if error == .ENOENT { return }
        }
        lock.withLock {
            // It may be on the way to its next request already.
            if let may, expected[request.thread]?.serial == may.serial { expected.removeValue(forKey: request.thread) }
        }
    }

    private func handleArrival(_ request: SeccompNotification, ticket: UInt64) {
        enum Kind { case none, stranger, forked(Arrival), fresh, late }
        // A ticket is shown by a new process, and not by one that is somebody already, nor by its threads.
        let isChild = HostTrace.isChild(request.thread)
        let kind = lock.withLock { () -> Kind in
            if !isChild || known.contains(request.thread) { return .none }
            if let arrival = arrivals.removeValue(forKey: ticket) {
                // At once: who forgets it, knows.
                arrival.arrive(request.thread)
                known.insert(request.thread)
                return .forked(arrival)
            }
            guard coming.removeValue(forKey: ticket) != nil else { return .stranger }
            if closed { return .late }
            known.insert(request.thread)
            ready.append(ReadyStub(process: request.thread, request: request.id))
            return .fresh
        }
        switch kind {
        case .none: try? listener.answer(request.id, error: .EPERM)
        // A child of a stub's with a ticket that is not or no longer valid: nobody else would wait for it.
        case .stranger: end(request.thread)
        case .forked(let arrival):
            try? listener.answer(request.id, installing: arrival.arena, at: 3)
        case .fresh: noteProgress()
        case .late: end(request.thread)
        }
    }

    private func handleSeed(_ request: SeccompNotification) {
        let answer = lock.withLock { () -> (proceeds: Bool, refuses: Bool) in
            if request.number == SystemCallNumber.clone.rawValue, current != nil, !hasCloned {
                hasCloned = true
                return (true, false)
            }
            guard request.number == StubLayout.requestNumber, request.arguments.0 == UInt64(STUB_REQUEST_SEED) else {
                return (false, true)
            }
            seedRequest = request.id
            let result = Int64(bitPattern: request.arguments.1)
            if let ticket = current {
                current = nil
                if result > 0 {
                    if coming[ticket] != nil { coming[ticket] = Int32(truncatingIfNeeded: result) }
                } else {
                    coming.removeValue(forKey: ticket)
                    failure = Errno(rawValue: Int32(truncatingIfNeeded: -result))
                }
            }
            startFork()
            return (false, false)
        }
        if answer.proceeds { try? listener.answer(request.id, proceed: true) }
        if answer.refuses { try? listener.answer(request.id, error: .EPERM) }
        noteProgress()
    }

    private func noteProgress() {
        progress.add(1, ordering: .releasing)
        unsafe withUnsafePointer(to: progress) { unsafe Futex.wake(UnsafeRawPointer($0), count: 64) }
    }

    /// Lets the seed begin what is wanted next, if it can. The lock is held.
    private func startFork() {
        guard current == nil, let request = seedRequest, let ticket = wanted.first else { return }
        wanted.removeFirst()
        seedRequest = nil
        current = ticket
        hasCloned = false
        coming[ticket] = 0
        // One that nobody waits for is made on another core, if one is free: who has taken the last goes on here.
        if waiting == 0 { listener.preferSameCore(false) }
        try? listener.answer(request, value: Int64(bitPattern: ticket))
        if waiting == 0 { listener.preferSameCore(true) }
    }

    private func end(_ process: Int32) {
        HostTrace.kill(process: process)
        _ = try? HostTrace.wait(process)
        forget(process: process)
    }

    // MARK: For those who let stubs ask

    /// Says what `thread` is about to ask for.
    public func expect(_ thread: Int32, _ what: Expected) {
        lock.withLock {
            expectations &+= 1
            expected[thread] = Expectation(what: what, serial: expectations)
        }
    }

    /// It asks no more.
    public func forget(_ thread: Int32) { lock.withLock { _ = expected.removeValue(forKey: thread) } }

    /// `process` was waited for: its number may come to mean another one.
    public func forget(process: Int32) { lock.withLock { _ = known.remove(process) } }

    /// Says that a process is about to ask for `arena` with `ticket`.
    public func expectArrival(ticket: UInt64, arena: HostFD) -> Arrival {
        let arrival = Arrival(arena: arena)
        lock.withLock { arrivals[ticket] = arrival }
        return arrival
    }

    public func forgetArrival(ticket: UInt64) { lock.withLock { _ = arrivals.removeValue(forKey: ticket) } }

    /// A fresh stub, a fork of the seed, which maps `arena`. One more is made ready for the next time, but not for the first.
    ///
    /// - Parameters:
    ///   - ticket: makes new secrets.
    ///   - files: go into it as numbers `firstFile` and on.
    public func takeStub(arena: HostFD, files: [HostFD], ticket: () -> UInt64) throws(Errno) -> Int32 {
        var ordered = false, counted = false
        defer { if counted { lock.withLock { waiting -= 1 } } }
        while true {
            let seen = progress.load(ordering: .acquiring)
            let stub = try lock.withLock { () throws(Errno) -> ReadyStub? in
                if closed { throw .ESRCH }
                if let stub = ready.popLast() {
                    taken += 1
                    if taken > 1, ready.isEmpty, coming.isEmpty, wanted.isEmpty {
                        wanted.append(ticket())
                        startFork()
                    }
                    return stub
                }
                if let error = failure {
                    failure = nil
                    throw error
                }
                if !counted {
                    counted = true
                    waiting += 1
                }
                if !ordered {
                    ordered = true
                    if coming.isEmpty && wanted.isEmpty { wanted.append(ticket()) }
                    startFork()
                }
                return nil
            }
            if let stub {
                do throws(Errno) {
                    for (i, file) in files.enumerated() {
                        try listener.install(stub.request, file, at: Int32(i) + Self.firstFile)
                    }
                    try listener.answer(stub.request, installing: arena, at: 3)
                    return stub.process
                } catch {
                    // It was killed while it waited.
                    end(stub.process)
                    continue
                }
            }
            do throws(Errno) {
                try unsafe withUnsafePointer(to: progress) { (p) throws(Errno) in
                    try unsafe Futex.wait(UnsafeRawPointer(p), expected: seen, deadline: HostClock.monotonic + 100_000_000)
                }
            } catch {
                // A seed that was killed from outside (its cgroup was full) makes no more.
                if HostTrace.hasEnded(seed) { throw .ESRCH }
                forgetDead()
                ordered = false
            }
        }
    }

    /// Those that the seed has forked may be killed from outside before they have asked for anything.
    private func forgetDead() {
        let dead = lock.withLock { coming.filter { $0.value > 0 && HostTrace.hasEnded($0.value) } }
        for (ticket, process) in dead {
            if lock.withLock({ coming.removeValue(forKey: ticket) }) != nil { _ = try? HostTrace.wait(process) }
        }
    }

    /// The number of the first of a fresh stub's files.
    public static let firstFile: Int32 = 4

    /// Ends the stubs that wait. The seed is killed by its owner.
    public func close() {
        let stubs = lock.withLock {
            closed = true
            defer { ready = [] }
            return ready
        }
        for stub in stubs { end(stub.process) }
        forgetDead()
    }
}
