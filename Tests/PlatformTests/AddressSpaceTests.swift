import HostOS
import LinuxABI
import Memory
import Platform
import Synchronization
import Testing

@Suite struct AddressSpaceTests {
    @Test(arguments: Guest.platforms) func copiesEndAtTheRightByte(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        defer { guest.context.end() }
        let context = guest.context
        _ = try context.nativeCall(.mprotect, Guest.data + 4096, 4096, 0)
        var buffer = [UInt8](repeating: 7, count: 100)
        for k in [1, 50, 99, 100] as [UInt64] {
            let from = GuestAddress(Guest.data + 4096 - k)
            let copied = unsafe buffer.withUnsafeBytes { unsafe context.copyOut(from, from: $0) }
            #expect(copied == Int(k))
            let read = unsafe buffer.withUnsafeMutableBytes { unsafe context.copyIn(from, into: $0) }
            #expect(read == Int(k))
        }
        #expect(throws: Errno.EFAULT) { try context.load(GuestAddress(0), as: UInt64.self) }
        #expect(throws: Errno.EFAULT) { try context.load(GuestAddress(0xffff_ffff_ffff_fff8), as: UInt64.self) }
        #expect(throws: Errno.EFAULT) { try context.load(GuestAddress(0x7e80_0000_0000), as: UInt64.self) }
        #expect(throws: Errno.EFAULT) { try context.store(UInt64(1), at: context.addressSpace.limit) }
        // Executable and read-only pages are not written, not even by the Sentry.
        _ = try context.nativeCall(.mprotect, Guest.data, 4096, 5)
        #expect(throws: Errno.EFAULT) { try context.store(UInt64(1), at: GuestAddress(Guest.data)) }
    }

    @Test(arguments: Guest.platforms) func stacksGrowWhenTheSentryWrites(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        defer { guest.context.end() }
        // MAP_PRIVATE | ANONYMOUS | GROWSDOWN | FIXED
        let stack: UInt64 = 0x7000_0000
        _ = try guest.context.nativeCall(.mmap, stack, 4096, 3, 0x132, .max, 0)
        try guest.context.store(UInt64(42), at: GuestAddress(stack - 100_000))
        #expect(try guest.context.load(GuestAddress(stack - 100_000), as: UInt64.self) == 42)
    }

    @Test(arguments: Guest.platforms) func theGuestEndsAtItsLimit(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        defer { guest.context.end() }
        let context = guest.context
        // Without a hint the kernel looks from the top down: it must find the place below the limit.
        let place = try context.nativeCall(.mmap, 0, 8192, 3, 0x22, .max, 0)
        #expect(place + 8192 <= context.addressSpace.limit.rawValue)
        #expect(place + (1 << 30) > context.addressSpace.limit.rawValue)
        for address in [0x7e80_0000_0000, 0x7e80_0000_8000, 0x7fff_ffff_e000, 0xffff_ffff_ffff_f000] as [UInt64] {
            #expect(throws: Errno.EINVAL) { try context.nativeCall(.munmap, address, 4096) }
            #expect(throws: Errno.ENOMEM) { try context.nativeCall(.mmap, address, 4096, 7, 0x32, .max, 0) }
            #expect(throws: Errno.ENOMEM) { try context.nativeCall(.mprotect, address, 4096, 7) }
            #expect(throws: Errno.EINVAL) { try context.nativeCall(.mremap, Guest.data, 4096, 4096, 3, address) }
        }
        #expect(throws: Errno.EINVAL) { try context.nativeCall(.munmap, 0x1000, 0xffff_ffff_ffff_e000) }
        #expect(throws: Errno.EPERM) { try context.nativeCall(.madvise, Guest.data, 4096, 100 /* HWPOISON */) }
        #expect(throws: Errno.EPERM) { try context.nativeCall(.mmap, 0, 4096, 3, 0x40022 /* HUGETLB */, .max, 0) }
        #expect(throws: Errno.ENOSYS) { try context.nativeCall(.kill, 1, 9) }
        #expect(throws: Errno.ENOSYS) { try context.nativeCall(.openat, 0, 0) }
        // It is still well.
        try guest.put(loadRAX(1) + systemCall)
        guest.expectCall(1)
    }

