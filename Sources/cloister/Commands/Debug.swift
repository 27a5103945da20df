import Runtime

extension Command {
    static let debug = Command(
        name: "debug", abstract: "Print what a sandbox knows about itself.",
        discussion: """
            Reports on a container's sandbox:
              calls     calls that guests made and this kernel does not have
              tasks     all tasks with their state
              syscalls  per call: how often, errors, time, how it was intercepted. Counting begins with the first time,
                        or with the sandbox when it was started with --debug.
              startup   when the steps of its start were done
              stacks    what each task and each thread of the Sentry is doing

            debug --runs N startup COMMAND... runs a command of this host's (or, with --bundle, a bundle's) in fresh
            sandboxes, one after the other, and prints when each step from the start to the clean-up was reached.
            """,
        operands: "REPORT CONTAINER", count: 1...1, passthrough: 1,
        flags: [Flag("what", value: "REPORT", "The report, for callers that give only the container."),
                Flag("runs", value: "NUMBER", "startup: how many sandboxes (10)."),
                Flag("bundle", "b", value: "FOLDER", "startup: the bundle to run.")]
    ) { (arguments) throws(RuntimeError) in
        if arguments.operands[0] == "startup", arguments.has("runs") || arguments.has("bundle") {
            try Report.print(try Startup(arguments).report())
            return 0
        }
        let configuration = try GlobalFlags.configuration(arguments)
        let report = arguments.operands.count > 1 ? arguments.operands[0] : arguments.value("what") ?? ""
        let known = try KnownContainer.find(arguments.operands[arguments.operands.count - 1], configuration)
        try Report.print(try known.alive().debug(report))
        return 0
    }
}
