import LinuxABI

extension Waiter {
    /// Tries `attempt` until it gives a result, sleeping in `queue` in between.
    ///
    /// - Parameters:
    ///   - exclusive: whether a limited notification of the queue may wake this task alone.
    ///   - attempt: nil means not yet.
    /// - Throws: `attempt`'s error; ERESTARTSYS when interrupted; ETIMEDOUT at the deadline.
    @inlinable @inline(__always)
    public func wait<R>(on queue: WaitQueue, for mask: IOEvents, until deadline: Deadline? = nil, exclusive: Bool = false,
                        _ attempt: () throws(Errno) -> R?) throws(Errno) -> R {
        if let result = try attempt() { return result }
        return try sleep(on: queue, for: mask, until: deadline, exclusive: exclusive, attempt)
    }

    /// `wait` after a first attempt in vain.
    @inlinable @inline(never)
    func sleep<R>(on queue: WaitQueue, for mask: IOEvents, until deadline: Deadline?, exclusive: Bool,
                  _ attempt: () throws(Errno) -> R?) throws(Errno) -> R {
        let entry = TaskWaitEntry(self, mask: mask, exclusive: exclusive)
        queue.add(entry)
        defer { queue.remove(entry) }
        while true {
            if let result = try attempt() { return result }
            switch park(until: deadline) {
            case .woken: continue
            case .interrupted:
                // What has come at the same time counts, as with Linux: a child's end and its SIGCHLD.
                if let result = try attempt() { return result }
                // A limited notification may have chosen this task: what it was told of is the next one's then.
                if exclusive { queue.notify(mask, limit: 1) }
                throw .ERESTARTSYS
            case .timedOut:
                if let result = try attempt() { return result }
                throw .ETIMEDOUT
            }
        }
    }
}
