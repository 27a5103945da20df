import HostOS
import LinuxABI
import Memory
import Platform
import Stubs

/// A traced stub thread.
///
/// All but `interrupt` is called by the one Sentry thread that has bound it: its tracer. Between calls the tracee stands.
final class PtraceContext: ExecutionContext, @unchecked Sendable {
    let space: PtraceAddressSpace
    /// The stub thread's id, the kernel's word. It names that thread until `gone`.
    let thread: Int32
    /// Forked from the seed: its address space has yet to be closed at `limit`.
    private let fresh: Bool
    private(set) var bound = false
    /// The host's thread has ended and was waited for.
    var gone = false
    /// What the tracee's registers are, as far as they were written or read.
    var loaded = Registers()
    var isLoaded = false

    private let latch = InterruptLatch()

    /// SIGURG: ignored by default, and nothing of ours sends it otherwise.
    static var kick: Int32 { 23 }

    init(_ space: PtraceAddressSpace, thread: Int32, fresh: Bool) {
        self.space = space
        self.thread = thread
        self.fresh = fresh
        super.init(space)
    }

    // MARK: Binding and ending

    override func bind() throws(Errno) {
        do throws(Errno) {
            // TRACESYSGOOD, EXITKILL.
            try HostTrace.seize(thread, options: 1 | 0x10_0000)
            bound = true
            space.addThread(thread)
            try stopParked()
        } catch {
            if bound { lose() }
            throw error
        }
        if fresh {
            let from = space.limit.rawValue
            // PROT_NONE; MAP_PRIVATE | FIXED | ANONYMOUS | NORESERVE.
            _ = try nativeCall(.mmap, from, StubLayout.fillStart - from, 0, 0x4032, .max, 0)
        }
    }

    /// Stops the tracee where it waits for its tracer. It may still be on its way there: then it is stepped, since one
    /// that is interrupted again and again gets nowhere.
    private func stopParked() throws(Errno) {
        try HostTrace.interrupt(thread)
        for _ in 0..<100_000 {
            guard waitForStop() != nil else { throw .ESRCH }
            var registers = Registers()
            try unsafe withUnsafeMutableBytes(of: &registers) { (r) throws(Errno) in
                try unsafe HostTrace.readRegisters(thread, into: r.baseAddress!)
            }
            if registers.rip >= StubLayout.park && registers.rip < StubLayout.parkEnd { return }
            try HostTrace.step(thread)
        }
        throw .ESRCH
    }

    private var ended = false

    deinit { end() }

    override func end() {
        if ended { return }
        ended = true
        space.removeThread(thread)
        let last = space.removeContext()
        defer { if last { space.reap() } }
        if gone { return }
        if !bound {
            // Nobody traces it: it waits in the stub's code until the stub ends.
            return
        }
        if last {
            reapThread()
        } else if thread == space.process {
            // The leader must not end before the others: its id is the stub's name.
            var registers = Registers()
            registers.rip = StubLayout.park
            if load(registers) { _ = try? HostTrace.detach(thread) } else { reapThread() }
        } else {
            var registers = Registers()
            registers.rip = StubLayout.injectA
            registers.rax = UInt64(SystemCallNumber.exit.rawValue)
            if load(registers) { _ = try? HostTrace.resume(thread) }
            reapThread()
        }
    }

    /// Waits for the end of the thread, which is on its way out.
    private func reapThread() {
        while let status = waitForStop() {
            // A stop on the way: of a signal from outside.
            _ = status
            _ = try? HostTrace.resume(thread)
        }
    }

    /// The thread, and so its stub, can be relied on no more.
    private func lose() {
        space.kill()
        reapThread()
    }

    // MARK: Running

    override func interrupt() {
        if latch.interrupt() { space.signal(thread, Self.kick) }
    }

    override func run() -> GuestEvent {
        if gone { return death() }
        while true {
            if !latch.enter() {
                latch.clear()
                return .interrupted
            }
            guard load(registers) else { return death() }
            do throws(Errno) { try HostTrace.resumeEmulating(thread) } catch { return death() }
            guard let status = waitForStop() else { return death() }
            let interrupted = latch.leave()
            guard store() else { return death() }
            if let event = event(status) {
                if interrupted, case .interrupted = event { latch.clear() }
                return event
            }
            if interrupted {
                latch.clear()
                return .interrupted
            }
        }
    }

    private func death() -> GuestEvent {
        latch.leave()
        // Before it is killed: then its death would be our will.
        space.noticeDeath()
        if !gone { lose() }
        return .died(reason: "the stub was killed")
    }

    /// Runs `body` while interrupts kick the tracee.
    ///
    /// - Throws: EINTR when one is pending already; it stays pending.
    func interruptibly<R>(_ body: () throws(Errno) -> R) throws(Errno) -> R {
        if !latch.enter() { throw .EINTR }
        defer { latch.leave() }
        return try body()
    }

