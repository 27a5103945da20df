internal import CStub
public import HostOS
public import LinuxABI

/// A container's seed: a filtered process inside its cgroup that forks stubs on request, and the listener of the filter
/// that it shares with them.
public final class Seed: @unchecked Sendable {
    public let process: Int32
    public let listener: SeccompListener
    /// Where the host's vDSO lies in the seed and its stubs; 0: nowhere.
    public let vdso: UInt64
    /// Guards the listener: one thread receives at a time. A leaf.
    private let lock = Lock()
    private var closed = false
    /// The seed's own request, taken and not answered yet.
    private var pending: UInt64?
    /// Who answers requests instead of `serve` and `fork`.
    private var requests: StubRequests?

    init(process: Int32, vdso: UInt64, listener: SeccompListener) {
        self.process = process
        self.vdso = vdso
        self.listener = listener
        listener.preferSameCore()
    }

    deinit {
        close()
        // The thread that answers has gone before, or it keeps the descriptor.
        if requests == nil { listener.fd.close() }
    }

    /// Has requests answered by a thread from now on: instead of `serve` and `fork`.
    public func startAnswering() throws(Errno) -> StubRequests {
        let answerer = try StubRequests(seed: process, listener: listener)
        lock.withLock { requests = answerer }
        return answerer
    }

    /// Forks the seed.
    ///
    /// - Returns: the new process, a child of ours that waits in `StubLayout.park`.
    public func fork() throws(Errno) -> Int32 {
        try lock.withLock { () throws(Errno) -> Int32 in
            if closed { throw .ESRCH }
            if pending == nil { pending = try receive(from: process, number: StubLayout.requestNumber).id }
            guard let waiting = pending else { throw .ESRCH }
            pending = nil
            try listener.answer(waiting, value: Int64(STUB_SEED_FORK))
            let clone = try receive(from: process, number: SystemCallNumber.clone.rawValue)
            try listener.answer(clone.id, proceed: true)
            let report = try receive(from: process, number: StubLayout.requestNumber)
            pending = report.id
            let child = Int64(bitPattern: report.arguments.1)
            if child < 0 { throw Errno(rawValue: Int32(truncatingIfNeeded: -child)) }
            return Int32(truncatingIfNeeded: child)
        }
    }

    /// Runs `start`, which lets `thread` make a call that asks, and answers it by `answer`.
    ///
    /// - Parameter stirred: called while nothing arrives; true: `thread` will not ask any more.
    public func serve(_ thread: Int32, start: () throws(Errno) -> Void, stirred: () throws(Errno) -> Bool,
                      answer: (SeccompNotification) throws(Errno) -> Void) throws(Errno) {
        try lock.withLock { () throws(Errno) in
            try start()
            var patience: Int32 = 1
            while true {
                guard try listener.isReady(timeout: patience) else {
                    patience = min(patience * 2, 32)
                    if try stirred() { return }
                    continue
                }
                let request: SeccompNotification
                do throws(Errno) { request = try listener.receive() } catch {
                    if error == .ENOENT { continue }
                    throw error
                }
                if request.thread == thread {
                    do throws(Errno) {
                        try answer(request)
                        return
                    } catch {
                        // It has died, or a signal took it out of the request (on hosts before 5.19): it asks once more.
                        if error == .ENOENT { continue }
                        throw error
                    }
                }
                if request.thread == process {
                    pending = request.id
                } else {
                    try? listener.answer(request.id, error: .EPERM)
                }
            }
        }
    }

    /// Ends the seed; its stubs live on and can ask while this object lives.
    public func close() {
        lock.withLock {
            if closed { return }
            closed = true
            requests?.close()
            HostTrace.kill(process: process)
            _ = try? HostTrace.wait(process)
        }
    }

    private func receive(from thread: Int32, number: Int) throws(Errno) -> SeccompNotification {
        while true {
            let request = try next()
            if request.thread == thread && request.number == number { return request }
            try? listener.answer(request.id, error: .EPERM)
        }
    }

    /// The next request of anyone, while the seed lives.
    private func next() throws(Errno) -> SeccompNotification {
        while true {
            guard try listener.isReady(timeout: 100) else {
                // A seed that was killed from outside (its cgroup was full) asks no more.
                if try HostTrace.wait(process, now: true) != nil {
                    closed = true
                    throw .ESRCH
                }
                continue
            }
            do throws(Errno) { return try listener.receive() } catch { if error != .ENOENT { throw error } }
        }
    }
}
