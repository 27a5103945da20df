public import HostOS
import LinuxABI
import Memory

/// The vehicle of one guest thread: a host thread of its address space's stub that runs its instructions.
///
/// It is used by one Sentry thread, the task's, which calls `bind()` first; only `interrupt()` may be called by others.
/// As `GuestMemory` it is the memory as this thread sees it, with the marshalled input of the current call at hand.
open class ExecutionContext: GuestMemory, @unchecked Sendable {
    /// The system call that the last `run()` returned for: valid until the next one.
    public final var call = GuestCall()

    /// What it returns, once it is complete.
    private var result: UInt64 = 0
    /// The thread is in `call`, and continues behind it with `result`.
    private var inCall = false
    private var stored = Registers()
    private var hasRegisters = true
    private var hasChangedRegisters = true

    /// Valid between `run()`s. What is stored here is what the thread continues with. They are fetched from the stub when
    /// they are looked at first: most calls need none of them.
    public final var registers: Registers {
        get {
            fetch()
            return stored
        }
        _modify {
            fetch()
            hasChangedRegisters = true
            yield &stored
        }
    }

    private func fetch() {
        if hasRegisters { return }
        stored = fetchRegisters()
        hasRegisters = true
        settleCall()
    }

    private func settleCall() {
        if inCall {
            stored.origRax = call.number
            stored.rax = result
        } else {
            stored.origRax = .max
        }
    }

    /// Completes `call`: what the guest finds in rax.
    public final func complete(_ value: UInt64) {
        result = value
        if hasRegisters { stored.rax = value }
    }

    /// What rax holds now, or will when the thread continues behind `call`: -ENOSYS until that is complete.
    public final var outcome: UInt64 { hasRegisters ? stored.rax : result }

    /// For diagnosis, from any thread: the registers and whether the thread stands in `call`, as far as they are known
    /// here. They may change meanwhile.
    public final var glance: (registers: Registers?, isInCall: Bool) { (hasRegisters ? stored : nil, inCall) }

    /// How a thread continues.
    public enum Departure {
        /// With `registers`: they were changed.
        case registers
        /// Behind `call`, with this result.
        case result(UInt64)
        /// Where it stands.
        case same
    }

    /// For platforms: how the thread is to continue.
    public final var departure: Departure {
        if hasChangedRegisters { return .registers }
        return inCall ? .result(result) : .same
    }

    /// For platforms: the thread has stopped, in `call` or not. Its registers are fetched when they are looked at.
    public final func arrive(inCall: Bool) {
        self.inCall = inCall
        result = Errno.ENOSYS.returnValue
        hasChangedRegisters = false
        hasRegisters = false
    }

    /// The same, with the registers at hand.
    public final func arrive(inCall: Bool, _ registers: Registers) {
        arrive(inCall: inCall)
        stored = registers
        hasRegisters = true
        settleCall()
    }

    /// For platforms: the general registers of the thread, which stands. rax and origRax of a call are not looked at.
    open func fetchRegisters() -> Registers { Registers() }

    public let addressSpace: AddressSpace

    public init(_ addressSpace: AddressSpace) { self.addressSpace = addressSpace }

    /// Every system call has to come back from `run()`, for somebody looks at all of them: a tracer, a filter, a log.
    /// Otherwise a platform may answer some in the stub.
    open var handOverAll: Bool {
        get { false }
        set {}
    }

    /// What the thread is to itself, for platforms that let the stub answer. From any thread; the kernel calls it whenever
    /// any of it has changed, before anybody can know. Until then nothing is answered.
    open func publish(_ identity: ThreadIdentity) {}

    /// The same for its user and group ids, on the task's own thread; nil: they are not to be answered.
    open func publish(users: ThreadUsers?) {}

    /// The signal mask, where the stub's thread may change it by itself (`allowMaskChanges`); nil: it does not. The guest's
    /// word. From any thread.
    open var signalMask: UInt64? {
        get { nil }
        set {}
    }

    /// Whether the guest may change its signal mask without being seen. Once that is forbidden, it is seen: whoever looks at
    /// the mask after a barrier sees all changes that were made before. From any thread.
    open func allowMaskChanges(_ allowed: Bool) {}

    /// What set_robust_list(2) has set last. The guest's word.
    open var robustList: GuestAddress {
        get { ownRobustList }
        set { ownRobustList = newValue }
    }
    private var ownRobustList = GuestAddress.null

