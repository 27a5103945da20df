import CHostOS
import CStub
import HostOS
import LinuxABI
import Memory
import Platform
import Stubs
import Synchronization

/// A stub thread that is told what to do through its slot of the arena.
///
/// All but `interrupt` is called by the one Sentry thread that has bound it. Between calls the stub's thread stands in
/// its signal handler and waits for a command.
final class SystrapContext: ExecutionContext, @unchecked Sendable {
    let space: SystrapAddressSpace
    let index: Int
    let slot: UnsafeMutablePointer<CStub.stub_slot>
    /// The stub thread's id: the kernel's word for a process's first thread, else the guest's, used within its process only.
    let thread: Int32
    /// Forked from the seed: its address space has yet to be closed at `limit`.
    private let fresh: Bool
    /// A guest thread before it has ended on the stub's thread, which waits for a command: what this one begins with.
    private var controls: UInt64?
    private var bound = false
    /// Files that are in the stub already, from number `StubRequests.firstFile` on, until guest code runs.
    var prepared: [HostFD] = [] {
        didSet { space.skipSlots(prepared.count) }
    }
    /// Calls that the stub's thread cannot make by itself: a filter of its own keeps it from them.
    var closed: StubCalls.Closed = []
    /// The end of the guest's memory has yet to be closed.
    private var isOpen = false
    private let latch = RunLatch()
    /// What the slot carries of the call at hand.
    var window: Window
    /// Bytes of the window that count as held.
    var heldBytes = 0
    /// Output of the call at hand could not be delivered.
    var hasFailedDelivery = false
    private let bell = Bell()
    private enum Stage: UInt8, AtomicRepresentable { case lives, ending, ended }
    /// What the stub's thread of one that is ending does not answer is not waited for.
    private let stage = Atomic<Stage>(.lives)
    /// Guards the line that says who the thread is. A leaf.
    private let infoLock = Lock()
    private var told: UInt32 = 0
    private(set) var happened: UInt32 = 0
    private(set) var hasEnded = false
    /// It was the last of its address space.
    private var wasLast = false
    private var pace = Pace()
    /// What the slot says of how the stub's thread waits.
    private var toldPatience: UInt32 = 0
    /// Invalid instructions that were rewriting's doing, one after the other.
    var stopsInARow = 0
    var lastStop: UInt32 = 0
    /// Of the rewritten code, when the call at hand arrived.
    var generation: UInt32 = 0

    static var kick: Int32 { 23 }

    init(_ space: SystrapAddressSpace, slot index: Int, thread: Int32, fresh: Bool) {
        self.space = space
        self.index = index
        unsafe slot = space.arena.slot(index)
        unsafe window = Window(slot: UnsafeMutableRawPointer(slot))
        self.thread = thread
        self.fresh = fresh
        super.init(space)
        space.add(bell)
    }

    /// A guest thread on a stub's thread that was kept when another guest thread ended.
    ///
    /// - Parameter controls: its floating point control words.
    init(_ space: SystrapAddressSpace, on kept: KeptThread, controls: UInt64) {
        self.space = space
        index = kept.index
        unsafe slot = space.arena.slot(kept.index)
        unsafe window = Window(slot: UnsafeMutableRawPointer(slot))
        thread = kept.thread
        fresh = false
        closed = kept.closed
        told = kept.told
        happened = kept.happened
        self.controls = controls
        super.init(space)
        unsafe host_store32(&slot.pointee.kick, 0)
        unsafe (slot.pointee.robust, slot.pointee.clears, slot.pointee.mask) = (0, 0, 0)
        unsafe space.arena.info(index).pointee = CStub.stub_info()
        space.add(bell)
    }

    deinit {
        end()
        space.remove(bell)
    }

    // MARK: Binding and ending

    override func bind() throws(Errno) {
        // Until now nobody was told of its end, if it is new.
        if controls == nil { space.lookForDeath() }
        // Its first event: it stands.
        let first = controls == nil ? STUB_EVENT_STARTED : STUB_EVENT_RESULT
        guard wait(), unsafe host_load32(&slot.pointee.what) == first.rawValue else {
            space.kill()
            throw .ESRCH
        }
        bound = true
        isOpen = fresh
    }

    /// What keeps guest memory from lying above its end.
    private var closing: NativeCall {
        let from = space.limit.rawValue
        // PROT_NONE; MAP_PRIVATE | FIXED | ANONYMOUS | NORESERVE.
        return NativeCall(.mmap, from, StubLayout.fillStart - from, 0, 0x4032, .max, 0)
    }

