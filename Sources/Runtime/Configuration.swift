/// How containers are run, apart from what their bundles say. Every value is a flag of the command line.
public struct Configuration: Hashable, Sendable {
    public enum Network: String, CaseIterable, Sendable { case sandbox, host, none }
    public enum Platform: String, CaseIterable, Sendable { case systrap, ptrace }
    public enum MemoryCalls: String, CaseIterable, Sendable { case native, mediated }
    public enum HugePages: String, CaseIterable, Sendable { case large, asked }

    /// Where the state of containers is kept.
    public var root = "/run/cloister"
    public var platform = Platform.systrap
    public var network = Network.sandbox
    public var memoryCalls = MemoryCalls.native
    /// Which memory of guests gets huge pages: large mappings as well, or what they ask it for.
    public var hugePages = HugePages.large
    public var debug = false
    /// The Sentry logs every system call of the guest.
    public var strace = false
    /// The file that details and system calls are appended to; nil: the Sentry's log in the state folder.
    public var debugLog: String?
    /// A directory in which each pod keeps details of its own, in files of bounded size; nil: no such logs.
    public var debugLogs: String?
    public var systemdCgroup = false
    /// Whether the Sentry locks itself in. Only for finding faults.
    public var confinement = true
    /// Where warnings go: one line each.
    public var warn: Warning = Warning { _ in }

    public struct Warning: Hashable, Sendable {
        let report: @Sendable (String) -> Void

        public init(_ report: @escaping @Sendable (String) -> Void) { self.report = report }

        public func callAsFunction(_ line: String) { report(line) }

        public static func == (a: Self, b: Self) -> Bool { true }
        public func hash(into hasher: inout Hasher) {}
    }

    public init() {}

    /// How many files of pods that are gone are kept in `debugLogs`.
    static let keptLogs = 400

    /// Where details about a pod are to be found, to follow an error; or how to have them.
    func whereToLook(_ id: String) -> String {
        if let debugLogs { return " (details: \(debugLogs)/\(id).*.log)" }
        return debugLog.map { " (details: \($0))" } ?? ""
    }

    /// - Throws: a line that names the platforms there are.
    public static func platform(named name: String) throws(RuntimeError) -> Platform {
        guard let platform = Platform(rawValue: name) else {
            throw RuntimeError(.invalidArgument, "unknown platform \"\(name)\"; there are ptrace and systrap")
        }
        return platform
    }
}
