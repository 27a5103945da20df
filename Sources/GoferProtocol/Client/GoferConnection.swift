public import HostOS
import LinuxABI

/// One connection to a Gofer, used by any number of threads at once.
///
/// Each caller sends its own request. Of the callers that wait for a reply one reads the socket, for all of them; when it
/// has its own reply, it hands the reading over. So there is no thread of the connection's own, and nothing wakes up
/// while nobody waits.
public final class GoferConnection: @unchecked Sendable {
    private let socket: SharedFD
    private let lanes = LaneTable()
    /// Guards `calls`, `free`, `idle`, `hasReader`, `isDead` and `dropped`. A leaf: no other lock is taken under it.
    private let lock = Lock()
    /// By the tag's low 16 bits.
    private var calls: [GoferCall?] = []
    private var free: [UInt16] = []
    /// Calls kept for use again, with their buffers.
    private var idle: [GoferCall] = []
    private var hasReader = false
    private var isDead = false
    /// Handles to close with the next batch.
    private var dropped: [Handle] = []
    /// The reader's, whoever it is at the time.
    private var received = [UInt8].unfilled(count: Limits.maximumMessage)
    private var receivedDescriptors: [HostFD] = []

    private static let maximumCalls = 4096
    private static let keptCalls = 4
    /// How many handles are gathered before one message closes them.
    private static let closeBatch = 32

    /// - Parameter fd: the connection's socket; it now belongs to this object.
    public init(owning fd: HostFD) { socket = SharedFD(owning: fd) }

    /// Ends the connection for all who use it: the Gofer sees its end, calls under way and later ones answer EIO.
    public func hangUp() {
        socket.fd.shutDown()
        lanes.close()
    }

    /// The socket, for who wants to learn by poll(2) that the Gofer is gone (POLLHUP).
    public var descriptor: HostFD { socket.fd }

    /// Whether the Gofer is known to be gone: every call answers EIO.
    public var isClosed: Bool { lock.withLock { isDead } }

    /// Makes one call and waits for its reply.
    ///
    /// - Returns: what `decode` makes of the reply. `decode` takes the descriptors it wants out of the call.
    /// - Throws: the Gofer's errno; EIO when it is gone or its reply makes no sense.
    func call<R: ~Copyable>(_ operation: Operation, _ encode: (inout Encoder) -> Void,
                 decode: (inout Decoder, GoferCall) throws(Errno) -> R) throws(Errno) -> R {
        switch lanes.take() {
        case .lane(let lane):
            defer { lanes.give(lane) }
            try prepare(lane.call, operation, encode)
            guard try send(lane.call, over: lane.fd), lane.receive() else {
                die()
                throw .EIO
            }
            return try result(of: lane.call, decode)
        case .make(let processor):
            // Where that is not to be had, calls go on as before.
            if let fd = try? lane(on: processor) { lanes.add(GoferLane(processor: processor, owning: fd)) }
        case .none: break
        }
        let call = try begin()
        defer { end(call) }
        try prepare(call, operation, encode)
        guard try send(call, over: socket.fd) else {
            die()
            throw .EIO
        }
        wait(for: call)
        guard call.state.load() == GoferCall.done else { throw .EIO }
        return try result(of: call, decode)
    }

    @inline(__always)
    private func prepare(_ call: GoferCall, _ operation: Operation, _ encode: (inout Encoder) -> Void) throws(Errno) {
        call.request.reset()
        call.request.u16(operation.rawValue)
        call.request.u32(call.tag)
        encode(&call.request)
        guard call.request.count <= Limits.maximumMessage else { throw .ENAMETOOLONG }
    }

    /// - Returns: false when nobody is there.
    private func send(_ call: GoferCall, over fd: HostFD) throws(Errno) -> Bool {
        do throws(Errno) {
            try fd.sendPacket(call.request.bytes, count: call.request.count)
            return true
        } catch {
            // Too little memory for a message just now.
            if error == .ENOMEM || error == .ENOBUFS { throw .ENOMEM }
            return false
        }
    }

    @inline(__always)
    private func result<R: ~Copyable>(of call: GoferCall,
                                      _ decode: (inout Decoder, GoferCall) throws(Errno) -> R) throws(Errno) -> R {
        var decoder = Decoder(call.reply, count: call.replyCount)
        do throws(Errno) {
            let errno = try decoder.u16()
            _ = try decoder.u32()
            if errno != 0 { throw Errno(rawValue: Int32(errno)) }
            return try decode(&decoder, call)
        } catch {
            throw error == .EBADMSG ? .EIO : error
        }
    }

