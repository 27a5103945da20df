import LinuxABI
import Platform
import Synchronization

extension Task {
    /// The mode, for other threads than the task's own too.
    public var seccomp: SeccompMode { group.signalLock.withLock { seccompMode } }

    /// Whether the call in the registers may be made; if not, the registers and signals are as the filter wants them.
    func passesSeccomp(_ number: Int) -> Bool {
        switch seccomp {
        case .none: return true
        case .strict:
            switch number {
            case SystemCallNumber.read.rawValue, SystemCallNumber.write.rawValue, SystemCallNumber.exit.rawValue,
                 SystemCallNumber.rt_sigreturn.rawValue: return true
            default:
                endBySeccomp(Signal.SIGKILL, process: false)
                return false
            }
        case .filter(let filter):
            if filter.allows(number) { return true }
            let r = context.registers
            return obey(filter.verdict(.init(number: Int32(truncatingIfNeeded: number), instructionPointer: r.rip,
                                             arguments: [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9])), number)
        }
    }

    /// Lets the tracer decide on the call; what it makes of it is filtered again.
    private func askTracer(_ data: UInt32) -> Bool {
        context.complete(Errno.ENOSYS.returnValue)
        guard standForEvent(.seccomp, message: UInt64(data)), !group.signalLock.withLock({ isKilled }) else { return false }
        let r = context.registers, number = callNumber
        // -1: the tracer has answered it.
        guard number >= 0, case .filter(let filter) = seccomp else { return false }
        let verdict = filter.verdict(.init(number: Int32(truncatingIfNeeded: number), instructionPointer: r.rip,
                                           arguments: [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9]))
        return verdict & SeccompAction.mask == SeccompAction.TRACE || obey(verdict, number)
    }

    private func obey(_ verdict: UInt32, _ number: Int) -> Bool {
        let data = verdict & 0xffff
        switch verdict & SeccompAction.mask {
        case SeccompAction.ALLOW, SeccompAction.LOG: return true
        case SeccompAction.ERRNO:
            context.registers.rax = 0 &- UInt64(min(data, 4095))
        case SeccompAction.TRAP:
            // The handler finds the registers as the call was entered, and may answer it.
            context.registers.rax = context.registers.origRax
            var info = SignalInfo(Signal.SIGSYS, code: 1 /* SYS_SECCOMP */)
            info.error = Int32(data)
            info.address = context.registers.rip
            info.descriptor = Int32(truncatingIfNeeded: number)
            info.architecture = Int32(bitPattern: SeccompProgram.Call.architecture)
            force(info)
        case SeccompAction.TRACE: return askTracer(data)
        case SeccompAction.USER_NOTIF:
            // Nobody listens.
            context.complete(Errno.ENOSYS.returnValue)
        case SeccompAction.KILL_THREAD: endBySeccomp(Signal.SIGSYS, process: false)
        default: endBySeccomp(Signal.SIGSYS, process: true)
        }
        return false
    }

    /// Ends the thread as by a signal that nobody can catch; the last one's end is the process's.
    private func endBySeccomp(_ signal: Int32, process: Bool) {
        let status = ExitStatus.signaled(signal)
        if process || group.liveTasks.count <= 1 {
            group.kill(status)
        } else {
            exitCode = status
            isExiting = true
        }
    }

    /// Installs a filter, or goes into strict mode.
    ///
    /// - Parameter synchronizes: SECCOMP_FILTER_FLAG_TSYNC: every thread of the process gets it.
    /// - Returns: 0, or the id of a thread that cannot be given it.
    /// - Throws: EINVAL when the mode cannot be changed any more, ENOMEM.
    public func installSeccomp(_ program: SeccompProgram?, synchronizes: Bool) throws(Errno) -> Int32 {
        let pids = pidNamespace
        let refused = try group.signalLock.withLock { () throws(Errno) -> Int32 in
            var previous: SeccompFilter?
            switch seccompMode {
            case .none: break
            case .strict: throw .EINVAL
            case .filter(let filter): previous = filter
            }
            guard let program else {
                if previous != nil { throw .EINVAL }
                set(.strict)
                return 0
            }
            let filter = try SeccompFilter(program, after: previous)
            if synchronizes {
                for other in group.tasks where other !== self {
                    switch other.seccompMode {
                    case .none: continue
                    case .filter(let theirs) where previous?.contains(theirs) ?? false: continue
                    default: return other.id(in: pids)
                    }
                }
                for other in group.tasks where other !== self {
                    other.set(.filter(filter))
                    if noNewPrivileges { other.noNewPrivileges = true }
                }
            }
            set(.filter(filter))
            return 0
        }
        if refused == 0 { try closeNativeCalls(of: context, everywhere: synchronizes) }
        return refused
    }

    /// Keeps guest code from the calls that the platform makes natively and a filter wants to judge: whoever jumps into the
    /// platform's own code would pass the filter by. On the task's own thread.
    ///
    /// - Parameter everywhere: for all threads of the process.
    func closeNativeCalls(of context: ExecutionContext, everywhere: Bool = false) throws(Errno) {
        func allows(_ calls: [SystemCallNumber]) -> Bool {
            switch seccomp {
            case .none: true
            case .strict: false
            case .filter(let filter): calls.allSatisfy { filter.allows($0.rawValue) }
            }
        }
        let memory = !allows([.mmap, .munmap, .mprotect, .mremap, .madvise, .msync, .brk])
        let futexes = !allows([.futex, .futex_waitv])
        if memory || futexes { try context.closeNativeCalls(memory: memory, futexes: futexes, everywhere: everywhere) }
    }

    /// The group's signal lock is held.
    private func set(_ mode: SeccompMode) {
        seccompMode = mode
        addHook(.seccomp)
        // What the platform answers by itself, the filter must see from now on.
        interrupt()
    }

    /// What clone gives a new task.
    func inheritSeccomp(from parent: Task) {
        guard CallHooks(rawValue: parent.hooks.load(ordering: .acquiring)).contains(.seccomp) else { return }
        seccompMode = parent.seccomp
        addHook(.seccomp)
    }
}
