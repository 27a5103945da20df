import HostOS
public import LinuxABI
public import Memory
public import Platform

/// A stub process, as all platforms have it.
open class StubProcess: AddressSpace, WatchedStub, @unchecked Sendable {
    /// The stub's process id. It names this stub until it is reaped.
    public final let process: Int32
    public final let seed: Seed
    private let end: GuestAddress

    /// Guards what follows: who still uses the stub, and whether its id is still its own. A leaf.
    private let lock = Lock()
    private var contexts = 1
    private var reaped = false
    private var ended = false
    /// Whoever took the last context away has killed it.
    private var killed = false
    private var nextSlot: Int32 = 0
    /// The stub's threads that are traced.
    private var threads: [Int32] = []

    public final let watch: StubWatch

    public init(process: Int32, limit: GuestAddress, seed: Seed, watch: StubWatch) {
        self.process = process
        self.seed = seed
        self.watch = watch
        end = limit
        super.init()
        watch.add(self)
    }

    deinit { watch.remove(self) }

    open override var hostProcess: Int32 { process }
    open override var limit: GuestAddress { end }
    open override var hostVDSO: GuestAddress? { seed.vdso == 0 ? nil : GuestAddress(seed.vdso) }

    open override var remote: GuestMemory { RemoteGuestMemory(self) }

    open override func kill() {
        lock.withLock {
            ended = true
            if !reaped { HostTrace.kill(process: process) }
        }
    }

    /// Sends a signal to one of its threads.
    public final func signal(_ thread: Int32, _ number: Int32) {
        lock.withLock {
            if !reaped { _ = try? HostTrace.signal(process: process, thread: thread, number) }
        }
    }

    public final func addContext() { lock.withLock { contexts += 1 } }

    /// Takes a context away.
    ///
    /// - Returns: whether it was the last: the stub has been killed then, and the caller calls `reap`.
    public final func removeContext() -> Bool {
        lock.withLock {
            contexts -= 1
            if contexts > 0 { return false }
            if !killed && !reaped { HostTrace.kill(process: process) }
            (ended, killed) = (true, true)
            return true
        }
    }

    /// Kills the stub when only one context is left, which is about to be taken away.
    public final func killIfLast() {
        lock.withLock {
            if contexts > 1 { return }
            if !reaped { HostTrace.kill(process: process) }
            (ended, killed) = (true, true)
        }
    }

    /// Whether the stub may still die without our will.
    public final var isExpectedToLive: Bool { lock.withLock { !ended && !reaped } }

    /// Whether some thread of the stub has ended against our will. Looked at when any child has ended.
    open var hasDied: Bool { HostTrace.hasEnded(process) }

    public final func lookForDeath() {
        if !isExpectedToLive || !hasDied { return }
        lock.withLock { if !reaped { HostTrace.kill(process: process) } }
        noticeDeath()
    }

    /// The stub was found dead.
    open func noticeDeath() {
        let report = lock.withLock {
            if ended { return nil as (@Sendable () -> Void)? }
            ended = true
            return onDeath
        }
        report?()
    }

    /// The process was waited for: its id may belong to another one.
    public final func markReaped() { lock.withLock { reaped = true } }

    /// Where the guest has its copy of the host's vDSO. Written by the only thread, before it runs guest code.
    private final var mirror: (place: UInt64, size: UInt64) = (0, 0)

    public final override func mirrorVDSO(at place: GuestAddress, size: UInt64) {
        if hostVDSO != nil { mirror = (place.rawValue, size) }
    }

    /// What `rip` is shown as to the guest: the host's vDSO lies where it has nothing.
    @inline(__always)
    public final func shown(_ rip: UInt64) -> UInt64 {
        let offset = rip &- seed.vdso
        return offset < mirror.size ? mirror.place &+ offset : rip
    }

    /// Where a thread goes on that the guest has at `rip`.
    @inline(__always)
    public final func meant(_ rip: UInt64) -> UInt64 {
        let offset = rip &- mirror.place
        return offset < mirror.size ? seed.vdso &+ offset : rip
    }

    /// For a fork of it.
    public final func inherit(from other: StubProcess) { mirror = other.mirror }

    /// Waits for the killed stub's end.
    public final func reap() {
        if lock.withLock({ reaped }) { return }
        while let status = try? HostTrace.wait(process) {
            if status & 0xff != 0x7f { break }
        }
        markReaped()
    }

    /// The next `count` slots behind the first are in use.
    public final func skipSlots(_ count: Int) { lock.withLock { nextSlot = Int32(min(count, 15)) + 1 } }

    /// The next descriptor slot, 3 to 18 in turn.
    open func takeSlot() -> Int32 {
        lock.withLock {
            let slot = 3 + nextSlot
            nextSlot = (nextSlot + 1) % 16
            return slot
        }
    }

