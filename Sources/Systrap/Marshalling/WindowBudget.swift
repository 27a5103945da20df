import CStub
import HostOS
import LinuxABI
import Memory
import Synchronization

/// How much memory the windows of all threads may keep beyond what a call at hand needs. A thread that once moved much
/// and then does not leaves its window's pages unused: when all have grown too much, a thread gives its own back at the end
/// of the next call that leaves nothing in it.
enum WindowBudget {
    /// A few threads in a thousand may keep a whole window.
    static var limit: Int { 16 << 20 }

    private static let held = Atomic<Int>(0)

    static func add(_ bytes: Int) { held.add(bytes, ordering: .relaxed) }

    static var isExceeded: Bool { held.load(ordering: .relaxed) > limit }
}

extension SystrapContext {
    /// Counts what the call has used of the window, and gives it back when there is too much of it.
    @inline(never)
    func accountForWindow() {
        if window.reach > heldBytes {
            WindowBudget.add(window.reach - heldBytes)
            heldBytes = window.reach
        }
        if heldBytes > Int(pageSize), WindowBudget.isExceeded, !window.hasWindowOutput { releaseWindow() }
    }

    func releaseWindow() {
        let start = space.arena.offset(index) + UInt64(STUB_WINDOW_OFFSET)
        // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE.
        guard (try? space.arena.file.allocate(mode: 3, offset: start, length: UInt64(STUB_WINDOW_SIZE))) != nil else { return }
        forgetWindow()
    }

    /// Its pages are gone, or another thread's.
    func forgetWindow() {
        WindowBudget.add(-heldBytes)
        heldBytes = 0
        window.forgetUse()
    }
}