    private func close() throws(Errno) {
        if !isOpen { return }
        isOpen = false
        try callNatively([closing])
    }

    /// The Sentry alone writes the line.
    override var handOverAll: Bool {
        get { unsafe space.arena.info(index).pointee.flags & STUB_HAND_OVER != 0 }
        set { infoLock.withLock { unsafe mark(space.arena.info(index), STUB_HAND_OVER, newValue) } }
    }

    override func publish(_ identity: ThreadIdentity) {
        infoLock.withLock {
            let line = unsafe space.arena.info(index)
            unsafe (line.pointee.pid, line.pointee.tid, line.pointee.ppid) = (identity.pid, identity.tid, identity.parent)
            unsafe (line.pointee.pgid, line.pointee.sid) = (identity.processGroup, identity.session)
            unsafe line.pointee.cpu = identity.processor
            unsafe mark(line, STUB_IDENTITY, true)
        }
    }

    override var clearsAtEnd: Bool { true }

    override func publish(users: ThreadUsers?) {
        infoLock.withLock {
            let line = unsafe space.arena.info(index)
            if let users {
                unsafe (line.pointee.uid, line.pointee.euid) = (users.uid, users.euid)
                unsafe (line.pointee.gid, line.pointee.egid) = (users.gid, users.egid)
            }
            unsafe mark(line, STUB_CREDENTIALS, users != nil)
        }
    }

    override var signalMask: UInt64? {
        get { unsafe host_load64(&slot.pointee.mask) }
        set { if let newValue { unsafe slot.pointee.mask = newValue } }
    }

    override func allowMaskChanges(_ allowed: Bool) {
        infoLock.withLock {
            let line = unsafe space.arena.info(index)
            if unsafe (line.pointee.flags & STUB_MASK != 0) != allowed { unsafe mark(line, STUB_MASK, allowed) }
        }
    }

    override var robustList: GuestAddress {
        get { GuestAddress(unsafe host_load64(&slot.pointee.robust)) }
        set { unsafe slot.pointee.robust = newValue.rawValue }
    }

    override var clearChildTID: GuestAddress {
        get { GuestAddress(unsafe host_load64(&slot.pointee.clears)) }
        set { unsafe slot.pointee.clears = newValue.rawValue }
    }

    private func mark(_ line: UnsafeMutablePointer<CStub.stub_info>, _ flag: UInt32, _ isSet: Bool) {
        let flags = unsafe line.pointee.flags
        unsafe host_store32(&line.pointee.flags, isSet ? flags | flag : flags & ~flag)
    }

    override var makesViews: Bool { true }

    override func makeView(_ request: FileViewRequest, descriptor: Int32, files: UInt32) throws(Errno) -> (view: FileView, isNew: Bool) {
        try makeFileView(request, descriptor, files)
    }

    override func use(_ view: FileView) { if let view = view as? SystrapFileView { space.views.use(view) } }

    override func use(files: UInt32) { unsafe host_store32(&space.arena.info(index).pointee.files, files) }

    override func beginEnd() { space.killIfLast() }

    override func closeNativeCalls(memory: Bool, futexes: Bool, everywhere: Bool) throws(Errno) {
        var wanted = closed
        if memory { wanted.insert(.memory) }
        if futexes { wanted.insert(.futexes) }
        if wanted == closed { return }
        // SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC. Threads that differ get it when they next come here.
        let number = UInt32(SystemCallNumber.seccomp.rawValue)
        if !everywhere || command(STUB_CALL_A, number: number, 1, 1, wanted.filter) != 0 {
            guard command(STUB_CALL_A, number: number, 1, 0, wanted.filter) == 0 else { throw .EAGAIN }
        }
        closed = wanted
    }

    /// The stub says that it is about to wait; that it does, only the host knows. Programs look at their threads' state before
    /// they wake them.
    override var waitsNatively: Bool {
        unsafe host_load32(&slot.pointee.waits) != 0 && space.state(of: thread)?.isAsleep ?? true
    }

