import HostOS
import LinuxABI
import Memory
import Platform
import Synchronization
import Waiting

/// FUTEX_* of futex(2).
public enum FutexOperation {
    public static let WAIT: UInt32 = 0
    public static let WAKE: UInt32 = 1
    public static let REQUEUE: UInt32 = 3
    public static let CMP_REQUEUE: UInt32 = 4
    public static let WAKE_OP: UInt32 = 5
    public static let LOCK_PI: UInt32 = 6
    public static let UNLOCK_PI: UInt32 = 7
    public static let TRYLOCK_PI: UInt32 = 8
    public static let WAIT_BITSET: UInt32 = 9
    public static let WAKE_BITSET: UInt32 = 10
    public static let WAIT_REQUEUE_PI: UInt32 = 11
    public static let CMP_REQUEUE_PI: UInt32 = 12
    public static let LOCK_PI2: UInt32 = 13
    public static let PRIVATE_FLAG: UInt32 = 128
    public static let CLOCK_REALTIME: UInt32 = 256
    /// A word's bits: there are waiters, the owner died, the owner's thread id.
    public static let WAITERS: UInt32 = 0x8000_0000
    public static let OWNER_DIED: UInt32 = 0x4000_0000
    public static let TID_MASK: UInt32 = 0x3fff_ffff
}

/// Ends a native wait at a point in time: the wait itself is given no timeout that the guest could move.
private final class NativeAlarm: Timer, @unchecked Sendable {
    private let context: ExecutionContext
    let rang = Atomic<Bool>(false)

    init(_ context: ExecutionContext) { self.context = context }

    override func fire() {
        rang.store(true, ordering: .releasing)
        context.interrupt()
    }
}

// Waits that plain wakes can end are all native (native-memory.md, section 9): the host's kernel knows who shares a word,
// and a wake from guest code must find every sleeper.
extension Task {
    /// Runs a call in the stub that may sleep there.
    ///
    /// - Throws: the call's errno; EINTR when it was interrupted, ETIMEDOUT at the deadline.
    public func waitNatively(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64 = 0,
                             _ e: UInt64 = 0, _ f: UInt64 = 0, until deadline: Deadline? = nil) throws(Errno) -> UInt64 {
        let alarm = deadline.map { _ in NativeAlarm(context) }
        if let alarm, let deadline { kernel.timers.arm(alarm, at: deadline) }
        defer { if let alarm { kernel.timers.disarm(alarm) } }
        // Dekker with interrupt(), as on the way into guest code.
        inGuest.store(true, ordering: .sequentiallyConsistent)
        defer { inGuest.store(false, ordering: .sequentiallyConsistent) }
        if waiter.isInterrupted { throw .EINTR }
        do throws(Errno) {
            return try context.nativeCall(number, a, b, c, d, e, f)
        } catch {
            if error == .EINTR, let alarm, alarm.rang.load(ordering: .acquiring), !waiter.isInterrupted { throw .ETIMEDOUT }
            throw error
        }
    }

    /// Wakes up to `count` sleepers on a word. On the task's own thread.
    @discardableResult
    public func wakeFutex(_ address: GuestAddress, count: Int32, private isPrivate: Bool,
                          bits: UInt32 = .max) throws(Errno) -> UInt64 {
        let flag = isPrivate ? FutexOperation.PRIVATE_FLAG : 0
        return try context.nativeCall(.futex, address.rawValue, UInt64(FutexOperation.WAKE_BITSET | flag),
                                      UInt64(UInt32(bitPattern: count)), 0, 0, UInt64(bits))
    }
}

/// A futex wait with a relative timeout that a signal interrupted: it ends when it would have.
public final class FutexRestart: RestartBlock, @unchecked Sendable {
    let address: GuestAddress
    let operation: UInt32
    let value: UInt32
    let bits: UInt32
    let deadline: Deadline

    public init(address: GuestAddress, operation: UInt32, value: UInt32, bits: UInt32, deadline: Deadline) {
        self.address = address
        self.operation = operation
        self.value = value
        self.bits = bits
        self.deadline = deadline
        super.init()
    }

    public override func restart(_ task: Task) throws(Errno) -> UInt64 {
        do throws(Errno) {
            return try task.waitNatively(.futex, address.rawValue, UInt64(operation), UInt64(value), 0, 0, UInt64(bits),
                                         until: deadline)
        } catch {
            if error != .EINTR { throw error }
            task.restartBlock = self
            throw .ERESTART_RESTARTBLOCK
        }
    }
}
