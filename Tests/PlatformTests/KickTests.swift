import HostOS
import LinuxABI
import Memory
import Platform
import Stubs
import Synchronization
import Testing

/// A kick reaches a thread wherever it stands in the stub's code, and takes no wake-up away (native-memory.md, section 9.3).
@Suite(.serialized) struct KickTests {
    /// Steps a stub's thread as a tracer.
    private struct Stepper {
        let process: Int32

        func registers() throws -> Registers {
            var registers = Registers()
            try unsafe withUnsafeMutableBytes(of: &registers) { (r) throws(Errno) in
                try unsafe HostTrace.readRegisters(process, into: r.baseAddress!)
            }
            return registers
        }

        /// Waits for a stop.
        ///
        /// - Returns: false when none comes: it sleeps.
        func waitForStop() throws -> Bool {
            while true {
                if let status = try HostTrace.wait(process, now: true) {
                    try #require(status & 0xff == 0x7f, "the stub died, status \(status)")
                    return true
                }
                if sleeps { return false }
            }
        }

        /// By the third field of its stat.
        private var sleeps: Bool {
            guard let file = try? OwnProcfs.open("\(process)/stat") else { return false }
            defer { file.close() }
            guard let text = try? file.readAll(), let name = text.lastIndex(of: UInt8(ascii: ")")) else { return false }
            return text[(name + 2)...].first == UInt8(ascii: "S")
        }

        /// Stops the thread within [from, to).
        func stop(from: UInt64, to: UInt64) throws {
            while true {
                try HostTrace.interrupt(process)
                _ = try HostTrace.wait(process)
                let rip = try registers().rip
                if rip >= from && rip < to { return }
                try HostTrace.resume(process)
                pause(milliseconds: 1)
            }
        }

        /// One instruction, whose flags on the stack are those of a thread that nobody traces.
        ///
        /// - Returns: false when it sleeps.
        func step() throws -> Bool {
            let before = try registers()
            var opcode: UInt8 = 0
            _ = unsafe withUnsafeMutableBytes(of: &opcode) { unsafe RemoteMemory.read(process, at: before.rip, into: $0) }
            try HostTrace.step(process)
            if try !waitForStop() { return false }
            if opcode == 0x9c {
                // pushf
                let place = try registers().rsp
                var flags: UInt64 = 0
                _ = unsafe withUnsafeMutableBytes(of: &flags) { unsafe RemoteMemory.read(process, at: place, into: $0) }
                flags &= ~0x100
                _ = unsafe withUnsafeBytes(of: &flags) { unsafe RemoteMemory.write(process, at: place, from: $0) }
            }
            return true
        }
    }

    private enum Outcome: Equatable { case slept, ended, between, lost(String) }

    /// Kicks the thread after `count` instructions of the way into the stub and out of it.
    private func kick(_ guest: Guest, _ code: EntryCode, after count: Int, value: UInt64) throws -> Outcome {
        let context = guest.context
        let runner = Runner(context)
        try context.store(UInt64(7) << 32, at: GuestAddress(Guest.data + 64 - 4))
        try context.store(UInt32(0), at: GuestAddress(Guest.data))
        context.registers.rip = Guest.code
        context.registers.rdi = Guest.data + 64
        context.registers.rsi = 128
        context.registers.rdx = value
        context.registers.r10 = 0
        let stepper = Stepper(process: context.addressSpace.hostProcess)
        try HostTrace.seize(stepper.process, options: 0)
        try runner.start()
        try stepper.stop(from: Guest.code, to: code.address("enter"))
        var registers = try stepper.registers()
        registers.rip = code.address("enter")
        try unsafe withBytes(of: registers) { (r) throws(Errno) in try unsafe HostTrace.writeRegisters(stepper.process, from: r.baseAddress!) }

        var outcome = Outcome.between
        for _ in 0..<count {
            if try !stepper.step() {
                outcome = .slept
                break
            }
            if try stepper.registers().rip == code.address("end") {
                outcome = .ended
                break
            }
        }
        context.interrupt()
        let sigurg: Int32 = 23
        var signal: Int32 = 0
        if outcome == .slept {
            try HostTrace.interrupt(stepper.process)
            // Either stop may come first. In that for the kick, it is the tracer that has it.
            if let status = try HostTrace.wait(stepper.process), status >> 8 == sigurg { signal = sigurg }
        }
        try HostTrace.detach(stepper.process, signal: signal)
        guard let event = runner.wait() else {
            let standing = runner.standing
            context.addressSpace.kill()
            _ = runner.wait()
            return .lost("after \(count) instructions (\(outcome)) the kick was slept over: \(standing)")
        }
        switch event {
        case .interrupted: break
        case .systemCall:
            #expect(context.call.number == 202 && context.call.wasInterrupted, "after \(count) instructions")
            context.complete(Errno.EINTR.returnValue)
            // The interrupt itself is still to come, and comes at once.
            guard case .interrupted = context.run() else { return .lost("after \(count) instructions the interrupt was lost") }
        default: return .lost("after \(count) instructions (\(outcome)): \(event)")
        }
        return outcome
    }