    override func end() {
        if hasEnded { return }
        hasEnded = true
        tellPatience()
        space.answered.collect(space.arena, index)
        let isWindowLarge = heldBytes > 16 << 10
        forgetWindow()
        if stage.exchange(.ended, ordering: .acquiringAndReleasing) == .ending { space.forgetEnding() }
        if space.removeContext() {
            space.noticeEnd()
            space.reap()
            space.requests.forget(process: space.process)
            wasLast = true
            return
        }
        space.noteContexts()
        if thread != space.process && !space.isDead {
            if isWindowLarge { releaseWindow() }
            if bound, space.reserveKept() {
                begin(STUB_CLEAR, clearAtEnd.rawValue)
                space.keep(KeptThread(index: index, thread: thread, told: told, happened: happened, closed: closed))
            } else {
                begin(STUB_EXIT, clearAtEnd.rawValue)
                space.arena.free(index, after: thread)
            }
        } else if !clearAtEnd.isNull {
            // The leader of the stub stays in its handler: its id is the stub's name.
            begin(STUB_CLEAR, clearAtEnd.rawValue)
        }
    }

    override func prepareNext() {
        if !wasLast { return }
        // The next process that this thread serves is not where that one was.
        Processors.unbind()
        space.spareArenas.refill()
    }

    // MARK: Commands

    /// Publishes a command, with operands that were stored just before.
    ///
    /// - Parameter number: of a call, or what is to be delivered (`Window.handOver`).
    func tell(_ command: CStub.stub_command, _ number: UInt32 = 0) {
        unsafe slot.pointee.number = number
        unsafe slot.pointee.what = command.rawValue
        told &+= STUB_COUNT
        let seen = unsafe host_exchange32(&slot.pointee.told, told)
        if window.demotes { unsafe host_demote(slot) }
        if seen & STUB_ASLEEP != 0 {
            unsafe Futex.wake(&slot.pointee.told, shared: true)
        }
    }

    private func tellPatience() {
        // Nobody knows when there is a command for one that is kept.
        let patience = hasEnded ? 0 : pace.stubPatience
        if patience == toldPatience { return }
        toldPatience = patience
        unsafe slot.pointee.spins = patience
        window.demotes = patience & STUB_DEMOTES != 0
    }

    /// The stub's thread need not look for its answer: on this processor it would be in the way of those who bring it about.
    override func willWait() {
        if pace.isFast || toldPatience == 0 { return }
        toldPatience = 0
        unsafe host_store32(&slot.pointee.spins, 0)
    }

    /// Waits for the next event.
    ///
    /// - Returns: false when the stub is dead.
    private func wait() -> Bool {
        happened &+= STUB_COUNT
        // What has come already needs no patience.
        if unsafe host_load32(&slot.pointee.happened) == happened { return true }
        let start = host_rdtsc()
        if pace.isFast, unsafe pace.spin(&slot.pointee.happened, until: happened, start: start) {
            if pace.demotion.noteTurn() { tellPatience() }
            return true
        }
        unsafe pace.settle(near: host_load32(&slot.pointee.cpu))
        tellPatience()
        let alive = sleep()
        pace.note(host_rdtsc() &- start)
        tellPatience()
        return alive
    }

    var isAskedToEnd: Bool { stage.load(ordering: .acquiring) == .ending }

    private func sleep() -> Bool {
        var grace: Grace?
        while true {
            let bellValue = bell.value
            var seen = unsafe host_load32(&slot.pointee.happened)
            if seen == happened { return true }
            if space.isDead { return false }
            if latch.isPending || isAskedToEnd {
                let now = HostClock.monotonic
                if grace == nil { grace = Grace(now: now, isEnding: space.isEnding) }
                if let deadline = grace?.deadline, now >= deadline,
                   grace?.isOver(space, thread, now: now, isEnding: space.isEnding) ?? false {
                    space.kill()
                    space.noticeDeath()
                    return false
                }
            }
            if seen & STUB_ASLEEP == 0 {
                if unsafe host_compare_exchange32(&slot.pointee.happened, seen, seen | STUB_ASLEEP) != seen { continue }
                seen |= STUB_ASLEEP
            }
            unsafe bell.sleep(&slot.pointee.happened, seen: seen, value: bellValue, deadline: grace?.deadline)
        }
    }

    /// Lets the stub's thread carry out a command.
    ///
    /// - Returns: its result: the guest's word. Nil when the stub is dead.
    func command(_ command: CStub.stub_command, number: UInt32 = 0, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0,
                 _ d: UInt64 = 0, _ e: UInt64 = 0, _ f: UInt64 = 0) -> UInt64? {
        begin(command, number: number, a, b, c, d, e, f)
        return result()
    }

