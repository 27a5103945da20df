import HostOS
import LinuxABI
import Memory
import Platform
import Synchronization
import Testing

@Suite struct EventTests {
    @Test(arguments: Guest.platforms) func systemCallsArriveWithAllRegisters(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, loadRAX(39) + systemCall + systemCall)
        defer { guest.context.end() }
        let context = guest.context
        context.registers.rdi = 1
        context.registers.rsi = 2
        context.registers.rdx = 3
        context.registers.r10 = 4
        context.registers.r8 = 5
        context.registers.r9 = 6
        context.registers.r15 = 0x1234_5678_9abc_def0
        context.registers.fsBase = 0x7000_0000
        guest.expectCall(39)
        #expect(context.registers.rip == Guest.code + 12)
        #expect([context.registers.rdi, context.registers.rsi, context.registers.rdx, context.registers.r10,
                 context.registers.r8, context.registers.r9] == [1, 2, 3, 4, 5, 6])
        #expect(context.registers.r15 == 0x1234_5678_9abc_def0)
        #expect(context.registers.fsBase == 0x7000_0000)
        #expect(context.registers.rax == Errno.ENOSYS.returnValue)
        context.registers.rax = 77
        guest.expectCall(77)
    }

    /// A result that looks like one of the kernel's restart codes must not rewind the guest.
    @Test(arguments: Guest.platforms) func resultsAreNeverTakenForRestarts(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, loadRAX(1) + systemCall + [0xcc])
        defer { guest.context.end() }
        guest.expectCall(1)
        guest.context.registers.rax = UInt64(bitPattern: -512)
        guest.context.interrupt()
        guest.expectFault(5, code: 0x80)
        #expect(guest.context.registers.rip == Guest.code + 13)
        #expect(guest.context.registers.rax == UInt64(bitPattern: -512))
    }

    @Test(arguments: Guest.platforms) func faultsAreDescribed(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        // mov (%rdi), %rax
        let guest = try Guest(source, [0x48, 0x8b, 0x07])
        defer { guest.context.end() }
        guest.context.registers.rdi = 0x12_3000
        guest.expectFault(11, code: 1, address: 0x12_3000)
        // Resumed as it stands, it faults again.
        guest.expectFault(11, code: 1, address: 0x12_3000)
        // mov %rax, (%rdi) to a read-only page
        _ = try guest.context.nativeCall(.mprotect, Guest.data, 4096, 1)
        try guest.put([0x48, 0x89, 0x07])
        guest.context.registers.rdi = Guest.data + 8
        guest.expectFault(11, code: 2, address: Guest.data + 8)
        // ud2, div by zero, int3, hlt, jump to a non-canonical address
        try guest.put([0x0f, 0x0b])
        guest.expectFault(4, code: 2, address: Guest.code)
        try guest.put([0x31, 0xc9, 0x31, 0xd2, 0xf7, 0xf1])
        guest.expectFault(8, code: 1, address: Guest.code + 4)
        try guest.put([0xcc])
        guest.expectFault(5, code: 0x80)
        try guest.put([0xf4])
        guest.expectFault(11, code: 0x80, address: 0)
        try guest.put(loadRAX(0x8000_0000_0000_0000) + [0xff, 0xe0])
        guest.expectFault(11, code: 0x80, address: 0)
        // Execution of data
        try guest.put(loadRAX(Guest.data + 4096) + [0xff, 0xe0])
        guest.expectFault(11, code: 2, address: Guest.data + 4096)
        #expect(guest.context.registers.rip == Guest.data + 4096)
    }

    @Test(arguments: Guest.platforms) func compatibilityCallsAreFaults(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, loadRAX(20) + [0xcd, 0x80])
        defer { guest.context.end() }
        guest.expectFault(11, code: 0x80)
        #expect(guest.context.registers.rip == Guest.code + 10)
        #expect(guest.context.registers.rax == 20)
    }

    @Test(arguments: Guest.platforms) func theVirtualSystemCallPageIsAFault(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let page: UInt64 = 0xffff_ffff_ff60_0000
        // call *%rax
        let guest = try Guest(source, loadRAX(page) + [0xff, 0xd0])
        defer { guest.context.end() }
        guest.expectFault(11, code: 1, address: page)
        #expect(guest.context.registers.rip == page)
        #expect(guest.context.registers.rsp == Guest.data + 0x4000 - 8)
    }

    @Test(arguments: Guest.platforms) func singleSteps(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0x90, 0x90, 0x90])
        defer { guest.context.end() }
        guest.context.registers.eflags |= 0x100
        guest.expectFault(5, code: 2)
        #expect(guest.context.registers.rip == Guest.code + 1)
        guest.expectFault(5, code: 2)
        #expect(guest.context.registers.rip == Guest.code + 2)
    }

    @Test(arguments: Guest.platforms) func computingLoopsAreInterrupted(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        // 1: inc %rbx; jmp 1b
        let guest = try Guest(source, [0x48, 0xff, 0xc3, 0xeb, 0xfb])
        defer { guest.context.end() }
        guest.context.interrupt()
        guard case .interrupted = guest.context.run() else { Issue.record("the latched interrupt was lost"); return }
        for _ in 0..<200 {
            let context = guest.context
            let before = context.registers.rbx
            try Thread.start { context.interrupt() }
            guard case .interrupted = context.run() else { Issue.record("not interrupted"); return }
            #expect(context.registers.rbx >= before)
        }
    }

    @Test(arguments: Guest.platforms) func floatingPointIsKept(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        // movq %rax, %xmm3; syscall; movq %xmm3, %rbx; syscall
        let guest = try Guest(source, loadRAX(0x1122_3344_5566_7788) + [0x66, 0x48, 0x0f, 0x6e, 0xd8] + systemCall
                                      + [0x66, 0x48, 0x0f, 0x7e, 0xdb] + systemCall)
        defer { guest.context.end() }
        guest.expectCall(0x1122_3344_5566_7788)
        var state = guest.context.readFloatingPoint()
        #expect(state.count >= 576)
        // XMM3 in the legacy area.
        #expect(Array(state[(160 + 48)..<(160 + 56)]) == bytes(0x1122_3344_5566_7788))
        _ = try guest.context.nativeCall(.mmap, 0x60_0000, 4096, 3, 0x32, .max, 0)
        state[160 + 48] = 0x99
        try guest.context.writeFloatingPoint(state)
        guest.expectCall(Errno.ENOSYS.returnValue)
        #expect(guest.context.registers.rbx == 0x1122_3344_5566_7799)
        // MXCSR with reserved bits, a header with unknown components.
        var bad = state
        bad[26] = 0xff
        #expect(throws: Errno.EINVAL) { try guest.context.writeFloatingPoint(bad) }
        bad = state
        bad[512 + 7] = 0x40
        #expect(throws: Errno.EINVAL) { try guest.context.writeFloatingPoint(bad) }
        guest.context.resetFloatingPoint()
        #expect(guest.context.readFloatingPoint()[160 + 48] == 0)
        try guest.put(systemCall)
        guest.context.registers.rax = 7
        guest.expectCall(7)
    }
}
