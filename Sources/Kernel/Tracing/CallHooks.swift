import HostOS
import LinuxABI
import Platform
import Synchronization

/// Who else looks at a task's system calls. None of them: a call goes straight to its handler.
struct CallHooks: OptionSet {
    var rawValue: UInt32

    /// A filter or mode of seccomp(2).
    static let seccomp = CallHooks(rawValue: 1)
    /// `--strace`.
    static let log = CallHooks(rawValue: 2)
    /// `cloister debug syscalls`.
    static let counts = CallHooks(rawValue: 4)
    /// Somebody traces the task (ptrace(2)): steps end at calls.
    static let traced = CallHooks(rawValue: 8)
    /// Its tracer wants to see its calls.
    static let calls = CallHooks(rawValue: 16)
}

extension Task {
    /// From any thread; the task takes notice at its next call.
    func addHook(_ hook: CallHooks) { hooks.bitwiseOr(hook.rawValue, ordering: .acquiringAndReleasing) }

    func removeHook(_ hook: CallHooks) { hooks.bitwiseAnd(~hook.rawValue, ordering: .acquiringAndReleasing) }

    /// Lets the platform know whether it may answer calls by itself. On the task's own thread, for each new context and
    /// whenever hooks have changed.
    func applyHooks() {
        let active = CallHooks(rawValue: hooks.load(ordering: .acquiring))
        context.handOverAll = !active.subtracting(.counts).isEmpty
        // Its filter may have been installed by another thread.
        if active.contains(.seccomp), (try? closeNativeCalls(of: context)) == nil { group.kill(.signaled(Signal.SIGKILL)) }
    }

    /// What a new task is watched by from its beginning.
    func addInitialHooks() {
        if kernel.callLog != nil { addHook(.log) }
        if kernel.countsCalls.load(ordering: .acquiring) { addHook(.counts) }
    }

    /// The call at hand, while somebody looks.
    func dispatchWatched() {
        let active = CallHooks(rawValue: hooks.load(ordering: .acquiring))
        if active.contains(.traced) { clearTrapFlag() }
        // A tracer may change the call, a filter may let it do so.
        var isMade = !active.contains(.calls) || standAtEntry()
        currentCall = callNumber
        // -1 is no call: its result is what the registers hold.
        if currentCall == -1 { isMade = false }
        if isMade, active.contains(.seccomp) { isMade = passesSeccomp(callNumber) }
        currentCall = callNumber
        if isMade { answerWatched(active) }
        // What it is traced for may be otherwise by now.
        let now = CallHooks(rawValue: hooks.load(ordering: .acquiring))
        if now.contains(.calls), !isEmulated, !isStepping { standAtExit() }
        if now.contains(.traced) { endStepAtCall() }
    }

    private func answerWatched(_ active: CallHooks) {
        let number = callNumber
        let arguments = SystemCallArguments(context.call)
        var text: CallFormatter?
        if active.contains(.log) {
            text = CallFormatter(pid: tid, number: number, arguments)
            text?.begin(context)
        }
        let start = active.contains(.counts) ? HostClock.monotonic : 0
        answer(number, arguments)
        if active.contains(.counts) { count(number, nanoseconds: HostClock.monotonic &- start) }
        if text != nil {
            let ends = isExiting || number == SystemCallNumber.exit_group.rawValue
            text?.end(context, rax: ends ? nil : pendingRestart?.returnValue ?? context.outcome)
            log(text?.line)
        }
    }

    func log(_ line: LogLine?) {
        if let line, let callLog = kernel.callLog { callLog(line.bytes) }
    }

    /// "--- SIGCHLD {...} ---", as strace tells of signals.
    func logSignal(_ info: SignalInfo) {
        if kernel.callLog == nil { return }
        var line = LogLine()
        line.put(tid)
        line.pad(to: 5)
        line.put(" --- \(Signal.name(info.signal)) {si_signo=\(Signal.name(info.signal)), si_code=\(info.code)")
        if SignalSet.synchronous.contains(info.signal), info.code > 0 {
            line.put(", si_addr=")
            line.put(pointer: info.address)
        } else {
            line.put(", si_pid=\(info.pid), si_uid=\(info.uid)")
        }
        line.put("} ---")
        log(line)
    }

    /// "+++ exited with 0 +++".
    func logEnd() {
        if kernel.callLog == nil { return }
        var line = LogLine()
        line.put(tid)
        line.pad(to: 5)
        if let signal = exitCode.signal {
            line.put(" +++ killed by \(Signal.name(signal)) +++")
        } else {
            line.put(" +++ exited with \(exitCode.code) +++")
        }
        log(line)
    }

    /// Linux looks at eax alone, sign-extended.
    var callNumber: Int { Int(Int32(truncatingIfNeeded: context.call.number)) }
}
