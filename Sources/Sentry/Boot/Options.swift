/// The Sentry's command line, which the runtime writes.
///
///     cloister-sentry --control-fd=3 --id=ID [--platform=ptrace] [--network=sandbox] [--memory-calls=native]
///                     [--huge-pages=large] [--confinement=full] [--debug] [--strace] [--launched=NANOSECONDS] [--debug-fd=4] [--debug-turn-fd=5]
///                     [--owner-fd=6]
struct Options {
    enum Confinement: String { case full, off }

    /// The listening socket of the control service.
    var controlFD: Int32 = 3
    /// The pod's id, for logs.
    var id = ""
    var platform = "ptrace"
    var network = "sandbox"
    var memoryCalls = "native"
    var hugePages = "large"
    var confinement = Confinement.full
    var debug = false
    var strace = false
    /// CLOCK_MONOTONIC when the runtime began with the pod; 0: not said.
    var launched: UInt64 = 0
    /// Where details and system calls are logged; standard error without it.
    var debugFD: Int32 = 2
    /// The file that takes turns with that one.
    var debugTurnFD: Int32?
    /// Readable when the process is gone that the pod belongs to; nil: it belongs to nobody.
    var ownerFD: Int32?

    /// - Throws: one line that names the argument.
    init(_ arguments: ArraySlice<String>) throws(StartError) {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            switch parts[0] {
            case "--control-fd": controlFD = try Self.descriptor(value, argument)
            case "--debug-fd": debugFD = try Self.descriptor(value, argument)
            case "--debug-turn-fd": debugTurnFD = try Self.descriptor(value, argument)
            case "--owner-fd": ownerFD = try Self.descriptor(value, argument)
            case "--id": id = value
            case "--platform": platform = value
            case "--network": network = value
            case "--memory-calls": memoryCalls = value
            case "--huge-pages": hugePages = value
            case "--confinement":
                guard let c = Confinement(rawValue: value) else { throw StartError("--confinement: full or off, not \(value)") }
                confinement = c
            case "--debug": debug = true
            case "--strace": strace = true
            case "--launched": launched = UInt64(value) ?? 0
            case "--exit-with-container": break
            default: throw StartError("unknown argument \(argument)")
            }
        }
    }

    private static func descriptor(_ value: String, _ argument: String) throws(StartError) -> Int32 {
        guard let fd = Int32(value), fd >= 0 else { throw StartError("\(argument): not a descriptor") }
        return fd
    }
}

/// Why the Sentry could not start: one line, which the runtime shows to the user.
struct StartError: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
