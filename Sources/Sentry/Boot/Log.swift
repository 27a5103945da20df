import HostOS

/// The Sentry's log: lines on standard error, which the runtime keeps in the pod's state folder. The last line is what
/// people read when a Sentry died.
struct Log: Sendable {
    let id: String
    let debug: Bool
    /// Where details and system calls go: the same, unless the user named a file.
    var details = HostFD(rawValue: 2)

    func note(_ line: String) {
        try? HostFD(rawValue: 2).writeAll(Array("cloister-sentry[\(id)]: \(line)\n".utf8))
    }

    func detail(_ line: @autoclosure () -> String) {
        if debug { try? details.writeAll(Array("cloister-sentry[\(id)]: \(line())\n".utf8)) }
    }

    /// A line of `--strace`. Each is one write: threads do not mix their lines.
    func call(_ line: [UInt8]) {
        try? details.writeAll(line + [0x0a])
    }
}
