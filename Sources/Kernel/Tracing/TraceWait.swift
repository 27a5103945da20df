import LinuxABI

// What wait(2) finds of the tasks that a process's threads trace. The tree lock is held.

extension Task {
    /// Looks at all tracees that `target` means.
    ///
    /// - Parameter exists: set when there is one.
    func lookAtTracees(_ target: WaitTarget, _ options: WaitOptions, exists: inout Bool) -> WaitResult? {
        let tracers = options.contains(.__WNOTHREAD) ? [self] : group.liveTasks
        for tracer in tracers {
            for tracee in tracer.tracees where matches(tracee, target) {
                exists = true
                if let result = report(tracee, options) { return result }
            }
        }
        return nil
    }

    private func matches(_ tracee: Task, _ target: WaitTarget) -> Bool {
        switch target {
        case .any: true
        case .process(let id): tracee.id(in: pidNamespace) == id
        case .processGroup(0): tracee.group.processGroup === group.processGroup
        case .processGroup(let id): tracee.group.processGroup.id(in: pidNamespace) == id
        case .group(let wanted): tracee.group === wanted && wanted.leader === tracee
        }
    }

    private func report(_ tracee: Task, _ options: WaitOptions) -> WaitResult? {
        let ruid = tracee.snapshot.credentials.ruid
        var result = WaitResult(pid: tracee.id(in: pidNamespace), uid: credentials.userNamespace.visibleUID(ruid),
                                code: 0, status: 0, word: 0, usage: Usage())
        let takes = !options.contains(.WNOWAIT)
        if tracee.hasExited {
            let isLeader = tracee.group.leader === tracee
            // A first thread that has ended stays a secret until its process has.
            guard options.contains(.WEXITED), !isLeader || tracee.group.hasEnded else { return nil }
            let status = tracee.group.exitStatus ?? tracee.exitCode
            (result.code, result.status) = status.childCode
            result.word = status.rawValue
            if isLeader { result.usage = tracee.group.totalUsage }
            if takes { reap(tracee, result.usage) }
            return result
        }
        return tracee.group.signalLock.withLock {
            guard let trace = tracee.trace, var stop = trace.stop, !stop.isReported, !trace.isListening else { return nil }
            (result.code, result.status) = (SignalInfo.CLD_TRAPPED, stop.code)
            result.word = stop.code << 8 | 0x7f
            if takes {
                stop.isReported = true
                trace.stop = stop
            }
            return result
        }
    }

    /// The tracer has seen the end: now it is the parent's turn, or nobody's.
    private func reap(_ tracee: Task, _ usage: Usage) {
        tracee.unlink()
        if tracee.group.leader === tracee, tracee.group.parent === group {
            group.childUsage.add(usage)
            tracee.group.release()
        } else {
            tracee.releaseZombie()
        }
    }
}

extension ThreadGroup {
    /// Of all its threads and the children that it has waited for. The tree lock is held.
    var totalUsage: Usage {
        var usage = pastUsage
        usage.add(childUsage)
        return usage
    }
}
