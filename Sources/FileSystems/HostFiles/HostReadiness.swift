import HostOS
import LinuxABI
import Synchronization
import Waiting

/// Tells waiters when streams of the host become ready: one thread for all of them, started with the first that somebody
/// waits for.
public final class HostReadiness: @unchecked Sendable {
    /// Guards everything below. Above the waiting queues.
    private let lock = Lock()
    private var epoll: HostEpoll?
    private var lastToken: UInt64 = 0
    private var streams: [UInt64: Stream] = [:]

    private struct Stream {
        let queue: WaitQueue
        let descriptor: HostFD
    }

    public init() {}

    /// Lets `queue` hear of every change of `descriptor` until `remove`.
    ///
    /// - Returns: what `remove` takes. nil for a file that is always ready.
    /// - Throws: the host's errors: EMFILE, ENOMEM, EAGAIN when it refuses a thread.
    func add(_ descriptor: HostFD, _ queue: WaitQueue) throws(Errno) -> UInt64? {
        lock.lock()
        defer { lock.unlock() }
        let epoll = try started()
        lastToken += 1
        let token = lastToken
        streams[token] = Stream(queue: queue, descriptor: descriptor)
        do throws(Errno) {
            try epoll.add(descriptor, [.readable, .writable, .priority, .peerHungUp, .edgeTriggered], token: token)
        } catch {
            streams[token] = nil
            // Regular files cannot be watched.
            if error == .EPERM { return nil }
            throw error
        }
        return token
    }

    func remove(_ token: UInt64) {
        let stream = lock.withLock {
            let stream = streams.removeValue(forKey: token)
            if let stream { epoll?.remove(stream.descriptor) }
            return stream
        }
        _ = consume stream
    }

    private func started() throws(Errno) -> HostEpoll {
        if let epoll { return epoll }
        let made = try HostEpoll()
        do throws(Errno) { try Thread.start(stackSize: 128 << 10) { self.run(made) } } catch {
            made.fd.close()
            throw error
        }
        epoll = made
        return made
    }

    private func run(_ epoll: HostEpoll) {
        while true {
            guard let ready = try? epoll.wait() else { return }
            for (token, events) in ready {
                let queue = lock.withLock { streams[token]?.queue }
                queue?.notify(IOEvents(host: events))
            }
        }
    }
}

extension HostEpoll.Events {
    static let peerHungUp = Self(rawValue: 0x2000)
    static let edgeTriggered = Self(rawValue: 1 << 31)
}

extension IOEvents {
    init(host: HostEpoll.Events) {
        self.init(rawValue: host.rawValue & 0x203f)
        if contains(.POLLIN) { insert(.POLLRDNORM) }
        if contains(.POLLOUT) { insert(.POLLWRNORM) }
    }
}