    /// The same for set_tid_address(2).
    open var clearChildTID: GuestAddress {
        get { ownClearChildTID }
        set { ownClearChildTID = newValue }
    }
    private var ownClearChildTID = GuestAddress.null

    /// Whether the guest's threads can use files by themselves (`makeView`).
    open var makesViews: Bool { false }

    /// Maps a file for the use of the guest's threads. Nothing is used of the view before `use`.
    ///
    /// - Parameters:
    ///   - descriptor: through which they use it.
    ///   - files: what the table is called in which that is (`FDTable.id`); not 0.
    /// - Returns: the view that there was, too: then this thread, too, uses it from now on.
    /// - Throws: EMFILE for a number that is too large; ENOMEM.
    open func makeView(_ request: FileViewRequest, descriptor: Int32, files: UInt32) throws(Errno) -> (view: FileView, isNew: Bool) {
        throw .ENOSYS
    }

    /// Lets the guest's threads use a new view. From any thread.
    open func use(_ view: FileView) {}

    /// This thread's descriptors are those of the table `files`; 0: nothing is known of them.
    open func use(files: UInt32) {}

    /// How the instruction of the last `.systemCall` was caught.
    public final var arrival = CallArrival.trapped

    /// Makes the calling host thread the one that runs this context. Once, before all other calls.
    open func bind() throws(Errno) { throw .ENOSYS }

    /// Runs guest code with `registers` until something happens.
    open func run() -> GuestEvent { .died(reason: "no platform") }

    /// Makes a `run()` that is under way, or else the next one, return `.interrupted` soon. Never lost; may be spurious.
    open func interrupt() {}

    /// Runs one of the checked memory calls (native-memory.md, section 4) in this thread's stub: mmap, munmap, mprotect,
    /// mremap, madvise, msync, futex, membarrier, arch_prctl, close of a slot.
    ///
    /// - Returns: what the call returned.
    /// - Throws: its errno; EINTR when `interrupt()` ended a futex wait.
    open func nativeCall(_ number: SystemCallNumber, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0,
                         _ d: UInt64 = 0, _ e: UInt64 = 0, _ f: UInt64 = 0) throws(Errno) -> UInt64 { throw .ENOSYS }

    /// Runs native calls one after the other, none of which waits or grows downwards.
    ///
    /// - Throws: the errno of the first that fails; those behind it are not made.
    open func perform(_ calls: [NativeCall]) throws(Errno) {
        for call in calls {
            let a = call.arguments
            _ = try nativeCall(call.number, a.0, a.1, a.2, a.3, a.4, a.5)
        }
    }

    /// Maps a regular file or memory file: `install` and mmap in one.
    ///
    /// - Returns: where.
    open func map(_ file: SharedFD, at address: UInt64, size: UInt64, protection: UInt64, flags: UInt64,
                  offset: UInt64) throws(Errno) -> UInt64 {
        try nativeCall(.mmap, address, size, protection, flags, try install(file.fd), offset)
    }

    /// Puts a host descriptor of a regular file or memory file into the stub, for mmap.
    ///
    /// - Returns: its number there, 3 to 18. Slots are recycled oldest first: use it at once.
    open func install(_ file: HostFD) throws(Errno) -> UInt64 { throw .ENOSYS }

    /// A new guest thread in the same memory: a native thread of the stub. The caller sets the new context's registers;
    /// it runs once its own Sentry thread has bound it. Also serves vfork and CLONE_VM children.
    open func cloneThread() throws(Errno) -> ExecutionContext { throw .ENOSYS }

    /// A copy of the address space by a native fork of the stub. The new context stands where this one does.
    open func forkAddressSpace() throws(Errno) -> ExecutionContext { throw .ENOSYS }

    /// The vector and floating point state in XSAVE's standard format, without the software-reserved trailer.
    open func readFloatingPoint() -> [UInt8] { [] }

    /// Replaces it.
    ///
    /// - Throws: EINVAL for a state that the processor cannot load.
    open func writeFloatingPoint(_ state: [UInt8]) throws(Errno) { throw .EINVAL }

    /// Resets the vector and floating point state to what exec(2) gives a program.
    open func resetFloatingPoint() {}

    /// Keeps the guest's threads from moving the break by themselves (`AddressSpace.nativeBreak`) until `unlockBreak`. Who does
    /// not let go of it, a hostile guest, is not waited for long.
    open func lockBreak() {}

    open func unlockBreak() {}

