import HostOS
import LinuxABI
import Runtime

/// Lines for containerd's log, by the `log` fifo of the bundle that descriptor 2 leads to. Lines are dropped while the
/// fifo is full: a containerd that is away must not stop the shim.
enum Log {
    /// Set once while there is one thread.
    nonisolated(unsafe) static var runtime = "io.containerd.cloister.v2"

    /// The pod's own log, when the configuration asks for one. Set before the pod's first container is made.
    private static let pod = PodLog()

    /// Also keeps all lines, and those of `detail`, in `DIRECTORY/ID.shim.*.log`.
    static func keep(_ directory: String, _ id: String) {
        do throws(Errno) {
            let (first, second) = try RotatingLog.open(directory, "\(id).shim")
            pod.set(RotatingLog(first, second))
        } catch { warning("\(directory): \(error)") }
    }

    /// For the pod's own log only.
    static func detail(_ message: @autoclosure () -> String) {
        if let file = pod.current { file.write(Array("\(Timestamp.text(HostClock.realtime)) \(message())\n".utf8)) }
    }

    static func info(_ message: String) { write("info", message) }
    static func warning(_ message: String) { write("warning", message) }
    static func error(_ message: String) { write("error", message) }

    private static func write(_ level: String, _ message: String) {
        var text = "level=\(level) msg=\""
        for scalar in message.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text += "\\" }
            text += scalar.value < 0x20 ? " " : String(scalar)
        }
        let line = Array((text + "\" runtime=\(unsafe runtime)\n").utf8)
        _ = try? unsafe line.withBytes { (b) throws(Errno) in try unsafe HostFD(rawValue: 2).write(b) }
        detail("\(level): \(message)")
    }
}

private final class PodLog: @unchecked Sendable {
    /// Guards `log`. Innermost.
    private let lock = Lock()
    private var log: RotatingLog?

    var current: RotatingLog? { lock.withLock { log } }
    func set(_ new: RotatingLog) { lock.withLock { log = new } }
}
