import CHostOS
import HostOS
import LinuxABI

/// The Sentry's side of waiting for a word that a stub changes.
///
/// The word lies in memory that a guest can alias, so a guest can move whoever sleeps on it to another futex. Therefore
/// a sleep is on two words: that one, and the bell's own, which nobody else can name (native-memory.md, 9.4).
final class Bell: @unchecked Sendable {
    private let word = unsafe UnsafeMutablePointer<UInt32>.allocate(capacity: 1)

    init() { unsafe word.initialize(to: 0) }

    deinit { unsafe word.deallocate() }

    /// The own word's value, to be taken before the condition is looked at.
    var value: UInt32 { unsafe host_load32(word) }

    /// Wakes the sleeper. From any thread: each of several at once changes the word.
    func ring() {
        var seen = value
        while true {
            let old = unsafe host_compare_exchange32(word, seen, seen &+ 1)
            if old == seen { break }
            seen = old
        }
        unsafe Futex.wake(word)
    }

    /// Sleeps while the shared word holds `seen` and the own one `value`.
    ///
    /// - Parameter deadline: CLOCK_MONOTONIC, nanoseconds.
    func sleep(_ shared: UnsafeMutablePointer<UInt32>, seen: UInt32, value: UInt32, deadline: UInt64?) {
        // struct futex_waitv: value, address, flags (FUTEX2_SIZE_U32, FUTEX2_PRIVATE), reserved.
        var words = unsafe (UInt64(seen), UInt64(UInt(bitPattern: shared)), UInt64(2),
                            UInt64(value), UInt64(UInt(bitPattern: word)), UInt64(2 | 128))
        var time = (Int64(0), Int64(0))
        if let deadline { time = (Int64(deadline / 1_000_000_000), Int64(deadline % 1_000_000_000)) }
        unsafe withUnsafeBytes(of: &words) { w in
            unsafe withUnsafeBytes(of: &time) { t in
                _ = try? unsafe hostCall(.futex_waitv, Int(w.baseAddress), 2, 0, deadline == nil ? 0 : Int(t.baseAddress), 1)
            }
        }
    }
}
