import Runtime

/// `--help` and `--version`.
enum Help {
    static let versionText = "0.1.0"

    static let version = Command(name: "version", abstract: "") { (_) throws(RuntimeError) in
        try Report.print("cloister version \(versionText)\nspec: 1.2.0\n")
        return 0
    }

    static func command(about command: Command?, _ commands: [Command]) -> Command {
        Command(name: "help", abstract: "") { (_) throws(RuntimeError) in
            try Report.print(command.map(text) ?? overview(commands))
            return 0
        }
    }

    private static func overview(_ commands: [Command]) -> String {
        """
        Runs containers on a kernel of their own, in user space.

        usage: cloister [FLAGS] COMMAND ...

        commands:
        \(table(commands.map { ($0.name, $0.abstract) }))
        flags:
        \(table(GlobalFlags.all.map(row) + [("--version", "Print the version.")]))
        `cloister COMMAND --help` says more about a command.

        """
    }

    private static func text(_ command: Command) -> String {
        let flags = command.flags.isEmpty ? "" : " [FLAGS]"
        let operands = command.operands.isEmpty ? "" : " \(command.operands)"
        var text = "\(command.abstract)\n\nusage: cloister \(command.name)\(flags)\(operands)\n"
        if !command.discussion.isEmpty { text += "\n\(command.discussion)\n" }
        if !command.flags.isEmpty { text += "\nflags:\n\(table(command.flags.map(row)))" }
        return text
    }

    private static func row(_ flag: Flag) -> (String, String) {
        let short = flag.short.map { "-\($0), " } ?? ""
        return ("\(short)--\(flag.name)" + (flag.value.map { " \($0)" } ?? ""), flag.help)
    }

    private static func table(_ rows: [(String, String)]) -> String {
        let width = (rows.map(\.0.count).max() ?? 0) + 2
        return rows.map { "  \($0.0)\(String(repeating: " ", count: width - $0.0.count))\($0.1)\n" }.joined()
    }
}
