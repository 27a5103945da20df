import CStub
import HostOS
import LinuxABI
import Memory
import Stubs
import Synchronization

/// A stub's thread whose guest thread has ended: it carries out its last command, and waits for the next.
struct KeptThread {
    var index: Int
    var thread: Int32
    var told: UInt32
    var happened: UInt32
    var closed: StubCalls.Closed
}

/// A stub of the systrap platform.
final class SystrapAddressSpace: StubProcess, @unchecked Sendable {
    let arena: Arena
    let requests: StubRequests
    let rewritten: RewrittenCode
    let spareArenas: SpareArenas
    /// What its threads leave that have ended.
    let answered: AnsweredCalls
    /// The files that the stub's own code uses.
    let views: FileViews
    /// Each memory call is judged.
    let isMediated: Bool
    /// Large mappings are the kernel's to make.
    let handsOverLarge: Bool

    /// Guards `bells`, `dead`, `kept`, `installed`, and the flags of the space. Before the stub process's own lock.
    private let bellLock = Lock()
    private var bells: [Bell] = []
    private var dead = false
    private var kept: [KeptThread] = []
    private var keptCount = 0
    private var installed: [Installed] = []

    init(process: Int32, limit: GuestAddress, seed: Seed, requests: StubRequests, watch: StubWatch, arena: Arena,
         spareArenas: SpareArenas, answered: AnsweredCalls, mediated: Bool, handsOverLarge: Bool,
         copyOf rewritten: RewrittenCode? = nil) {
        self.answered = answered
        isMediated = mediated
        self.handsOverLarge = handsOverLarge
        self.arena = arena
        self.requests = requests
        self.rewritten = rewritten ?? RewrittenCode()
        self.spareArenas = spareArenas
        views = FileViews(arena)
        self.rewritten.show(in: arena)
        super.init(process: process, limit: limit, seed: seed, watch: watch)
        unsafe arena.space.pointee.limit = limit.rawValue
        unsafe arena.space.pointee.flags = STUB_SPACE_FUTEXES | (mediated ? 0 : STUB_SPACE_MEMORY_CALLS)
            | (Processors.count > 1 ? STUB_SPACE_PARALLEL : 0) | (handsOverLarge ? STUB_SPACE_LARGE : 0) | STUB_SPACE_ALONE
        publishTracked()
    }

    // MARK: Files that are in the stub

    private struct Installed {
        weak var file: SharedFD?
        var slot: Int32
    }

    /// Where the stub has the file; nil: nowhere. A guest that has changed it deceives itself.
    func slot(of file: SharedFD) -> UInt64? {
        bellLock.withLock { installed.last { $0.file === file }.map { UInt64($0.slot) } }
    }

    func note(_ file: SharedFD, in slot: Int32) {
        bellLock.withLock {
            installed.removeAll { $0.slot == slot || $0.file == nil }
            installed.append(Installed(file: file, slot: slot))
        }
    }

    override func takeSlot() -> Int32 {
        let slot = super.takeSlot()
        bellLock.withLock { installed.removeAll { $0.slot == slot } }
        return slot
    }

    // MARK: Threads that are kept

    /// How many at most: making one costs two requests and a clone.
    private static var keeping: Int { 3 }

    /// - Returns: whether `keep` may be called.
    func reserveKept() -> Bool {
        bellLock.withLock {
            if keptCount >= Self.keeping { return false }
            keptCount += 1
            return true
        }
    }

    func keep(_ thread: KeptThread) { bellLock.withLock { kept.append(thread) } }

    /// - Parameter closed: what it must not be able to call, nor more than that.
    func takeKept(_ closed: StubCalls.Closed) -> KeptThread? {
        bellLock.withLock {
            guard let thread = kept.last, thread.closed == closed else { return nil }
            kept.removeLast()
            keptCount -= 1
            return thread
        }
    }

    override func useClock(_ function: UInt64) {
        bellLock.withLock {
            unsafe arena.space.pointee.clock = function
            unsafe arena.space.pointee.flags |= function == 0 ? 0 : STUB_SPACE_CLOCKS
        }
    }

