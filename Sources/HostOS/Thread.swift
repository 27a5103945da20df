import CHostOS
import LinuxABI

/// Threads of this process.
public enum Thread {
    private final class Start {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// Starts a detached thread, every signal blocked.
    ///
    /// - Parameter stackSize: bytes of address space; only touched pages cost memory.
    /// - Throws: EAGAIN when the host refuses another thread.
    public static func start(stackSize: Int = 256 << 10, _ body: sending @escaping () -> Void) throws(Errno) {
        let start = unsafe Unmanaged.passRetained(Start(body))
        let error = unsafe host_thread_start({ raw in
            unsafe Unmanaged<Start>.fromOpaque(raw!).takeRetainedValue().body()
        }, start.toOpaque(), stackSize)
        if error != 0 {
            unsafe start.release()
            throw Errno(rawValue: error)
        }
    }

    /// The host's id of the calling thread.
    public static var id: Int32 { Int32(truncatingIfNeeded: (try? hostCall(.gettid)) ?? 0) }
}