    open override func hostProc(_ name: String) throws(Errno) -> [UInt8] {
        do throws(Errno) {
            // Opened while the number is this stub's own; once open, the file stays its.
            let file = try lock.withLock { () throws(Errno) in
                if reaped { throw .ESRCH }
                return try OwnProcfs.open("\(process)/\(name)")
            }
            defer { file.close() }
            return try file.readAll()
        } catch {
            throw error == .ENOENT ? .ESRCH : error
        }
    }

    open override func setOOMScore(_ score: Int32) {
        try? lock.withLock { () throws(Errno) in
            if ended || reaped { return }
            let file = try OwnProcfs.open("\(process)/oom_score_adj", flags: 1 /* O_WRONLY */)
            defer { file.close() }
            try file.writeAll(Array("\(score)".utf8))
        }
    }

    /// How many contexts the stub runs.
    public final var contextCount: Int { lock.withLock { contexts } }

    /// Puts back what the guest is to see, in `buffer` that was copied from `address` on.
    open func restoreOriginal(in buffer: UnsafeMutableRawBufferPointer, at address: GuestAddress) {}

    /// The stub's /proc/PID/mem: all of its memory, whatever the protection.
    public final func openMemory(flags: Int32) -> HostFD? {
        // Opened while the number is this stub's own; once open, the file stays its.
        try? lock.withLock { () throws(Errno) in
            if ended || reaped { throw .ESRCH }
            return try OwnProcfs.open("\(process)/mem", flags: flags)
        }
    }

    open override func writeForced(_ bytes: RawSpan, at address: GuestAddress) -> Int {
        let count = clip(address, bytes.byteCount)
        guard count > 0, let file = openMemory(flags: 1 /* O_WRONLY */) else { return 0 }
        defer { file.close() }
        return unsafe bytes.withUnsafeBytes { b in
            let part = unsafe UnsafeRawBufferPointer(rebasing: b[..<count])
            return unsafe (try? file.pwrite(part, at: Int64(address.rawValue))) ?? 0
        }
    }

    open override func readForced(_ address: GuestAddress, count: Int) -> [UInt8] {
        let count = clip(address, count)
        guard count > 0, let file = openMemory(flags: 0) else { return [] }
        defer { file.close() }
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe bytes.withMutableBytes { b in
            let done = unsafe (try? file.pread(into: b, at: Int64(address.rawValue))) ?? 0
            unsafe restoreOriginal(in: UnsafeMutableRawBufferPointer(rebasing: b[..<done]), at: address)
            return done
        }
        bytes.removeLast(count - done)
        return bytes
    }

    open override var cpuTime: (user: UInt64, system: UInt64) {
        // The process's own clock. How its time divides is told in ticks of 10 ms, so not at all for short ones.
        let sum = lock.withLock { reaped ? 0 : HostClock.now(~process << 3 | 2) }
        if sum < 10_000_000 { return (sum, 0) }
        // Fields 14 and 15 of stat.
        guard let stat = try? hostProc("stat"), let name = stat.lastIndex(of: UInt8(ascii: ")")) else { return (0, 0) }
        let fields = stat[(name + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 12 else { return (0, 0) }
        return (Self.time(fields[11]), Self.time(fields[12]))
    }
}

/// A stub's memory reached from any thread.
final class RemoteGuestMemory: GuestMemory, @unchecked Sendable {
    private let space: StubProcess

    init(_ space: StubProcess) {
        self.space = space
        super.init()
    }

    override func copyIn(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        space.whileAlive { unsafe space.copyIn(address, into: buffer) }
    }

    override func copyOut(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        space.whileAlive { unsafe space.copyOut(address, from: buffer) }
    }
}

extension StubProcess {
    /// Copies for others than the stub's own threads: an ended stub's number may come to mean another guest's stub, and
    /// whoever holds /proc/PID/mem open outlives it.
    ///
    /// - Returns: what `copy` returned; 0 when the stub has ended.
    public final func whileAlive(_ copy: () -> Int) -> Int { lock.withLock { ended || reaped ? 0 : copy() } }

    /// The part of [address, address + count) below the end of the guest's address space.
    private func clip(_ address: GuestAddress, _ count: Int) -> Int {
        if address.rawValue >= end.rawValue { return 0 }
        return Int(min(UInt64(count), end.rawValue - address.rawValue))
    }

    /// - Returns: bytes copied; page protection counts, stacks do not grow.
    public final func copyIn(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = clip(address, buffer.count)
        if count == 0 { return 0 }
        let done = unsafe RemoteMemory.read(process, at: address.rawValue,
                                            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        unsafe restoreOriginal(in: UnsafeMutableRawBufferPointer(rebasing: buffer[..<done]), at: address)
        return done
    }

    public final func copyOut(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        let count = clip(address, buffer.count)
        if count == 0 { return 0 }
        return unsafe RemoteMemory.write(process, at: address.rawValue,
                                         from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
}
