@testable import Systrap
import HostOS
import Testing

/// The decoder of instructions, and how sites are looked at.
@Suite struct InstructionTests {
    private static func bytes(_ text: String) -> [UInt8] { text.split(separator: " ").compactMap { UInt8($0, radix: 16) } }

    /// Each line is one instruction.
    @Test(arguments: [
        "90", "f3 90", "0f 05", "c3", "f3 c3", "c2 08 00", "cc", "cd 80", "c8 10 00 00",
        "b8 27 00 00 00", "66 b8 27 00", "48 b8 01 02 03 04 05 06 07 08", "41 b9 01 00 00 00", "48 c7 c0 0f 00 00 00",
        "48 3d 00 f0 ff ff", "3d 00 f0 ff ff", "66 3d 00 f0", "48 83 f8 fc", "85 c0", "48 85 c0", "f6 c1 01", "f7 c7 00 00 01 00",
        "66 f7 c7 00 01", "f7 d0", "89 44 24 28", "8b 04 25 28 00 00 00", "64 48 8b 04 25 28 00 00 00", "8b 05 50 ea 1a 00",
        "48 8d 15 c6 f6 ff ff", "c7 44 24 b8 10 00 00 00", "66 c7 05 00 00 00 00 34 12", "80 bb f8 08 00 00 00",
        "83 3d 00 00 00 00 01", "0f 84 10 00 00 00", "74 10", "eb f7", "e9 00 00 00 00", "e8 00 00 00 00", "ff 25 00 00 00 00",
        "41 ff 63 10", "0f 1f 40 00", "66 2e 0f 1f 84 00 00 00 00 00", "f3 0f 1e fa", "0f b6 04 10", "0f ba e0 07", "0f c8",
        "66 0f 3a 0f c1 08", "66 0f 38 00 c1", "f3 0f 7f 04 24", "c5 f8 77", "c5 fe 6f 06", "c4 e2 7d 58 05 00 00 00 00",
        "c4 e3 7d 39 c1 01", "62 f1 7c 48 11 04 24", "62 f3 7d 48 25 c0 ff", "a1 00 11 22 33 44 55 66 77", "67 a1 00 11 22 33",
        "6b c0 0c", "69 c0 00 01 00 00", "d1 e8", "c1 e0 04", "dd 44 24 08", "f0 0f b1 17", "c6 45 a0 00",
    ])
    func lengths(_ text: String) {
        let code = Self.bytes(text)
        #expect(Instruction(code + [UInt8](repeating: 0xcc, count: 16), at: 0)?.length == code.count)
        // Never beyond what is there.
        for count in 0..<code.count { #expect((Instruction(Array(code[..<count]), at: 0)?.length ?? 0) <= count) }
    }

    @Test func invalidOpcodesAreNone() {
        for opcode in Instruction.invalidOpcodes {
            #expect(Instruction([opcode] + [UInt8](repeating: 0, count: 16), at: 0) == nil)
        }
    }

    @Test func anyBytesAreHandled() {
        var state: UInt64 = 1
        for _ in 0..<20_000 {
            let code = (0..<96).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56)
            }
            var here = 0
            while here < code.count {
                let instruction = Instruction(code, at: here)
                if let instruction, let movement = instruction.movement, movement == .copied || movement == .return {
                    _ = instruction.moved(code, from: here, address: 0x1000, to: 0x2000)
                }
                here += max(1, instruction?.length ?? 1)
            }
            let marked = Array(code[..<48]) + [0x0f, 0x05] + code[50...]
            if case .success(let plan) = SitePlan.make(marked, base: 0x40_0000, site: 0x40_0030, number: 1) {
                #expect(plan.original.count == 5)
            }
        }
    }

    // Around real sites: what stands in front, and what follows.

    /// glibc's getppid: endbr64; mov $110, %eax; syscall; ret.
    @Test func glibcLoadsTheNumber() throws {
        let plan = try make("90 90 90 90 0f 1f 40 00 0f 1f 40 00 66 90 66 90 f3 0f 1e fa b8 6e 00 00 00 | 0f 05 c3 66 2e 0f 1f 84 00 00 00 00 00", 110).get()
        #expect(plan.number == 110 && plan.start == plan.site - 5 && plan.moved.isEmpty)
        #expect(make("90 90 90 90 0f 1f 40 00 0f 1f 40 00 66 90 66 90 f3 0f 1e fa b8 6e 00 00 00 | 0f 05 c3 66 2e 0f 1f 84 00 00 00 00 00", 39).isForm2)
    }

    /// glibc's read: xor %eax, %eax; syscall; cmp $-4096, %rax; ja.
    @Test func glibcReadComparesBehind() throws {
        let plan = try make("f3 0f 1e fa 80 3d 45 ae 0d 00 00 74 13 31 c0 | 0f 05 48 3d 00 f0 ff ff 77 4f c3", 0).get()
        #expect(plan.number == nil && plan.moved.count == 1 && plan.stopsSecond && !plan.stopsFourth)
        #expect(plan.end == plan.site + 8)
    }

    /// The kernel's return from signal handlers: mov $15, %rax; syscall.
    @Test func restorer() throws {
        let plan = try make("90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 48 c7 c0 0f 00 00 00 | 0f 05 0f 1f 80 00 00 00 00", 15).get()
        #expect(plan.start == plan.site - 7 && plan.original == [0x48, 0xc7, 0xc0, 0x0f, 0])
    }

    /// gVisor's issue 10849: a store whose displacement and value look like a mov.
    @Test func tailOfAStoreIsNoLoad() throws {
        let plan = try make("48 89 e5 48 83 ec 20 48 89 7d e8 48 89 75 e0 31 d2 4c 8d 45 d8 45 31 d2 89 d8 8b 7d e8 c7 44 24 b8 10 00 00 00 | 0f 05 48 3d 00 f0 ff ff", 16).get()
        #expect(plan.number == nil)
    }

    /// Go's futex: mov $202, %eax; syscall; mov %eax, 0x28(%rsp); ret; and Syscall6's cmp.
    @Test func goSites() throws {
        let futex = try make("48 8b 7c 24 08 8b 74 24 10 8b 54 24 14 4c 8b 54 24 18 4c 8b 44 24 20 44 8b 4c 24 28 b8 ca 00 00 00 | 0f 05 89 44 24 30 c3", 202).get()
        #expect(futex.number == 202)
        let call = try make("49 89 f9 4c 89 c7 48 89 ce 48 89 da | 0f 05 48 3d 01 f0 ff ff 76 20", 1).get()
        #expect(call.moved.count == 1)
    }

    /// musl: syscall; ret with padding behind, and not with another function's first byte.
    @Test func returnsNeedPadding() throws {
        let plan = try make("48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 4d 89 c8 4c 8b 4c 24 08 | 0f 05 c3 66 0f 1f 44 00 00", 1, site: 0x40_0037).get()
        #expect(plan.endsFlow && plan.moved.count == 1)
        #expect(!make("48 89 f8 48 89 f7 48 89 d6 | 0f 05 c3 31 c0 c3", 1, site: 0x40_0037).isForm2)
    }

    @Test func trampolinesKeepWhatIsRelative() throws {
        // mov 0x1aea50(%rip), %eax behind the call.
        let plan = try make("90 90 90 90 90 | 0f 05 8b 05 50 ea 1a 00", 1).get()
        let trampoline = try #require(Trampoline(plan, at: 0x40_8000, pointer: 0x40_7000))
        let tail = Array(trampoline.bytes[Int(trampoline.tail - trampoline.address)...])
        let moved = try #require(Instruction(tail, at: 0))
        #expect(moved.length == 6)
        let distance = tail[2..<6].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        #expect(trampoline.tail + 6 + UInt64(distance) == plan.site + 8 + 0x1a_ea50)
        #expect(trampoline.visible(trampoline.tail) == plan.site + 2)
        #expect(trampoline.visible(trampoline.tail + 6) == plan.site + 8)
        #expect(trampoline.visible(trampoline.address) == plan.site)
        #expect(trampoline.place(of: plan.site + 2) == trampoline.tail)
    }

    @Test func distancesStopWhoeverJumpsThere() throws {
        let plan = try make("90 90 90 90 90 | 0f 05 89 c2 81 fa 00 10 00 00", 1, site: 0x7d56_0000_1230).get()
        #expect(plan.stopsSecond && plan.stopsFourth && plan.moved.count == 2)
        let candidates = ZonePlaces.candidates(plan, mapping: 0x7d56_0000_0000..<0x7d56_0001_0000, limit: 0x7d56_0100_0000,
                                               fillEnd: 0x7dfe_0000_0000)
        var found = 0
        for candidate in candidates {
            var zone = CodeZone(base: candidate.base)
            guard let address = zone.take(40, for: plan), let jump = plan.jump(to: address) else { continue }
            #expect(Instruction.isInvalid(jump[2]) && Instruction.isInvalid(jump[4]))
            found += 1
        }
        #expect(found > 0)
    }

    @Test func sitesAreCounted() {
        var table = SiteTable()
        for site in 1...UInt64(SiteTable.capacity + 100) {
            var asked = 0
            for _ in 0..<Int(SiteTable.threshold) where table.note(site << 4) { asked += 1 }
            #expect(asked == (site <= UInt64(SiteTable.capacity) ? 1 : 0))
            table.settle(site << 4)
            let again = table.note(site << 4)
            #expect(!again)
        }
    }

    /// A plan for the code in `text`, whose `|` stands before the site.
    private func make(_ text: String, _ number: UInt32, site: UInt64 = 0x40_0100) -> Result<SitePlan, SitePlan.Refusal> {
        let parts = text.split(separator: "|").map { Self.bytes(String($0)) }
        let code = parts[0] + parts[1] + [UInt8](repeating: 0x90, count: 16)
        return SitePlan.make(code, base: site - UInt64(parts[0].count), site: site, number: number)
    }
}

