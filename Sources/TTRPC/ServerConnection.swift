import HostOS
import LinuxABI
import Messages
import Synchronization

/// A server's end of one connection. What arrives is read by the server's loop alone; answers come from any thread.
final class ServerConnection: @unchecked Sendable {
    let link: Link
    let peer: PeerCredentials?
    private let server: Server
    private let closed = Atomic<Bool>(false)
    // Of the loop only:
    private var assembler = FrameAssembler()
    private var descriptors: [SharedFD] = []
    private var lastStream: UInt32 = 0
    /// Guards `streams`. Nothing else is locked with it held.
    private let lock = Lock()
    private var streams: [UInt32: ServerStream] = [:]

    init(_ socket: SharedFD, server: Server, wantWritable: @escaping @Sendable (Bool) -> Void) {
        link = Link(socket, wantWritable: wantWritable)
        peer = socket.fd.peerCredentials
        self.server = server
    }

    var isClosed: Bool { closed.load(ordering: .relaxed) }

    /// Reads what there is. False at the connection's end.
    func receive(_ buffer: inout [UInt8]) -> Bool {
        do throws(Errno) {
            let count = try link.socket.fd.receive(into: &buffer, descriptors: &descriptors,
                                                   acceptDescriptors: server.acceptsDescriptors, wait: false)
            if count == 0 { return false }
            var intact = true
            assembler.take(buffer, count: count) { intact = arrived($0) && intact }
            // Descriptors that no frame claims.
            return intact && descriptors.count <= 2 * HostFD.descriptorsPerSend
        } catch {
            return error == .EAGAIN
        }
    }

    /// Forgets the connection: handlers' answers go nowhere, streams end.
    func end() {
        closed.store(true, ordering: .relaxed)
        link.close()
        let ended = lock.withLock {
            defer { streams = [:] }
            return streams
        }
        for stream in ended.values { stream.connectionEnded() }
        descriptors = []
    }

    private func arrived(_ arrival: FrameAssembler.Arrival) -> Bool {
        switch arrival {
        case .oversized(let frame, let length):
            if frame.kind == Frame.Kind.request { lastStream = max(lastStream, frame.stream) }
            refuse(frame.stream, .tooLarge(length))
            return frame.descriptorCount == 0
        case .frame(let frame):
            guard frame.descriptorCount <= descriptors.count else { return false }
            let beside = Array(descriptors[..<frame.descriptorCount])
            descriptors.removeFirst(frame.descriptorCount)
            switch frame.kind {
            case Frame.Kind.request: request(frame, beside)
            case Frame.Kind.data: data(frame)
            default: break
            }
            return true
        }
    }

    private func request(_ frame: Frame, _ descriptors: [SharedFD]) {
        if frame.stream % 2 == 0 {
            return refuse(frame.stream, Status(.invalidArgument, "StreamID must be odd for client initiated streams"))
        }
        if frame.stream <= lastStream {
            return refuse(frame.stream, Status(.invalidArgument, "StreamID cannot be re-used and must increment"))
        }
        lastStream = frame.stream
        guard let request = try? Wire.Request.decode(frame.payload) else {
            return refuse(frame.stream, Status(.invalidArgument, "the request can't be decoded"))
        }
        let call = ServerCall(request, stream: frame.stream, descriptors: descriptors, connection: self)
        server.dispatch(call) {
            let stream = ServerStream(call: call, open: frame.flags.contains(.remoteOpen))
            lock.withLock { streams[frame.stream] = stream }
            return stream
        }
    }

    private func data(_ frame: Frame) {
        guard let stream = lock.withLock({ streams[frame.stream] }) else {
            // A peer may end its side after ours has ended the stream.
            if frame.stream <= lastStream && frame.flags.contains([.remoteClosed, .noData]) { return }
            return refuse(frame.stream, Status(.invalidArgument, "StreamID is no longer active"))
        }
        stream.arrived(frame.flags.contains(.noData) ? nil : frame.payload, last: frame.flags.contains(.remoteClosed))
    }

    private func refuse(_ stream: UInt32, _ status: Status) {
        let response = Wire.Response(status: .init(code: status.code.rawValue, message: status.message))
        link.send(Frame(stream: stream, kind: Frame.Kind.response, payload: (try? response.encode()) ?? []))
    }

    /// Ends a stream: for the peer, too, it is over with this.
    func end(_ stream: UInt32) {
        _ = lock.withLock { streams.removeValue(forKey: stream) }
        if !isClosed { link.send(Frame(stream: stream, kind: Frame.Kind.data, flags: [.remoteClosed, .noData])) }
    }

    /// Sends the last frame of a stream.
    func finish(_ stream: UInt32, _ response: [UInt8], _ descriptors: [SharedFD]) {
        _ = lock.withLock { streams.removeValue(forKey: stream) }
        if !isClosed { link.send(Frame(stream: stream, kind: Frame.Kind.response, payload: response), descriptors) }
    }
}
