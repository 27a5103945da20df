import HostOS

/// The Sentry's log: lines on standard error, which the runtime keeps in the pod's state folder. The last line is what
/// people read when a Sentry died.
struct Log: Sendable {
    let id: String
    let debug: Bool

    func note(_ line: String) {
        try? HostFD(rawValue: 2).writeAll(Array("cloister-sentry[\(id)]: \(line)\n".utf8))
    }

    func detail(_ line: @autoclosure () -> String) {
        if debug { note(line()) }
    }
}
