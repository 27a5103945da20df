import ArgumentParser
import Glibc
import Runtime

do {
    var command = try Arguments.command(Array(CommandLine.arguments.dropFirst()))
    try command.run()
} catch let error as RuntimeError {
    Report.failure(error)
    exit(error.exitStatus)
} catch {
    // Wrong usage and --help.
    Cloister.exit(withError: error)
}
