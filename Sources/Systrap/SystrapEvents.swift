import CHostOS
import CStub
import LinuxABI
import Platform
import Stubs

extension SystrapContext {
    /// What has happened; nil: nothing to the guest.
    func nextEvent() -> GuestEvent? {
        let event = unsafe host_load32(&slot.pointee.what)
        switch event & 0xff {
        case STUB_EVENT_CALL.rawValue:
            arrival = event & STUB_EVENT_TRAPPED.rawValue != 0 ? .trapped : .rewritten
            let number = unsafe host_load32(&slot.pointee.number)
            call.number = UInt64(bitPattern: Int64(Int32(bitPattern: number)))
            unsafe call.arguments = slot.pointee.words
            window.open(event, number: number, &call.arguments)
            call.wasInterrupted = event & STUB_EVENT_INTERRUPTED.rawValue != 0
            if call.wasInterrupted { unsafe call.deadline = host_load64(&slot.pointee.deadline) }
            if event & STUB_EVENT_EXPORTED.rawValue != 0 {
                let registers = exported
                call.number = registers.rax
                arrive(inCall: true, registers)
            } else {
                arrive(inCall: true)
            }
            if arrival == .trapped {
                let behind = unsafe host_load64(&slot.pointee.site)
                space.noteTrap(behind &- 2, number: call.number, by: self)
            }
            generation = space.rewritten.generation.load(ordering: .acquiring)
            return .systemCall
        case STUB_EVENT_SIGNAL.rawValue:
            let rip = unsafe host_load64(&slot.pointee.registers.16)
            arrive(inCall: false, exported)
            return self.signal(at: rip)
        default:
            arrive(inCall: false)
            return .interrupted
        }
    }

    /// What the signal means that the stub's handler described; nil: nothing to the guest.
    ///
    /// - Parameter rip: where the thread stands, which may be a place that the guest does not know.
    private func signal(at rip: UInt64) -> GuestEvent? {
        let signal = unsafe Int32(bitPattern: host_load32(&slot.pointee.signal))
        let code = unsafe Int32(bitPattern: host_load32(&slot.pointee.code))
        let address = unsafe host_load64(&slot.pointee.address)
        switch signal {
        case 31: return code == 1 ? unusualCall(from: address) : nil   // SYS_SECCOMP
        case 4, 5, 7, 8, 11:
            if code <= 0 { return nil }
            var fault = Fault(signal: signal, code: code, address: address, trapNumber: unsafe host_load64(&slot.pointee.trap),
                              errorCode: unsafe host_load64(&slot.pointee.error))
            if code == 0x80 { fault.address = 0 }
            if isOurs(&fault, at: rip) { return nil }
            return .fault(fault)
        default: return .interrupted
        }
    }

    /// Whether a fault came of rewriting: the thread goes on.
    private func isOurs(_ fault: inout Fault, at rip: UInt64) -> Bool {
        let code = space.rewritten
        if registers.gsBase != 0 && !code.isOff.load(ordering: .relaxed) { space.withdrawAll(by: self) }
        if fault.address == rip { fault.address = registers.rip }
        if code.visible(rip) != nil {
            // In a trampoline.
            let isStep = fault.signal == 5 && fault.code == 2 // TRAP_TRACE
            if isStep { space.withdrawAll(by: self) }
            // A step that has led from an instruction to its replacement, or a zone that is gone: once more, where it really is.
            let isRepeated = isStep && code.isHead(rip) || fault.signal == 11 && fault.address == registers.rip
            if isRepeated { registers.origRax = .max }
            return isRepeated
        }
        if fault.signal == 11 && rip == StubLayout.entryCall {
            // A trampoline of a thread whose gs the program has set without a system call.
            space.withdrawAll(by: self)
            registers.rip = registers.rcx &- 2
            return true
        }
        if fault.signal != 4 || !code.stops(rip) { return false }
        // When nothing else happens between them, it is the program's own.
        stopsInARow = happened == lastStop &+ STUB_COUNT ? stopsInARow + 1 : 0
        lastStop = happened
        if stopsInARow > 16 { return false }
        // If it has moved, it goes on there (`landing`).
        registers.origRax = .max
        return true
    }

    /// A call that is not x86-64's own.
    ///
    /// - Parameter address: where the instruction was, by the signal's information.
    private func unusualCall(from address: UInt64) -> GuestEvent {
        if address >= 0xffff_ffff_ff60_0000 {
            // The vsyscall page: the kernel has already returned from it. We undo that.
            registers.rip = address
            registers.rsp = registers.rsp &- 8
            return .fault(Fault(signal: 11, code: 1, address: address, trapNumber: 14, errorCode: 0x14))
        }
        // int 0x80 or sysenter, which a kernel without IA32 emulation does not have.
        registers.rip = registers.rip &- 2
        return .fault(Fault(signal: 11, code: 0x80, address: 0, trapNumber: 13, errorCode: 0x402))
    }
}