    /// Compares the word at `address` with `expected` and, when they are equal, stores `desired` there, as one step towards
    /// all that the guest's threads do.
    ///
    /// - Returns: the word as it was.
    /// - Throws: EFAULT when it cannot be written.
    open func compareExchange(_ address: GuestAddress, expected: UInt32, desired: UInt32) throws(Errno) -> UInt32 {
        let old = try load(address, as: UInt32.self)
        if old == expected { try store(desired, at: address) }
        return old
    }

    /// Whether `end()` clears `clearAtEnd`.
    open var clearsAtEnd: Bool { false }
    /// A word that becomes 0 at the end of the host thread, when one who waits for it is woken (set_tid_address(2)).
    public final var clearAtEnd = GuestAddress.null

    /// Sets about `end()`, which must follow, without waiting for anything.
    open func beginEnd() {}

    /// Keeps guest code from making calls natively that a filter of its own is to judge (seccomp(2)): for good, and for all
    /// that this thread makes.
    ///
    /// - Parameter everywhere: for all threads of the memory.
    open func closeNativeCalls(memory: Bool, futexes: Bool, everywhere: Bool) throws(Errno) {}

    /// The call at hand waits for something: its answer does not come soon.
    open func willWait() {}

    /// Whether the thread sleeps in a native wait. A guess, for /proc; from any thread.
    open var waitsNatively: Bool { false }

    /// Lets what the call has put into guest memory arrive there, before anything else than the thread looks at it or the
    /// thread goes elsewhere than behind the call. A platform may leave it to the thread's return otherwise. What cannot be
    /// written turns the call's result into EFAULT.
    open func settle() {}

    /// Somebody else may change guest memory or the call's arguments before the call is made: what the platform has read
    /// ahead for it does not count.
    open func forgetInput() {}

    /// The thread is to end with its process: a stub that does not answer is not waited for any more but for a moment. From
    /// any thread.
    open func endSoon() {}

    /// After `end()`, when everybody knows: makes ready what the next of its kind needs, while nobody waits.
    open func prepareNext() {}

    /// Ends this thread's host thread. The address space ends with its last context, or by `AddressSpace.kill`.
    open func end() {}
}

/// A call that a stub is to make by itself.
public struct NativeCall: Sendable {
    public var number: SystemCallNumber
    public var arguments: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    public init(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64 = 0, _ d: UInt64 = 0, _ e: UInt64 = 0,
                _ f: UInt64 = 0) {
        self.number = number
        arguments = (a, b, c, d, e, f)
    }
}

/// One guest address space: a stub process, whose memory is the guest's.
open class AddressSpace: @unchecked Sendable {
    public init() {}

    /// The id of the stub process in the Sentry's pid namespace.
    open var hostProcess: Int32 { -1 }

    /// The first address that a guest cannot use: what TASK_SIZE is to it.
    open var limit: GuestAddress { GuestAddress(0x7ffe_0000_0000) }

    /// Where the host's own vDSO (its ELF header) is mapped in the stub, above `limit`; nil: nowhere. The guest's vDSO
    /// calls its functions.
    open var hostVDSO: GuestAddress? { nil }

    /// Where the break is that the stub keeps by itself (brk(2)), once it has been told where the heap begins; nil: it does
    /// not, and the kernel does. The guest's word.
    open var nativeBreak: UInt64? {
        get { nil }
        set {}
    }

    /// Tells where the heap begins.
    open func setHeap(start: UInt64) {}

    /// Has the host's kernel end the stub before or after others for want of memory (oom_score_adj in proc(5)). What the host
    /// does not permit, a score below the container's, is left as it was.
    open func setOOMScore(_ score: Int32) {}

    /// Whether RLIMIT_AS or RLIMIT_DATA limits the guest: then each call that could grow its memory is handed over.
    open func limitGrowth(_ limited: Bool) {}

    /// From now on each call that makes memory executable is handed over.
    open func judgePrograms() {}

    /// Where the host's clock_gettime lies there, a function of its vDSO. Inherited by copies of the address space.
    open func useClock(_ function: UInt64) {}

    /// Tells that the guest has a copy of the host's vDSO at `place`: what a thread's place in the host's is shown as, and
    /// taken for. Inherited by copies of the address space.
    open func mirrorVDSO(at place: GuestAddress, size: UInt64) {}

    /// Ends all views of files: the guest's threads use none by themselves until there are new ones.
    open func withdrawViews() {}

