import Glibc
import Runtime

do throws(RuntimeError) {
    let (command, arguments) = try Arguments.read(Array(CommandLine.arguments.dropFirst()), [
        .run, .create, .start, .state, .kill, .delete, .exec, .list, .ps, .pause, .resume, .update, .wait, .events, .spec,
        .features, .do, .debug, .doctor, .checkpoint, .restore,
    ])
    exit(try command.body(arguments))
} catch {
    Report.failure(error)
    exit(error.exitStatus)
}
