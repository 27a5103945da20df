import HostOS
import LinuxABI
import Messages

/// containerd's shim for Cloister: what its executable runs.
public enum Shim {
    public static let version = "0.1.0"

    /// Does what the command line says. Returns the exit status.
    public static func main(_ arguments: [String]) -> Int32 {
        ProcessMemory.limitArenas()
        let line = CommandLine(arguments)
        do throws(CommandFailure) {
            switch line.action {
            case .version: try print("containerd-shim-cloister-v2 \(version)\n")
            case .info: try print(RuntimeInformation.encoded())
            case .start: try print(StartCommand(line: line).run())
            case .delete: try print(DeleteCommand(line: line).run())
            case .serve: try ServeCommand(line: line).run()
            }
            return 0
        } catch {
            let text = Array("containerd-shim-cloister-v2: \(error.message)\n".utf8)
            try? HostFD(rawValue: 2).writeAll(text)
            return 1
        }
    }

    private static func print(_ text: String) throws(CommandFailure) { try print(Array(text.utf8)) }

    private static func print(_ bytes: [UInt8]) throws(CommandFailure) {
        try CommandFailure.about("standard output") { () throws(Errno) in try HostFD(rawValue: 1).writeAll(bytes) }
    }
}