    /// Lets go of a handle: with the next batch, or `now` (for what holds disk space without having a name).
    public func close(_ handle: Handle, now: Bool = false) {
        if handle == 0 { return }
        lock.lock()
        dropped.append(handle)
        if (dropped.count < Self.closeBatch && !now) || isDead {
            if isDead { dropped = [] }
            lock.unlock()
            return
        }
        lock.unlock()
        flush()
    }

    /// Closes the handles that wait for a batch.
    public func flush() {
        let batch = lock.withLock {
            defer { dropped = [] }
            return dropped
        }
        if batch.isEmpty { return }
        var message = Encoder()
        var rest = batch[...]
        while !rest.isEmpty {
            let part = rest.prefix(Limits.maximumClose)
            rest = rest.dropFirst(part.count)
            message.reset()
            message.u16(Operation.close.rawValue)
            message.u32(0)
            message.u16(UInt16(part.count))
            for handle in part { message.u64(handle) }
            do throws(Errno) { try socket.fd.sendPacket(message.bytes, count: message.count) } catch { die() }
        }
    }

    // MARK: - Calls in flight

    private func begin() throws(Errno) -> GoferCall {
        try lock.withLock { () throws(Errno) in
            if isDead { throw .EIO }
            let call = idle.popLast() ?? GoferCall()
            let slot: UInt16
            if let reused = free.popLast() {
                slot = reused
            } else {
                guard calls.count < Self.maximumCalls else { throw .ENOMEM }
                slot = UInt16(calls.count)
                calls.append(nil)
            }
            call.tag = UInt32(slot) | (call.tag &+ 0x10000) & 0xffff_0000
            call.state.store(GoferCall.sent)
            calls[Int(slot)] = call
            return call
        }
    }

    private func end(_ call: GoferCall) {
        for fd in call.descriptors { fd.close() }
        call.descriptors.removeAll(keepingCapacity: true)
        lock.withLock {
            let slot = UInt16(truncatingIfNeeded: call.tag)
            calls[Int(slot)] = nil
            free.append(slot)
            if idle.count < Self.keptCalls { idle.append(call) }
        }
    }

    private func wait(for call: GoferCall) {
        lock.lock()
        guard call.state.load() == GoferCall.sent else {
            lock.unlock()
            return
        }
        call.state.store(GoferCall.waiting)
        if !hasReader {
            hasReader = true
            lock.unlock()
            return read(until: call)
        }
        lock.unlock()
        while true {
            switch call.state.load() {
            case GoferCall.waiting: call.state.wait(while: GoferCall.waiting)
            case GoferCall.reader: return read(until: call)
            default: return
            }
        }
    }

    /// Reads replies until the one of `own` is among them. The caller is the one reader.
    private func read(until own: GoferCall) {
        while true {
            let n: Int
            do throws(Errno) {
                n = try socket.fd.receivePacket(into: &received, descriptors: &receivedDescriptors, acceptDescriptors: true)
            } catch {
                n = 0
            }
            guard let tag = receivedTag(n) else { return fail() }

            lock.lock()
            let slot = Int(tag & 0xffff)
            guard slot < calls.count, let call = calls[slot], call.tag == tag, call.state.load() != GoferCall.done else {
                lock.unlock()
                return fail()
            }
            call.take(received, count: n, &receivedDescriptors)
            let isWaiting = call.state.load() == GoferCall.waiting
            call.state.store(GoferCall.done)
            if call === own {
                handOver()
                lock.unlock()
                return
            }
            if isWaiting { call.state.wake() }
            lock.unlock()
        }
    }

    private func receivedTag(_ count: Int) -> UInt32? {
        var header = Decoder(received, count: count)
        guard let _ = try? header.u16() else { return nil }
        return try? header.u32()
    }

    /// Makes another waiting caller the reader. The lock is held.
    private func handOver() {
        for case let call? in calls where call.state.load() == GoferCall.waiting {
            call.state.store(GoferCall.reader)
            call.state.wake()
            return
        }
        hasReader = false
    }

    /// What the reader does when the socket gives nothing sensible any more.
    private func fail() {
        for fd in receivedDescriptors { fd.close() }
        receivedDescriptors = []
        die()
    }

    /// The Gofer is gone: everybody who waits gets an error.
    private func die() {
        lock.withLock {
            isDead = true
            dropped = []
            for case let call? in calls where call.state.load() != GoferCall.done {
                call.state.store(GoferCall.failed)
                call.state.wake()
            }
        }
        // Whoever reads a socket wakes up.
        socket.fd.shutDown()
        lanes.close()
    }
}
