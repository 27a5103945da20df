public import HostOS
public import LinuxABI
import Memory
public import Platform
import Stubs

/// The platform without a tracer: a seccomp filter turns the guest's system calls into signals, whose handlers in the
/// stub hand them over through shared memory.
public final class SystrapPlatform: Platform, @unchecked Sendable {
    private let parent: SeedParent
    private let watch: StubWatch
    private let answered = AnsweredCalls()

    private init(parent: SeedParent, watch: StubWatch) {
        self.parent = parent
        self.watch = watch
        super.init()
    }

    /// Starts the process that makes seeds: before the Sentry confines itself, in the pid namespace that it stays in, with
    /// the user and group that it keeps.
    ///
    /// - Throws: EOPNOTSUPP on a host without FSGSBASE or futex_waitv: there ptrace is the platform.
    public static func start() throws(Errno) -> SystrapPlatform {
        // HWCAP2_FSGSBASE
        if HostFeatures.auxiliary(26) & 2 == 0 { throw .EOPNOTSUPP }
        do throws(Errno) { try hostCall(.futex_waitv, 0, 0, 0, 0, 0) } catch { if error == .ENOSYS { throw .EOPNOTSUPP } }
        _ = Processors.count
        return SystrapPlatform(parent: try SeedParent(), watch: try StubWatch.start())
    }

    public override var name: StaticString { "systrap" }

    public override var unseenCalls: [Int: UnseenCalls] { answered.unseen(watch.stubs.compactMap { $0 as? SystrapAddressSpace }) }

    public override func makeSource(cgroups: [HostFD]) throws(Errno) -> StubSource {
        let seed = try parent.makeSeed(mediatesMemoryCalls ? .mediated : .systrap, cgroups: cgroups)
        return SystrapSource(seed: seed, requests: try seed.startAnswering(), watch: watch,
                             answered: answered, closed: mediatesMemoryCalls ? .memory : [], handsOverLarge: asksForHugePages)
    }
}

/// One container's seed.
final class SystrapSource: StubSource, @unchecked Sendable {
    let seed: Seed
    private let requests: StubRequests
    private let watch: StubWatch
    private let answered: AnsweredCalls
    private let closed: StubCalls.Closed
    private let handsOverLarge: Bool
    private let spareArenas = SpareArenas()

    init(seed: Seed, requests: StubRequests, watch: StubWatch, answered: AnsweredCalls, closed: StubCalls.Closed,
         handsOverLarge: Bool) {
        self.answered = answered
        self.closed = closed
        self.handsOverLarge = handsOverLarge
        self.seed = seed
        self.requests = requests
        self.watch = watch
        super.init()
    }

    override var hostVDSO: GuestAddress? { seed.vdso == 0 ? nil : GuestAddress(seed.vdso) }

    override func makeAddressSpace(for files: [HostFD]) throws(Errno) -> ExecutionContext {
        let arena = try spareArenas.take()
        arena.take(0)
        let process = try requests.takeStub(arena: arena.file, files: files, ticket: Ticket.draw)
        let space = SystrapAddressSpace(process: process, limit: StubLayout.drawLimit(), seed: seed, requests: requests,
                                        watch: watch, arena: arena, spareArenas: spareArenas, answered: answered,
                                        mediated: closed.contains(.memory), handsOverLarge: handsOverLarge)
        let context = SystrapContext(space, slot: 0, thread: process, fresh: true)
        context.prepared = files
        context.closed = closed
        return context
    }

    override var hostProcess: Int32 { seed.process }

    override func close() { seed.close() }
}

/// What ties a new process to the one that was forked for it.
enum Ticket {
    static func draw() -> UInt64 { UInt64.random(in: StubLayout.minimalTicket...(1 << 62)) }
}
