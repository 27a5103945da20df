import HostOS
import LinuxABI
import Memory
import Platform
import VFS
import Waiting

// The life of a task's thread: guest code runs, stops for a reason, the reason is dealt with, what waits for the task is
// dealt with, guest code goes on.

extension Task {
    /// Starts the task's thread.
    ///
    /// - Parameter prepare: what the new thread does first, once it has bound its context; false ends the task.
    /// - Throws: EAGAIN when the host refuses a thread.
    func start(_ prepare: @escaping @Sendable (Task) -> Bool) throws(Errno) {
        try Workers.run { self.main(prepare) }
    }

    private func main(_ prepare: (Task) -> Bool) {
        hostThread.store(Thread.id, ordering: .relaxed)
        if prepare(self) {
            runGuest()
        } else {
            group.kill(.signaled(Signal.SIGKILL))
        }
        finish()
        reportLoadFailure()
    }

    private func runGuest() {
        while !hasWork || prepareToEnterGuest() {
            inGuest.store(true, ordering: .sequentiallyConsistent)
            // Dekker with interrupt(): it asks for the interruption, then looks whether guest code runs.
            if waiter.isInterrupted {
                inGuest.store(false, ordering: .relaxed)
                continue
            }
            let event = unsafe contextReference._withUnsafeGuaranteedRef { $0.run() }
            inGuest.store(false, ordering: .relaxed)
            switch event {
            case .systemCall: dispatch()
            case .fault(let fault): take(fault)
            case .interrupted: clearTrapFlag()
            case .died(let reason):
                kernel.log("process \(group.pid): its stub died: \(reason)")
                group.kill(.signaled(Signal.SIGKILL))
            }
        }
    }

    /// Runs the system call that the registers hold.
    private func dispatch() {
        let call = unsafe contextReference._withUnsafeGuaranteedRef { $0.call }
        let arguments = SystemCallArguments(call)
        // Linux looks at eax alone, sign-extended.
        let number = Int(Int32(truncatingIfNeeded: call.number))
        currentCall = number
        if hooks.load(ordering: .relaxed) != 0 { return dispatchWatched() }
        answer(number, arguments)
    }

    /// Makes the call, and leaves its result in the registers or how it wants to be made again.
    @inline(__always)
    func answer(_ number: Int, _ arguments: SystemCallArguments) {
        guard let handler = handler(of: number) else {
            noteUnknown(number, arguments)
            complete(Errno.ENOSYS.returnValue)
            return
        }
        do throws(Errno) {
            let result = try handler(self, arguments)
            if keepsRegisters { keepsRegisters = false } else { complete(result) }
        } catch {
            if error.isRestart { pendingRestart = error } else { complete(error.returnValue) }
        }
    }

    @inline(__always)
    private func complete(_ value: UInt64) { unsafe contextReference._withUnsafeGuaranteedRef { $0.complete(value) } }

    private func noteUnknown(_ number: Int, _ arguments: SystemCallArguments) {
        guard kernel.unknownCalls.note(number) else { return }
        let name = SystemCallNumber(rawValue: number).name.map { "\($0)" } ?? "number \(number)"
        let values = (0..<6).map { "0x" + String(arguments[$0], radix: 16) }
        var text = ""
        for value in values { text += text.isEmpty ? value : ", " + value }
        kernel.log("system call not implemented: \(name)(\(text))")
    }

    /// A hardware exception of guest code.
    private func take(_ fault: Fault) {
        clearTrapFlag()
        if emulateVsyscall(fault) { return }
        lastFault = fault
        var info = SignalInfo(fault.signal, code: fault.code)
        info.address = fault.address
        force(info)
    }

    /// Whether something waits for the task before it may run guest code.
    @inline(__always)
    private var hasWork: Bool { waiter.isInterrupted || pendingRestart != nil || savedMask != nil || isExiting }

    /// Deals with all that waits for the task, until it may run guest code.
    ///
    /// - Returns: false when the task must end.
    private func prepareToEnterGuest() -> Bool {
        while hasWork {
            if isExiting { return false }
            waiter.clearInterruption()
            context.settle()
            applyHooks()
            group.signalLock.lock()
            answerRegisterRequest()
            if isKilled {
                group.signalLock.unlock()
                return false
            }
            if trace?.mustStop ?? false {
                standAsWanted()
                continue
            }
            if group.stopSignal != 0, trace == nil || joinedStop != group.stopGeneration {
                joinStop()
                continue
            }
            if group.owesContinueNotice {
                group.owesContinueNotice = false
                group.signalLock.unlock()
                group.reportContinue()
                interrupt()
                continue
            }
            let open = SignalSet.all.subtracting(blocked)
            if let info = pending.next(in: open) ?? group.pending.next(in: open) {
                let isForced = isForcedDefault
                isForcedDefault = false
                let continuations = group.continuations
                // There may be more: one interruption stands for all.
                group.recalculateLocked(self)
                let isSeen = trace != nil && info.signal != Signal.SIGKILL
                group.signalLock.unlock()
                guard let info = isSeen ? standForSignal(info) : info else { continue }
                let action = group.handlersNow[info.signal]
                deliver(info, action, forced: isForced, continuations: continuations)
                continue
            }
            group.signalLock.unlock()
            if group.container.isPaused {
                waitWhilePaused()
                interrupt()
                continue
            }
            if let restart = pendingRestart {
                pendingRestart = nil
                restartCall(restart)
            }
            if let mask = savedMask {
                savedMask = nil
                setBlocked(mask)
            }
        }
        if isStepping { context.registers.eflags |= Self.trapFlag }
        return true
    }

    /// Lets the interrupted call be made again: no handler ran.
    private func restartCall(_ restart: Errno) {
        context.registers.rax = restart == .ERESTART_RESTARTBLOCK
            ? UInt64(SystemCallNumber.restart_syscall.rawValue) : context.registers.origRax
        context.registers.rip &-= 2
    }

    private func waitWhilePaused() {
        let entry = TaskWaitEntry(waiter)
        group.container.resumed.add(entry)
        defer { group.container.resumed.remove(entry) }
        while group.container.isPaused, !group.signalLock.withLock({ isKilled }) {
            _ = waiter.park(interruptible: false)
        }
    }
}

extension Errno {
    /// Whether it is one of the kernel-internal codes by which a call asks to be made again.
    var isRestart: Bool {
        self == .ERESTARTSYS || self == .ERESTARTNOINTR || self == .ERESTARTNOHAND || self == .ERESTART_RESTARTBLOCK
    }
}
