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
            """,
        operands: "REPORT CONTAINER", count: 1...2,
        flags: [Flag("what", value: "REPORT", "The report, for callers that give only the container.")]
    ) { (arguments) throws(RuntimeError) in
        let configuration = try GlobalFlags.configuration(arguments)
        let report = arguments.operands.count > 1 ? arguments.operands[0] : arguments.value("what") ?? ""
        let known = try KnownContainer.find(arguments.operands[arguments.operands.count - 1], configuration)
        try Report.print(try known.alive().debug(report))
        return 0
    }
}
