import ArgumentParser
import Glibc
import Runtime

/// A command on one container.
struct ContainerArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The container's name.", valueName: "container-id"))
    var id: String
}

struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the process of a container that was created.")

    @OptionGroup var globals: GlobalOptions
    @OptionGroup var argument: ContainerArgument

    func run() throws {
        let known = try KnownContainer.find(argument.id, try globals.configuration())
        let status = known.status()
        guard status == .created else {
            let what = status == .stopped ? "cannot start a container that has stopped" : "cannot start an already running container"
            throw RuntimeError(.failedPrecondition, what)
        }
        let container = try known.alive()
        try container.start()
        if let hooks = (try? Spec.load(bundle: container.bundle))?.hooks.poststart { container.run(hooks, status: "running") }
    }
}

struct State: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the state of a container.")

    @OptionGroup var globals: GlobalOptions
    @OptionGroup var argument: ContainerArgument

    func run() throws {
        let known = try KnownContainer.find(argument.id, try globals.configuration())
        try Report.print(known.stateJSON().text(indent: 2) + "\n")
    }
}

struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Send a signal to a container's process.")

    @OptionGroup var globals: GlobalOptions

    @Flag(name: .shortAndLong, help: "Send it to all processes of the container.")
    var all = false

    @OptionGroup var argument: ContainerArgument

    @Argument(help: "The signal, by number or name.")
    var signal = "SIGTERM"

    func run() throws {
        let configuration = try globals.configuration()
        let number = try SignalName.number(signal)
        try KnownContainer.find(argument.id, configuration).signal(number, all: all)
    }
}

struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a container that has ended.")

    @OptionGroup var globals: GlobalOptions

    @Flag(name: .shortAndLong, help: "End it first if it runs. A container that does not exist is no error.")
    var force = false

    @OptionGroup var argument: ContainerArgument

    func run() throws {
        let configuration = try globals.configuration()
        do throws(RuntimeError) {
            try KnownContainer.find(argument.id, configuration).delete(force: force)
        } catch {
            guard force && error.kind == .notFound else { throw error }
            Sandbox.cleanUp(id: argument.id, configuration: configuration)
        }
    }
}

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop all processes of a container where they are.")

    @OptionGroup var globals: GlobalOptions
    @OptionGroup var argument: ContainerArgument

    func run() throws { try KnownContainer.find(argument.id, try globals.configuration()).alive().pause() }
}

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let the processes of a paused container go on.")

    @OptionGroup var globals: GlobalOptions
    @OptionGroup var argument: ContainerArgument

    func run() throws { try KnownContainer.find(argument.id, try globals.configuration()).alive().resume() }
}

struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Wait for the end of a container's process and print its status.")

    @OptionGroup var globals: GlobalOptions
    @OptionGroup var argument: ContainerArgument

    func run() throws {
        let end = try KnownContainer.find(argument.id, try globals.configuration()).alive().wait()
        var answer: [String: JSONValue] = ["id": .string(argument.id), "exitStatus": .integer(Int64(end.status))]
        if !end.cause.isEmpty { answer["cause"] = .string(end.cause) }
        try Report.print(JSONValue.object(answer).text() + "\n")
    }
}
