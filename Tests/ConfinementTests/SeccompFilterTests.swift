@testable import Confinement
import HostOS
import LinuxABI
import Testing

/// Filters are run as the kernel runs them: by an interpreter of classic BPF over struct seccomp_data.
@Suite struct SeccompFilterTests {
    private func verdict(_ filter: SeccompFilter, _ number: UInt32, _ arguments: [UInt64] = [],
                         architecture: UInt32 = 0xc000_003e) -> UInt32? {
        var data = [number, architecture, 0, 0]
        for i in 0..<6 {
            let argument = i < arguments.count ? arguments[i] : 0
            data += [UInt32(truncatingIfNeeded: argument), UInt32(truncatingIfNeeded: argument >> 32)]
        }
        let program = SeccompProgram(filter).instructions
        var place = 0, accumulator: UInt32 = 0
        while place < program.count {
            let word = program[place]
            let (whenTrue, whenFalse) = (Int(word >> 16 & 0xff), Int(word >> 24 & 0xff))
            let value = UInt32(word >> 32)
            place += 1
            switch UInt16(truncatingIfNeeded: word) {
            case 0x20: accumulator = data[Int(value / 4)]
            case 0x54: accumulator &= value
            case 0x05: place += Int(value)
            case 0x15: place += accumulator == value ? whenTrue : whenFalse
            case 0x35: place += accumulator >= value ? whenTrue : whenFalse
            case 0x06: return value
            default: return nil
            }
        }
        return nil
    }

    private let allow: UInt32 = 0x7fff_0000, kill: UInt32 = 0x8000_0000, trap: UInt32 = 0x0003_0000

    private func refused(_ error: UInt32) -> UInt32 { 0x0005_0000 | error }

    @Test func allNumbersGetTheFateThatWasSaid() {
        // Every third call, so that there are more intervals than one jump reaches over.
        var filter = SeccompFilter()
        for number in stride(from: 0, to: 450, by: 3) { filter.allow(SystemCallNumber(rawValue: number)) }
        for number in UInt32(0)..<512 {
            #expect(verdict(filter, number) == (number < 450 && number % 3 == 0 ? allow : kill), "\(number)")
        }
        for number: UInt32 in [0x3fff_ffff, 0x4000_0000, 0x4000_0003, 0x7fff_ffff, 0x8000_0000, .max] {
            #expect(verdict(filter, number) == kill, "\(number)")
        }
    }

    @Test func conditionsCountBothHalvesOfAnArgument() {
        var filter = SeccompFilter(trapping: true)
        filter.allow(.clone, .equals(0, 0x3d_0f00))
        #expect(verdict(filter, 56, [0x3d_0f00]) == allow)
        #expect(verdict(filter, 56, [0x1_003d_0f00]) == trap)
        #expect(verdict(filter, 56, [0x3d_0f01]) == trap)
        #expect(verdict(filter, 55) == trap)
        #expect(verdict(filter, 57) == trap)
    }

    @Test func oneOfSeveralRulesMustHoldAndAllOfARulesConditions() {
        var filter = SeccompFilter()
        filter.allow(.ioctl, .masked(1, 0xffff_ffff, 0x5401))
        filter.allow(.ioctl, .masked(1, 0xffff_ffff, 0x541b), .equals(2, 7))
        filter.refuse(.ioctl, .ENOTTY, .masked(1, 0xff00, 0x7700))
        #expect(verdict(filter, 16, [9, 0xdead_0000_5401]) == allow)
        #expect(verdict(filter, 16, [9, 0x541b, 7]) == allow)
        #expect(verdict(filter, 16, [9, 0x541b, 8]) == kill)
        #expect(verdict(filter, 16, [9, 0xabcd_77ff]) == refused(25))
        #expect(verdict(filter, 16, [9, 0x7800]) == kill)
    }

    @Test func anUnconditionalRuleEndsTheSearch() {
        var filter = SeccompFilter()
        filter.refuse(.clone3, .ENOSYS)
        filter.allow(.clone3)
        #expect(verdict(filter, 435) == refused(38))
    }

    @Test func otherABIsKill() {
        var filter = SeccompFilter(trapping: true)
        filter.allow(.getpid)
        #expect(verdict(filter, 39) == allow)
        #expect(verdict(filter, 39, architecture: 0x4000_0003) == kill)
        #expect(verdict(filter, 0x4000_0000 + 39) == kill)
    }
}