    /// Of a wait that sleeps, and of one that ends at once: its way out.
    ///
    /// A kick that is lost between two instructions is lost there each time, so what has gone wrong is tried again in a new
    /// guest: a tracer has had its hands in this, and signals of a traced thread take other ways. Kicks at any time and without
    /// a tracer are the next test's.
    @Test(arguments: [7, 8] as [UInt64]) func aKickAtEachInstructionIsSeen(value: UInt64) throws {
        let source = try Guest.source("systrap")
        defer { source.close() }
        let code = EntryCode.wait(callsBehind: false)
        func newGuest() throws -> Guest {
            let guest = try Guest(source, [0xf4])
            try code.install(in: guest)
            return guest
        }
        var guest = try newGuest()
        defer { guest.context.end() }
        var count = 0, outcome = Outcome.between, failures: [String] = []
        while outcome == .between, count < 2000 {
            outcome = try kick(guest, code, after: count, value: value)
            if case .lost(let how) = outcome {
                print("KickTests: \(how)")
                failures.append(how)
                guest.context.end()
                guest = try newGuest()
                outcome = try kick(guest, code, after: count, value: value)
                if case .lost(let again) = outcome { Issue.record("twice: \(how); \(again)") }
            }
            count += 1
        }
        #expect(failures.count < 3, "\(failures)")
        #expect(outcome == (value == 7 ? .slept : .ended))
        #expect(count > 50, "the way through the stub is longer than \(count) instructions")
    }

    private final class Shared: @unchecked Sendable {
        let done = Atomic<Int>(0)
        let kicks = Atomic<Int>(0)
    }

    /// Two threads hand a word to and fro by futexes while a third kicks them: none waits for ever.
    @Test func aMillionKicksLoseNoWakeUp() throws {
        let source = try Guest.source("systrap")
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        var code = EntryCode()
        // r12: the word, r13: mine, r14: the other's, r15: rounds
        code.label("look")
        code.add([0x45, 0x39, 0x2c, 0x24])                      // cmp %r13d, (%r12)
        code.add([0x0f, 0x84], to: "mine")
        code.add([0x4c, 0x89, 0xe7, 0xbe, 128, 0, 0, 0])        // FUTEX_WAIT | PRIVATE
        code.add([0x44, 0x89, 0xf2, 0x45, 0x31, 0xd2])          // while it is the other's, for ever
        code.call(202, next: "look")
        code.label("mine")
        code.add([0x45, 0x89, 0x34, 0x24])                      // mov %r14d, (%r12)
        code.add([0x4c, 0x89, 0xe7, 0xbe, 129, 0, 0, 0, 0xba, 1, 0, 0, 0]) // FUTEX_WAKE | PRIVATE, one
        code.call(202, next: "woken")
        code.label("woken")
        code.add([0x49, 0xff, 0xcf])                            // dec %r15
        code.add([0x0f, 0x85], to: "look")
        code.add([0xb8, 110, 0, 0, 0, 0x0f, 0x05])
        try code.install(in: guest)

        let contexts = [guest.context, try guest.context.cloneThread()]
        try contexts[1].bind()
        let shared = Shared()
        var state: UInt64 = 88172645463325252
        while shared.kicks.load(ordering: .relaxed) < 1_000_000 {
            shared.done.store(0, ordering: .releasing)
            try guest.context.store(UInt32(1), at: GuestAddress(Guest.data + 64))
            for (i, context) in contexts.enumerated() {
                try Thread.start { self.play(context, UInt64(i + 1), shared) }
            }
            let end = HostClock.monotonic + 60_000_000_000
            while shared.done.load(ordering: .acquiring) < 2 {
                for _ in 0..<64 {
                    state ^= state << 13
                    state ^= state >> 7
                    state ^= state << 17
                    contexts[Int(state >> 20 & 1)].interrupt()
                    shared.kicks.add(1, ordering: .relaxed)
                    for _ in 0..<(state & 255) { _ = shared.done.load(ordering: .relaxed) }
                }
                if HostClock.monotonic > end {
                    Issue.record("a wake-up was lost after \(shared.kicks.load(ordering: .relaxed)) kicks")
                    guest.context.addressSpace.kill()
                    return
                }
            }
        }
        for context in contexts { context.end() }
    }

    private func play(_ context: ExecutionContext, _ mine: UInt64, _ shared: Shared) {
        defer { shared.done.add(1, ordering: .releasing) }
        context.registers.rip = Guest.code
        context.registers.r12 = Guest.data + 64
        context.registers.r13 = mine
        context.registers.r14 = 3 - mine
        context.registers.r15 = 20_000
        while true {
            switch context.run() {
            case .interrupted: continue
            case .systemCall where context.call.number == 202 && context.call.wasInterrupted:
                // As Linux restarts it: the word is compared again.
                context.complete(0)
            case .systemCall where context.call.number == 110: return
            case let event:
                Issue.record("\(event)")
                return
            }
        }
    }
}
