import HostOS
import LinuxABI

/// A container's configuration, config.json of the OCI runtime specification 1.0 to 1.2 (Linux).
public struct Spec: Hashable, Sendable {
    /// "ociVersion".
    public var version: String
    public var process: Process?
    public var root: Root?
    public var hostname = ""
    public var domainname = ""
    public var mounts: [Mount] = []
    public var hooks = Hooks()
    public var annotations: [String: String] = [:]
    public var linux = Linux()

    public struct Root: Hashable, Sendable {
        /// Absolute, or relative to the bundle.
        public var path: String
        public var readonly = false
    }

    public struct Mount: Hashable, Sendable {
        public var destination: String
        public var type = ""
        public var source = ""
        public var options: [String] = []

        public init(destination: String, type: String = "", source: String = "", options: [String] = []) {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
        }

        public var isBind: Bool { type == "bind" || options.contains("bind") || options.contains("rbind") }
    }

    public init(version: String) { self.version = version }
}

extension Spec {
    /// Reads `config.json` of a bundle.
    public static func load(bundle: String) throws(RuntimeError) -> Spec {
        guard let status = try? HostFD.currentDirectory.status(of: bundle) else {
            throw RuntimeError(.notFound, "bundle \(bundle): no such file or directory")
        }
        guard status.isDirectory else { throw RuntimeError(.invalidArgument, "bundle \(bundle): not a directory") }
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try HostFD.currentDirectory.readFile(bundle + "/config.json")
        } catch {
            if error == .ENOENT {
                throw RuntimeError(.notFound, "JSON specification file config.json not found in bundle \(bundle)")
            }
            throw RuntimeError(error, "\(bundle)/config.json")
        }
        return try Spec(parsing: bytes)
    }

    /// - Parameter file: what errors call the document.
    public init(parsing bytes: [UInt8], file: String = "config.json") throws(RuntimeError) {
        try self.init(Field(file: file, value: try parseJSON(bytes, file: file)))
    }

    private init(_ field: Field) throws(RuntimeError) {
        version = try field.required("ociVersion").string()
        guard let major = version.split(separator: ".").first, major == "1" else {
            throw try field.required("ociVersion").invalid("version \"\(version)\" is not supported, 1.0 to 1.2 are")
        }
        process = try field.optional("process").map { (f) throws(RuntimeError) in try Process(f) }
        root = try field.optional("root").map { (f) throws(RuntimeError) in
            Root(path: try f.required("path").string(), readonly: try f.bool("readonly"))
        }
        hostname = try field.string("hostname")
        domainname = try field.string("domainname")
        mounts = try field.list("mounts") { (f) throws(RuntimeError) in
            let destination = try f.required("destination").string()
            return Mount(destination: destination.hasPrefix("/") ? destination : "/" + destination,
                         type: try f.string("type"), source: try f.string("source"), options: try f.strings("options"))
        }
        hooks = try field.optional("hooks").map { (f) throws(RuntimeError) in try Hooks(f) } ?? Hooks()
        annotations = try field.optional("annotations")?.stringMap() ?? [:]
        linux = try field.optional("linux").map { (f) throws(RuntimeError) in try Linux(f) } ?? Linux()
    }
}

func parseJSON(_ bytes: [UInt8], file: String) throws(RuntimeError) -> JSONValue {
    do throws(JSONParser.Failure) { return try JSONParser.parse(bytes) } catch {
        throw RuntimeError(.invalidArgument, "\(file): line \(error.line), column \(error.column): \(error.message)")
    }
}