    @Test(arguments: Guest.platforms) func forksAreIsolated(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        // mov %rax, (%rdi); mov 8(%rdi), %rax; syscall
        let guest = try Guest(source, [0x48, 0x89, 0x07, 0x48, 0x8b, 0x47, 0x08] + systemCall + systemCall)
        defer { guest.context.end() }
        let parent = guest.context
        try parent.store(UInt64(5), at: GuestAddress(Guest.data + 8))
        let child = try parent.forkAddressSpace()
        #expect(child.addressSpace.hostProcess != parent.addressSpace.hostProcess)
        try child.bind()
        try parent.store(UInt64(6), at: GuestAddress(Guest.data + 8))
        child.registers.rdi = Guest.data
        child.registers.rax = 0xabcd
        guard case .systemCall = child.run() else { Issue.record("the child did not run"); return }
        #expect(child.registers.origRax == 5)
        #expect(try child.load(GuestAddress(Guest.data), as: UInt64.self) == 0xabcd)
        #expect(try parent.load(GuestAddress(Guest.data), as: UInt64.self) == 0)
        child.end()
        #expect(try parent.load(GuestAddress(Guest.data + 8), as: UInt64.self) == 6)
    }

    private final class Shared: @unchecked Sendable {
        let done = Atomic<Int>(0)
        let finish = Atomic<Int>(0)
    }

    @Test(arguments: Guest.platforms) func threadsShareMemory(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        // lock incq (%rdi); syscall; jmp back
        let guest = try Guest(source, [0xf0, 0x48, 0xff, 0x07] + systemCall + [0xeb, 0xf8])
        let shared = Shared()
        for _ in 0..<8 {
            let thread = try guest.context.cloneThread()
            thread.registers.rdi = Guest.data
            try Thread.start {
                do {
                    try thread.bind()
                    for _ in 0..<50 {
                        guard case .systemCall = thread.run() else { Issue.record("no call"); break }
                    }
                } catch { Issue.record("bind: \(error)") }
                thread.end()
                shared.done.add(1, ordering: .releasing)
            }
        }
        while shared.done.load(ordering: .acquiring) < 8 { _ = try? hostCall(.sched_yield) }
        #expect(try guest.context.load(GuestAddress(Guest.data), as: UInt64.self) == 400)
        guest.context.end()
    }

