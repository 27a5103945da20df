import Runtime

/// A command with its flags, declared once, for reading and for `--help`.
///
/// Not by swift-argument-parser: that reflects over the types of its commands at every start, ten million instructions,
/// two milliseconds of the few that starting a container may take, and brings Foundation with it.
struct Command: Sendable {
    let name: String
    let abstract: String
    var discussion = ""
    /// What follows the flags, for the usage line.
    var operands = ""
    /// How many operands it takes.
    var count: ClosedRange<Int> = 0...0
    /// From the first operand after this many on, everything belongs to the last operand: a command line of its own.
    var passthrough: Int?
    var flags: [Flag] = []
    /// Returns the status to exit with.
    let body: @Sendable (Arguments) throws(RuntimeError) -> Int32
}

struct Flag: Sendable {
    /// Without dashes.
    let name: String
    var short: Character?
    /// What its value is called; nil: it has none.
    var value: String?
    let help: String

    init(_ name: String, value: String? = nil, _ help: String) {
        self.name = name
        self.value = value
        self.help = help
    }

    init(_ name: String, _ short: Character, value: String? = nil, _ help: String) {
        self.name = name
        self.short = short
        self.value = value
        self.help = help
    }
}

/// What a command was called with.
struct Arguments: Sendable {
    fileprivate(set) var operands: [String] = []
    private var values: [String: [String]] = [:]

    func has(_ flag: String) -> Bool { values[flag].map { $0.last != "false" } ?? false }
    func all(_ flag: String) -> [String] { values[flag] ?? [] }
    func value(_ flag: String) -> String? { values[flag]?.last }

    func integer<T: FixedWidthInteger>(_ flag: String, _ type: T.Type = T.self) throws(RuntimeError) -> T? {
        guard let text = value(flag) else { return nil }
        guard let number = T(text) else { throw RuntimeError(.invalidArgument, "--\(flag): not a number in range: \(text)") }
        return number
    }

    fileprivate mutating func set(_ flag: String, _ value: String) { values[flag, default: []].append(value) }
}

extension Arguments {
    /// Reads what follows the program's name.
    ///
    /// - Parameter commands: those that may be called.
    static func read(_ line: [String], _ commands: [Command]) throws(RuntimeError) -> (Command, Arguments) {
        var arguments = Arguments()
        var command: Command?
        var index = 0
        var onlyOperands = false
        while index < line.count {
            let word = line[index]
            index += 1
            // "-" is standard input, "-9" a signal.
            let isFlag = !onlyOperands && word.hasPrefix("-") && word != "-" && Int(word) == nil
            if !isFlag {
                guard let current = command else {
                    command = commands.first { $0.name == word }
                    if command == nil { throw wrong("unknown command \"\(word)\"", nil) }
                    continue
                }
                arguments.operands.append(word)
                if let limit = current.passthrough, arguments.operands.count > limit { onlyOperands = true }
            } else if word == "--" {
                onlyOperands = true
            } else if ["--help", "-h", "-help"].contains(word) {
                return (Help.command(about: command, commands), arguments)
            } else if command == nil && ["--version", "-v", "-version"].contains(word) {
                return (Help.version, arguments)
            } else {
                try arguments.readFlag(word, command, line, &index)
            }
        }
        guard let command else { return (Help.command(about: nil, commands), arguments) }
        let given = arguments.operands.count
        if given < command.count.lowerBound { throw wrong("\(command.name): expected \(command.operands)", command) }
        if given > command.count.upperBound && command.passthrough == nil {
            throw wrong("\(command.name): too many arguments, expected \(command.operands.isEmpty ? "none" : command.operands)", command)
        }
        return (command, arguments)
    }

    /// "--name value", "--name=value", "-n value", and with one dash as Go's programs take it.
    private mutating func readFlag(_ word: String, _ command: Command?, _ line: [String],
                                   _ index: inout Int) throws(RuntimeError) {
        let bare = word.drop { $0 == "-" }
        let parts = bare.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first ?? ""
        let known = (command?.flags ?? []) + GlobalFlags.all
        guard let flag = known.first(where: { $0.name == name || (name.count == 1 && $0.short == name.first) }) else {
            throw Self.wrong("unknown flag \(word)", command)
        }
        if parts.count == 2 {
            set(flag.name, String(parts[1]))
        } else if flag.value == nil {
            set(flag.name, "true")
        } else if index < line.count {
            set(flag.name, line[index])
            index += 1
        } else {
            throw Self.wrong("\(word): its value is missing", command)
        }
    }

    private static func wrong(_ what: String, _ command: Command?) -> RuntimeError {
        RuntimeError(.invalidArgument, "\(what) (see cloister \(command.map { $0.name + " " } ?? "")--help)")
    }
}
