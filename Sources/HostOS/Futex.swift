import CHostOS
import LinuxABI
import Synchronization

/// futex(2) on words of this process (private) or shared with others.
public enum Futex {
    /// Sleeps while `word` holds `expected`, until a wake or the deadline (absolute, CLOCK_MONOTONIC, nanoseconds).
    /// May return early for no reason: the caller looks again.
    ///
    /// - Throws: ETIMEDOUT when the deadline passed.
    public static func wait(_ word: UnsafeRawPointer, expected: UInt32, deadline: UInt64? = nil,
                            shared: Bool = false) throws(Errno) {
        let op = 9 /* FUTEX_WAIT_BITSET */ | (shared ? 0 : 128)
        do throws(Errno) {
            if let deadline {
                var time = (Int64(deadline / 1_000_000_000), Int64(deadline % 1_000_000_000))
                try unsafe withUnsafeBytes(of: &time) { (t) throws(Errno) in
                    _ = try unsafe hostCall(.futex, Int(word), op, Int(expected), Int(t.baseAddress), 0, 0xffff_ffff)
                }
            } else {
                try unsafe hostCall(.futex, Int(word), op, Int(expected), 0, 0, 0xffff_ffff)
            }
        } catch {
            if error == .ETIMEDOUT { throw error }
        }
    }

    public static func wake(_ word: UnsafeRawPointer, count: Int = 1, shared: Bool = false) {
        _ = try? unsafe hostCall(.futex, Int(word), 1 /* FUTEX_WAKE */ | (shared ? 0 : 128), count)
    }
}

/// A mutual exclusion lock of four bytes: 0 free, 1 held, 2 held and awaited. Not recursive.
///
/// Swift's own Mutex uses priority-inheriting futexes on Linux, whose contended path is several times slower and would
/// widen the Sentry's seccomp filter.
public struct Lock: ~Copyable, Sendable {
    @usableFromInline let word = Atomic<UInt32>(0)

    @inlinable public init() {}

    @inlinable public func lock() {
        if !word.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged { lockSlowly() }
    }

    @inlinable public func tryLock() -> Bool {
        word.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
    }

    /// A full barrier: what was changed below the lock is seen before anything that this thread reads afterwards
    /// (`WaitQueue.notifyUnlocked`).
    @inlinable public func unlock() {
        if word.exchange(0, ordering: .sequentiallyConsistent) == 2 { unlockSlowly() }
    }

    @usableFromInline func lockSlowly() {
        for _ in 0..<64 {
            if word.load(ordering: .relaxed) == 0, tryLock() { return }
            host_pause()
        }
        while word.exchange(2, ordering: .acquiring) != 0 {
            unsafe withAddress { try? unsafe Futex.wait($0, expected: 2) }
        }
    }

    @usableFromInline func unlockSlowly() { unsafe withAddress { unsafe Futex.wake($0) } }

    private func withAddress(_ body: (UnsafeRawPointer) -> Void) {
        unsafe withUnsafePointer(to: word) { unsafe body(UnsafeRawPointer($0)) }
    }

    /// Runs `body` with the lock held.
    @inlinable @inline(__always)
    public func withLock<R: ~Copyable, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        lock()
        defer { unlock() }
        return try body()
    }
}
