import HostOS
import LinuxABI

/// Standard streams that are calls of the streaming service instead of files (`ttrpc+unix://SOCKET?streaming_id=ID`, which
/// containerd 2 asks for with `io_type = "streaming"`). A process's end of such a stream is a pipe, whose other end is kept
/// here for the call that carries it: calls come before the process and after it, and when containerd comes back, again.
final class StreamTable: @unchecked Sendable {
    /// Guards `streams`, each of which has a lock of its own that is taken inside.
    private let lock = Lock()
    private var streams: [String: NamedStream] = [:]
    /// Calls for streams that no process has, and streams that no call takes.
    private static let bound = 4096

    /// Gives a stream of a process its pipe.
    ///
    /// - Throws: a line that names the stream, when another process has it.
    func open(_ id: String, _ end: NamedStream.End) throws(StreamError) {
        guard let stream = find(id), stream.setEnd(end) else { throw StreamError(message: "stream \(id) is taken") }
    }

    /// The stream of this name, which may not have an end yet. nil: there are too many.
    func find(_ id: String) -> NamedStream? {
        lock.withLock {
            if let known = streams[id] { return known }
            if streams.count >= Self.bound { return nil }
            let new = NamedStream()
            streams[id] = new
            return new
        }
    }

    /// Forgets a stream that nobody uses any more.
    func drop(_ id: String) {
        lock.withLock { if streams[id]?.isUnused == true { streams[id] = nil } }
    }

    /// Forgets the streams of a process that is deleted: what no call has taken by now is lost. A call that is at it goes on.
    func forget(_ ids: [String]) {
        for id in ids {
            lock.withLock { streams.removeValue(forKey: id) }?.close()
        }
    }
}

/// One stream by its name.
final class NamedStream: @unchecked Sendable {
    enum End {
        /// What the process writes is read from here.
        case output(SharedFD)
        /// What the process reads is written here.
        case input(SharedFD)
    }

    /// Guards all below. Innermost.
    private let lock = Lock()
    private var end: End?
    /// Of the call that carries the stream: signalled when something here has changed.
    private var carrier: HostFD?
    /// Nothing more is to be written to the process once the call has ended.
    private var inputIsClosed = false
    private var isClosed = false
    /// Output that a call has read from the process and its peer has not taken.
    private var rest: [UInt8] = []

    /// False when there is one.
    func setEnd(_ new: End) -> Bool {
        lock.withLock {
            if end != nil { return false }
            end = new
            carrier?.signalEvent()
            return true
        }
    }

    /// Makes a call the one that carries the stream. False when there is another.
    func attach(_ event: HostFD) -> Bool {
        lock.withLock {
            if carrier != nil { return false }
            carrier = event
            return true
        }
    }

    /// - Parameter rest: what the peer has not taken.
    func detach(_ rest: [UInt8] = []) {
        lock.withLock {
            carrier = nil
            self.rest = rest
            if inputIsClosed { end = nil }
        }
    }

    /// The process's end, and whether there will be none.
    var state: (end: End?, isClosed: Bool) { lock.withLock { (end, isClosed) } }

    func takeRest() -> [UInt8] {
        lock.withLock {
            defer { rest = [] }
            return rest
        }
    }

    /// CloseIO: the process's input ends with the call that carries it, or now.
    func closeInput() {
        lock.withLock {
            inputIsClosed = true
            if carrier == nil { end = nil }
        }
    }

    /// The stream has come to its end.
    func close() {
        lock.withLock {
            end = nil
            isClosed = true
            carrier?.signalEvent()
        }
    }

    var isUnused: Bool { lock.withLock { end == nil && carrier == nil } }
}

/// `ttrpc+unix://SOCKET?streaming_id=ID`.
enum StreamURI {
    /// nil for other kinds of streams.
    static func id(_ uri: String) -> String? {
        guard uri.hasPrefix("ttrpc+unix://"), let mark = uri.firstIndex(of: "?") else { return nil }
        for part in uri[uri.index(after: mark)...].split(separator: "&") where part.hasPrefix("streaming_id=") {
            let id = part.dropFirst("streaming_id=".count)
            return id.isEmpty ? nil : String(id)
        }
        return nil
    }
}
