import Runtime

extension Command {
    static let list = Command(
        name: "list", abstract: "List the containers.",
        flags: [Flag("format", "f", value: "FORMAT", "table or json."), Flag("quiet", "q", "Only the names.")]
    ) { (arguments) throws(RuntimeError) in
        let containers = KnownContainer.all(try GlobalFlags.configuration(arguments))
        if arguments.has("quiet") {
            try Report.print(containers.map { $0.id + "\n" }.joined())
            return 0
        }
        try Report.print(try Table.print(arguments, json: containers.map { $0.stateJSON() }) {
            [["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]] + containers.map { known in
                let status = known.status()
                return [known.id, status == .stopped ? "0" : "\(known.pid)", status.rawValue, known.record.bundle,
                        known.record.created, known.record.owner == 0 ? "root" : "#\(known.record.owner)"]
            }
        })
        return 0
    }

    static let ps = Command(
        name: "ps", abstract: "List the processes of a container, numbered as it sees them.",
        operands: "CONTAINER [PS-OPTION...]", count: 1...1, passthrough: 1,
        flags: [Flag("format", "f", value: "FORMAT", "table or json.")]
    ) { (arguments) throws(RuntimeError) in
        let configuration = try GlobalFlags.configuration(arguments)
        let processes = try KnownContainer.find(arguments.operands[0], configuration).alive().processes()
        try Report.print(try Table.print(arguments, json: processes.map { .integer(Int64($0.pid)) }) {
            [["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]] + processes.map { process in
                let seconds = process.cpuTime / 1_000_000_000
                func two(_ n: UInt64) -> String { n < 10 ? "0\(n)" : "\(n)" }
                // Of "2026-11-20T23:50:27...", hours and minutes.
                let started = String(Timestamp.text(UInt64(max(0, process.startTime))).dropFirst(11).prefix(5))
                return ["\(process.uid)", "\(process.pid)", "\(process.parent)", "0", started,
                        process.terminal.isEmpty ? "?" : process.terminal,
                        "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))", process.command]
            }
        })
        return 0
    }
}

/// Rows whose columns are as wide as their widest cell.
enum Table {
    /// In the format that was asked for.
    static func print(_ arguments: Arguments, json: [JSONValue], _ rows: () -> [[String]]) throws(RuntimeError) -> String {
        switch arguments.value("format") ?? "table" {
        case "table": return text(rows())
        case "json": return JSONValue.array(json).text() + "\n"
        case let other: throw RuntimeError(.invalidArgument, "unknown format \"\(other)\"; there are table and json")
        }
    }

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
