internal import CStub
import HostOS
public import LinuxABI

/// A stub that wants to know of its death.
public protocol WatchedStub: AnyObject, Sendable {
    /// Called when some child of this process has ended: perhaps it was this one.
    func lookForDeath()
}

/// Notices stubs that die by themselves (the host's OOM killer) while all their tasks wait in the Sentry.
///
/// One thread sleeps until SIGCHLD, which is never sent while nothing ends. It only looks, and reaps nobody.
public final class StubWatch: @unchecked Sendable {
    private final class Entry {
        weak var stub: (any WatchedStub)?
        init(_ stub: any WatchedStub) { self.stub = stub }
    }

    /// Guards `entries`. A leaf.
    private let lock = Lock()
    private var entries: [ObjectIdentifier: Entry] = [:]

    private static let shared = Result<StubWatch, Errno> { () throws(Errno) in try StubWatch() }

    /// The process's only one: SIGCHLD has one handler.
    public static func start() throws(Errno) -> StubWatch { try shared.get() }

    private init() throws(Errno) {
        // EFD_CLOEXEC
        let event = HostFD(rawValue: Int32(try hostCall(.eventfd2, 0, 0x80000)))
        let error = stub_watch_children(event.rawValue)
        if error != 0 { throw Errno(rawValue: error) }
        try Thread.start { [weak self] in
            stub_take_children()
            var count: UInt64 = 0
            while true {
                _ = unsafe withUnsafeMutableBytes(of: &count) { try? unsafe event.read(into: $0) }
                guard let self else { return }
                self.sweep()
            }
        }
    }

    private func sweep() { for stub in stubs { stub.lookForDeath() } }

    /// Those that live.
    public var stubs: [any WatchedStub] { lock.withLock { entries.values.compactMap(\.stub) } }

    public func add(_ stub: any WatchedStub) {
        lock.withLock { entries[ObjectIdentifier(stub)] = Entry(stub) }
    }

    public func remove(_ stub: any WatchedStub) {
        _ = lock.withLock { entries.removeValue(forKey: ObjectIdentifier(stub)) }
    }
}
