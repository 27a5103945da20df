import HostOS
import LinuxABI
import Memory
import Platform
import Stubs

/// Calls that the tracee makes itself: its registers are replaced, it runs one system call instruction of its gates up
/// to the breakpoint behind it, and the guest's registers come back with the next `run`.
extension PtraceContext {
    func callNatively(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64,
                      _ d: UInt64, _ e: UInt64, _ f: UInt64) throws(Errno) -> UInt64 {
        try StubCalls.check(number, a, b, c, d, e, f)
        var call = Registers()
        call.rax = UInt64(number.rawValue)
        (call.rdi, call.rsi, call.rdx) = (a, b, c)
        (call.r10, call.r8, call.r9) = (d, e, f)
        (call.fsBase, call.gsBase) = (registers.fsBase, registers.gsBase)
        let result: UInt64
        if StubCalls.mustBeJudged(number, c, d) {
            call.rip = StubLayout.injectB
            result = try judged(call) { (request) throws(Errno) in
                guard request.number == number.rawValue, request.arguments == (a, b, c, d, e, f) else {
                    return try space.seed.listener.answer(request.id, error: .EPERM)
                }
                try space.seed.listener.answer(request.id, proceed: true)
            }
        } else if StubCalls.waits(number, b) {
            call.rip = StubLayout.injectA
            result = try interruptibly { () throws(Errno) in try inject(call, interruptible: true) }
        } else {
            call.rip = StubLayout.injectA
            result = try inject(call)
        }
        return try check(result)
    }

    func installDescriptor(_ file: HostFD) throws(Errno) -> UInt64 {
        let slot = space.takeSlot()
        var call = Registers()
        call.rip = StubLayout.injectB
        call.rax = UInt64(StubLayout.requestNumber)
        call.rdi = StubLayout.requestDescriptor
        return try check(try judged(call) { (request) throws(Errno) in
            guard request.number == StubLayout.requestNumber else {
                return try space.seed.listener.answer(request.id, error: .EPERM)
            }
            do throws(Errno) {
                try space.seed.listener.answer(request.id, installing: file, at: slot)
            } catch {
                try space.seed.listener.answer(request.id, error: error)
            }
        })
    }

    func makeThread() throws(Errno) -> PtraceContext {
        // CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM.
        let thread = try clone(0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000 | 0x4_0000, at: StubLayout.injectThread)
        space.addContext()
        let context = PtraceContext(space, thread: thread, fresh: false)
        context.registers = registers
        return context
    }

    func makeFork() throws(Errno) -> PtraceContext {
        // CLONE_PARENT | SIGCHLD: a child of the Sentry's.
        let process = try clone(0x8000 | 17, at: StubLayout.injectFork)
        let copy = PtraceAddressSpace(process: process, limit: space.limit, seed: space.seed, watch: space.watch)
        copy.inherit(from: space)
        let context = PtraceContext(copy, thread: process, fresh: false)
        context.registers = registers
        return context
    }

    private func clone(_ flags: UInt64, at place: UInt64) throws(Errno) -> Int32 {
        var call = Registers()
        call.rip = place
        call.rax = UInt64(SystemCallNumber.clone.rawValue)
        call.rdi = flags
        (call.fsBase, call.gsBase) = (registers.fsBase, registers.gsBase)
        let result = try check(try judged(call) { (request) throws(Errno) in
            guard request.number == SystemCallNumber.clone.rawValue, request.arguments.0 == flags else {
                return try space.seed.listener.answer(request.id, error: .EPERM)
            }
            try space.seed.listener.answer(request.id, proceed: true)
        })
        return Int32(truncatingIfNeeded: result)
    }

