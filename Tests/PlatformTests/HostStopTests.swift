import Glibc
import HostOS
import LinuxABI
import Memory
import Platform
import Stubs
import Testing

/// What the host may do to a stub that waits natively: its waits go on as if nothing had been, and end when they are to.
@Suite(.serialized) struct HostStopTests {
    enum Disturbance: CaseIterable { case none, stop, trace, freeze, interrupt }
    enum Wait: CaseIterable { case relative, absolute, many }

    /// A cgroup of version 1's freezer, if there is one to be had.
    private struct Freezer {
        let path: String
        let procs: HostFD

        init?() {
            path = "/sys/fs/cgroup/freezer/cloister-test-\(Thread.id)"
            guard unsafe mkdir(path, 0o755) == 0, let file = Freezer.file(path + "/cgroup.procs") else { return nil }
            procs = file
        }

        static func file(_ path: String) -> HostFD? {
            let number = unsafe Glibc.open(path, O_RDWR | O_CLOEXEC)
            return number < 0 ? nil : HostFD(rawValue: number)
        }

        func set(_ state: String) {
            guard let file = Freezer.file(path + "/freezer.state") else { return }
            try? file.writeAll(Array(state.utf8))
            file.close()
        }

        func remove() {
            procs.close()
            for _ in 0..<100 {
                if unsafe rmdir(path) == 0 { return }
                pause(milliseconds: 10)
            }
        }
    }

    private static let duration: UInt64 = 250_000_000

    private func disturb(_ kind: Disturbance, _ context: ExecutionContext, _ freezer: Freezer?) throws {
        let process = context.addressSpace.hostProcess
        for _ in 0..<3 {
            pause(milliseconds: 20)
            switch kind {
            case .none: break
            case .stop:
                try hostCall(.kill, Int(process), 19)
                pause(milliseconds: 10)
                try hostCall(.kill, Int(process), 18)
            case .trace:
                // As strace attaches and detaches.
                try HostTrace.seize(process, options: 0)
                try HostTrace.interrupt(process)
                _ = try HostTrace.wait(process)
                try HostTrace.detach(process)
            case .freeze:
                freezer?.set("FROZEN")
                pause(milliseconds: 10)
                freezer?.set("THAWED")
            case .interrupt: context.interrupt()
            }
        }
    }

    @Test(arguments: Wait.allCases, Disturbance.allCases) func deadlinesHold(wait: Wait, disturbance: Disturbance) throws {
        var freezer: Freezer?
        if disturbance == .freeze {
            freezer = Freezer()
            if freezer == nil { return }
        }
        defer { freezer?.remove() }
        let source = try Guest.source("systrap", cgroups: freezer.map { [$0.procs] } ?? [])
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        let context = guest.context
        defer { context.end() }
        let code = EntryCode.wait(wait == .many ? 0xc1 : 202, callsBehind: true)
        var patched = code
        if wait == .many {
            // futex_waitv: 449
            patched.bytes[patched.bytes.firstIndex(of: 0xb8).map { $0 + 2 } ?? 0] = 1
        }
        try patched.install(in: guest)
        try context.store(UInt32(1), at: GuestAddress(Guest.data))
        let begin = HostClock.monotonic
        let until = begin + Self.duration
        let time = wait == .relative ? Self.duration : until
        try context.store(time / 1_000_000_000, at: GuestAddress(Guest.data + 128))
        try context.store(time % 1_000_000_000, at: GuestAddress(Guest.data + 136))
        // struct futex_waitv: value 0, address, FUTEX2_SIZE_U32 | PRIVATE.
        try context.store(UInt64(0), at: GuestAddress(Guest.data + 192))
        try context.store(Guest.data + 64, at: GuestAddress(Guest.data + 200))
        try context.store(UInt64(2 | 128), at: GuestAddress(Guest.data + 208))
        switch wait {
        case .relative: (context.registers.rdi, context.registers.rsi, context.registers.rdx) = (Guest.data + 64, 128, 0)
        case .absolute:
            (context.registers.rdi, context.registers.rsi, context.registers.rdx) = (Guest.data + 64, 128 | 9, 0)
            context.registers.r9 = UInt64(UInt32.max)
        case .many:
            (context.registers.rdi, context.registers.rsi, context.registers.rdx) = (Guest.data + 192, 1, 0)
            context.registers.r8 = 1
        }
        context.registers.r10 = Guest.data + 128
        var runner = Runner(context)
        try runner.start()
        try disturb(disturbance, context, freezer)
        while true {
            guard let event = runner.wait() else {
                Issue.record("the wait has no end")
                context.addressSpace.kill()
                _ = runner.wait()
                return
            }
            switch event {
            case .systemCall where context.call.number == 110:
                #expect(context.registers.rbx == Errno.ETIMEDOUT.returnValue)
                #expect(HostClock.monotonic >= until, "it ended too early")
                return
            case .systemCall:
                // A kick has ended it: the Sentry lets it go on, until the same point in time.
                #expect(context.call.wasInterrupted)
                if wait == .relative {
                    #expect(context.call.deadline >= until && context.call.deadline < until + 5_000_000_000)
                }
                if HostClock.monotonic >= until { return }
                context.registers.rip = code.address("enter")
                context.registers.rax = 0
                if wait == .relative {
                    // As a restarted call: from now on, absolute.
                    (context.registers.rsi, context.registers.r9) = (128 | 9, UInt64(UInt32.max))
                    try context.store(context.call.deadline / 1_000_000_000, at: GuestAddress(Guest.data + 128))
                    try context.store(context.call.deadline % 1_000_000_000, at: GuestAddress(Guest.data + 136))
                }
            case .interrupted: break
            default:
                Issue.record("\(event)")
                return
            }
            runner = Runner(context)
            try runner.start()
        }
    }

    /// A thread that does not get to run answers late; it is none that refuses to.
    @Test func aThreadThatIsKeptFromRunningIsWaitedFor() throws {
        let source = try Guest.source("systrap")
        defer { source.close() }
        let guest = try Guest(source, [0xeb, 0xfe])
        let context = guest.context
        defer { context.end() }
        let process = context.addressSpace.hostProcess
        let runner = Runner(context)
        try runner.start()
        pause(milliseconds: 50)
        try hostCall(.kill, Int(process), 19)
        context.interrupt()
        // Longer than one that sleeps through its process's end is waited for.
        pause(milliseconds: 7000)
        try hostCall(.kill, Int(process), 18)
        guard case .interrupted? = runner.wait() else {
            Issue.record("it was not waited for")
            return
        }
    }
}
