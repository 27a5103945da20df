import HostOS
import LinuxABI
import Memory
import Platform
import Synchronization
import Waiting

/// What a task is doing, as somebody outside sees it at one moment.
public struct TaskSnapshot: Sendable {
    public var pid: Int32
    public var tid: Int32
    public var name: [UInt8]
    /// The letter of /proc/PID/stat.
    public var state: UInt8
    /// The host's id of the Sentry thread that serves it, and of the stub process that holds its memory.
    public var sentryThread: Int32
    public var hostProcess: Int32
    /// The call that it is in, as strace would write it, without a result; nil while guest code runs.
    public var call: [UInt8]?
    /// nil when nobody has asked the stub for them, or it does not answer in time.
    public var registers: Registers?
}

/// Where a task leaves its registers for somebody who asks.
final class RegisterRequest: @unchecked Sendable {
    /// Guards the registers. Innermost.
    private let lock = Lock()
    private var answer: Registers?
    private let asker = Waiter()

    func fulfil(_ registers: Registers) {
        lock.withLock { answer = registers }
        asker.unpark()
    }

    func wait(until deadline: Deadline) -> Registers? {
        while true {
            if let answer = lock.withLock({ answer }) { return answer }
            if asker.park(until: deadline) == .timedOut { return lock.withLock { answer } }
        }
    }
}

extension Kernel {
    /// All tasks. Those that run guest code are stopped for a moment; those in a call are left alone.
    public func snapshot() -> [TaskSnapshot] {
        var all: [TaskSnapshot] = []
        for (pid, group) in groups(in: rootPIDNamespace) {
            for task in group.liveTasks { all.append(task.snapshot(pid)) }
        }
        return all
    }
}

extension Task {
    fileprivate func snapshot(_ pid: Int32) -> TaskSnapshot {
        var result = TaskSnapshot(pid: pid, tid: tid, name: name, state: stateLetter, sentryThread: hostThread.load(ordering: .relaxed),
                                  hostProcess: memoryManager.addressSpace.hostProcess, call: nil, registers: nil)
        if inGuest.load(ordering: .acquiring) {
            let request = RegisterRequest()
            group.signalLock.withLock { registerRequest = request }
            interrupt()
            result.registers = request.wait(until: .after(200_000_000))
        } else {
            // It stands in a call, or is between two: what it has stored last. Words may be of different moments.
            let context = anyContext
            let glance = context.glance
            result.registers = glance.registers
            if glance.isInCall {
                let call = context.call
                var text = CallFormatter(pid: tid, number: Int(Int32(truncatingIfNeeded: call.number)), SystemCallArguments(call))
                text.begin(memoryManager.addressSpace.remote)
                text.endUnanswered()
                result.call = text.line.bytes
            }
        }
        return result
    }

    /// On the task's own thread, outside of guest code; the signal lock is held.
    func answerRegisterRequest() {
        guard let request = registerRequest else { return }
        registerRequest = nil
        request.fulfil(context.registers)
    }
}
