import HostOS
import LinuxABI
import Platform
import Stubs

extension PtraceContext {
    /// What a stop means; nil: nothing to the guest, it goes on.
    func event(_ status: Int32) -> GuestEvent? {
        let signal = status >> 8 & 0xff
        if status >> 16 == 128 { return .interrupted }
        if signal == 5 | 0x80 { return systemCall() }
        if signal == Self.kick { return .interrupted }
        guard let info = signalInformation() else { return nil }
        switch signal {
        case 4, 5, 7, 8, 11: return fault(signal, info)
        case 31: return filtered(info)
        default: return nil   // sent from outside: not the guest's
        }
    }

    private func systemCall() -> GuestEvent? {
        // AUDIT_ARCH_X86_64; the other is int 0x80 or sysenter, which a kernel without IA32 emulation does not have.
        if HostTrace.systemCallArchitecture(thread) == 0xc000_003e {
            call = GuestCall(loaded)
            arrive(inCall: true, shown)
            return .systemCall
        }
        registers.rax = loaded.origRax
        registers.origRax = .max
        registers.rip = registers.rip &- 2
        return .fault(Fault(signal: 11, code: 0x80, address: 0, trapNumber: 13, errorCode: 0x402))
    }

    private func fault(_ signal: Int32, _ info: [UInt64]) -> GuestEvent? {
        let code = Int32(truncatingIfNeeded: info[1])
        if code <= 0 { return nil }   // by kill(2) from outside
        var fault = Fault(signal: signal, code: code, address: info[2])
        if fault.address == loaded.rip { fault.address = registers.rip }
        switch signal {
        case 11 where code == 0x80:
            fault.trapNumber = 13
            fault.address = 0
        case 7, 11:
            // The error code's bits: 1 present, 4 user, 16 instruction fetch. Whether it was a write is not told.
            fault.trapNumber = 14
            fault.errorCode = 4 | (code == 2 ? 1 : 0) | (fault.address == registers.rip ? 16 : 0)
        case 4: fault.trapNumber = 6
        case 8: fault.trapNumber = code == 1 ? 0 : 19
        default:
            fault.trapNumber = code == 0x80 ? 3 : 1
            if code == 0x80 { fault.address = 0 }
        }
        return .fault(fault)
    }

    /// SIGSYS: the filter caught a call that no tracer sees, one of the vsyscall page. The kernel has already returned
    /// from the page; we undo that, and report the call as what a kernel without that page makes of it.
    private func filtered(_ info: [UInt64]) -> GuestEvent? {
        if Int32(truncatingIfNeeded: info[1]) != 1 { return nil }   // SYS_SECCOMP
        registers.rip = info[2]
        registers.rsp = registers.rsp &- 8
        return .fault(Fault(signal: 11, code: 1, address: registers.rip, trapNumber: 14, errorCode: 0x14))
    }

    /// siginfo_t as words: si_signo and si_errno, si_code, then the union.
    private func signalInformation() -> [UInt64]? {
        var info = [UInt64](repeating: 0, count: 16)
        let read: Void? = try? unsafe info.withMutableBytes { (b) throws(Errno) in
            try unsafe HostTrace.signalInformation(thread, into: b)
        }
        return read == nil ? nil : info
    }
}
