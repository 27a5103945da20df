import HostOS
import LinuxABI
import Messages
import TTRPC

/// containerd's streaming service, as far as a shim serves it: standard streams of processes. Who sends may send as many
/// bytes as the other has allowed by window updates.
struct StreamingService {
    let table: StreamTable
    /// What the peer may send before it is told more, and the most that goes in one message.
    private static let window = 64 << 10
    private static let piece = 32 << 10

    func register(on server: Server) {
        server.registerStream("containerd.services.streaming.v1.Streaming", "Stream") { [table] (call) throws(Status) in
            try Self.serve(call, table)
            return nil
        }
    }

    private static func serve(_ call: ServerStream, _ table: StreamTable) throws(Status) {
        guard let first = call.receive(), let named = try? Proto.AnyMessage.decode(first), named.typeName.hasSuffix("StreamInit"),
              let id = try? StreamingAPI.StreamInit.decode(named.value).id, !id.isEmpty else {
            throw Status(.invalidArgument, "a stream begins with its name")
        }
        guard let stream = table.find(id) else { throw Status(.resourceExhausted, "too many streams") }
        let event: SharedFD
        do throws(Errno) { event = SharedFD(owning: try HostFD.event()) } catch {
            throw Status(.resourceExhausted, "stream \(id): \(error)")
        }
        guard stream.attach(event.fd) else { throw Status(.alreadyExists, "stream \(id) is in use") }
        call.onArrival { event.fd.signalEvent() }
        var rest: [UInt8] = []
        if send(call, "google.protobuf.Empty", Proto.Empty()) {
            switch waitForEnd(call, stream, event.fd) {
            case .output(let pipe)?: rest = carryOutput(call, stream, pipe.fd, event.fd)
            case .input(let pipe)?: carryInput(call, stream, pipe.fd, event.fd)
            case nil: break
            }
        }
        stream.detach(rest)
        table.drop(id)
    }

    /// The process's end, once there is a process. nil when the call ends before that. What the peer allows meanwhile waits.
    private static func waitForEnd(_ call: ServerStream, _ stream: NamedStream, _ event: HostFD) -> NamedStream.End? {
        while true {
            let (end, isClosed) = stream.state
            if let end { return end }
            if isClosed || call.hasEnded { return nil }
            _ = try? HostPoll.wait([(event, .readable)])
            event.clearEvent()
        }
    }

    /// - Returns: what was read and could not be sent.
    private static func carryOutput(_ call: ServerStream, _ stream: NamedStream, _ pipe: HostFD, _ event: HostFD) -> [UInt8] {
        var credit = 0, ready = stream.takeRest(), isOver = false
        while true {
            reading: while true {
                switch call.next() {
                case .message(let message): credit = min(credit + allowed(message), 1 << 30)
                case .nothing: break reading
                case .end: return ready
                }
            }
            if !ready.isEmpty && credit > 0 {
                let count = min(ready.count, credit, piece)
                if !send(call, "containerd.types.transfer.Data", StreamingAPI.Data(data: Array(ready[..<count]))) { return ready }
                ready.removeFirst(count)
                credit -= count
                continue
            }
            if ready.isEmpty && isOver {
                stream.close()
                return []
            }
            let mayRead = ready.isEmpty && credit > 0
            let found = try? HostPoll.wait([(event, .readable)] + (mayRead ? [(pipe, .readable)] : []))
            event.clearEvent()
            guard mayRead, let found, found.count == 2, !found[1].isEmpty else { continue }
            var buffer = [UInt8](repeating: 0, count: min(credit, piece))
            let count = unsafe (try? buffer.withMutableBytes { (b) throws(Errno) in try unsafe pipe.read(into: b) }) ?? 0
            buffer.removeLast(buffer.count - count)
            ready = buffer
            isOver = count == 0
        }
    }

    private static func carryInput(_ call: ServerStream, _ stream: NamedStream, _ pipe: HostFD, _ event: HostFD) {
        guard allow(call, window) else { return }
        while true {
            switch call.next() {
            case .message(let message):
                guard let data = content(message) else { return stream.close() }
                // The process may take its time; when it has ended, this fails.
                do throws(Errno) { try pipe.writeAll(data) } catch { return stream.close() }
                if !data.isEmpty && !allow(call, data.count) { return }
            case .end(let said):
                if said { stream.close() }
                return
            case .nothing:
                if stream.state.isClosed { return }
                // The pipe's own state is its reader's end.
                let found = try? HostPoll.wait([(event, .readable), (pipe, [])])
                event.clearEvent()
                if let found, found.count == 2, found[1].contains(.error) { return stream.close() }
            }
        }
    }

    private static func send(_ call: ServerStream, _ type: String, _ message: some Message) -> Bool {
        guard let any = try? Proto.AnyMessage(type, message), let bytes = try? any.encode() else { return false }
        return call.send(bytes)
    }

    private static func allow(_ call: ServerStream, _ count: Int) -> Bool {
        send(call, "containerd.types.transfer.WindowUpdate", StreamingAPI.WindowUpdate(update: Int32(clamping: count)))
    }

    /// How much more a message of the peer's allows.
    private static func allowed(_ message: [UInt8]) -> Int {
        guard let any = try? Proto.AnyMessage.decode(message), any.typeName.hasSuffix("WindowUpdate"),
              let update = try? StreamingAPI.WindowUpdate.decode(any.value) else { return 0 }
        return max(0, Int(update.update))
    }

    /// The bytes that a message of the peer's carries; nil when it is no such message.
    private static func content(_ message: [UInt8]) -> [UInt8]? {
        guard let any = try? Proto.AnyMessage.decode(message), any.typeName.hasSuffix("Data") else { return nil }
        return try? StreamingAPI.Data.decode(any.value).data
    }
}
