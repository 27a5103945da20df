import HostOS
import LinuxABI
import Memory
import Platform

// ptrace(2) itself: the tracer's side, on its own thread.

extension Task {
    /// One request.
    ///
    /// - Returns: what the raw call returns: PEEK's words go to memory.
    /// - Throws: ESRCH for a task that is not this one's tracee or does not stand, EPERM, EIO, EFAULT, EINVAL.
    public func trace(_ number: UInt64, _ pid: Int32, _ address: UInt64, _ data: UInt64) throws(Errno) -> UInt64 {
        if number == 0 {
            try traceMe()
            return 0
        }
        guard let target = kernel.task(tid: pid, in: pidNamespace) else { throw .ESRCH }
        switch number {
        case 16: // PTRACE_ATTACH
            try attach(to: target, seize: false, options: [])
        case 0x4206: // PTRACE_SEIZE
            if address != 0 || data & ~TraceOptions.known.rawValue != 0 { throw .EIO }
            try attach(to: target, seize: true, options: TraceOptions(rawValue: data))
        case 8: // PTRACE_KILL
            try checkTracee(target)
            target.send(SignalInfo(Signal.SIGKILL, code: SignalInfo.SI_USER), forced: true)
        case 0x4207: // PTRACE_INTERRUPT
            try checkTracee(target)
            try wantStop(of: target)
        default: return try traceStanding(number, target, address, data)
        }
        return 0
    }

    /// The requests that want the tracee to stand.
    private func traceStanding(_ number: UInt64, _ target: Task, _ address: UInt64, _ data: UInt64) throws(Errno) -> UInt64 {
        try withStop(of: target) { (_, _) throws(Errno) in }
        switch number {
        case 1, 2: // PTRACE_PEEKTEXT, PEEKDATA
            try memory.store(try target.peek(address), at: GuestAddress(data))
        case 4, 5: try target.poke(address, data) // PTRACE_POKETEXT, POKEDATA
        case 3, 6, 12, 13, 14, 15, 30, 0x4204, 0x4205: // of registers
            return try traceRegisters(number, target, address, data)
        case 7: try resume(target, .freely, data) // PTRACE_CONT
        case 9: try resume(target, .step, data) // PTRACE_SINGLESTEP
        case 24: try resume(target, .toCall, data) // PTRACE_SYSCALL
        case 31: try resume(target, .emulatingCalls, data) // PTRACE_SYSEMU
        case 32: try resume(target, .stepEmulating, data) // PTRACE_SYSEMU_SINGLESTEP
        case 17: try detach(target, signal: Int32(truncatingIfNeeded: data)) // PTRACE_DETACH
        case 0x4200: // PTRACE_SETOPTIONS
            if data & ~TraceOptions.known.rawValue != 0 { throw .EINVAL }
            try withStop(of: target) { (trace, _) throws(Errno) in trace.options = TraceOptions(rawValue: data) }
        case 0x4201: // PTRACE_GETEVENTMSG
            try memory.store(try stop(of: target).message, at: GuestAddress(data))
        case 0x4202: // PTRACE_GETSIGINFO
            guard let info = try stop(of: target).info else { throw .EINVAL }
            try memory.store(info, at: GuestAddress(data))
        case 0x4203: // PTRACE_SETSIGINFO
            let info = try memory.load(GuestAddress(data), as: SignalInfo.self)
            try withStop(of: target) { (_, stop) throws(Errno) in
                if stop.info == nil { throw .EINVAL }
                stop.info = info
            }
        case 0x4208: try listen(to: target) // PTRACE_LISTEN
        case 0x4209: return try peekSignals(target, GuestAddress(address), GuestAddress(data)) // PTRACE_PEEKSIGINFO
        case 0x420a: // PTRACE_GETSIGMASK
            if address != 8 { throw .EINVAL }
            let mask = target.group.signalLock.withLock { target.savedMask ?? target.blocked }
            try memory.store(mask.rawValue, at: GuestAddress(data))
        case 0x420b: // PTRACE_SETSIGMASK
            if address != 8 { throw .EINVAL }
            let mask = SignalSet(rawValue: try memory.load(GuestAddress(data))).subtracting(.unblockable)
            target.group.signalLock.withLock {
                target.blocked = mask
                target.group.recalculateLocked(target)
            }
        case 0x420e: return try describeCall(target, size: address, GuestAddress(data)) // PTRACE_GET_SYSCALL_INFO
        case 0x420f: // PTRACE_GET_RSEQ_CONFIGURATION
            if address != 24 { throw .EINVAL }
            let rseq = target.rseq
            try memory.store((rseq.address.rawValue, rseq.length, rseq.signature, UInt64(0)), at: GuestAddress(data))
            return 24
        case 0x420c, 0x420d: throw .EINVAL // the seccomp requests are for checkpointing
        default: throw .EIO
        }
        return 0
    }

    // MARK: The tracee

    /// - Throws: ESRCH when it is not this task's.
    private func checkTracee(_ target: Task) throws(Errno) {
        if target.group.signalLock.withLock({ target.trace?.tracer !== self }) { throw .ESRCH }
    }

