import HostOS
import LinuxABI
import Runtime

/// What the person who typed the command reads, and what goes to the file of `--log`.
enum Report {
    private struct LogFile {
        var fd: HostFD
        var json: Bool
    }

    /// Set once while there is one thread.
    nonisolated(unsafe) private static var log: LogFile?

    static func open(_ path: String?, json: Bool) {
        guard let path, let fd = try? HostFD.currentDirectory.open(path, 0x441 /* O_WRONLY | O_CREAT | O_APPEND */, mode: 0o644)
        else { return }
        unsafe log = LogFile(fd: fd, json: json)
    }

    static func failure(_ error: RuntimeError) { write("error", error.message) }

    static func warning(_ line: String) { write("warning", line) }

    private static func write(_ level: String, _ message: String) {
        let prefix = level == "error" ? "" : "\(level): "
        try? HostFD(rawValue: 2).writeAll(Array("cloister: \(prefix)\(message)\n".utf8))
        guard let log = unsafe log else { return }
        let time = Timestamp.text(HostClock.realtime)
        let entry: JSONValue = ["level": .string(level), "msg": .string(message), "time": .string(time)]
        let line = log.json ? entry.text() : "time=\"\(time)\" level=\(level) msg=\(JSONValue.string(message).text())"
        try? log.fd.writeAll(Array("\(line)\n".utf8))
    }

    /// To standard output.
    static func print(_ text: String) throws(RuntimeError) {
        do throws(Errno) { try HostFD(rawValue: 1).writeAll(Array(text.utf8)) } catch {
            throw RuntimeError(error, "standard output")
        }
    }
}

enum AbsolutePath {
    static func of(_ path: String) throws(RuntimeError) -> String {
        let full = path.hasPrefix("/") ? path : try current() + "/" + path
        let parts = full.split(separator: "/").filter { $0 != "." }
        // ".." stays: what it means depends on symbolic links.
        return "/" + parts.joined(separator: "/")
    }

    static func current() throws(RuntimeError) -> String {
        do throws(Errno) { return try HostFD.currentDirectory.readLink("/proc/self/cwd") } catch {
            throw RuntimeError(error, "working directory")
        }
    }
}