    /// Guest memory reached from any thread: remote copies only.
    open var remote: GuestMemory { GuestMemory() }

    /// Writes as a debugger does (FOLL_FORCE): into private pages whatever their protection, as copies of their own.
    ///
    /// - Returns: how many bytes were written before the first that cannot be.
    open func writeForced(_ bytes: RawSpan, at address: GuestAddress) -> Int { 0 }

    /// Reads as a debugger does: whatever the protection.
    ///
    /// - Returns: the bytes before the first that cannot be read.
    open func readForced(_ address: GuestAddress, count: Int) -> [UInt8] { [] }

    /// Called once, from any thread, when the stub was found dead without `kill` or `end` having been called.
    public final var onDeath: (@Sendable () -> Void)?

    /// Kills the stub with all its threads, at once, without its help.
    open func kill() {}

    /// Bytes of the host's /proc/PID/`name` of the stub (maps, smaps, statm, status...), as the host has them.
    ///
    /// - Throws: ESRCH when the stub is gone.
    open func hostProc(_ name: String) throws(Errno) -> [UInt8] { throw .ESRCH }

    /// Nanoseconds of CPU time of the stub so far: user, system.
    open var cpuTime: (user: UInt64, system: UInt64) { (0, 0) }
}

/// One container's source of address spaces: a seed process inside the container's cgroup.
open class StubSource: @unchecked Sendable {
    public init() {}

    /// A fresh address space with one thread, for exec. Empty: nothing of it is mapped below `limit`.
    ///
    /// - Parameter files: what its maker is going to `install`, so that it can be done at once. They stay open until then.
    open func makeAddressSpace(for files: [HostFD]) throws(Errno) -> ExecutionContext { throw .ENOSYS }

    /// As `AddressSpace.hostVDSO` of all its address spaces.
    open var hostVDSO: GuestAddress? { nil }

    /// The seed, as this process's pid namespace numbers it; 0 without one.
    open var hostProcess: Int32 { 0 }

    /// Ends the seed and the ready stubs that wait.
    open func close() {}
}

/// A thread's numbers, as its own pid namespace has them.
public struct ThreadIdentity: Sendable {
    public var pid, tid, parent, processGroup, session: Int32
    /// What getcpu(2) shows.
    public var processor: UInt32

    public init(pid: Int32, tid: Int32, parent: Int32, processGroup: Int32, session: Int32, processor: UInt32) {
        self.pid = pid
        self.tid = tid
        self.parent = parent
        self.processGroup = processGroup
        self.session = session
        self.processor = processor
    }
}

/// A thread's user and group ids, as its own user namespace has them.
public struct ThreadUsers: Sendable {
    public var uid, euid, gid, egid: UInt32

    public init(uid: UInt32, euid: UInt32, gid: UInt32, egid: UInt32) {
        self.uid = uid
        self.euid = euid
        self.gid = gid
        self.egid = egid
    }
}

/// How a system call came to the Sentry.
public enum CallArrival: UInt8, Sendable {
    /// Its instruction raised a signal or a stop of the host.
    case trapped
    /// Its instruction had been replaced by a jump into the stub's code.
    case rewritten
}

/// Calls of guests that never came to the Sentry.
public struct UnseenCalls: Sendable {
    /// Answered by the stub from what the Sentry keeps there for it.
    public var answered: UInt64 = 0
    /// Made natively by the stub.
    public var native: UInt64 = 0

    public init(answered: UInt64 = 0, native: UInt64 = 0) {
        self.answered = answered
        self.native = native
    }
}

/// A way to run guest code and to intercept what it asks of the kernel.
open class Platform: @unchecked Sendable {
    public init() {}

    /// "ptrace", "systrap".
    open var name: StaticString { "none" }

    /// - Parameter cgroups: cgroup.procs files opened for writing, which the seed enters before anything else.
    open func makeSource(cgroups: [HostFD]) throws(Errno) -> StubSource { throw .ENOSYS }

    /// Whether each memory call of guests is judged, one after the other. Set before the first source is made.
    public final var mediatesMemoryCalls = false

    /// Whether large private mappings of guests get huge pages: then the kernel makes each of them, none is made natively.
    /// Set before the first source is made.
    public final var asksForHugePages = false

    /// How often guests made calls without the Sentry since the start, by number: as their own memory has it.
    open var unseenCalls: [Int: UnseenCalls] { [:] }
}
