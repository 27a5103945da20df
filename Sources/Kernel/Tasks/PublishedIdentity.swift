import HostOS
import Identity
import Platform

// What a platform may answer in a task's place: it is told of every change before the change shows anywhere else.

extension Task {
    /// The task's numbers. The tree lock is held.
    func publishNumbers() {
        let pids = pidNamespace
        currentContext.publish(ThreadIdentity(
            pid: group.id(in: pids), tid: id(in: pids), parent: group.parent?.id(in: pids) ?? 0,
            processGroup: group.processGroup.id(in: pids), session: group.processGroup.ownSession.id(in: pids),
            processor: processor))
    }

    /// `affinity` is another one.
    public func processorChanged() { kernel.treeLock.withLock { publishNumbers() } }

    /// Its users and groups. In a user namespace of its own numbers may come to mean others: then nothing is told.
    func publishUsers() {
        let c = credentials
        let namespace = c.userNamespace
        context.publish(users: namespace === kernel.rootUserNamespace
            ? ThreadUsers(uid: namespace.visibleUID(c.ruid), euid: namespace.visibleUID(c.euid),
                           gid: namespace.visibleGID(c.rgid), egid: namespace.visibleGID(c.egid)) : nil)
    }

    /// The processor that getcpu(2) names: guests have their own, so a task stays on one of those that it may use.
    public var processor: UInt32 {
        for (index, word) in allowedProcessors.enumerated() where word != 0 { return UInt32(index * 64 + word.trailingZeroBitCount) }
        return 0
    }

    /// The processors that it may use, as bits: those that it asked for, as far as its container has them still.
    public var allowedProcessors: [UInt64] {
        let all = group.container.processorWords
        if affinity.isEmpty { return all }
        let both = zip(all, affinity).map { $0 & $1 }
        return both.allSatisfy { $0 == 0 } ? all : both + Array(repeating: 0, count: all.count - both.count)
    }
}

extension ThreadGroup {
    /// The numbers of all its tasks. The tree lock is held.
    func publishNumbers() {
        for task in liveTasks { task.publishNumbers() }
    }
}

extension GuestContainer {
    /// The processors that its guests see, as bits.
    public var processorWords: [UInt64] {
        let count = processorCount
        return (0..<(count + 63) / 64).map { word in
            let left = count - word * 64
            return left >= 64 ? .max : (1 << UInt64(left)) - 1
        }
    }
}
