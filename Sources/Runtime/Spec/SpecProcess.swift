extension Spec {
    /// A program to be run in a container: the container's own, or one that is added (exec).
    public struct Process: Hashable, Sendable {
        public var terminal = false
        /// Rows and columns; 0: not given.
        public var rows: UInt32 = 0
        public var columns: UInt32 = 0
        public var user = User()
        public var args: [String]
        public var env: [String] = []
        public var cwd: String
        /// nil: none are held.
        public var capabilities: Capabilities?
        public var rlimits: [ResourceLimit] = []
        public var noNewPrivileges = false
        public var oomScoreAdjustment: Int32?

        public init(args: [String], cwd: String = "/") {
            self.args = args
            self.cwd = cwd
        }
    }

    public struct User: Hashable, Sendable {
        public var uid: UInt32 = 0
        public var gid: UInt32 = 0
        public var umask: UInt32?
        public var additionalGids: [UInt32] = []

        public init(uid: UInt32 = 0, gid: UInt32 = 0) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// Sets of capabilities, bit n for capability number n.
    public struct Capabilities: Hashable, Sendable {
        public var bounding: UInt64 = 0
        public var effective: UInt64 = 0
        public var inheritable: UInt64 = 0
        public var permitted: UInt64 = 0
        public var ambient: UInt64 = 0

        public init(bounding: UInt64 = 0, effective: UInt64 = 0, inheritable: UInt64 = 0, permitted: UInt64 = 0,
                    ambient: UInt64 = 0) {
            self.bounding = bounding
            self.effective = effective
            self.inheritable = inheritable
            self.permitted = permitted
            self.ambient = ambient
        }
    }

    public struct ResourceLimit: Hashable, Sendable {
        /// RLIMIT_* number.
        public var resource: UInt32
        public var soft: UInt64
        public var hard: UInt64
    }
}

extension Spec.Process {
    /// Reads a process by itself, as `exec --process` and containerd give it.
    public init(parsing bytes: [UInt8], file: String) throws(RuntimeError) {
        try self.init(Field(file: file, value: try parseJSON(bytes, file: file)))
    }

    init(_ field: Field) throws(RuntimeError) {
        terminal = try field.bool("terminal")
        if let size = try field.optional("consoleSize") {
            rows = try size.integer("height") ?? 0
            columns = try size.integer("width") ?? 0
        }
        if let user = try field.optional("user") {
            self.user.uid = try user.integer("uid") ?? 0
            self.user.gid = try user.integer("gid") ?? 0
            self.user.umask = try user.integer("umask")
            self.user.additionalGids = try user.list("additionalGids") { (f) throws(RuntimeError) in try f.integer() }
        }
        let arguments = try field.required("args")
        args = try arguments.strings()
        if args.isEmpty { throw arguments.invalid("must not be empty") }
        env = try field.strings("env")
        let directory = try field.required("cwd")
        cwd = try directory.string()
        if !cwd.hasPrefix("/") { throw directory.invalid("\"\(cwd)\" must be an absolute path") }
        capabilities = try field.optional("capabilities").map { (f) throws(RuntimeError) in try Spec.Capabilities(f) }
        rlimits = try field.list("rlimits") { (f) throws(RuntimeError) in try Spec.ResourceLimit(f) }
        noNewPrivileges = try field.bool("noNewPrivileges")
        oomScoreAdjustment = try field.integer("oomScoreAdj")
    }
}

extension Spec.Capabilities {
    init(_ field: Field) throws(RuntimeError) {
        func set(_ name: String) throws(RuntimeError) -> UInt64 {
            // Unknown ones are skipped, as the specification asks: a newer kernel's cannot be held by anybody here.
            try field.strings(name).reduce(0) { $0 | (Self.bit(named: $1) ?? 0) }
        }
        bounding = try set("bounding")
        effective = try set("effective")
        inheritable = try set("inheritable")
        permitted = try set("permitted")
        ambient = try set("ambient")
    }

    /// Names in the order of their numbers (linux/capability.h).
    static let names = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ]

    /// "CAP_CHOWN" and so on, in the order of their numbers.
    public static var allNames: [String] { names.map { "CAP_" + $0 } }

    /// The bit of "CAP_CHOWN" or "CHOWN", in any case; nil for an unknown name.
    public static func bit(named name: String) -> UInt64? {
        let upper = name.uppercased()
        let bare = upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
        return names.firstIndex(of: bare).map { 1 << UInt64($0) }
    }

    /// Adds a capability to the sets that make a process of any user hold it.
    public mutating func grant(_ bit: UInt64) {
        bounding |= bit
        effective |= bit
        permitted |= bit
        if inheritable != 0 { inheritable |= bit }
        if ambient != 0 { ambient |= bit }
    }
}

extension Spec.ResourceLimit {
    init(_ field: Field) throws(RuntimeError) {
        let type = try field.required("type")
        let name = try type.string()
        guard let number = Self.names.firstIndex(of: name) else { throw type.invalid("unknown limit \"\(name)\"") }
        resource = UInt32(number)
        soft = try field.integer("soft") ?? 0
        hard = try field.integer("hard") ?? 0
    }

    /// In the order of their numbers (asm-generic/resource.h).
    static let names = [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC",
        "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ]
}
