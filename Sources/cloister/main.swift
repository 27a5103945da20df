import ArgumentParser
import Glibc
import Runtime

do {
    var command = try Cloister.parseAsRoot()
    try command.run()
} catch let error as RuntimeError {
    Report.failure(error)
    exit(error.exitStatus)
} catch {
    // Wrong usage and --help.
    Cloister.exit(withError: error)
}
