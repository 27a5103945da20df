internal import CStub
import LinuxABI

/// The filter of every stub (native-memory.md, section 4): what guest code can reach of the host's kernel by jumping
/// to a gate with registers of its choice. Everything else is TRAP.
enum StubFilter {
    /// The words of a struct sock_filter program.
    static func program() -> [UInt64] {
        var b = FilterBuilder()
        // Only x86-64's own table.
        b.add(FilterBuilder.load, FilterBuilder.architecture)
        b.add(FilterBuilder.jumpEqual, 0xc000_003e, whenTrue: 1)
        b.verdict(.trap)
        b.add(FilterBuilder.load, FilterBuilder.pointer + 4)
        b.add(FilterBuilder.jumpEqual, UInt32(StubLayout.gateA >> 32), whenTrue: 1)
        b.verdict(.trap)
        // The pointer stands behind the instruction, within the gate's page.
        b.add(FilterBuilder.load, FilterBuilder.pointer)
        b.add(FilterBuilder.and, 0xffff_f000)
        b.add(FilterBuilder.jumpEqual, UInt32(truncatingIfNeeded: StubLayout.gateA), whenTrue: 1)
        let elsewhere = b.program.count
        b.add(FilterBuilder.jumpAlways, 0)
        nativeCalls(&b)
        b.jump(at: elsewhere, to: b.program.count)
        b.add(FilterBuilder.jumpEqual, UInt32(truncatingIfNeeded: StubLayout.gateB), whenTrue: 1)
        b.verdict(.trap)
        judgedCalls(&b)
        return b.program.map(\.word)
    }

    private static let protection: UInt32 = 7
    private static let firstSlot: UInt32 = 3, lastSlot: UInt32 = 18
    /// MAP_SHARED, PRIVATE, FIXED, ANONYMOUS, 32BIT, NORESERVE, POPULATE, STACK, FIXED_NOREPLACE.
    private static let mapFlags: UInt32 = 0x12_c073
    private static let anonymous: UInt32 = 0x20

    /// Exactly the arena: to map its first part shared and readable, the rest writable as well, and to keep it from being
    /// inherited.
    private static let arena: [FilterCondition] = [.equal(0, StubLayout.arena), .equal(1, StubLayout.arenaLength)]
    private static let info: [FilterCondition] = [.equal(0, StubLayout.arena), .equal(1, StubLayout.infoLength), .low(2, 1)]
    private static let slots: [FilterCondition] = [.equal(0, StubLayout.arena + StubLayout.infoLength),
                                                   .equal(1, StubLayout.arenaLength - StubLayout.infoLength), .low(2, 3)]
    /// Exactly where files are: to fill it.
    private static let files: [FilterCondition] = [.equal(0, StubLayout.files), .equal(1, StubLayout.filesLength), .low(2, 0),
                                                   .low(3, 0x4032)]
    private static let shared: [FilterCondition] = [.low(3, 0x11), .between(4, 0, lastSlot)]

