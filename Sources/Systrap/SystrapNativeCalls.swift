import CHostOS
import CStub
import HostOS
import LinuxABI
import Memory
import Platform
import Stubs

/// Calls that the stub's thread makes itself.
extension SystrapContext {
    func callNatively(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64,
                      _ d: UInt64, _ e: UInt64, _ f: UInt64) throws(Errno) -> UInt64 {
        try StubCalls.check(number, a, b, c, d, e, f)
        let nr = UInt64(number.rawValue)
        if StubCalls.mustBeJudged(number, c, d) {
            // The command lay in memory that the guest's other threads write: what counts is what the kernel will run.
            return try judged(nr, a, b, c, d, e, f) { (request) throws(Errno) in
                guard request.number == number.rawValue, request.arguments == (a, b, c, d, e, f) else {
                    return try space.seed.listener.answer(request.id, error: .EPERM)
                }
                try space.seed.listener.answer(request.id, proceed: true)
            }
        }
        if StubCalls.waits(number, b) {
            var call = Registers()
            call.rip = StubLayout.injectA
            call.rax = nr
            (call.rdi, call.rsi, call.rdx) = (a, b, c)
            (call.r10, call.r8, call.r9) = (d, e, f)
            (call.fsBase, call.gsBase) = (registers.fsBase, registers.gsBase)
            return try check(try waitingCall(call))
        }
        return try check(command(STUB_CALL_A, nr, a, b, c, d, e, f))
    }

    func installDescriptor(_ file: HostFD) throws(Errno) -> UInt64 {
        let slot = space.takeSlot()
        return try judged(UInt64(StubLayout.requestNumber), StubLayout.requestDescriptor, 0, 0, 0, 0, 0) {
            (request) throws(Errno) in
            guard request.number == StubLayout.requestNumber else {
                return try space.seed.listener.answer(request.id, error: .EPERM)
            }
            do throws(Errno) {
                try space.seed.listener.answer(request.id, installing: file, at: slot)
            } catch {
                try space.seed.listener.answer(request.id, error: error)
            }
        }
    }

    func makeThread() throws(Errno) -> SystrapContext {
        if let kept = space.takeKept() {
            let caller = registers
            space.addContext()
            let context = SystrapContext(space, on: kept, controls: unsafe host_load64(&slot.pointee.controls))
            context.registers = caller
            return context
        }
        let index = try space.arena.takeSlot(process: space.process)
        // CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM.
        let flags: UInt64 = 0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000 | 0x4_0000
        do throws(Errno) {
            try serve(start: { begin(STUB_THREAD, UInt64(index)) }) { (request) throws(Errno) in
                guard request.number == SystemCallNumber.clone.rawValue, request.arguments.0 == flags else {
                    return try space.seed.listener.answer(request.id, error: .EPERM)
                }
                try space.seed.listener.answer(request.id, proceed: true)
            }
            let thread = Int32(truncatingIfNeeded: try check(result()))
            // The guest's word: it must at least be a thread of this stub.
            try HostTrace.signal(process: space.process, thread: thread, 0)
            space.addContext()
            let context = SystrapContext(space, slot: index, thread: thread, fresh: false)
            context.registers = registers
            return context
        } catch {
            space.arena.free(index, after: 0)
            throw error
        }
    }

    func makeFork() throws(Errno) -> SystrapContext {
        let arena = try Arena()
        arena.take(index)
        let ticket = Ticket.draw()
        // CLONE_PARENT | SIGCHLD: a child of the Sentry's.
        let process = try space.seed.serveFork(
            thread, flags: 0x8000 | 17, ticket: ticket, arena: arena.file,
            start: { () throws(Errno) in begin(STUB_FORK, ticket) }, stirred: { hasFailed })
        let reported = result()
        guard let process else { throw errno(reported) }
        guard let reported, UInt64(process) == reported else {
            // The parent has died meanwhile, or lies.
            HostTrace.kill(process: process)
            _ = try? HostTrace.wait(process)
            throw .EAGAIN
        }
        let copy = SystrapAddressSpace(process: process, limit: space.limit, seed: space.seed, watch: space.watch, arena: arena)
        unsafe copy.useClock(space.arena.space.pointee.clock)
        let context = SystrapContext(copy, slot: index, thread: process, fresh: false)
        context.registers = registers
        return context
    }

    /// A call through gate B, which waits for our answer.
    private func judged(_ number: UInt64, _ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64, _ f: UInt64,
                        answer: (SeccompNotification) throws(Errno) -> Void) throws(Errno) -> UInt64 {
        try serve(start: { begin(STUB_CALL_B, number, a, b, c, d, e, f) }, answer: answer)
        return try check(result())
    }

    private func serve(start: () -> Void, answer: (SeccompNotification) throws(Errno) -> Void) throws(Errno) {
        try space.seed.serve(thread, start: { () throws(Errno) in start() }, stirred: { () throws(Errno) in isDone },
                             answer: answer)
    }

    private func errno(_ result: UInt64?) -> Errno {
        do throws(Errno) { _ = try check(result) } catch { return error }
        return .EAGAIN
    }

    private func check(_ result: UInt64?) throws(Errno) -> UInt64 {
        guard let result else { throw .ESRCH }
        if result > UInt64(bitPattern: -4096) { throw Errno(rawValue: Int32(truncatingIfNeeded: 0 &- result)) }
        return result
    }
}
