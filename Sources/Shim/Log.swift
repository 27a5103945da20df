import HostOS
import LinuxABI

/// Lines for containerd's log, by the `log` fifo of the bundle that descriptor 2 leads to. Lines are dropped while the
/// fifo is full: a containerd that is away must not stop the shim.
enum Log {
    /// Set once while there is one thread.
    nonisolated(unsafe) static var runtime = "io.containerd.cloister.v2"

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
    }
}
