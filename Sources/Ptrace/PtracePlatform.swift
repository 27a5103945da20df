public import HostOS
public import LinuxABI
import Memory
public import Platform
import Stubs

/// The platform that works wherever ptrace(2) does: each Sentry thread traces the stub thread whose guest code it serves,
/// and guest system calls are never executed by the host (PTRACE_SYSEMU).
public final class PtracePlatform: Platform, @unchecked Sendable {
    private let parent: SeedParent
    private let watch: StubWatch

    private init(parent: SeedParent, watch: StubWatch) {
        self.parent = parent
        self.watch = watch
        super.init()
    }

    /// Starts the process that makes seeds: before the Sentry confines itself, in the pid namespace that it stays in, with
    /// the user and group that it keeps.
    public static func start() throws(Errno) -> PtracePlatform {
        PtracePlatform(parent: try SeedParent(), watch: try StubWatch.start())
    }

    public override var name: StaticString { "ptrace" }

    public override func makeSource(cgroups: [HostFD]) throws(Errno) -> StubSource {
        PtraceSource(seed: try parent.makeSeed(.ptrace, cgroups: cgroups), watch: watch)
    }
}

/// One container's seed.
final class PtraceSource: StubSource, @unchecked Sendable {
    let seed: Seed
    private let watch: StubWatch

    init(seed: Seed, watch: StubWatch) {
        self.seed = seed
        self.watch = watch
        super.init()
    }

    override var hostVDSO: GuestAddress? { seed.vdso == 0 ? nil : GuestAddress(seed.vdso) }

    override func makeAddressSpace(for files: [HostFD]) throws(Errno) -> ExecutionContext {
        let process = try seed.fork()
        let space = PtraceAddressSpace(process: process, limit: StubLayout.drawLimit(), seed: seed, watch: watch)
        return PtraceContext(space, thread: process, fresh: true)
    }

    override var hostProcess: Int32 { seed.process }

    override func close() { seed.close() }
}
