import ArgumentParser

/// From the command line to a command.
enum Arguments {
    /// Flags before the command's name that are followed by a value.
    private static let valued: Set<String> = ["--root", "--log", "--log-format", "--platform", "--network", "--memory-calls",
                                              "--rootless", "--confinement"]

    /// The commands that start containers are parsed by themselves: building the tree of all commands takes the parser
    /// longer than the rest of this program's start. Anything unusual goes to the whole tree, which also explains it.
    static func command(_ arguments: [String]) throws -> ParsableCommand {
        var index = 0
        while index < arguments.count, arguments[index].hasPrefix("-") {
            index += valued.contains(arguments[index]) ? 2 : 1
        }
        if index < arguments.count, let type = hot(arguments[index]) {
            let all = Array(arguments[..<index]) + Array(arguments[(index + 1)...])
            if !all.contains("--help") && !all.contains("-h"), let command = try? type.parse(all) { return command }
        }
        return try Cloister.parseAsRoot(arguments)
    }

    private static func hot(_ name: String) -> ParsableCommand.Type? {
        switch name {
        case "run": Run.self
        case "create": Create.self
        case "start": Start.self
        case "state": State.self
        case "kill": Kill.self
        case "delete": Delete.self
        case "exec": Exec.self
        case "do": Do.self
        default: nil
        }
    }
}
