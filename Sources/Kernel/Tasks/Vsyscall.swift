import HostOS
import LinuxABI
import Memory
import Platform

extension Task {
    /// Runs what old programs call at fixed addresses (vsyscall(2)'s legacy page): gettimeofday, time, getcpu.
    ///
    /// - Returns: false when the fault is something else.
    func emulateVsyscall(_ fault: Fault) -> Bool {
        let rip = context.registers.rip
        guard fault.signal == Signal.SIGSEGV, rip & ~0xc00 == 0xffff_ffff_ff60_0000, rip != 0xffff_ffff_ff60_0c00 else { return false }
        do throws(Errno) {
            let back = try context.load(GuestAddress(context.registers.rsp), as: UInt64.self)
            context.registers.rax = try vsyscall(rip & 0xc00)
            context.registers.rip = back
            context.registers.rsp &+= 8
        } catch {
            force(.kernel(Signal.SIGSEGV))
        }
        return true
    }

    private func vsyscall(_ offset: UInt64) throws(Errno) -> UInt64 {
        let now = HostClock.realtime
        let first = GuestAddress(context.registers.rdi), second = GuestAddress(context.registers.rsi)
        switch offset {
        case 0:
            if !first.isNull { try context.store(array: [now / 1_000_000_000, now % 1_000_000_000 / 1000], at: first) }
            if !second.isNull { try context.store(UInt64(0), at: second) }
            return 0
        case 0x400:
            if !first.isNull { try context.store(now / 1_000_000_000, at: first) }
            return now / 1_000_000_000
        default:
            if !first.isNull { try context.store(UInt32(0), at: first) }
            if !second.isNull { try context.store(UInt32(0), at: second) }
            return 0
        }
    }
}
