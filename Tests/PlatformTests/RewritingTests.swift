import HostOS
import LinuxABI
import Memory
import Platform
import Stubs
import Testing

/// System call instructions that become jumps: what the program cannot tell.
@Suite(.serialized) struct RewritingTests {
    /// getppid's number: nothing that the stub answers or the filter lets through.
    static let number: UInt8 = 110

    /// A stub with `code` in a page that is not writable.
    static func guest(_ code: [UInt8]) throws -> Guest {
        let guest = try Guest(Guest.source("systrap"), code)
        _ = try guest.context.nativeCall(.mprotect, Guest.code, 4096, 5)
        return guest
    }

    /// Runs up to `count` calls from the code's start on, each of which is to come back with its number as its result.
    ///
    /// - Returns: how the last one arrived.
    @discardableResult
    func run(_ guest: Guest, calls count: Int, behind: UInt64) -> CallArrival {
        for _ in 0..<count {
            guest.expectCall(UInt64(Self.number))
            #expect(guest.context.registers.rip == behind)
            guest.context.complete(UInt64(Self.number))
        }
        return guest.context.arrival
    }

    /// 1: mov $110, %eax; syscall; jmp 1b
    static let load: [UInt8] = [0xb8, number, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7]
    /// mov $110, %ebx; 1: mov %ebx, %eax; syscall; cmp $-4096, %rax; jmp 1b
    static let following: [UInt8] = [0xbb, number, 0, 0, 0, 0x89, 0xd8, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0xeb, 0xf4]

    @Test func loadOfTheNumberIsReplaced() throws {
        let guest = try Self.guest(Self.load)
        defer { guest.context.end() }
        #expect(run(guest, calls: 10, behind: Guest.code + 7) == .trapped)
        #expect(run(guest, calls: 10, behind: Guest.code + 7) == .rewritten)
        #expect(run(guest, calls: 1000, behind: Guest.code + 7) == .rewritten)
        let seen = try guest.context.loadBytes(GuestAddress(Guest.code), count: Self.load.count)
        #expect(seen == Self.load)
    }

    @Test func instructionAndItsFollowerAreReplaced() throws {
        let guest = try Self.guest(Self.following)
        defer { guest.context.end() }
        #expect(run(guest, calls: 100, behind: Guest.code + 9) == .rewritten)
        #expect(try guest.context.loadBytes(GuestAddress(Guest.code), count: Self.following.count) == Self.following)
        // From where the follower stood, as a signal handler's return would have it.
        guest.context.registers.rip = Guest.code + 9
        #expect(run(guest, calls: 10, behind: Guest.code + 9) == .rewritten)
    }

    @Test func protectionBringsTheOriginalBack() throws {
        let guest = try Self.guest(Self.load)
        defer { guest.context.end() }
        run(guest, calls: 100, behind: Guest.code + 7)
        _ = try guest.context.nativeCall(.mprotect, Guest.code, 4096, 7)
        var changed = Self.load
        changed[1] = 39
        try guest.context.store(array: changed, at: GuestAddress(Guest.code))
        _ = try guest.context.nativeCall(.mprotect, Guest.code, 4096, 5)
        for _ in 0..<100 {
            guest.expectCall(39)
            guest.context.complete(39)
        }
        #expect(guest.context.arrival == .rewritten)
    }

    @Test func forkInheritsWhatIsRewritten() throws {
        let guest = try Self.guest(Self.following)
        defer { guest.context.end() }
        run(guest, calls: 100, behind: Guest.code + 9)
        guest.expectCall(UInt64(Self.number))
        let child = try guest.context.forkAddressSpace()
        defer { child.end() }
        try child.bind()
        child.registers.rax = UInt64(Self.number)
        for _ in 0..<10 {
            var event = child.run()
            while case .interrupted = event { event = child.run() }
            guard case .systemCall = event else {
                Issue.record("\(event)")
                return
            }
            #expect(child.call.number == UInt64(Self.number))
            child.complete(UInt64(Self.number))
        }
        #expect(child.arrival == .rewritten)
        guest.context.complete(UInt64(Self.number))
        #expect(run(guest, calls: 10, behind: Guest.code + 9) == .rewritten)
    }

    @Test func writableCodeIsLeftAlone() throws {
        let guest = try Guest(Guest.source("systrap"), Self.load)
        defer { guest.context.end() }
        #expect(run(guest, calls: 100, behind: Guest.code + 7) == .trapped)
    }

    @Test func debuggersSeeAndWriteTheOriginal() throws {
        let guest = try Self.guest(Self.load)
        defer { guest.context.end() }
        run(guest, calls: 100, behind: Guest.code + 7)
        let space = guest.context.addressSpace
        #expect(space.readForced(GuestAddress(Guest.code), count: 9) == Self.load)
        // A breakpoint where the jump stands.
        let breakpoint: [UInt8] = [0xcc]
        let written = unsafe space.writeForced(breakpoint.span.bytes, at: GuestAddress(Guest.code))
        #expect(written == 1)
        guest.expectCallOrFault()
        #expect(guest.context.registers.rip == Guest.code + 1)
    }

    @Test func aProgramWithItsOwnGsIsLeftAlone() throws {
        let guest = try Self.guest(Self.load)
        defer { guest.context.end() }
        #expect(run(guest, calls: 100, behind: Guest.code + 7) == .rewritten)
        guest.context.registers.gsBase = Guest.data
        #expect(run(guest, calls: 100, behind: Guest.code + 7) == .trapped)
        #expect(guest.context.registers.gsBase == Guest.data)
    }
}

extension Guest {
    /// Runs up to a breakpoint.
    func expectCallOrFault() {
        let event = step()
        guard case .fault(let fault) = event, fault.signal == 5 else {
            Issue.record("expected a breakpoint, got \(event)")
            return
        }
    }
}
