import Synchronization

/// A word that threads of this process wait on while it holds a value.
public struct FutexWord: ~Copyable, Sendable {
    private let word: Atomic<UInt32>

    public init(_ value: UInt32 = 0) { word = Atomic(value) }

    public func load() -> UInt32 { word.load(ordering: .acquiring) }

    public func store(_ value: UInt32) { word.store(value, ordering: .releasing) }

    /// Sleeps while the word holds `value`. May return early for no reason: the caller looks again.
    public func wait(while value: UInt32) {
        unsafe withUnsafePointer(to: word) { try? unsafe Futex.wait($0, expected: value) }
    }

    public func wake(count: Int = 1) {
        unsafe withUnsafePointer(to: word) { unsafe Futex.wake($0, count: count) }
    }
}
