import CHostOS
import CStub
import LinuxABI
import Platform
import Stubs

extension SystrapContext {
    /// What has happened; nil: nothing to the guest.
    func nextEvent() -> GuestEvent? {
        let event = unsafe host_load32(&slot.pointee.event)
        switch event & 0xff {
        case STUB_EVENT_CALL.rawValue:
            arrival = event & STUB_EVENT_TRAPPED.rawValue != 0 ? .trapped : .rewritten
            unsafe call.number = slot.pointee.number
            unsafe call.arguments = slot.pointee.arguments
            call.wasInterrupted = event & STUB_EVENT_INTERRUPTED.rawValue != 0
            if call.wasInterrupted { unsafe call.deadline = host_load64(&slot.pointee.deadline) }
            window.open(hasTable: MarshalTable.has(Int(truncatingIfNeeded: UInt32(truncatingIfNeeded: call.number))))
            if event & STUB_EVENT_EXPORTED.rawValue != 0 {
                arrive(inCall: true, exported)
            } else {
                arrive(inCall: true)
            }
            return .systemCall
        case STUB_EVENT_SIGNAL.rawValue:
            arrive(inCall: false, exported)
            return self.signal()
        default:
            arrive(inCall: false)
            return .interrupted
        }
    }

    /// What the signal means that the stub's handler described; nil: nothing to the guest.
    private func signal() -> GuestEvent? {
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
            return .fault(fault)
        default: return .interrupted
        }
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
