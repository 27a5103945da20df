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
        let nr = UInt32(number.rawValue)
        let waits = StubCalls.waits(number, b)
        if !waits, StubCalls.mustBeJudged(number, c, d) || closed.concerns(number) {
            // The command lies in memory that the guest's other threads write: what counts is what the kernel will run.
            return try space.withdraw(changedRanges(number, a, b, c, d, e), by: self) { () throws(Errno) in
                try asking(.call(number.rawValue, (a, b, c, d, e, f)), STUB_CALL_B, number: nr, a, b, c, d, e, f)
            }
        }
        if waits {
            var call = Registers()
            let isJudged = closed.concerns(number)
            call.rip = isJudged ? StubLayout.injectB : StubLayout.injectA
            if isJudged { space.requests.expect(thread, .call(number.rawValue, (a, b, c, d, e, f))) }
            defer { if isJudged { space.requests.forget(thread) } }
            call.rax = UInt64(nr)
            (call.rdi, call.rsi, call.rdx) = (a, b, c)
            (call.r10, call.r8, call.r9) = (d, e, f)
            (call.fsBase, call.gsBase) = (registers.fsBase, registers.gsBase)
            return try check(try waitingCall(call))
        }
        let changed = changedRanges(number, a, b, c, d, e)
        if changed.isEmpty { return try check(command(STUB_CALL_A, number: nr, a, b, c, d, e, f)) }
        // Before memory changes, what was rewritten in it is as it was.
        return try space.withdraw(changed, by: self) { () throws(Errno) in
            try check(command(STUB_CALL_A, number: nr, a, b, c, d, e, f))
        }
    }

    /// Several in one crossing.
    func callNatively(_ calls: [NativeCall]) throws(Errno) {
        if !closed.isEmpty {
            for call in calls {
                let a = call.arguments
                _ = try callNatively(call.number, a.0, a.1, a.2, a.3, a.4, a.5)
            }
            return
        }
        var next = 0
        while next < calls.count {
            let count = min(calls.count - next, Int(STUB_CALLS_LIMIT))
            let list = unsafe (UnsafeMutableRawPointer(slot) + Int(STUB_FLOATING_OFFSET)).assumingMemoryBound(to: UInt64.self)
            for i in 0..<count {
                let call = calls[next + i]
                let a = call.arguments
                try StubCalls.check(call.number, a.0, a.1, a.2, a.3, a.4, a.5)
                let words = unsafe list + 7 * i
                unsafe words[0] = UInt64(call.number.rawValue)
                unsafe (words[1], words[2], words[3]) = (a.0, a.1, a.2)
                unsafe (words[4], words[5], words[6]) = (a.3, a.4, a.5)
            }
            _ = try check(command(STUB_CALLS, UInt64(count)))
            next += count
        }
    }

    func installDescriptor(_ file: HostFD) throws(Errno) -> UInt64 {
        if let i = prepared.firstIndex(where: { $0.rawValue == file.rawValue }) { return UInt64(StubRequests.firstFile) + UInt64(i) }
        return try asking(.descriptor(file, slot: space.takeSlot()), STUB_CALL_B,
                          number: UInt32(StubLayout.requestNumber), StubLayout.requestDescriptor)
    }

    func mapFile(_ file: SharedFD, _ address: UInt64, _ size: UInt64, _ protection: UInt64, _ flags: UInt64,
                 _ offset: UInt64) throws(Errno) -> UInt64 {
        if closed.contains(.memory) {
            return try callNatively(.mmap, address, size, protection, flags, try installDescriptor(file.fd), offset)
        }
        if let slot = space.slot(of: file) {
            return try callNatively(.mmap, address, size, protection, flags, slot, offset)
        }
        try StubCalls.check(.mmap, address, size, protection, flags, 0, offset)
        let slot = space.takeSlot()
        let place = try space.withdraw(changedRanges(.mmap, address, size, protection, flags, 0), by: self) { () throws(Errno) in
            try asking(.descriptor(file.fd, slot: slot), STUB_MAP_FILE, address, size, protection, flags, offset)
        }
        space.note(file, in: slot)
        return place
    }

    func makeThread() throws(Errno) -> SystrapContext {
        if let kept = space.takeKept(closed) {
            let caller = registers
            space.addContext()
            space.noteContexts()
            let context = SystrapContext(space, on: kept, controls: unsafe host_load64(&slot.pointee.controls))
            context.registers = caller
            return context
        }
        let index = try space.arena.takeSlot(process: space.process)
        // CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM.
        let flags: UInt64 = 0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000 | 0x4_0000
        do throws(Errno) {
            let thread = Int32(truncatingIfNeeded: try asking(.clone(flags: flags), STUB_THREAD, UInt64(index)))
            // The guest's word: it must at least be a thread of this stub.
            try HostTrace.signal(process: space.process, thread: thread, 0)
            space.addContext()
            space.noteContexts()
            let context = SystrapContext(space, slot: index, thread: thread, fresh: false)
            context.closed = closed
            context.registers = registers
            return context
        } catch {
            space.arena.free(index, after: 0)
            throw error
        }
    }

    func makeFork() throws(Errno) -> SystrapContext {
        let arena = try space.spareArenas.take()
        arena.take(index)
        let ticket = Ticket.draw()
        let arrival = space.requests.expectArrival(ticket: ticket, arena: arena.file)
        defer { space.requests.forgetArrival(ticket: ticket) }
        let reported: UInt64, code: RewrittenCode
        do throws(Errno) {
            // CLONE_PARENT | SIGCHLD: a child of the Sentry's.
            // No patch is half made while the memory is copied.
            (reported, code) = try space.rewritten.lock.withLock { () throws(Errno) in
                (try askingForFork(ticket), space.rewritten.copy())
            }
        } catch {
            // It has died meanwhile, or lies.
            space.requests.forgetArrival(ticket: ticket)
            if let process = arrival.now { end(process) }
            throw error == .ESRCH ? .EAGAIN : error
        }
        var arrived = wait(for: arrival, of: Int32(truncatingIfNeeded: reported))
        if arrived == nil {
            space.requests.forgetArrival(ticket: ticket)
            arrived = arrival.now
        }
        guard let process = arrived else { throw .EAGAIN }
        if UInt64(process) != reported {
            end(process)
            throw .EAGAIN
        }
        let copy = SystrapAddressSpace(process: process, limit: space.limit, seed: space.seed, requests: space.requests,
                                       watch: space.watch, arena: arena, spareArenas: space.spareArenas, answered: space.answered,
                                       mediated: space.isMediated, handsOverLarge: space.handsOverLarge, copyOf: code)
        unsafe copy.useClock(space.arena.space.pointee.clock)
        copy.inherit(from: space)
        let context = SystrapContext(copy, slot: index, thread: process, fresh: false)
        context.closed = closed
        context.registers = registers
        return context
    }

    /// Waits for a process that was made, which may be kept from running for long. By what the guest says of it, one that has
    /// ended does not come.
    private func wait(for arrival: StubRequests.Arrival, of reported: Int32) -> Int32? {
        while true {
            if let process = arrival.wait(until: HostClock.monotonic + 100_000_000) { return process }
            if space.isDead || isAskedToEnd || !HostTrace.lives(reported) { return nil }
        }
    }

    private func askingForFork(_ ticket: UInt64) throws(Errno) -> UInt64 {
        try space.views.mappingLock.withLock { () throws(Errno) in
            try asking(.clone(flags: 0x8000 | 17), STUB_FORK, ticket, space.views.hasMappings ? 1 : 0)
        }
    }

    private func end(_ process: Int32) {
        HostTrace.kill(process: process)
        _ = try? HostTrace.wait(process)
        space.requests.forget(process: process)
    }

    /// Which memory a call changes that is there already.
    private func changedRanges(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64,
                               _ e: UInt64) -> [Range<UInt64>] {
        func range(_ start: UInt64, _ length: UInt64) -> [Range<UInt64>] {
            let (end, overflow) = start.addingReportingOverflow(length &+ (pageSize - 1) & ~(pageSize - 1))
            return overflow || end <= start ? [] : [start..<end]
        }
        switch number {
        case .munmap, .mprotect: return range(a, b)
        case .mmap: return d & 0x10_0010 != 0 ? range(a, b) : [] // MAP_FIXED, FIXED_NOREPLACE
        case .mremap: return range(a, b) + (d & 2 != 0 ? range(e, c) : []) // MREMAP_FIXED
        case .madvise: return c == 4 || c == 8 || c == 24 ? range(a, b) : [] // MADV_DONTNEED, FREE, DONTNEED_LOCKED
        default: return []
        }
    }

    /// A memory call for rewriting's own, of which the program knows nothing.
    ///
    /// - Returns: the call's result: the guest's word. Nil when it was not made.
    func callForRewriting(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64 = 0, _ d: UInt64 = 0,
                          _ e: UInt64 = 0) -> UInt64? {
        let nr = UInt32(number.rawValue)
        if !closed.concerns(number) { return command(STUB_CALL_A, number: nr, a, b, c, d, e, 0) }
        return try? asking(.call(number.rawValue, (a, b, c, d, e, 0)), STUB_CALL_B, number: nr, a, b, c, d, e, 0)
    }

    /// A command in which the thread asks for one thing.
    func asking(_ what: StubRequests.Expected, _ command: CStub.stub_command, number: UInt32 = 0, _ a: UInt64 = 0,
                _ b: UInt64 = 0, _ c: UInt64 = 0, _ d: UInt64 = 0, _ e: UInt64 = 0,
                _ f: UInt64 = 0) throws(Errno) -> UInt64 {
        space.requests.expect(thread, what)
        let result = self.command(command, number: number, a, b, c, d, e, f)
        space.requests.forget(thread)
        return try check(result)
    }

    private func check(_ result: UInt64?) throws(Errno) -> UInt64 {
        guard let result else { throw .ESRCH }
        if result > UInt64(bitPattern: -4096) { throw Errno(rawValue: Int32(truncatingIfNeeded: 0 &- result)) }
        return result
    }
}