    /// Gives the tracee these registers if it does not have them. In no system call: nothing is restarted.
    ///
    /// - Returns: false when it is dead.
    func load(_ wanted: Registers) -> Bool {
        var wanted = wanted
        wanted.origRax = .max
        wanted.rip = space.meant(wanted.rip)
        if isLoaded && wanted.equals(loaded) { return true }
        for attempt in 0..<2 {
            do throws(Errno) {
                try unsafe withBytes(of: wanted) { (r) throws(Errno) in
                    try unsafe HostTrace.writeRegisters(thread, from: r.baseAddress!)
                }
                loaded = wanted
                isLoaded = true
                return true
            } catch {
                isLoaded = false
                if error != .EIO || attempt == 1 { return false }
                wanted.makeLoadable()
            }
        }
        return false
    }

    /// Takes the guest's registers from the tracee.
    private func store() -> Bool {
        let read: Void? = try? unsafe withUnsafeMutableBytes(of: &loaded) { (r) throws(Errno) in
            try unsafe HostTrace.readRegisters(thread, into: r.baseAddress!)
        }
        isLoaded = read != nil
        arrive(inCall: false, shown)
        return isLoaded
    }

    /// What the guest sees of its registers.
    var shown: Registers {
        var shown = loaded
        shown.rip = space.shown(shown.rip)
        return shown
    }

    /// Waits until the tracee stops.
    ///
    /// - Returns: its status; nil when it has ended.
    func waitForStop() -> Int32? {
        while !gone {
            guard let status = try? HostTrace.wait(thread) else {
                gone = true
                break
            }
            if status & 0xff != 0x7f {
                gone = true
                if thread == space.process { space.markReaped() }
                break
            }
            // A group stop: somebody on the host stopped the stub. It goes on by SIGCONT.
            if status >> 16 == 128 && status >> 8 & 0xff != 5 {
                _ = try? HostTrace.listen(thread)
                continue
            }
            return status
        }
        return nil
    }

    // MARK: Calls of the stub (PtraceNativeCalls.swift)

    override func nativeCall(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64,
                             _ d: UInt64, _ e: UInt64, _ f: UInt64) throws(Errno) -> UInt64 {
        try callNatively(number, a, b, c, d, e, f)
    }

    override func install(_ file: HostFD) throws(Errno) -> UInt64 { try installDescriptor(file) }

    override func cloneThread() throws(Errno) -> ExecutionContext { try makeThread() }

    override func forkAddressSpace() throws(Errno) -> ExecutionContext { try makeFork() }

    override func compareExchange(_ address: GuestAddress, expected: UInt32, desired: UInt32) throws(Errno) -> UInt32 {
        guard let old = access(address, StubLayout.compareExchange, UInt64(expected), UInt64(desired)) else { throw .EFAULT }
        return UInt32(truncatingIfNeeded: old)
    }

    // MARK: Floating point (PtraceFloatingPoint.swift)

    override func readFloatingPoint() -> [UInt8] { readState() }

    override func writeFloatingPoint(_ state: [UInt8]) throws(Errno) { try writeState(state) }

    override func resetFloatingPoint() { resetState() }

    // MARK: Memory

    override func copyIn(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var done = unsafe space.copyIn(address, into: buffer)
        while done < buffer.count, access(address + done, StubLayout.touchRead) != nil {
            let more = unsafe space.copyIn(address + done, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            if more == 0 { break }
            done += more
        }
        return done
    }

    override func writablePrefix(_ address: GuestAddress, _ count: Int) -> Int {
        // Each page costs the host several switches: a large buffer is taken as it is.
        if count > 512 { return count }
        var done = 0
        while done < count, access(address + done, StubLayout.touchWrite) != nil {
            done += Int(pageSize &- ((address + done).rawValue & (pageSize - 1)))
        }
        return min(done, count)
    }

    override func copyOut(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        var done = unsafe space.copyOut(address, from: buffer)
        while done < buffer.count, access(address + done, StubLayout.touchWrite) != nil {
            let more = unsafe space.copyOut(address + done, from: UnsafeRawBufferPointer(rebasing: buffer[done...]))
            if more == 0 { break }
            done += more
        }
        return done
    }
}

extension Registers {
    func equals(_ other: Registers) -> Bool {
        unsafe withBytes(of: self) { a in
            unsafe withBytes(of: other) { b in
                unsafe zip(a.bindMemory(to: UInt64.self), b.bindMemory(to: UInt64.self)).allSatisfy { $0 == $1 }
            }
        }
    }

    /// Replaces what the host's kernel refuses to load.
    mutating func makeLoadable() {
        cs = 0x33
        ss = 0x2b
        (ds, es, fs, gs) = (0, 0, 0, 0)
        let end: UInt64 = 0x7fff_ffff_f000
        if fsBase >= end { fsBase = 0 }
        if gsBase >= end { gsBase = 0 }
    }
}
