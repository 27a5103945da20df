import HostOS
import LinuxABI
import Messages
import Runtime

/// containerd's shim for a runtime: what its executable runs.
public enum Shim {
    public static let version = "0.1.0"

    /// Does what the command line says. Returns the exit status.
    public static func main(_ arguments: [String], _ definition: ShimDefinition = .cloister) -> Int32 {
        ProcessMemory.limitArenas()
        let line = CommandLine(arguments)
        unsafe Log.runtime = definition.runtime
        do throws(CommandFailure) {
            switch line.action {
            case .version: try print("\(definition.program) \(definition.version)\n")
            case .info: try print(RuntimeInformation.encoded(definition))
            case .start: try print(StartCommand(line: line, program: definition.program).run())
            case .delete: try print(DeleteCommand(line: line, cleanUp: definition.cleanUp).run())
            case .serve: try ServeCommand(line: line, definition: definition).run()
            }
            return 0
        } catch {
            let text = Array("\(definition.program): \(error.message)\n".utf8)
            try? HostFD(rawValue: 2).writeAll(text)
            return 1
        }
    }

    private static func print(_ text: String) throws(CommandFailure) { try print(Array(text.utf8)) }

    private static func print(_ bytes: [UInt8]) throws(CommandFailure) {
        try CommandFailure.about("standard output") { () throws(Errno) in try HostFD(rawValue: 1).writeAll(bytes) }
    }
}