    /// A call through gate B, which waits for our answer.
    private func judged(_ call: Registers, answer: (SeccompNotification) throws(Errno) -> Void) throws(Errno) -> UInt64 {
        if gone { throw .ESRCH }
        var stopped: Int32?
        try space.seed.serve(
            thread,
            start: { () throws(Errno) in
                guard load(call) else { throw .ESRCH }
                try HostTrace.resume(thread)
            },
            stirred: { () throws(Errno) in
                guard let status = try HostTrace.wait(thread, now: true) else { return false }
                // It has ended, or is through; else a kick or a signal from outside stopped it before it could ask, or
                // made it ask again.
                if status & 0xff != 0x7f || status >> 8 == 5 || status >> 8 == 31 {
                    stopped = status
                    return true
                }
                try HostTrace.resume(thread)
                return false
            },
            answer: answer)
        if let stopped { return try finish(stopped, call) }
        guard let status = waitForStop() else { throw .ESRCH }
        return try finish(status, call)
    }

    /// Runs a call through gate A.
    private func inject(_ call: Registers, interruptible: Bool = false) throws(Errno) -> UInt64 {
        if gone { throw .ESRCH }
        guard load(call) else { throw .ESRCH }
        do throws(Errno) { try HostTrace.resume(thread) } catch { throw .ESRCH }
        guard let status = waitForStop() else { throw .ESRCH }
        return try finish(status, call, interruptible: interruptible)
    }

    /// Brings the tracee to the breakpoint behind the call.
    private func finish(_ first: Int32, _ call: Registers, interruptible: Bool = false) throws(Errno) -> UInt64 {
        var status = first
        isLoaded = false
        while true {
            if status & 0xff != 0x7f {
                gone = true
                if thread == space.process { space.markReaped() }
                throw .ESRCH
            }
            let signal = status >> 8 & 0xff
            var now = Registers()
            try unsafe withUnsafeMutableBytes(of: &now) { (r) throws(Errno) in
                try unsafe HostTrace.readRegisters(thread, into: r.baseAddress!)
            }
            if signal == 5 && status >> 16 == 0 && now.rip > call.rip + 2 && now.rip < call.rip + 16 { return now.rax }
            // The filter's refusal: the arguments were worse than `StubCalls.check` thought.
            if signal == 31 { throw .EPERM }
            if interruptible && (signal == Self.kick || status >> 16 == 128) {
                let executed = now.rip != call.rip
                let restarts = now.rax > UInt64(bitPattern: -517) && now.rax <= UInt64(bitPattern: -512)
                if !executed || restarts { throw .EINTR }
            }
            // Something else stopped it on the way: it goes on, and the kernel repeats what was interrupted.
            do throws(Errno) { try HostTrace.resume(thread) } catch { throw .ESRCH }
            guard let next = waitForStop() else { throw .ESRCH }
            status = next
        }
    }

    private func check(_ result: UInt64) throws(Errno) -> UInt64 {
        if result > UInt64(bitPattern: -4096) { throw Errno(rawValue: Int32(truncatingIfNeeded: 0 &- result)) }
        return result
    }

    /// Lets the tracee itself access guest memory: the processor judges, and the kernel grows a stack for it.
    ///
    /// - Parameter place: the access, at rdi, with operands in rsi and rdx; a breakpoint follows.
    /// - Returns: rax; nil when the memory cannot be accessed.
    func access(_ address: GuestAddress, _ place: UInt64, _ first: UInt64 = 0, _ second: UInt64 = 0) -> UInt64? {
        if gone || !bound || address >= space.limit { return nil }
        var call = Registers()
        call.rip = place
        call.rdi = address.rawValue
        call.rsi = first
        call.rdx = second
        guard load(call) else { return nil }
        while true {
            isLoaded = false
            guard (try? HostTrace.resume(thread)) != nil, let status = waitForStop() else { return nil }
            let signal = status >> 8 & 0xff
            if signal == 5 && status >> 16 == 0 {
                var now = Registers()
                let read: Void? = try? unsafe withUnsafeMutableBytes(of: &now) { (r) throws(Errno) in
                    try unsafe HostTrace.readRegisters(thread, into: r.baseAddress!)
                }
                return read == nil ? nil : now.rax
            }
            if signal == 11 || signal == 7 { return nil }
        }
    }
}
