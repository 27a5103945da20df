import Glibc
import HostOS
import LinuxABI
import Memory
import Platform
import Stubs
import Synchronization
import Testing

/// Stubs that are killed by the host at any moment of their making (native-memory.md, section 5): whoever waits for them goes
/// on, and no process is left.
@Suite(.serialized) struct DeathTests {
    /// A cgroup, to see who is left.
    private struct Pen {
        let path: String
        let procs: HostFD

        init?(_ name: String) {
            path = "/sys/fs/cgroup/pids/cloister-test-\(Thread.id)-\(name)"
            guard unsafe mkdir(path, 0o755) == 0 else { return nil }
            let number = unsafe open(path + "/cgroup.procs", O_RDWR | O_CLOEXEC)
            if number < 0 { return nil }
            procs = HostFD(rawValue: number)
        }

        var processes: [Int32] {
            let file = HostFD(rawValue: unsafe open(path + "/cgroup.procs", O_RDONLY | O_CLOEXEC))
            defer { file.close() }
            let text = (try? file.readAll()) ?? []
            return text.split(separator: 10).map { $0.reduce(0) { $0 * 10 + Int32($1) - 48 } }
        }

        /// Processes in it, as soon as there is none, or after some seconds: one that was forked for nothing waits for ten.
        func left() -> [Int32] {
            var left = processes
            for _ in 0..<2000 where !left.isEmpty {
                pause(milliseconds: 10)
                left = processes
            }
            procs.close()
            _ = unsafe rmdir(path)
            return left
        }
    }

    private final class Shared: @unchecked Sendable {
        let victim = Atomic<Int32>(0)
        let done = Atomic<Bool>(false)
    }

    enum Step: String, CaseIterable { case thread, fork, exec }

    /// One thread of ours makes something of a stub again and again, another kills that stub, a little later each time.
    @Test(arguments: Guest.platforms, Step.allCases) func aStubMayBeKilledAtEachStep(platform: String, step: Step) throws {
        guard let pen = Pen("\(platform)-\(step)") else { return }
        let source = try Guest.source(platform, cgroups: [pen.procs])
        for delay in 0..<80 {
            let shared = Shared()
            // What the last round has killed may not be dead before it is taken.
            guard let guest = try? Guest(source, [0xeb, 0xfe]) else { continue }
            shared.victim.store(guest.context.addressSpace.hostProcess, ordering: .releasing)
            try Thread.start {
                let end = HostClock.monotonic + UInt64(delay) * 7_000
                while HostClock.monotonic < end {}
                if step == .exec {
                    // Those that wait to be taken, and that are being set up, too.
                    for process in pen.processes where process != source.hostProcess { HostTrace.kill(process: process) }
                } else {
                    HostTrace.kill(process: shared.victim.load(ordering: .acquiring))
                }
                shared.done.store(true, ordering: .releasing)
            }
            var others: [ExecutionContext] = []
            let end = HostClock.monotonic + 20_000_000_000
            while !shared.done.load(ordering: .acquiring), HostClock.monotonic < end {
                do {
                    let other: ExecutionContext = switch step {
                    case .thread: try guest.context.cloneThread()
                    case .fork: try guest.context.forkAddressSpace()
                    case .exec: try source.makeAddressSpace(for: [])
                    }
                    others.append(other)
                    try other.bind()
                    if step == .exec { _ = try other.nativeCall(.mmap, Guest.code, 4096, 7, 0x32, .max, 0) }
                    // A tracer of several threads that waits for one does not see the others die.
                    if step == .thread || others.count > 4 { others.removeFirst().end() }
                } catch {
                    break
                }
            }
            while !shared.done.load(ordering: .acquiring) { pause(milliseconds: 1) }
            #expect(HostClock.monotonic < end, "somebody waited for a dead stub")
            guard case .died = guest.context.run() else {
                Issue.record("it lives")
                return
            }
            for other in others { other.end() }
            guest.context.end()
        }
        source.close()
        #expect(pen.left().isEmpty)
    }

    /// The seed dies while stubs are asked of it.
    @Test(arguments: Guest.platforms) func theSeedMayBeKilled(platform: String) throws {
        guard let pen = Pen("seed-\(platform)") else { return }
        for delay in 0..<20 {
            let source = try Guest.source(platform, cgroups: [pen.procs])
            let first = try source.makeAddressSpace(for: [])
            let seed = source.hostProcess
            try Thread.start {
                let end = HostClock.monotonic + UInt64(delay) * 20_000
                while HostClock.monotonic < end {}
                HostTrace.kill(process: seed)
            }
            var made = 0
            while made < 10_000, let other = try? source.makeAddressSpace(for: []) {
                other.end()
                made += 1
            }
            #expect(made < 10_000, "a dead seed cannot fork")
            first.end()
            source.close()
        }
        #expect(pen.left().isEmpty)
    }
}
