import HostOS
import LinuxABI
import Messages
import Runtime

/// The runtime's configuration as containerd's options name it: a file (`ConfigPath`) or the text itself, in TOML. Only
/// what our keys need of TOML: `key = "text"`, `key = true`, `key = ["text", "text"]` in a line, comments, and a table's
/// header, whose keys count the same.
///
/// A pod's annotations `dev.cloister.KEY` set keys too, those that the file's `allowed-annotations` names.
enum ConfigurationFile {
    static let standard = "/etc/containerd/cloister.toml"
    private static let annotationPrefix = "dev.cloister."

    /// The same with a pod's annotations, which may change what an administrator allows, and nothing else.
    static func apply(_ options: Proto.AnyMessage?, annotations: [String: String],
                      to configuration: inout Configuration) throws(RuntimeError) {
        let allowed = try apply(options, to: &configuration)
        for (name, value) in annotations.sorted(by: { $0.key < $1.key }) where name.hasPrefix(annotationPrefix) {
            let isAllowed = allowed.contains { $0 == name || ($0.hasSuffix("*") && name.hasPrefix($0.dropLast())) }
            if !isAllowed {
                configuration.warn("annotation \(name): not among the configuration's allowed-annotations, left out")
                continue
            }
            let key = String(name.dropFirst(annotationPrefix.count))
            if key == "allowed-annotations" { throw RuntimeError(.invalidArgument, "annotation \(name): a pod can't set this") }
            try set(key, value, "annotation \(name)", &configuration)
        }
    }

    /// Applies what the options of Create say to `configuration`. Without options, or with those of another runtime
    /// (which containerd sends in some cases), the standard file counts if it is there.
    ///
    /// - Returns: the annotations that pods may set.
    @discardableResult
    static func apply(_ options: Proto.AnyMessage?, to configuration: inout Configuration) throws(RuntimeError) -> [String] {
        var path = standard
        if let options, options.typeName.hasSuffix("runtimeoptions.v1.Options"),
           let own = try? RuntimeOptions.Options.decode(options.value) {
            if !own.configPath.isEmpty { path = own.configPath } else if !own.configBody.isEmpty {
                return try apply(text: own.configBody, name: "the runtime's options", to: &configuration)
            }
        }
        let text: [UInt8]
        do throws(Errno) { text = try HostFD.currentDirectory.readFile(path, limit: 1 << 20) } catch {
            if path == standard && error == .ENOENT { return [] }
            throw RuntimeError(error, path)
        }
        return try apply(text: text, name: path, to: &configuration)
    }

    @discardableResult
    static func apply(text: [UInt8], name: String, to configuration: inout Configuration) throws(RuntimeError) -> [String] {
        var allowed: [String] = []
        for (number, line) in text.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            let words = trimmed(line)
            guard let first = words.first, first != UInt8(ascii: "#"), first != UInt8(ascii: "[") else { continue }
            let place = "\(name), line \(number + 1)"
            guard let equals = words.firstIndex(of: UInt8(ascii: "=")) else {
                throw RuntimeError(.invalidArgument, "\(place): not of the form key = value")
            }
            let key = String(decoding: trimmed(words[..<equals]), as: UTF8.self)
            let text = trimmed(words[(equals + 1)...])
            if key == "allowed-annotations" {
                allowed = try list(text, key, place)
            } else {
                try set(key, try value(text, place), place, &configuration)
            }
        }
        return allowed
    }

    /// `["text", "text"]`.
    private static func list(_ text: ArraySlice<UInt8>, _ key: String, _ place: String) throws(RuntimeError) -> [String] {
        guard text.first == UInt8(ascii: "["), let end = text.lastIndex(of: UInt8(ascii: "]")) else {
            throw RuntimeError(.invalidArgument, "\(place): \(key) is a list in one line: [\"dev.cloister.debug\"]")
        }
        var names: [String] = []
        for part in text[(text.startIndex + 1)..<end].split(separator: UInt8(ascii: ",")) {
            let name = try value(trimmed(part), place)
            if !name.isEmpty { names.append(name) }
        }
        return names
    }

    private static func set(_ key: String, _ value: String, _ place: String,
                            _ configuration: inout Configuration) throws(RuntimeError) {
        switch key {
        case "platform": configuration.platform = try Configuration.platform(named: value)
        case "network": configuration.network = try one(of: value, key, place)
        case "memory-calls": configuration.memoryCalls = try one(of: value, key, place)
        case "huge-pages": configuration.hugePages = try one(of: value, key, place)
        case "debug": configuration.debug = try bool(value, key, place)
        case "strace": configuration.strace = try bool(value, key, place)
        case "debug-log": configuration.debugLog = value
        case "debug-logs":
            if !value.hasPrefix("/") { throw RuntimeError(.invalidArgument, "\(place): \(key) is an absolute path") }
            configuration.debugLogs = value
        // Of containerd's own table of options.
        case "SystemdCgroup": configuration.systemdCgroup = try bool(value, key, place)
        case "TypeUrl", "ConfigPath": break
        default: throw RuntimeError(.invalidArgument, "\(place): unknown key \(key)")
        }
    }

    private static func one<T: RawRepresentable>(of value: String, _ key: String,
                                                 _ place: String) throws(RuntimeError) -> T where T.RawValue == String {
        guard let known = T(rawValue: value) else {
            throw RuntimeError(.invalidArgument, "\(place): \(key) can't be \"\(value)\"")
        }
        return known
    }

    private static func bool(_ value: String, _ key: String, _ place: String) throws(RuntimeError) -> Bool {
        switch value {
        case "true": true
        case "false": false
        default: throw RuntimeError(.invalidArgument, "\(place): \(key) is true or false")
        }
    }

    /// A string without its quotes, or a bare word; a comment after it is dropped.
    private static func value(_ text: ArraySlice<UInt8>, _ place: String) throws(RuntimeError) -> String {
        if let quote = text.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            guard let end = text.dropFirst().firstIndex(of: quote) else {
                throw RuntimeError(.invalidArgument, "\(place): a string without an end")
            }
            return String(decoding: text[(text.startIndex + 1)..<end], as: UTF8.self)
        }
        return String(decoding: trimmed(text.prefix { $0 != UInt8(ascii: "#") }), as: UTF8.self)
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text = text.dropLast() }
        return text
    }
}