    /// Gate A: what is called most often comes first. The way back from a signal is part of each call that is trapped, and
    /// one that yields may be of each that is handed over on one processor.
    private static func nativeCalls(_ b: inout FilterBuilder) {
        b.add(FilterBuilder.load, FilterBuilder.number)
        b.rule(SystemCallNumber.futex.rawValue, [[.oneOf(1, ignoring: 128 | 256, [0, 1, 3, 4, 9, 10])]])
        for call: SystemCallNumber in [.rt_sigreturn, .sched_yield] { b.rule(call.rawValue) }
        let map: [FilterCondition] = [.range(address: 0, length: 1), .only(2, mask: protection), .only(3, mask: mapFlags),
                                      .oneOf(3, ignoring: ~3, [1, 2])]
        b.rule(SystemCallNumber.mmap.rawValue, [map + [.has(3, mask: anonymous)],
                                                map + [.between(4, firstSlot, lastSlot)],
                                                info + shared, slots + shared, files])
        b.rule(SystemCallNumber.munmap.rawValue, [[.range(address: 0, length: 1)]])
        b.rule(SystemCallNumber.madvise.rawValue, [[.range(address: 0, length: 1), .oneOf(2, [
            4, 8, 10, 11, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24])], arena + [.low(2, 10 /* DONTFORK */)]])
        b.rule(SystemCallNumber.mprotect.rawValue, [[.range(address: 0, length: 1), .only(2, mask: protection)]])
        b.rule(SystemCallNumber.clock_gettime.rawValue, [[.between(0, 0, 11)]])
        b.rule(SystemCallNumber.mremap.rawValue, [[.range(address: 0, length: 1), .range(address: 4, length: 2),
                                                   .only(3, mask: 7)]])
        b.rule(SystemCallNumber.futex_waitv.rawValue, [[.between(1, 1, 128), .low(2, 0), .oneOf(4, [0, 1])]])
        b.rule(SystemCallNumber.membarrier.rawValue, [[.oneOf(0, [0, 8, 16, 32, 64]), .low(1, 0)]])
        b.rule(SystemCallNumber.close.rawValue, [[.between(0, 0, lastSlot)]])
        b.rule(SystemCallNumber.close_range.rawValue, [[.oneOf(1, [lastSlot, .max]), .low(2, 0)]])
        b.rule(SystemCallNumber.msync.rawValue, [[.range(address: 0, length: 1), .only(2, mask: 7)]])
        for call: SystemCallNumber in [.restart_syscall, .exit, .exit_group, .set_tid_address, .sigaltstack] {
            b.rule(call.rawValue)
        }
        b.rule(SystemCallNumber.seccomp.rawValue, [STUB_CLOSE_MEMORY, STUB_CLOSE_FUTEXES, STUB_CLOSE_ALL].map {
            [.low(0, 1 /* SET_MODE_FILTER */), .oneOf(1, [0, 1 /* TSYNC */]), .equal(2, StubLayout.closer($0))]
        })
        b.rule(SystemCallNumber.prctl.rawValue, [[.low(0, 41 /* PR_SET_THP_DISABLE */), .between(1, 0, 1), .low(2, 0), .low(3, 0),
                                                  .low(4, 0)]])
        b.rule(SystemCallNumber.sched_setaffinity.rawValue, [[.low(0, 0), .between(1, 0, 128)]])
        b.verdict(.trap)
    }

    /// Gate B: the Sentry is asked, and lets the kernel go on with the registers that it has judged.
    private static func judgedCalls(_ b: inout FilterBuilder) {
        b.add(FilterBuilder.load, FilterBuilder.number)
        b.rule(StubLayout.requestNumber, [[]], .notify)
        for call: SystemCallNumber in [.clone, .mmap, .mprotect, .munmap, .mremap, .madvise, .msync, .futex, .futex_waitv] {
            b.rule(call.rawValue, [[]], .notify)
        }
        b.verdict(.trap)
    }
}

extension StubFilter {
    /// A filter beside the first one, which can only tighten it: gate A closed for some calls, but not for what the stub
    /// itself needs of its arena (section 13).
    static func closer(_ closer: CStub.stub_closer) -> [UInt64] {
        var b = FilterBuilder()
        b.add(FilterBuilder.load, FilterBuilder.pointer + 4)
        b.add(FilterBuilder.jumpEqual, UInt32(StubLayout.gateA >> 32), whenTrue: 1)
        b.verdict(.allow)
        b.add(FilterBuilder.load, FilterBuilder.pointer)
        b.add(FilterBuilder.and, 0xffff_f000)
        b.add(FilterBuilder.jumpEqual, UInt32(truncatingIfNeeded: StubLayout.gateA), whenTrue: 1)
        b.verdict(.allow)
        b.add(FilterBuilder.load, FilterBuilder.number)
        // The first filter lets nothing but the arena itself be mapped there.
        let arena = UInt32(StubLayout.arena >> 32)
        if closer != STUB_CLOSE_FUTEXES {
            b.rule(SystemCallNumber.mmap.rawValue, [[.upper(0, arena)], [.equal(0, StubLayout.files)]])
            b.rule(SystemCallNumber.madvise.rawValue, [[.upper(0, arena)]])
            for call: SystemCallNumber in [.munmap, .mprotect, .mremap, .msync] { b.rule(call.rawValue, []) }
        }
        if closer != STUB_CLOSE_MEMORY {
            // FUTEX_WAIT and FUTEX_WAKE, shared, on words of the arena, or of what the stub has beside it.
            b.rule(SystemCallNumber.futex.rawValue, [[.upper(0, arena), .oneOf(1, [0, 1])]])
            b.rule(SystemCallNumber.futex_waitv.rawValue, [])
        }
        b.verdict(.allow)
        return b.program.map(\.word)
    }
}

extension FilterBuilder {
    /// Sets the target of an unconditional jump.
    mutating func jump(at index: Int, to target: Int) { program[index].value = UInt32(target - index - 1) }
}
