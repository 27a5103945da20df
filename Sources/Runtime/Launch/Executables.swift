import HostOS
import LinuxABI

/// Where the programs of a sandbox are.
struct Executables: Sendable {
    var sentry: String
    var gofer: String

    /// Beside the running program, then in PATH.
    ///
    /// - Throws: a line that says which is missing.
    static func find() throws(RuntimeError) -> Executables {
        let own = (try? HostFD.currentDirectory.readLink("/proc/self/exe")) ?? ""
        let beside = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? ""
        let path = Environment.value(of: "PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let folders = [beside] + path.split(separator: ":").map(String.init)
        return Executables(sentry: try find("cloister-sentry", in: folders), gofer: try find("cloister-gofer", in: folders))
    }

    private static func find(_ name: String, in folders: [String]) throws(RuntimeError) -> String {
        for folder in folders where folder.hasPrefix("/") {
            let path = "\(folder)/\(name)"
            if let status = try? HostFD.currentDirectory.status(of: path), status.isRegular, status.mode & 0o111 != 0 {
                return path
            }
        }
        throw RuntimeError(.notFound, "\(name): not found beside \(folders[0])/ nor in PATH")
    }
}

/// The environment of this process.
public enum Environment {
    /// As /proc/self/environ has it; nil when the variable is not set.
    public static func value(of name: String) -> String? {
        let bytes = (try? HostFD.currentDirectory.readFile("/proc/self/environ")) ?? []
        let prefix = Array("\(name)=".utf8)
        for variable in bytes.split(separator: 0) where variable.starts(with: prefix) {
            return String(decoding: variable.dropFirst(prefix.count), as: UTF8.self)
        }
        return nil
    }
}
