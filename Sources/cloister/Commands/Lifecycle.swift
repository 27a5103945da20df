import Runtime

extension Command {
    /// A command on a container that exists.
    init(_ name: String, _ abstract: String, flags: [Flag] = [], operands: String = "CONTAINER", count: ClosedRange<Int> = 1...1,
         on body: @escaping @Sendable (KnownContainer, Arguments) throws(RuntimeError) -> Void) {
        self.init(name: name, abstract: abstract, operands: operands, count: count, flags: flags) {
            (arguments) throws(RuntimeError) in
            let configuration = try GlobalFlags.configuration(arguments)
            try body(try KnownContainer.find(arguments.operands[0], configuration), arguments)
            return 0
        }
    }

    static let start = Command("start", "Run the process of a container that was created.") { (known, _) throws(RuntimeError) in
        let status = known.status()
        guard status == .created else {
            let what = status == .stopped ? "cannot start a container that has stopped" : "cannot start an already running container"
            throw RuntimeError(.failedPrecondition, what)
        }
        let container = try known.alive()
        try container.start()
        if let hooks = (try? Spec.load(bundle: container.bundle))?.hooks.poststart { container.run(hooks, status: "running") }
    }

    static let state = Command("state", "Print the state of a container.") { (known, _) throws(RuntimeError) in
        try Report.print(known.stateJSON().text(indent: 2) + "\n")
    }

    static let kill = Command(
        name: "kill", abstract: "Send a signal to a container's process.", operands: "CONTAINER [SIGNAL]", count: 1...2,
        flags: [Flag("all", "a", "Send it to all processes of the container.")]
    ) { (arguments) throws(RuntimeError) in
        let configuration = try GlobalFlags.configuration(arguments)
        let number = try SignalName.number(arguments.operands.count > 1 ? arguments.operands[1] : "TERM")
        try KnownContainer.find(arguments.operands[0], configuration).signal(number, all: arguments.has("all"))
        return 0
    }

    static let delete = Command(
        name: "delete", abstract: "Remove a container that has ended.", operands: "CONTAINER", count: 1...1,
        flags: [Flag("force", "f", "End it first if it runs. A container that does not exist is no error.")]
    ) { (arguments) throws(RuntimeError) in
        let configuration = try GlobalFlags.configuration(arguments)
        let id = arguments.operands[0]
        do throws(RuntimeError) {
            try KnownContainer.find(id, configuration).delete(force: arguments.has("force"))
        } catch {
            guard arguments.has("force") && error.kind == .notFound else { throw error }
            Sandbox.cleanUp(id: id, configuration: configuration)
        }
        return 0
    }

    static let pause = Command("pause", "Stop all processes of a container where they are.") { (known, _) throws(RuntimeError) in
        try known.alive().pause()
    }

    static let resume = Command("resume", "Let the processes of a paused container go on.") { (known, _) throws(RuntimeError) in
        try known.alive().resume()
    }

    static let wait = Command("wait", "Wait for the end of a container's process and print its status.") {
        (known, _) throws(RuntimeError) in
        let end = try known.alive().wait()
        var answer: [String: JSONValue] = ["id": .string(known.id), "exitStatus": .integer(Int64(end.status))]
        if !end.cause.isEmpty { answer["cause"] = .string(end.cause) }
        try Report.print(JSONValue.object(answer).text() + "\n")
    }

}