    /// Looks at, or changes, where a tracee stands. `body` runs with the tracee's signal lock.
    ///
    /// - Throws: ESRCH when it is not this task's or does not stand.
    func withStop(of target: Task, _ body: (Trace, inout TraceStop) throws(Errno) -> Void) throws(Errno) {
        try target.group.signalLock.withLock { () throws(Errno) in
            guard let trace = target.trace, trace.tracer === self, var stop = trace.stop, trace.resumption == nil, !trace.isListening,
                  !target.hasExited else { throw .ESRCH }
            defer { trace.stop = stop }
            try body(trace, &stop)
        }
    }

    func stop(of target: Task) throws(Errno) -> TraceStop {
        var found: TraceStop?
        try withStop(of: target) { (_, stop) throws(Errno) in found = stop }
        guard let found else { throw .ESRCH }
        return found
    }

    /// Lets the tracee's own thread do something while it stands.
    ///
    /// - Throws: ESRCH when it was killed before.
    func perform(on target: Task, _ body: @escaping (Task) -> Void) throws(Errno) {
        let work = TraceWork(body)
        try withStop(of: target) { (trace, _) throws(Errno) in trace.work = work }
        target.waiter.unpark()
        if !work.wait() { throw .ESRCH }
    }

    private func resume(_ target: Task, _ mode: TraceResumption.Mode, _ signal: UInt64) throws(Errno) {
        if signal > UInt64(Signal.maximum) { throw .EIO }
        try withStop(of: target) { (trace, _) throws(Errno) in
            trace.resumption = TraceResumption(mode: mode, signal: Int32(signal))
        }
        target.waiter.unpark()
    }

    /// PTRACE_INTERRUPT.
    private func wantStop(of target: Task) throws(Errno) {
        try target.group.signalLock.withLock { () throws(Errno) in
            guard let trace = target.trace, trace.tracer === self else { throw .ESRCH }
            if !trace.isSeized { throw .EIO }
            trace.isStopWanted = true
            if trace.isListening { target.waiter.unpark() }
            target.interrupt()
        }
    }

    /// PTRACE_LISTEN: the tracee stays in the stop of its process, and tells when that ends.
    private func listen(to target: Task) throws(Errno) {
        try withStop(of: target) { (trace, stop) throws(Errno) in
            guard trace.isSeized, case .group = stop.kind, stop.code >> 8 == TraceEvent.stop.rawValue else { throw .EIO }
            trace.isListening = true
        }
        target.waiter.unpark()
    }

    /// Signals that wait for the tracee or its process.
    ///
    /// - Returns: how many were stored.
    private func peekSignals(_ target: Task, _ request: GuestAddress, _ room: GuestAddress) throws(Errno) -> UInt64 {
        let offset = try memory.load(request, as: UInt64.self)
        let (flags, count) = try memory.load(request + 8, as: (UInt32, Int32).self)
        if flags & ~1 != 0 || count < 0 { throw .EINVAL }
        let all = target.group.signalLock.withLock {
            flags & 1 != 0 ? target.group.pending.waiting : target.pending.waiting
        }
        var stored: UInt64 = 0
        for info in all.dropFirst(Int(min(offset, UInt64(all.count)))).prefix(Int(count)) {
            do throws(Errno) { try memory.store(info, at: room + stored &* 128) } catch {
                if stored == 0 { throw .EFAULT }
                break
            }
            stored += 1
        }
        return stored
    }

    /// struct ptrace_syscall_info, as much of it as fits `size`.
    ///
    /// - Returns: its whole size.
    private func describeCall(_ target: Task, size: UInt64, _ room: GuestAddress) throws(Errno) -> UInt64 {
        let stop = try stop(of: target)
        let r = stop.registers
        var words: [UInt64] = [UInt64(0xc000_003e) << 32, r.rip, r.rsp]
        let entry = [r.origRax, r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9]
        switch stop.kind {
        case .callEntry:
            words[0] |= 1
            words += entry
        case .callExit:
            words[0] |= 2
            let result = Int64(bitPattern: r.rax)
            words += [r.rax, result < 0 && result >= -4095 ? 1 : 0]
        case .event(.seccomp):
            words[0] |= 3
            words += entry + [stop.message]
        default: break
        }
        // is_error is one byte, ret_data four.
        let whole = switch words[0] & 3 { case 1: 80; case 2: 33; case 3: 84; default: 24 }
        var bytes: [UInt8] = []
        for word in words { for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) } }
        bytes.removeLast(max(0, bytes.count - min(whole, Int(min(size, 128)))))
        try memory.store(array: bytes, at: room)
        return UInt64(whole)
    }

    // MARK: Memory

    private func peek(_ address: UInt64) throws(Errno) -> UInt64 {
        let space = memoryManager.addressSpace
        if let word = try? space.remote.load(GuestAddress(address), as: UInt64.self) { return word }
        let bytes = space.readForced(GuestAddress(address), count: 8)
        if bytes.count < 8 { throw .EIO }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func poke(_ address: UInt64, _ word: UInt64) throws(Errno) {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        if memoryManager.write(bytes, at: GuestAddress(address)) < 8 { throw .EIO }
    }
}

extension MemoryManager {
    /// Writes for a debugger: protection does not count, files do not change.
    ///
    /// - Returns: bytes written.
    public func write(_ bytes: [UInt8], at address: GuestAddress) -> Int {
        do throws(Errno) { try addressSpace.remote.store(array: bytes, at: address) } catch {
            return unsafe bytes.withBytes { unsafe addressSpace.writeForced(RawSpan(_unsafeBytes: $0), at: address) }
        }
        return bytes.count
    }
}