    /// Its first half.
    func begin(_ command: CStub.stub_command, number: UInt32 = 0, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0,
               _ d: UInt64 = 0, _ e: UInt64 = 0, _ f: UInt64 = 0) {
        unsafe slot.pointee.words = (a, b, c, d, e, f)
        tell(command, number)
    }

    /// Its second half.
    func result() -> UInt64? {
        guard wait() else { return nil }
        return unsafe host_load64(&slot.pointee.words.0)
    }

    /// Whether the stub's thread has carried out the command or is dead: without waiting.
    var isDone: Bool {
        unsafe space.isDead || host_load32(&slot.pointee.happened) == happened &+ STUB_COUNT
    }

    /// The same, for a command whose success shows elsewhere.
    var hasFailed: Bool {
        unsafe isDone && (space.isDead || host_load64(&slot.pointee.words.0) > UInt64(bitPattern: -4096))
    }

    // MARK: Running

    override func interrupt() {
        if latch.interrupt() {
            kick()
            bell.ring()
        }
    }

    /// The word is for a thread that is on its way to guest code, the signal for one that is there already.
    private func kick() {
        unsafe host_store32(&slot.pointee.kick, 1)
        space.signal(thread, Self.kick)
    }

    override func run() -> GuestEvent {
        if !prepared.isEmpty { prepared = [] }
        guard (try? close()) != nil else { return death() }
        while true {
            if unsafe host_load32(&slot.pointee.kick) != 0 { unsafe host_store32(&slot.pointee.kick, 0) }
            if !latch.enter() {
                latch.clear()
                return .interrupted
            }
            if hasFailedDelivery {
                hasFailedDelivery = false
                complete(Errno.EFAULT.returnValue)
            }
            if arrival == .rewritten, generation != space.rewritten.generation.load(ordering: .acquiring) {
                // The rest of its trampoline may not be what the program now has there.
                registers.origRax = registers.origRax
            }
            if space.views.hasUnused.load(ordering: .relaxed) { unmapUnused() }
            let departure = departure
            if window.reach > 0 { accountForWindow() }
            if case .registers = departure { load(registers) }
            let output = unsafe window.handOver(slot)
            window.close()
            switch departure {
            case .registers:
                if let words = controls {
                    controls = nil
                    unsafe slot.pointee.words.0 = words
                    tell(STUB_BEGIN, output)
                } else {
                    tell(STUB_RESUME, output)
                }
            case .result(let value):
                unsafe slot.pointee.words.0 = value
                tell(STUB_RETURN, output)
            case .same: tell(STUB_CONTINUE, output)
            }
            if latch.isPending { kick() }
            let alive = wait()
            let interrupted = latch.leave()
            guard alive else { return death() }
            if let event = nextEvent() {
                if interrupted, case .interrupted = event { latch.clear() }
                return event
            }
            if interrupted {
                latch.clear()
                return .interrupted
            }
        }
    }

    override func fetchRegisters() -> Registers {
        guard command(STUB_EXPORT) != nil else { return Registers() }
        return exported
    }

    func death() -> GuestEvent {
        space.noticeDeath()
        space.kill()
        return .died(reason: "the stub was killed")
    }

    /// Runs a native call that waits, as guest code would run it: so that a kick ends it.
    ///
    /// - Throws: EINTR when an interrupt is pending; it stays so.
    func waitingCall(_ call: Registers) throws(Errno) -> UInt64 {
        // The stub's thread forgets the guest's registers, and what its slot carries.
        registers.origRax = registers.origRax
        deliver()
        window.close()
        if !latch.enter() { throw .EINTR }
        load(call)
        tell(STUB_RESUME)
        if latch.isPending { kick() }
        let alive = wait()
        latch.leave()
        guard alive else { throw .ESRCH }
        switch unsafe host_load32(&slot.pointee.signal) {
        case 5: return unsafe host_load64(&slot.pointee.registers.10)
        case 31: throw .EPERM
        default: throw .EINTR
        }
    }

    private func load(_ registers: Registers) {
        var registers = registers
        registers.makeLoadable()
        registers.rip = space.meant(space.rewritten.landing(registers.rip))
        if registers.gsBase != 0 && !space.rewritten.isOff.load(ordering: .relaxed) { space.withdrawAll(by: self) }
        unsafe withBytes(of: registers) { r in
            unsafe withUnsafeMutableBytes(of: &slot.pointee.registers) { unsafe $0.copyMemory(from: r) }
        }
    }

