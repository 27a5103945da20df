import HostOS
import LinuxABI

/// One caller's request and its reply.
final class GoferCall: @unchecked Sendable {
    /// On its way to the Gofer.
    static let sent: UInt32 = 0
    /// Its caller sleeps.
    static let waiting: UInt32 = 1
    /// It is its caller's turn to read the socket.
    static let reader: UInt32 = 2
    static let done: UInt32 = 3
    static let failed: UInt32 = 4

    var tag: UInt32 = 0
    /// Changed only under the connection's lock; read without it.
    let state = FutexWord()
    var request = Encoder()
    fileprivate(set) var reply: [UInt8] = []
    fileprivate(set) var replyCount = 0
    var descriptors: [HostFD] = []

    func take(_ message: [UInt8], count: Int, _ fds: inout [HostFD]) {
        reply.removeAll(keepingCapacity: reply.capacity <= 8192)
        reply.append(contentsOf: message[..<count])
        replyCount = count
        swap(&descriptors, &fds)
        fds.removeAll(keepingCapacity: true)
    }

    /// The first descriptor that came along, for the caller to own; EMFILE when there was no room for it.
    func takeDescriptor() throws(Errno) -> HostFD {
        guard !descriptors.isEmpty else { throw .EMFILE }
        return descriptors.removeFirst()
    }
}

/// A socket for calls that are made on one processor: the Gofer's thread behind it runs there, too. To call is a switch
/// from one thread to the other and back, where a processor that idles would first have to be woken, twice.
final class GoferLane {
    let processor: Int
    private let socket: SharedFD
    let call = GoferCall()

    init(processor: Int, owning fd: HostFD) {
        self.processor = processor
        socket = SharedFD(owning: fd)
        call.reply = [UInt8].unfilled(count: Limits.maximumMessage)
    }

    var fd: HostFD { socket.fd }

    /// Waits for the reply. Returns false when there is none that makes sense.
    func receive() -> Bool {
        do throws(Errno) {
            call.replyCount = try fd.receivePacket(into: &call.reply, descriptors: &call.descriptors, acceptDescriptors: true)
            var header = Decoder(call.reply, count: call.replyCount)
            _ = try header.u16()
            return try header.u32() == call.tag
        } catch {
            return false
        }
    }
}

/// The lanes of a connection, by processor.
final class LaneTable: @unchecked Sendable {
    enum Choice {
        case none
        case lane(GoferLane)
        /// The caller is to make one.
        case make(Int)
    }

    private struct Slot {
        var calls = 0
        /// Nil while a call is under way.
        var idle: GoferLane?
        /// Who was called there, for `close`.
        var fd: HostFD?
    }

    /// Guards all below. A leaf.
    private let lock = Lock()
    private var slots: [Slot] = []
    private var isClosed = false

    /// Calls on a processor before it gets a lane: most containers that do little need none.
    private static let patience = 32

    func take() -> Choice {
        guard let processor = HostProcessors.current, processor < Limits.maximumLanes else { return .none }
        lock.lock()
        defer { lock.unlock() }
        if isClosed { return .none }
        while slots.count <= processor { slots.append(Slot()) }
        if let lane = slots[processor].idle.take() { return .lane(lane) }
        if slots[processor].calls > Self.patience { return .none }
        slots[processor].calls += 1
        return slots[processor].calls > Self.patience ? .make(processor) : .none
    }

    func add(_ lane: GoferLane) {
        lock.withLock {
            if isClosed { return }
            slots[lane.processor].fd = lane.fd
            slots[lane.processor].idle = lane
        }
    }

    func give(_ lane: GoferLane) {
        for fd in lane.call.descriptors { fd.close() }
        lane.call.descriptors.removeAll(keepingCapacity: true)
        lock.withLock { if !isClosed { slots[lane.processor].idle = lane } }
    }

    /// Ends calls under way, and there will be no more.
    func close() {
        lock.withLock {
            isClosed = true
            for i in slots.indices { slots[i].fd?.shutDown() }
            slots = []
        }
    }
}
