import HostOS
import LinuxABI
import Messages

/// The shim's ends of a process's standard streams, as containerd names them: fifos, files, calls of the streaming service,
/// or nothing.
///
/// The Sentry reads and writes the fifos itself. The shim holds a second end of each, so that a client which goes away
/// and comes back neither ends the input nor breaks the output.
final class StreamSet: @unchecked Sendable {
    private let terminal: Bool
    // Set up once; closed under the pod's lock or with the last reference.
    private var input: SharedFD?
    private var output: SharedFD?
    private var error: SharedFD?
    private var heldInput: SharedFD?
    private var heldOutputs: [HeldOutput] = []
    /// The input, when it comes by a call.
    private var inputStream: NamedStream?
    private let streaming: StreamTable?
    /// The names of those that are carried by calls.
    private var calls: [String] = []
    /// Takes the outputs instead of a client.
    private(set) var program: LogProgram?

    /// - Parameters:
    ///   - id: of the container, or of the exec, for a log program.
    /// - Throws: a line that names the stream.
    init(_ stdio: Events.TaskIO, id: String = "", namespace: String = "",
         _ streaming: StreamTable? = nil) throws(StreamError) {
        terminal = stdio.terminal
        self.streaming = streaming
        do throws(StreamError) { try openAll(stdio, id, namespace) } catch {
            abandon()
            throw error
        }
    }

    /// There will be no process.
    func abandon() {
        streaming?.forget(calls)
        calls = []
    }

    private func openAll(_ stdio: Events.TaskIO, _ id: String, _ namespace: String) throws(StreamError) {
        if let stream = StreamURI.id(stdio.stdin) {
            input = try openCall(stream, isInput: true)
        } else {
            try named(stdio.stdin) { (path) throws(Errno) in try openInput(path) }
        }
        if let uri = LogURI(stdio.stdout) {
            let started = try LogProgram.start(uri, id: id, namespace: namespace)
            (program, output, error) = (started, started.output, started.error)
            return
        }
        output = try openOutput(of: stdio.stdout)
        if !terminal { error = stdio.stderr == stdio.stdout ? output : try openOutput(of: stdio.stderr) }
    }

    private func openOutput(of uri: String) throws(StreamError) -> SharedFD? {
        if let stream = StreamURI.id(uri) { return try openCall(stream, isInput: false) }
        return try named(uri) { (path) throws(Errno) in try openOutput(path) }
    }

    /// The process's end of a stream that a call carries.
    private func openCall(_ id: String, isInput: Bool) throws(StreamError) -> SharedFD {
        guard let streaming else { throw StreamError(message: "stream \(id): there is no streaming service") }
        let pipe: (reading: HostFD, writing: HostFD)
        do throws(Errno) { pipe = try HostFD.pipe() } catch { throw StreamError(message: "stream \(id): \(error)") }
        let (reading, writing) = (SharedFD(owning: pipe.reading), SharedFD(owning: pipe.writing))
        try streaming.open(id, isInput ? .input(writing) : .output(reading))
        calls.append(id)
        if isInput { inputStream = streaming.find(id) }
        return isInput ? reading : writing
    }

    var forSentry: ProcessStreams {
        ProcessStreams(terminal: terminal, input: input?.fd, output: output?.fd, error: error?.fd)
    }

    /// The Sentry has its own copies now: what the process closes is closed for the clients.
    func handedOver() {
        input = nil
        output = nil
        error = nil
        program?.handedOver()
    }

    /// Once the client has closed its end too, the process reads the end of its input.
    func closeInput() {
        heldInput = nil
        inputStream?.closeInput()
    }

    private func openInput(_ path: String) throws(Errno) {
        if path.isEmpty { return }
        // The reading end first: the writing one would wait for it.
        input = try Self.open(path, 0, waiting: false)
        heldInput = Self.isFifo(input) ? try Self.open(path, 1, waiting: false) : nil
    }

    private func named<R>(_ uri: String, _ body: (String) throws(Errno) -> R) throws(StreamError) -> R {
        var path = uri
        for scheme in ["fifo://", "file://"] where uri.hasPrefix(scheme) { path = String(uri.dropFirst(scheme.count)) }
        if path.utf8.contains(UInt8(ascii: ":")) && !path.hasPrefix("/") { throw StreamError(message: "\(uri): streams of this kind are not implemented") }
        if !path.isEmpty && !path.hasPrefix("/") { throw StreamError(message: "\(uri): not an absolute path") }
        do throws(Errno) { return try body(path) } catch { throw StreamError(message: "\(uri): \(error)") }
    }