    /// The host's leader thread of a stub stays when the guest thread on it ends.
    @Test(arguments: Guest.platforms) func theFirstThreadMayEndFirst(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, loadRAX(1) + systemCall + [0xeb, 0xfc])
        let second = try guest.context.cloneThread()
        try second.bind()
        guest.context.end()
        guard case .systemCall = second.run() else { Issue.record("no call"); return }
        #expect(try second.load(GuestAddress(Guest.code), as: UInt8.self) == 0x48)
        _ = try second.nativeCall(.mmap, 0, 4096, 3, 0x22, .max, 0)
        second.end()
    }

    @Test(arguments: Guest.platforms) func filesAreMapped(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0x48, 0x8b, 0x07] + systemCall)
        defer { guest.context.end() }
        let name: StaticString = "test"
        let file = HostFD(rawValue: Int32(try unsafe hostCall(.memfd_create, Int(name.utf8Start), 1)))
        defer { file.close() }
        try file.writeAll([UInt8](repeating: 0x5a, count: 4096))
        let slot = try guest.context.install(file)
        #expect(slot >= 3 && slot <= 18)
        let place = try guest.context.nativeCall(.mmap, 0, 4096, 3, 1, slot, 0)
        guest.context.registers.rdi = place
        guest.expectCall(0x5a5a_5a5a_5a5a_5a5a)
        try guest.context.store(UInt8(1), at: GuestAddress(place))
        var byte = [UInt8](repeating: 0, count: 1)
        _ = try unsafe byte.withMutableBytes { (b) throws(Errno) in try unsafe file.pread(into: b, at: 0) }
        #expect(byte == [1])
        for _ in 0..<40 { #expect((3...18).contains(try guest.context.install(file))) }
        _ = try guest.context.nativeCall(.close, 3)
        // A file cut short under its mapping.
        try hostCall(.ftruncate, file.argument, 0)
        try guest.put([0x48, 0x8b, 0x07])
        guest.expectFault(7, code: 2, address: place)
        #expect(throws: Errno.EFAULT) { try guest.context.load(GuestAddress(place), as: UInt8.self) }
    }

    @Test(arguments: Guest.platforms) func futexWaitsAreInterrupted(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        defer { guest.context.end() }
        let context = guest.context
        #expect(throws: Errno.EAGAIN) { try context.nativeCall(.futex, Guest.data, 128, 1) }
        let shared = Shared()
        for round in 1...50 {
            try Thread.start {
                context.interrupt()
                shared.done.add(1, ordering: .releasing)
            }
            #expect(throws: Errno.EINTR) { try context.nativeCall(.futex, Guest.data, 128, 0) }
            // Its kick must not come to the next round's wait.
            while shared.done.load(ordering: .acquiring) < round { _ = try? hostCall(.sched_yield) }
            // The interrupt stays pending for the run loop.
            guard case .interrupted = context.run() else { Issue.record("lost"); return }
        }
        #expect(try context.nativeCall(.futex, Guest.data, 129, 1) == 0)
        try guest.put(loadRAX(1) + systemCall)
        guest.expectCall(1)
    }

    @Test(arguments: Guest.platforms) func deathIsNoticed(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0xeb, 0xfe])
        let context = guest.context
        let space = context.addressSpace
        let second = try context.cloneThread()
        let shared = Shared()
        space.onDeath = { shared.done.add(1, ordering: .releasing) }
        try Thread.start {
            try? second.bind()
            shared.finish.store(1, ordering: .releasing)
            guard case .died = second.run() else { Issue.record("not dead"); return }
            second.end()
            shared.finish.store(2, ordering: .releasing)
        }
        while shared.finish.load(ordering: .acquiring) < 1 { _ = try? hostCall(.sched_yield) }
        try Thread.start { HostTrace.kill(process: space.hostProcess) }
        guard case .died = context.run() else { Issue.record("not dead"); return }
        guard case .died = context.run() else { Issue.record("not dead"); return }
        #expect(throws: Errno.ESRCH) { try context.nativeCall(.munmap, 0, 4096) }
        #expect(throws: Errno.EFAULT) { try context.load(GuestAddress(Guest.data), as: UInt8.self) }
        context.end()
        while shared.finish.load(ordering: .acquiring) < 2 { _ = try? hostCall(.sched_yield) }
        // Who has noticed it first, perhaps another thread, may be about to tell.
        while shared.done.load(ordering: .acquiring) == 0 { _ = try? hostCall(.sched_yield) }
        #expect(shared.done.load(ordering: .acquiring) == 1)
    }

    /// Nobody runs in the stub when it is killed, and two threads are there.
    @Test(arguments: Guest.platforms) func deathOfAnIdleStubIsNoticed(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        let second = try guest.context.cloneThread()
        try second.bind()
        let shared = Shared()
        guest.context.addressSpace.onDeath = { shared.done.add(1, ordering: .releasing) }
        HostTrace.kill(process: guest.context.addressSpace.hostProcess)
        while shared.done.load(ordering: .acquiring) == 0 { _ = try? hostCall(.sched_yield) }
        second.end()
        guest.context.end()
        #expect(shared.done.load(ordering: .acquiring) == 1)
    }

    @Test(arguments: Guest.platforms) func wordsAreExchanged(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        defer { guest.context.end() }
        let word = GuestAddress(Guest.data)
        try guest.context.store(UInt64.max, at: word)
        #expect(try guest.context.compareExchange(word, expected: 5, desired: 6) == .max)
        #expect(try guest.context.compareExchange(word, expected: .max, desired: 6) == .max)
        #expect(try guest.context.load(word, as: UInt64.self) == 0xffff_ffff_0000_0006)
        #expect(throws: Errno.EFAULT) { try guest.context.compareExchange(.null, expected: 0, desired: 0) }
    }

    @Test(arguments: Guest.platforms) func nothingIsLeftOfAHundredStubs(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        var processes: [Int32] = []
        for i in 0..<100 {
            let guest = try Guest(source, loadRAX(1) + systemCall)
            guest.expectCall(1)
            processes.append(guest.context.addressSpace.hostProcess)
            if i % 3 == 0 {
                guest.context.addressSpace.kill()
                let event = guest.context.run()
                guard case .died = event else { Issue.record("lives: \(event)"); return }
            }
            let second = i % 3 == 1 ? try guest.context.cloneThread() : nil
            second?.end()
            guest.context.end()
        }
        for process in processes { #expect(throws: Errno.ESRCH) { try hostCall(.kill, Int(process), 0) } }
    }

    /// Kicks that come around a call that asks must neither lose it nor make it fail.
    @Test(arguments: Guest.platforms) func forksSurviveInterrupts(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let guest = try Guest(source, [0xeb, 0xfe])
        let context = guest.context
        let shared = Shared()
        for _ in 0..<2 {
            try Thread.start {
                while shared.finish.load(ordering: .acquiring) == 0 { context.interrupt() }
                shared.done.add(1, ordering: .releasing)
            }
        }
        for _ in 0..<40 {
            _ = context.run()
            let child = try context.forkAddressSpace()
            try child.bind()
            child.end()
            let thread = try context.cloneThread()
            try thread.bind()
            thread.end()
        }
        shared.finish.store(1, ordering: .releasing)
        while shared.done.load(ordering: .acquiring) < 2 { _ = try? hostCall(.sched_yield) }
        context.end()
    }

    private final class Current: @unchecked Sendable {
        let lock = Lock()
        var context: ExecutionContext?
        var ended = false
    }

    /// Guest code that jumps into the stub's own code with hostile registers: it may stop, wait, or die, but what stands
    /// behind the limit stays as it is.
    @Test(arguments: Guest.platforms) func gatesAreNoWayOut(_ platform: String) throws {
        let source = try Guest.source(platform)
        defer { source.close() }
        let current = Current()
        try Thread.start {
            while !current.lock.withLock({ current.ended }) {
                _ = try? hostCall(.poll, 0, 0, 2)
                current.lock.withLock { current.context?.interrupt() }
            }
        }
        defer { current.lock.withLock { current.ended = true } }
        let image: UInt64 = 0x7e80_0000_8000
        var guest = try Guest(source, [0xf4])
        current.lock.withLock { current.context = guest.context }
        let calls: [UInt64] = [9, 11, 10, 25, 28, 56, 202, 0x2c10, 231]
        for page in 0..<3 as Range<UInt64> {
            for offset in 0..<256 as Range<UInt64> {
                let context = guest.context
                context.registers.rip = image + page * 4096 + offset
                context.registers.rax = calls[Int(offset % 9)]
                context.registers.rdi = context.registers.rax == 56 ? 0x8011 : image
                context.registers.rsi = 1 << 20
                context.registers.rdx = 7
                context.registers.r10 = 0x32
                context.registers.r9 = Guest.code
                context.registers.rsp = Guest.data + 0x3000
                if case .died = context.run() {
                    context.end()
                    guest = try Guest(source, [0xf4])
                    current.lock.withLock { current.context = guest.context }
                }
            }
        }
        current.lock.withLock { current.context = nil }
        guest.context.end()
        let other = try Guest(source, loadRAX(1) + systemCall)
        other.expectCall(1)
        other.context.end()
    }
}
