public import Cgroups

extension Spec {
    public struct Linux: Hashable, Sendable {
        public var namespaces: [Namespace] = []
        public var uidMappings: [IDMapping] = []
        public var gidMappings: [IDMapping] = []
        public var devices: [Device] = []
        public var cgroupsPath = ""
        public var limits = Limits()
        public var sysctl: [String: String] = [:]
        public var maskedPaths: [String] = []
        public var readonlyPaths: [String] = []

        public init() {}
    }

    public struct Namespace: Hashable, Sendable {
        /// "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time".
        public var type: String
        /// Empty: a new one.
        public var path = ""
    }

    public struct IDMapping: Hashable, Sendable {
        public var inside: UInt32
        public var outside: UInt32
        public var count: UInt32
    }

    public struct Device: Hashable, Sendable {
        public var path: String
        /// "c", "b", "p" (or "u", the same as "c").
        public var type: String
        public var major: UInt32 = 0
        public var minor: UInt32 = 0
        public var mode: UInt32
        public var uid: UInt32 = 0
        public var gid: UInt32 = 0
    }

    /// Programs of the host's to be run at points of a container's life.
    public struct Hooks: Hashable, Sendable {
        public var prestart: [Hook] = []
        public var createRuntime: [Hook] = []
        public var createContainer: [Hook] = []
        public var startContainer: [Hook] = []
        public var poststart: [Hook] = []
        public var poststop: [Hook] = []

        public init() {}
    }

    public struct Hook: Hashable, Sendable {
        public var path: String
        public var args: [String] = []
        public var env: [String] = []
        /// Seconds; nil: as long as it takes.
        public var timeout: Int?
    }
}

extension Spec.Linux {
    init(_ field: Field) throws(RuntimeError) {
        namespaces = try field.list("namespaces") { (f) throws(RuntimeError) in
            let type = try f.required("type")
            let name = try type.string()
            guard ["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"].contains(name) else {
                throw type.invalid("unknown namespace \"\(name)\"")
            }
            return Spec.Namespace(type: name, path: try f.string("path"))
        }
        let mapping = { (f: Field) throws(RuntimeError) in
            Spec.IDMapping(inside: try f.integer("containerID") ?? 0, outside: try f.integer("hostID") ?? 0,
                           count: try f.required("size").integer())
        }
        uidMappings = try field.list("uidMappings", mapping)
        gidMappings = try field.list("gidMappings", mapping)
        devices = try field.list("devices") { (f) throws(RuntimeError) in try Spec.Device(f) }
        cgroupsPath = try field.string("cgroupsPath")
        limits = try field.optional("resources").map { (f) throws(RuntimeError) in try Limits(f) } ?? Limits()
        sysctl = try field.optional("sysctl")?.stringMap() ?? [:]
        maskedPaths = try field.strings("maskedPaths")
        readonlyPaths = try field.strings("readonlyPaths")
    }
}

extension Spec.Device {
    init(_ field: Field) throws(RuntimeError) {
        path = try field.required("path").string()
        let kind = try field.required("type")
        type = try kind.string()
        guard ["c", "b", "p", "u"].contains(type) else { throw kind.invalid("unknown type of device \"\(type)\"") }
        major = try field.integer("major") ?? 0
        minor = try field.integer("minor") ?? 0
        mode = try field.integer("fileMode") ?? 0o666
        uid = try field.integer("uid") ?? 0
        gid = try field.integer("gid") ?? 0
    }
}

extension Spec.Hooks {
    init(_ field: Field) throws(RuntimeError) {
        let hook = { (f: Field) throws(RuntimeError) in
            let path = try f.required("path")
            guard try path.string().hasPrefix("/") else { throw path.invalid("must be an absolute path") }
            return Spec.Hook(path: try path.string(), args: try f.strings("args"), env: try f.strings("env"),
                             timeout: try f.integer("timeout"))
        }
        prestart = try field.list("prestart", hook)
        createRuntime = try field.list("createRuntime", hook)
        createContainer = try field.list("createContainer", hook)
        startContainer = try field.list("startContainer", hook)
        poststart = try field.list("poststart", hook)
        poststop = try field.list("poststop", hook)
    }
}

extension Limits {
    /// Reads "linux.resources" (also the request of `update`).
    init(_ field: Field) throws(RuntimeError) {
        self.init()
        if let memory = try field.optional("memory") {
            memoryLimit = try memory.integer("limit")
            memorySwap = try memory.integer("swap")
            memoryReservation = try memory.integer("reservation")
        }
        if let cpu = try field.optional("cpu") {
            cpuShares = try cpu.integer("shares")
            cpuQuota = try cpu.integer("quota")
            cpuPeriod = try cpu.integer("period")
            cpus = try cpu.string("cpus")
            memoryNodes = try cpu.string("mems")
        }
        if let pids = try field.optional("pids") { self.pids = try pids.integer("limit") }
        if let block = try field.optional("blockIO") { blockWeight = try block.integer("weight") }
        unified = try field.optional("unified")?.stringMap() ?? [:]
    }
}

extension Limits {
    /// Reads "linux.resources" by itself.
    public init(parsing bytes: [UInt8], file: String) throws(RuntimeError) {
        try self.init(Field(file: file, value: try parseJSON(bytes, file: file)))
    }
}