    // MARK: Memory calls that the stub answers itself

    override func setHeap(start: UInt64) { unsafe arena.space.pointee.break_start = start }

    override var nativeBreak: UInt64? {
        get {
            let start = unsafe arena.space.pointee.break_start
            if start == 0 { return nil }
            var end: UInt64 = 0
            let count = unsafe withUnsafeMutableBytes(of: &end) { (e) -> Int in
                unsafe whileAlive { unsafe RemoteMemory.read(process, at: Self.breakPlace, into: e) }
            }
            return count == 8 && end >= start && end < limit.rawValue ? end : start
        }
        set {
            guard var end = newValue else { return }
            unsafe withUnsafeMutableBytes(of: &end) { (e) in
                _ = unsafe whileAlive { unsafe RemoteMemory.write(process, at: Self.breakPlace, from: UnsafeRawBufferPointer(e)) }
            }
        }
    }

    /// struct stub_heap's `end`.
    private static var breakPlace: UInt64 { UInt64(STUB_COMMON) + 8 }

    override func limitGrowth(_ limited: Bool) {
        bellLock.withLock {
            let flags = unsafe arena.space.pointee.flags
            unsafe arena.space.pointee.flags = limited ? flags | STUB_SPACE_LIMITED : flags & ~STUB_SPACE_LIMITED
        }
    }

    /// A context came or went. One that came runs no guest code yet.
    func noteContexts() {
        bellLock.withLock {
            let flags = unsafe arena.space.pointee.flags
            unsafe arena.space.pointee.flags = contextCount == 1 ? flags | STUB_SPACE_ALONE : flags & ~STUB_SPACE_ALONE
        }
    }

    override func judgePrograms() {
        bellLock.withLock { unsafe arena.space.pointee.flags |= STUB_SPACE_NOEXEC }
    }

    var isDead: Bool { bellLock.withLock { dead } }

    /// How many of its contexts end with their process.
    private let ending = Atomic<Int>(0)

    func noteEnding() { ending.add(1, ordering: .relaxed) }

    func forgetEnding() { ending.subtract(1, ordering: .relaxed) }

    /// Nobody goes on with its memory.
    var isEnding: Bool { ending.load(ordering: .relaxed) >= contextCount }

    func add(_ bell: Bell) {
        bellLock.withLock { bells.append(bell) }
    }

    func remove(_ bell: Bell) {
        bellLock.withLock { bells.removeAll { $0 === bell } }
    }

    /// Those who wait for the stub's threads wait no longer.
    private func ringAll() {
        let all = bellLock.withLock {
            dead = true
            return bells
        }
        for bell in all { bell.ring() }
        views.withdrawAll()
    }

    override func withdrawViews() { views.withdrawAll() }

    override func kill() {
        super.kill()
        ringAll()
    }

    /// Its last context was taken away.
    func noticeEnd() { ringAll() }

    override func noticeDeath() {
        ringAll()
        super.noticeDeath()
    }

    // MARK: What rewriting has changed, the guest does not see

    override func hostProc(_ name: String) throws(Errno) -> [UInt8] {
        let text = try super.hostProc(name)
        if name != "maps" && name != "smaps" { return text }
        return MapLines.without(rewritten.hiddenRanges.filter { $0.lowerBound < limit.rawValue }, text)
    }

    override func restoreOriginal(in buffer: UnsafeMutableRawBufferPointer, at address: GuestAddress) {
        unsafe rewritten.restoreOriginal(in: buffer, at: address.rawValue)
    }

    override func writeForced(_ bytes: RawSpan, at address: GuestAddress) -> Int {
        let (end, overflow) = address.rawValue.addingReportingOverflow(UInt64(bytes.byteCount))
        if overflow || end == address.rawValue { return super.writeForced(bytes, at: address) }
        return withdraw([address.rawValue..<end], by: nil) { super.writeForced(bytes, at: address) }
    }
}
