import ArgumentParser
import Runtime

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the containers.")

    @OptionGroup var globals: GlobalOptions

    @Option(name: .shortAndLong, help: "table or json.")
    var format = "table"

    @Flag(name: .shortAndLong, help: "Only the names.")
    var quiet = false

    func run() throws {
        let containers = KnownContainer.all(try globals.configuration())
        if quiet {
            try Report.print(containers.map { $0.id + "\n" }.joined())
        } else if format == "json" {
            try Report.print(JSONValue.array(containers.map { $0.stateJSON() }).text() + "\n")
        } else if format == "table" {
            let rows = containers.map { known in
                let status = known.status()
                return [known.id, status == .stopped ? "0" : "\(known.pid)", status.rawValue, known.record.bundle,
                        known.record.created, known.record.owner == 0 ? "root" : "#\(known.record.owner)"]
            }
            try Report.print(Table.text([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]] + rows))
        } else {
            throw RuntimeError(.invalidArgument, "unknown format \"\(format)\"; there are table and json")
        }
    }
}

struct Ps: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the processes of a container, numbered as it sees them.")

    @OptionGroup var globals: GlobalOptions

    @Option(name: .shortAndLong, help: "table or json.")
    var format = "table"

    @OptionGroup var argument: ContainerArgument

    @Argument(parsing: .captureForPassthrough, help: "Ignored: options for ps.")
    var psOptions: [String] = []

    func run() throws {
        let processes = try KnownContainer.find(argument.id, try globals.configuration()).alive().processes()
        if format == "json" {
            try Report.print(JSONValue.array(processes.map { .integer(Int64($0.pid)) }).text() + "\n")
        } else if format == "table" {
            let rows = processes.map { process in
                let seconds = process.cpuTime / 1_000_000_000
                func two(_ n: UInt64) -> String { n < 10 ? "0\(n)" : "\(n)" }
                // "2026-11-20T23:50:27..."
                let started = Timestamp.text(UInt64(max(0, process.startTime))).utf8.dropFirst(11).prefix(5)
                return ["\(process.uid)", "\(process.pid)", "\(process.parent)", "0", String(Substring(started)),
                        process.terminal.isEmpty ? "?" : process.terminal,
                        "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))", process.command]
            }
            try Report.print(Table.text([["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]] + rows))
        } else {
            throw RuntimeError(.invalidArgument, "unknown format \"\(format)\"; there are table and json")
        }
    }
}

/// Rows whose columns are as wide as their widest cell.
enum Table {
    static func text(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        return rows.map { row in
            row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count + 2)
            }.joined() + "\n"
        }.joined()
    }
}
