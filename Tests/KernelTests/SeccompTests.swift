@testable import Kernel
import LinuxABI
import Testing

@Suite struct SeccompTests {

    private func load(_ offset: UInt32) -> SeccompProgram.Instruction { .init(code: 0x20, ifTrue: 0, ifFalse: 0, operand: offset) }
    private func result(_ value: UInt32) -> SeccompProgram.Instruction { .init(code: 0x06, ifTrue: 0, ifFalse: 0, operand: value) }
    private func jumpIfEqual(_ value: UInt32, _ yes: UInt8, _ no: UInt8) -> SeccompProgram.Instruction {
        .init(code: 0x15, ifTrue: yes, ifFalse: no, operand: value)
    }

    private func call(_ number: Int32, _ arguments: InlineArray<6, UInt64> = .init(repeating: 0)) -> SeccompProgram.Call {
        .init(number: number, instructionPointer: 0x1234_5678_9abc_def0, arguments: arguments)
    }

    @Test func theCallIsSeenAsWords() throws {
        func word(_ offset: UInt32) throws -> UInt32 {
            try SeccompProgram([load(offset), .init(code: 0x16, ifTrue: 0, ifFalse: 0, operand: 0)])
                .run(call(39, [1, 2, 3, 4, 5, 0xaaaa_bbbb_cccc_dddd]))
        }
        #expect(try word(0) == 39)
        #expect(try word(4) == 0xc000_003e)
        #expect(try word(8) == 0x9abc_def0)
        #expect(try word(12) == 0x1234_5678)
        #expect(try word(16) == 1)
        #expect(try word(56) == 0xcccc_dddd)
        #expect(try word(60) == 0xaaaa_bbbb)
    }

    @Test func programsThatCouldGoAstrayAreRefused() {
        let bad: [[SeccompProgram.Instruction]] = [
            [], [load(0)], [load(64), result(0)], [load(2), result(0)], [jumpIfEqual(0, 1, 0), result(0)],
            [.init(code: 0x05, ifTrue: 0, ifFalse: 0, operand: 1), result(0)],
            [.init(code: 0x05, ifTrue: 0, ifFalse: 0, operand: .max), result(0)],
            [.init(code: 0x60, ifTrue: 0, ifFalse: 0, operand: 16), result(0)],
            [.init(code: 0x34, ifTrue: 0, ifFalse: 0, operand: 0), result(0)],
            [.init(code: 0x64, ifTrue: 0, ifFalse: 0, operand: 32), result(0)],
            [.init(code: 0x28, ifTrue: 0, ifFalse: 0, operand: 0), result(0)],
            [.init(code: 0xffff, ifTrue: 0, ifFalse: 0, operand: 0), result(0)],
            .init(repeating: result(0), count: 4097),
        ]
        for program in bad { #expect(throws: Errno.EINVAL) { try SeccompProgram(program) } }
    }

    @Test func divisionByAnIndexOfZeroKills() throws {
        let program = try SeccompProgram([.init(code: 0x00, ifTrue: 0, ifFalse: 0, operand: 5), .init(code: 0x3c, ifTrue: 0, ifFalse: 0, operand: 0),
                                          result(SeccompAction.ALLOW)])
        #expect(program.run(call(0)) == SeccompAction.KILL_THREAD)
    }

    @Test func theStrictestVerdictHoldsAndPlainAllowIsKnown() throws {
        let allow = try SeccompProgram([result(SeccompAction.ALLOW)])
        let errno = try SeccompProgram([load(0), jumpIfEqual(39, 0, 1), result(SeccompAction.ERRNO | 1), result(SeccompAction.ALLOW)])
        let killsByArgument = try SeccompProgram([load(0), jumpIfEqual(2, 0, 3), load(16), jumpIfEqual(7, 0, 1),
                                                  result(SeccompAction.KILL_PROCESS), result(SeccompAction.ALLOW)])
        let first = try SeccompFilter(errno, after: nil)
        let second = try SeccompFilter(killsByArgument, after: first)
        let third = try SeccompFilter(allow, after: second)
        #expect(third.verdict(call(39)) == SeccompAction.ERRNO | 1)
        #expect(third.verdict(call(2, [7, 0, 0, 0, 0, 0])) == SeccompAction.KILL_PROCESS)
        #expect(third.verdict(call(2)) == SeccompAction.ALLOW)
        #expect(third.allows(0) && !third.allows(39) && !third.allows(2) && !third.allows(-1) && !third.allows(100_000))
        #expect(third.contains(first) && !first.contains(third) && third.count == 3)
    }

    @Test func aChainMayNotGrowWithoutEnd() throws {
        let long = try SeccompProgram(.init(repeating: result(SeccompAction.ALLOW), count: 4096))
        var filter: SeccompFilter?
        for _ in 0..<7 { filter = try SeccompFilter(long, after: filter) }
        #expect(throws: Errno.ENOMEM) { try SeccompFilter(long, after: filter) }
    }
}
