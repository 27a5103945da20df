import HostOS
import Identity
import LinuxABI
import Waiting

/// A set of System V semaphores (semget(2)).
public final class SemaphoreSet: IPCObject, @unchecked Sendable {
    /// One of semop(2)'s operations: struct sembuf.
    public struct Operation: BitwiseCopyable, Sendable {
        public var number: UInt16
        public var change: Int16
        /// IPC_NOWAIT 0o4000, SEM_UNDO 0x1000.
        public var flags: Int16
    }

    public static let SEMVMX = 32767
    private static let IPC_NOWAIT: Int16 = 0o4000
    private static let SEM_UNDO: Int16 = 0x1000

    private struct Waiting {
        var number: Int
        var forZero: Bool
    }

    private struct Undo {
        weak var group: ThreadGroup?
        var adjustments: [Int32]
    }

    // Guarded by the lock.

    private var values: [Int32]
    /// The process that changed each last: its numbers.
    private var lastPIDs: [Int32]
    public private(set) var operationTime: UInt64 = 0
    private var waiting: [ObjectIdentifier: Waiting] = [:]
    private var undos: [ObjectIdentifier: Undo] = [:]

    private let queue = WaitQueue()

    public init(key: Int32, count: Int, mode: UInt32, by credentials: Credentials) {
        values = .init(repeating: 0, count: count)
        lastPIDs = values
        super.init(key: key, mode: mode, by: credentials)
    }

    public var count: Int { values.count }

    /// semtimedop(2): all operations at once, or none yet.
    ///
    /// - Throws: EFBIG, ERANGE, EAGAIN (not now, or not in time), EIDRM, EINTR.
    public func operate(_ operations: [Operation], until deadline: Deadline?, by task: Task) throws(Errno) {
        if operations.contains(where: { Int($0.number) >= values.count }) { throw .EFBIG }
        let me = ObjectIdentifier(task)
        let undoes = operations.contains { $0.flags & Self.SEM_UNDO != 0 }
        if undoes { task.group.semaphoreUndo.note(self) }
        defer { lock.withLock { waiting[me] = nil } }
        do throws(Errno) {
            try task.waiter.wait(on: queue, for: .all, until: deadline) { () throws(Errno) -> Void? in
                try attempt(operations, by: task, me)
            }
        } catch {
            switch error {
            case .ETIMEDOUT: throw .EAGAIN
            case .ERESTARTSYS: throw .EINTR
            default: throw error
            }
        }
    }

    /// - Returns: nil when it has to wait.
    private func attempt(_ operations: [Operation], by task: Task, _ me: ObjectIdentifier) throws(Errno) -> Void? {
        let changed = try lock.withLock { () throws(Errno) -> Bool? in
            if isRemoved { throw .EIDRM }
            var new = values
            for operation in operations {
                let number = Int(operation.number)
                let value = new[number]
                let change = Int32(operation.change)
                let mustWait = change == 0 ? value != 0 : value + change < 0
                if mustWait {
                    if operation.flags & Self.IPC_NOWAIT != 0 { throw .EAGAIN }
                    waiting[me] = Waiting(number: number, forZero: change == 0)
                    return nil
                }
                if value + change > Self.SEMVMX { throw .ERANGE }
                new[number] = value + change
            }
            try takeUndo(operations, task.group)
            let changes = new != values
            values = new
            let pid = task.group.id(in: task.pidNamespace)
            for operation in operations { lastPIDs[Int(operation.number)] = pid }
            operationTime = HostClock.realtime / 1_000_000_000
            waiting[me] = nil
            return changes
        }
        guard let changed else { return nil }
        if changed { queue.notify(.all) }
        return ()
    }

    // MARK: Undo

    private func takeUndo(_ operations: [Operation], _ group: ThreadGroup) throws(Errno) {
        guard operations.contains(where: { $0.flags & Self.SEM_UNDO != 0 && $0.change != 0 }) else { return }
        var undo = undos[ObjectIdentifier(group)] ?? Undo(group: group, adjustments: .init(repeating: 0, count: values.count))
        // An ended process's place may have been taken by this one.
        if undo.group !== group { undo = Undo(group: group, adjustments: .init(repeating: 0, count: values.count)) }
        for operation in operations where operation.flags & Self.SEM_UNDO != 0 {
            let new = undo.adjustments[Int(operation.number)] - Int32(operation.change)
            if new < -32768 || new > 32767 { throw .ERANGE }
            undo.adjustments[Int(operation.number)] = new
        }
        undos[ObjectIdentifier(group)] = undo
    }

    /// Takes back what an ending process has not.
    func undo(_ group: ThreadGroup) {
        lock.withLock {
            guard let undo = undos.removeValue(forKey: ObjectIdentifier(group)) else { return }
            for i in values.indices where undo.adjustments[i] != 0 {
                values[i] = min(max(0, values[i] + undo.adjustments[i]), Int32(Self.SEMVMX))
                lastPIDs[i] = group.id(in: group.pidNamespace)
            }
        }
        queue.notify(.all)
    }

    // MARK: semctl. The lock is held.

    /// - Throws: EINVAL.
    public func value(_ number: Int) throws(Errno) -> Int32 {
        guard values.indices.contains(number) else { throw .EINVAL }
        return values[number]
    }

    public func lastPID(_ number: Int) throws(Errno) -> Int32 {
        guard values.indices.contains(number) else { throw .EINVAL }
        return lastPIDs[number]
    }

    /// Tasks that wait for a semaphore to rise, or to become 0.
    public func waiters(_ number: Int, forZero: Bool) throws(Errno) -> Int {
        guard values.indices.contains(number) else { throw .EINVAL }
        return waiting.values.filter { $0.number == number && $0.forZero == forZero }.count
    }

    public var allValues: [UInt16] { values.map { UInt16(truncatingIfNeeded: $0) } }

    /// SETVAL. The caller notifies afterwards.
    public func set(_ number: Int, _ value: Int32, by task: Task) throws(Errno) {
        guard values.indices.contains(number) else { throw .EINVAL }
        values[number] = value
        lastPIDs[number] = task.group.id(in: task.pidNamespace)
        for key in undos.keys { undos[key]?.adjustments[number] = 0 }
        changeTime = HostClock.realtime / 1_000_000_000
    }

    /// SETALL.
    public func setAll(_ new: [UInt16], by task: Task) {
        for i in values.indices where i < new.count { values[i] = Int32(new[i]) }
        let pid = task.group.id(in: task.pidNamespace)
        lastPIDs = .init(repeating: pid, count: values.count)
        undos = [:]
        changeTime = HostClock.realtime / 1_000_000_000
    }

    /// Lets those who wait look again.
    public func notifyWaiters() { queue.notify(.all) }
}

/// The semaphore sets in which a process has something to take back when it ends.
public final class SemaphoreUndo: @unchecked Sendable {
    private struct WeakSet {
        weak var set: SemaphoreSet?
    }

    /// Guards the list. Innermost.
    private let lock = Lock()
    private var sets: [WeakSet] = []

    func note(_ set: SemaphoreSet) {
        lock.withLock {
            sets.removeAll { $0.set == nil }
            if !sets.contains(where: { $0.set === set }) { sets.append(WeakSet(set: set)) }
        }
    }

    func takeBack(_ group: ThreadGroup) {
        let all = lock.withLock {
            let all = sets
            sets = []
            return all
        }
        for entry in all { entry.set?.undo(group) }
    }
}
