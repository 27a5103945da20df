/// What containerd asks of the shim's executable. Flags are Go's: one dash or two, `-x v` or `-x=v`.
struct CommandLine: Equatable {
    enum Action: Equatable { case serve, start, delete, version, info }

    var action = Action.serve
    var namespace = ""
    /// containerd's gRPC address.
    var address = ""
    var publishBinary = ""
    var id = ""
    var bundle = ""
    var debug = false
    /// Flags that we do not know; they are passed over, with a line in the log.
    var unknown: [String] = []

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-", argument != "--" else {
                action = switch argument {
                case "start": .start
                case "delete": .delete
                default: action
                }
                return
            }
            let text = argument.drop { $0 == "-" }
            let name: Substring, attached: String?
            if let equals = text.firstIndex(of: "=") {
                (name, attached) = (text[..<equals], String(text[text.index(after: equals)...]))
            } else { (name, attached) = (text, nil) }
            switch name {
            case "debug": debug = attached != "false"
            case "v", "version": action = .version
            case "info": action = .info
            case "namespace": namespace = attached ?? rest.popFirst() ?? ""
            case "address": address = attached ?? rest.popFirst() ?? ""
            case "publish-binary": publishBinary = attached ?? rest.popFirst() ?? ""
            case "id": id = attached ?? rest.popFirst() ?? ""
            case "bundle": bundle = attached ?? rest.popFirst() ?? ""
            default: unknown.append(argument)
            }
        }
    }
}