extension Result where Success == SitePlan {
    /// Whether the jump replaces the instruction itself.
    fileprivate var isForm2: Bool {
        guard case .success(let plan) = self else { return false }
        return plan.number == nil
    }
}

/// How much of the host's own libraries can be rewritten.
@Suite struct CoverageTests {
    @Test(arguments: ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2", "/bin/busybox", "/lib/x86_64-linux-musl/libc.so"])
    func mostSitesCanBeRewritten(_ name: String) throws {
        guard let file = try? HostFD.currentDirectory.open(name, 0) else { return }
        defer { file.close() }
        let code = try file.readAll(limit: 64 << 20)
        var sites = 0, planned = 0
        for at in 64..<max(64, code.count - 64) where code[at] == 0x0f && code[at + 1] == 0x05 && isInstruction(code, at) {
            sites += 1
            let window = Array(code[(at - SitePlan.before)..<(at + SitePlan.behindStart)])
            let number = code[(at - 4)..<at].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            if case .success = SitePlan.make(window, base: UInt64(at - SitePlan.before), site: UInt64(at), number: number) {
                planned += 1
            }
        }
        #expect(planned * 100 >= sites * 90, "\(planned) of \(sites)")
    }

    /// Whether whoever decodes from some distance in front arrives at `at`.
    private func isInstruction(_ code: [UInt8], _ at: Int) -> Bool {
        var hits = 0, all = 0
        for begin in (at - 60)..<(at - 28) {
            var here = begin
            while here < at, let instruction = Instruction(code, at: here) { here += instruction.length }
            if here < at { continue }
            all += 1
            if here == at { hits += 1 }
        }
        return all > 0 && hits * 10 >= all * 9
    }
}
