import LinuxABI
import Synchronization

/// Where threads that hold a `Lock` wait for what it guards to change.
public struct Condition: ~Copyable, Sendable {
    private let sequence = Atomic<UInt32>(0)

    public init() {}

    /// Lets go of the lock, sleeps until a wake or the deadline (absolute, CLOCK_MONOTONIC, nanoseconds), takes the lock
    /// again. May return early for no reason: the caller looks again.
    ///
    /// - Returns: false when the deadline passed.
    @discardableResult
    public func wait(_ lock: borrowing Lock, deadline: UInt64? = nil) -> Bool {
        let seen = sequence.load(ordering: .relaxed)
        lock.unlock()
        defer { lock.lock() }
        return unsafe withUnsafePointer(to: sequence) { word in
            do throws(Errno) {
                try unsafe Futex.wait(UnsafeRawPointer(word), expected: seen, deadline: deadline)
                return true
            } catch { return false }
        }
    }

    /// Wakes one waiter; to be called with the lock held.
    public func wakeOne() { wake(1) }

    public func wakeAll() { wake(Int(Int32.max)) }

    private func wake(_ count: Int) {
        sequence.wrappingAdd(1, ordering: .relaxed)
        unsafe withUnsafePointer(to: sequence) { unsafe Futex.wake(UnsafeRawPointer($0), count: count) }
    }
}
