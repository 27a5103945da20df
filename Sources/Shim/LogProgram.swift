import HostOS
import LinuxABI

/// A program that takes a process's outputs (`binary://PATH?KEY=VALUE`, `binary-v2://...`): it reads them from descriptors 3
/// and 4, and says on 5 when it is ready, by closing it or, in the second form, by a byte. All that it gets of an
/// environment is whose outputs they are.
final class LogProgram: @unchecked Sendable {
    /// What the process writes to.
    private(set) var output: SharedFD?
    private(set) var error: SharedFD?
    private let process: HostProcess
    /// Guards `isFinished`. Innermost.
    private let lock = Lock()
    private var isFinished = false

    /// How long it may take to be ready, and to end once its input has; milliseconds.
    private static let patience: Int32 = 10_000
    /// From the polite signal to the other one.
    private static let grace: Int32 = 12_000

    private init(_ process: HostProcess, output: HostFD, error: HostFD) {
        self.process = process
        self.output = SharedFD(owning: output)
        self.error = SharedFD(owning: error)
    }

    /// Starts it and waits until it is ready.
    ///
    /// - Parameter id: of the container, or of the exec.
    /// - Throws: a line that names the program.
    static func start(_ uri: LogURI, id: String, namespace: String) throws(StreamError) -> LogProgram {
        let ready: SharedFD, program: LogProgram
        do throws(Errno) { (program, ready) = try spawn(uri, id: id, namespace: namespace) } catch {
            throw StreamError(message: "\(uri.path): \(error.text)")
        }
        do throws(StreamError) { try waitUntilReady(ready.fd, byByte: uri.announcesByByte, uri.path) } catch {
            program.lock.withLock { program.isFinished = true }
            end(program.process, politely: false)
            throw error
        }
        return program
    }

    private static func spawn(_ uri: LogURI, id: String, namespace: String) throws(Errno) -> (LogProgram, ready: SharedFD) {
        let null = SharedFD(owning: try HostFD.currentDirectory.open("/dev/null", 2))
        let ready = try HostFD.pipe()
        let (announced, announcing) = (SharedFD(owning: ready.reading), SharedFD(owning: ready.writing))
        let first = try HostFD.pipe()
        let (output, reading) = (first.writing, SharedFD(owning: first.reading))
        let second: (reading: HostFD, writing: HostFD)
        do throws(Errno) { second = try HostFD.pipe() } catch {
            output.close()
            throw error
        }
        let readingError = SharedFD(owning: second.reading)
        var spawn = Spawn(path: uri.path, arguments: [uri.path] + uri.arguments)
        spawn.environment = ["CONTAINER_ID=\(id)", "CONTAINER_NAMESPACE=\(namespace)"]
        spawn.descriptors = [null.fd, null.fd, null.fd, reading.fd, readingError.fd, announcing.fd]
        spawn.workingDirectory = "/"
        spawn.newSession = true
        do throws(Spawn.Failure) {
            return (LogProgram(try spawn.start(), output: output, error: second.writing), announced)
        } catch {
            output.close()
            second.writing.close()
            throw error.errno
        }
    }

    private static func waitUntilReady(_ ready: HostFD, byByte: Bool, _ path: String) throws(StreamError) {
        guard let events = try? HostPoll.wait([(ready, .readable)], timeout: patience).first, !events.isEmpty else {
            throw StreamError(message: "\(path): not ready after \(patience / 1000) s")
        }
        var byte: [UInt8] = [0]
        let count = unsafe (try? byte.withMutableBytes { (b) throws(Errno) in try unsafe ready.read(into: b) }) ?? 0
        if byByte && count == 0 { throw StreamError(message: "\(path): ended before it was ready") }
    }

    /// The Sentry has its own copies of the writing ends.
    func handedOver() { (output, error) = (nil, nil) }

    /// Waits until it has taken everything and ended by itself; one that does not is made to.
    func finish() {
        handedOver()
        let first = lock.withLock {
            defer { isFinished = true }
            return !isFinished
        }
        if first { Self.settle(process) }
    }

    deinit {
        if isFinished { return }
        // It has what the process wrote, and may take its time with that.
        let process = process
        if (try? Thread.start({ Self.settle(process) })) == nil { Self.settle(process) }
    }

    private static func settle(_ process: HostProcess) {
        if hasEnded(process, within: patience) { _ = try? process.reap(now: true) } else { end(process, politely: true) }
    }

    private static func hasEnded(_ process: HostProcess, within time: Int32) -> Bool {
        guard let events = try? HostPoll.wait([(process.descriptor, .readable)], timeout: time).first else { return true }
        return !events.isEmpty
    }

    private static func end(_ process: HostProcess, politely: Bool) {
        if politely { try? process.signal(15) }
        if !politely || !hasEnded(process, within: grace) { try? process.signal(9) }
        _ = hasEnded(process, within: 1000)
        _ = try? process.reap(now: true)
    }
}

/// `binary://` and `binary-v2://` taken apart.
struct LogURI: Equatable {
    var path: String
    /// Each key of the query with its first value.
    var arguments: [String] = []
    var announcesByByte = false

    /// nil for other kinds of streams.
    init?(_ uri: String) {
        let scheme = ["binary://", "binary-v2://"].first { uri.hasPrefix($0) }
        guard let scheme else { return nil }
        announcesByByte = scheme == "binary-v2://"
        let rest = Array(uri.utf8.dropFirst(scheme.utf8.count))
        let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.count
        path = Self.decoded(rest[..<mark])
        var seen: Set<String> = []
        for part in rest[mark...].dropFirst().split(separator: UInt8(ascii: "&")) {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let key = Self.decoded(part[..<equals], plus: true)
            if seen.insert(key).inserted { arguments += [key, Self.decoded(part[equals...].dropFirst(), plus: true)] }
        }
    }

    /// Percent signs with two hex digits stand for a byte, in a query a plus for a space.
    private static func decoded(_ text: ArraySlice<UInt8>, plus: Bool = false) -> String {
        var bytes: [UInt8] = []
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == UInt8(ascii: "%"), text.endIndex - at > 2,
               let value = UInt8(String(decoding: text[(at + 1)...(at + 2)], as: UTF8.self), radix: 16) {
                bytes.append(value)
                at += 3
            } else {
                bytes.append(plus && text[at] == UInt8(ascii: "+") ? 32 : text[at])
                at += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
