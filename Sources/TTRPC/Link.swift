import HostOS
import LinuxABI

/// The sending half of a connection: frames of several threads, whole and in order. Nobody waits for a slow peer but
/// the queue, whose length is bounded: a peer that lets it fill is cut off.
final class Link: @unchecked Sendable {
    /// Bytes that may wait for a peer.
    static let limit = 64 << 20

    private struct Waiting {
        var bytes: [UInt8]
        var sent = 0
        var descriptors: [SharedFD]
    }

    let socket: SharedFD
    /// Guards the queue and the order of what is sent. Innermost: nothing else is locked with it held.
    private let lock = Lock()
    private var queue: [Waiting] = []
    private var queued = 0
    private var closed = false
    /// Says whether `flush` is to be called when the socket takes bytes again. Called with the lock held.
    private let wantWritable: @Sendable (Bool) -> Void

    init(_ socket: SharedFD, wantWritable: @escaping @Sendable (Bool) -> Void) {
        self.socket = socket
        self.wantWritable = wantWritable
    }

    /// Sends the frame, or leaves the rest of it for `flush`. False when the connection is closed.
    @discardableResult
    func send(_ frame: Frame, _ descriptors: [SharedFD] = []) -> Bool {
        var frame = frame
        frame.descriptorCount = descriptors.count
        let bytes = frame.bytes()
        return lock.withLock {
            if closed { return false }
            queue.append(Waiting(bytes: bytes, descriptors: descriptors))
            queued += bytes.count
            if queue.count > 1 {
                if queued > Self.limit { closeLocked() }
                return !closed
            }
            return pushLocked()
        }
    }

    /// Goes on sending when the socket takes bytes again.
    func flush() {
        lock.withLock {
            _ = pushLocked()
            if queue.isEmpty { wantWritable(false) }
        }
    }

    var isEmpty: Bool { lock.withLock { queue.isEmpty } }

    private func pushLocked() -> Bool {
        var done = 0
        defer { queue.removeFirst(min(done, queue.count)) }
        while done < queue.count {
            let next = queue[done]
            do throws(Errno) {
                let count = try socket.fd.send(next.bytes, from: next.sent,
                                               descriptors: next.sent == 0 ? next.descriptors.map(\.fd) : [])
                queued -= count
                queue[done].sent += count
                if queue[done].sent == next.bytes.count { done += 1 }
            } catch {
                if error == .EAGAIN {
                    wantWritable(true)
                    return true
                }
                closeLocked()
                done = queue.count
                return false
            }
        }
        return true
    }

    private func closeLocked() {
        closed = true
        socket.fd.shutDownStream()
        queue = []
        queued = 0
    }

    /// Ends the connection in both directions; the reader sees its end.
    func close() { lock.withLock { if !closed { closeLocked() } } }
}