    /// The registers that the stub has put into the slot.
    var exported: Registers {
        var copy = Registers()
        unsafe withUnsafeMutableBytes(of: &copy) { r in
            unsafe withUnsafeBytes(of: &slot.pointee.registers) { unsafe r.copyMemory(from: $0) }
        }
        copy.rip = space.rewritten.visible(copy.rip) ?? space.shown(copy.rip)
        return copy
    }

    // MARK: Calls of the stub (SystrapNativeCalls.swift)

    override func nativeCall(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64,
                             _ d: UInt64, _ e: UInt64, _ f: UInt64) throws(Errno) -> UInt64 {
        try close()
        return try callNatively(number, a, b, c, d, e, f)
    }

    override func perform(_ calls: [NativeCall]) throws(Errno) {
        if isOpen {
            isOpen = false
            return try callNatively([closing] + calls)
        }
        try callNatively(calls)
    }

    override func map(_ file: SharedFD, at address: UInt64, size: UInt64, protection: UInt64, flags: UInt64,
                      offset: UInt64) throws(Errno) -> UInt64 {
        try close()
        return try mapFile(file, address, size, protection, flags, offset)
    }

    override func install(_ file: HostFD) throws(Errno) -> UInt64 { try installDescriptor(file) }

    override func cloneThread() throws(Errno) -> ExecutionContext { try makeThread() }

    override func forkAddressSpace() throws(Errno) -> ExecutionContext { try makeFork() }

    override func lockBreak() {
        // Held by stub code that soon is through, or by a fork.
        for _ in 0..<16384 {
            guard let old = command(STUB_EXCHANGE, Self.breakLock, 0, 1), old != 0 else { return }
        }
    }

    override func unlockBreak() { _ = command(STUB_EXCHANGE, Self.breakLock, 1, 0) }

    /// struct stub_heap's `lock`.
    private static var breakLock: UInt64 { UInt64(STUB_COMMON) }

    override func compareExchange(_ address: GuestAddress, expected: UInt32, desired: UInt32) throws(Errno) -> UInt32 {
        if address >= space.limit { throw .EFAULT }
        guard let old = command(STUB_EXCHANGE, address.rawValue, UInt64(expected), UInt64(desired)) else { throw .ESRCH }
        if old == .max { throw .EFAULT }
        return UInt32(truncatingIfNeeded: old)
    }

    // MARK: Floating point (SystrapFloatingPoint.swift)

    override func readFloatingPoint() -> [UInt8] { readState() }

    override func writeFloatingPoint(_ state: [UInt8]) throws(Errno) { try writeState(state) }

    override func resetFloatingPoint() { resetState() }

    // MARK: Memory (Marshalling/SystrapMemory.swift)

    override func copyIn(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        unsafe take(address, into: buffer)
    }

    override func copyOut(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        unsafe put(address, from: buffer)
    }

    override func copyAtHand(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if window.isPending(address.rawValue, buffer.count) { deliver() }
        return unsafe window.take(address.rawValue, into: buffer)
    }

    override func inputView(_ address: GuestAddress, _ count: Int) -> UnsafeRawBufferPointer? {
        // What is not as the program knows it is copied, and put right.
        if space.rewritten.mayMeet(address.rawValue, UInt64(count)) { return nil }
        return unsafe window.view(address.rawValue, count)
    }

    override func outputRoom(_ address: GuestAddress, _ count: Int) -> UnsafeMutableRawBufferPointer? {
        if let room = unsafe window.room(address.rawValue, count) { return unsafe room }
        return unsafe nextRoom(address, count)
    }

    override func writablePrefix(_ address: GuestAddress, _ count: Int) -> Int {
        let known = window.writable(address.rawValue)
        if known >= count { return count }
        return known + probe(address + known, count - known)
    }

    override func endSoon() {
        if stage.compareExchange(expected: .lives, desired: .ending, ordering: .acquiringAndReleasing).exchanged { space.noteEnding() }
        bell.ring()
    }

    override func forgetInput() { window.close() }

    override func settle() {
        deliver()
        if hasFailedDelivery {
            hasFailedDelivery = false
            complete(Errno.EFAULT.returnValue)
        }
    }
}

extension Registers {
    /// Replaces what would fault in the stub's own code.
    mutating func makeLoadable() {
        if cs != 0x23 { cs = 0x33 }
        ss = 0x2b
        let end: UInt64 = 0x7fff_ffff_f000
        if fsBase >= end { fsBase = 0 }
        if gsBase >= end { gsBase = 0 }
    }
}
