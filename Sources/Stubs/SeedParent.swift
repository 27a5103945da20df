internal import CStub
public import HostOS
public import LinuxABI

/// The process that makes seeds. It must be started before the Sentry confines itself: filters are inherited, and a stub
/// needs what the Sentry gives up (executable mappings above all).
public final class SeedParent: @unchecked Sendable {
    private let process: Int32
    private let socket: HostFD
    /// Guards the exchange of one request and its answer. A leaf.
    private let lock = Lock()

    public init() throws(Errno) {
        let image = try StubImage.create()
        defer { image.close() }
        var ends: (Int32, Int32) = (-1, -1)
        try unsafe withUnsafeMutableBytes(of: &ends) { (e) throws(Errno) in
            // AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC
            _ = try unsafe hostCall(.socketpair, 1, 5 | 0x80000, 0, Int(e.baseAddress))
        }
        let far = HostFD(rawValue: ends.1)
        socket = HostFD(rawValue: ends.0)
        defer { far.close() }
        let started = stub_start_parent(image.rawValue, far.rawValue)
        if started < 0 {
            socket.close()
            throw Errno(rawValue: -started)
        }
        process = started
    }

    deinit {
        socket.close()
        HostTrace.kill(process: process)
        _ = try? HostTrace.wait(process)
    }

    /// Which platform a seed is for.
    public enum Kind: Sendable {
        case ptrace, systrap
        /// systrap, whose memory calls are all judged.
        case mediated
        fileprivate var letter: CChar {
            switch self {
            case .ptrace: CChar(STUB_SEED_PTRACE)
            case .systrap: CChar(STUB_SEED_SYSTRAP)
            case .mediated: CChar(STUB_SEED_MEDIATED)
            }
        }
    }

    /// Makes a seed that enters `cgroups` (cgroup.procs files opened for writing).
    ///
    /// - Throws: EPERM also where the host forbids to read and write its memory (Yama's ptrace_scope 3, or 2 without
    ///   CAP_SYS_PTRACE).
    public func makeSeed(_ kind: Kind, cgroups: [HostFD]) throws(Errno) -> Seed {
        var reply = CStub.stub_seed_reply()
        var listener: Int32 = -1
        let files = cgroups.map(\.rawValue)
        let result = lock.withLock {
            unsafe files.withUnsafeBufferPointer {
                unsafe stub_request_seed(socket.rawValue, kind.letter, $0.baseAddress, Int32(clamping: $0.count), &reply, &listener)
            }
        }
        if result < 0 {
            if reply.process > 0 {
                HostTrace.kill(process: reply.process)
                _ = try? HostTrace.wait(reply.process)
            }
            throw Errno(rawValue: -result)
        }
        let seed = Seed(process: reply.process, vdso: reply.vdso, listener: SeccompListener(fd: HostFD(rawValue: listener)))
        var word: UInt64 = 0
        let count = unsafe withUnsafeMutableBytes(of: &word) {
            unsafe RemoteMemory.read(seed.process, at: UInt64(STUB_IMAGE_BASE), into: $0)
        }
        if count == 0 {
            seed.close()
            throw .EPERM
        }
        return seed
    }
}