    private func openOutput(_ path: String) throws(Errno) -> SharedFD? {
        if path.isEmpty { return nil }
        let here = HostFD.currentDirectory
        if (try? here.status(of: path))?.isFifo != true {
            if let slash = path.lastIndex(of: "/") { try here.makeDirectories(String(path[..<slash]), mode: 0o755) }
            return SharedFD(owning: try here.open(path, 1 | 0o100 | 0o2000 /* WRONLY, CREAT, APPEND */, mode: 0o644))
        }
        let early = Self.client(at: path)
        defer { early?.close() }
        heldOutputs.append(HeldOutput(reader: try here.open(path, 0o4000), hadClient: early != nil))
        return try Self.open(path, 1, waiting: true)
    }

    /// A writing end of the fifo once a client has its reading end: containerd's clients open it while they ask for the
    /// process, and give up what they have not opened when the process has ended. A fast process would win that race.
    ///
    /// - Returns: nil when no client has come within a second; it may still come later.
    private static func client(at path: String) -> HostFD? {
        let deadline = HostClock.monotonic &+ 1_000_000_000
        var pause: Int32 = 1
        while true {
            // Without a reader this fails.
            if let writer = try? HostFD.currentDirectory.open(path, 1 | 0o4000) { return writer }
            if HostClock.monotonic > deadline { return nil }
            _ = try? HostPoll.wait([], timeout: pause)
            pause = min(pause * 2, 20)
        }
    }

    /// Waits until the clients have read what an ended process wrote, for two seconds at most: containerd's clients stop
    /// reading when Delete is answered, even before they have begun.
    static func drain(_ stdio: Events.TaskIO) {
        let deadline = HostClock.monotonic &+ 2_000_000_000
        for path in Set([stdio.stdout, stdio.stderr]) where path.hasPrefix("/") {
            var pause: Int32 = 1
            while hasUnread(path) && HostClock.monotonic < deadline {
                _ = try? HostPoll.wait([], timeout: pause)
                pause = min(pause * 2, 20)
            }
        }
    }

    /// A fifo with a reader, and with bytes in it.
    private static func hasUnread(_ path: String) -> Bool {
        guard (try? HostFD.currentDirectory.status(of: path))?.isFifo == true,
              let writer = try? HostFD.currentDirectory.open(path, 1 | 0o4000) else { return false }
        defer { writer.close() }
        // An int, little-endian.
        return (try? writer.ioctl(0x541b /* FIONREAD */, count: 4))?.contains { $0 != 0 } ?? false
    }

    /// - Parameter waiting: whether calls on the descriptor may block; opening it never does.
    private static func open(_ path: String, _ access: Int32, waiting: Bool) throws(Errno) -> SharedFD {
        let fd = SharedFD(owning: try HostFD.currentDirectory.open(path, access | 0o4000))
        if waiting || access == 0 { try fd.fd.setBlocking() }
        return fd
    }

    private static func isFifo(_ fd: SharedFD?) -> Bool {
        guard let fd, let status = try? fd.fd.status() else { return false }
        return status.mode & 0xf000 == 0x1000
    }
}

/// The shim's reading end of an output fifo. When a process ends before its client has opened the fifo, what it wrote stays
/// there until the client comes; without that the client would wait for a writer for ever.
private final class HeldOutput: Sendable {
    private let reader: HostFD
    /// A client had the fifo open before us.
    private let hadClient: Bool
    /// How long a client is waited for, nanoseconds.
    private static let patience: UInt64 = 10_000_000_000

    init(reader: HostFD, hadClient: Bool) {
        self.reader = reader
        self.hadClient = hadClient
    }

    deinit {
        let writer = hadClient ? nil : try? HostFD.currentDirectory.open("/proc/self/fd/\(reader.rawValue)", 1 | 0o4000)
        reader.close()
        guard let writer else { return }
        if Self.hasReader(writer) || (try? Thread.start({ Self.linger(writer) })) == nil { writer.close() }
    }

    private static func linger(_ writer: HostFD) {
        let end = HostClock.monotonic &+ patience
        var pause: Int32 = 1
        while !hasReader(writer) && HostClock.monotonic < end {
            _ = try? HostPoll.wait([], timeout: pause)
            pause = min(pause * 2, 50)
        }
        writer.close()
    }

    /// A writing end without readers is in error (poll(2)).
    private static func hasReader(_ writer: HostFD) -> Bool {
        guard let events = try? HostPoll.wait([(writer, [])], timeout: 0).first else { return true }
        return !events.contains(.error)
    }
}

struct StreamError: Error {
    var message: String
}
