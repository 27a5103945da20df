import HostOS

/// The Sentry's log: lines on standard error, which the runtime keeps in the pod's state folder. The last line is what
/// people read when a Sentry died.
struct Log: Sendable {
    let id: String
    let debug: Bool
    /// Where details and system calls go, and then notes too; nil: to standard error.
    private let details: RotatingLog?

    init(_ options: Options) {
        id = options.id
        debug = options.debug
        details = options.debugFD == 2 ? nil
            : RotatingLog(HostFD(rawValue: options.debugFD), options.debugTurnFD.map { HostFD(rawValue: $0) })
    }

    static func standardError(_ id: String, _ line: String) {
        try? HostFD(rawValue: 2).writeAll(Array("cloister-sentry[\(id)]: \(line)\n".utf8))
    }

    func note(_ line: String) {
        Self.standardError(id, line)
        if let details { details.write(Array("cloister-sentry[\(id)]: \(line)\n".utf8)) }
    }

    func detail(_ line: @autoclosure () -> String) {
        if !debug { return }
        if let details { details.write(Array("cloister-sentry[\(id)]: \(line())\n".utf8)) } else { Self.standardError(id, line()) }
    }

    /// A line of `--strace`. Each is one write: threads do not mix their lines.
    func call(_ line: [UInt8]) {
        if let details { details.write(line + [0x0a]) } else { try? HostFD(rawValue: 2).writeAll(line + [0x0a]) }
    }
}
