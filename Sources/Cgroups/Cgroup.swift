public import HostOS
import LinuxABI

/// A control group of the host's: one directory in each tree that it uses.
public struct Cgroup: Hashable, Sendable {
    public struct Directory: Hashable, Sendable {
        public var controllers: [String]
        public var path: String
        /// Groups above it that had to be made for it, outermost first. They go with it when nobody else is in them.
        public var ancestors: [String]

        public init(controllers: [String], path: String, ancestors: [String] = []) {
            self.controllers = controllers
            self.path = path
            self.ancestors = ancestors
        }
    }

    public let version: Hierarchies.Version
    /// Those that exist. A group that could be made nowhere has none; all that is asked of it then does nothing.
    public private(set) var directories: [Directory]
    /// Who else manages it: systemd makes it, tells it its limits again now and then, and removes it.
    public internal(set) var unit: SystemdUnit?

    public init(version: Hierarchies.Version, directories: [Directory], unit: SystemdUnit? = nil) {
        self.version = version
        self.directories = directories
        self.unit = unit
    }

    /// - Parameter path: as "linux.cgroupsPath": "/from/the/root", "below/the/own/group" (version 1), or systemd's
    ///   "slice:prefix:name". Components "." and ".." are dropped.
    public init(_ hierarchies: Hierarchies, path: String) {
        unit = SystemdUnit(path: path)
        let plain = unit?.path ?? path
        let clean = plain.split(separator: "/").filter { $0 != "." && $0 != ".." }.joined(separator: "/")
        version = hierarchies.version
        directories = hierarchies.trees.map { tree in
            // In version 2 the own group holds processes (ours), so it can have no groups with controllers below.
            let base = plain.hasPrefix("/") || hierarchies.version == .v2 ? "" : tree.own
            return Directory(controllers: tree.controllers, path: "\(tree.mount)\(base)/\(clean)")
        }
    }

    /// Makes the group and sets its limits. That of a unit: after `startUnit`.
    ///
    /// - Returns: warnings, for controllers that this host does not let us use and no limit asked for.
    /// - Throws: when a limit cannot be set. Nothing is left behind then.
    public mutating func create(_ limits: Limits) throws(CgroupError) -> [String] {
        var made: [String] = []
        do throws(CgroupError) {
            return try create(limits, made: &made)
        } catch {
            for path in made.reversed() { try? HostFD.currentDirectory.unlink(path, directory: true) }
            directories = []
            throw error
        }
    }

    private mutating func create(_ limits: Limits, made: inout [String]) throws(CgroupError) -> [String] {
        var warnings: [String] = []
        var usable: [Directory] = []
        for directory in directories {
            do throws(Errno) {
                var directory = directory
                directory.ancestors = try make(directory, made: &made)
                usable.append(directory)
            } catch {
                let problem = "cgroup \(directory.path): cannot be made (error \(error.rawValue))"
                let wanted = version == .v1 ? !limits.controllers.isDisjoint(with: directory.controllers)
                    : !limits.version2.isEmpty
                if wanted { throw CgroupError(message: problem + ", but limits need it", errno: error) }
                warnings.append(problem)
            }
        }
        let missing = version == .v1 ? limits.controllers.subtracting(usable.flatMap(\.controllers)) : []
        if let first = missing.min() {
            throw CgroupError(message: "cgroup controller \(first): not available, but a limit needs it", errno: .ENOENT)
        }
        directories = usable
        try write(limits)
        return warnings
    }

    /// - Returns: what had to be made above it, outermost first.
    private func make(_ directory: Directory, made: inout [String]) throws(Errno) -> [String] {
        let here = HostFD.currentDirectory
        var ancestors: [String] = []
        for attempt in 0... {
            var missing: [String] = []
            var path = directory.path
            while !here.exists(path), let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                missing.append(path)
                path = String(path[..<slash])
            }
            var isComplete = true
            for path in missing.reversed() {
                guard try make(path, cpuset: directory.controllers.contains("cpuset")) else {
                    isComplete = false
                    break
                }
                made.append(path)
                if path != directory.path { ancestors.append(path) }
            }
            if isComplete { return ancestors }
            // A neighbour that ended has taken a parent away that was made for it.
            if attempt >= 10 { throw .ENOENT }
        }
        return ancestors
    }

    /// - Returns: false when its parent is gone.
    private func make(_ path: String, cpuset: Bool) throws(Errno) -> Bool {
        let here = HostFD.currentDirectory
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if version == .v2 { delegateControllers(of: parent) }
        do throws(Errno) { try here.makeDirectory(path, mode: 0o755) } catch {
            if error == .ENOENT { return false }
            if error != .EEXIST { throw error }
        }
        if !cpuset { return true }
        // A new group of the version 1 controller has no CPUs: nothing can enter it.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let inherited = try here.readFile("\(parent)/\(file)")
            try here.writeFile("\(path)/\(file)", String(decoding: inherited, as: UTF8.self))
        }
        return true
    }

    /// Lets the groups below a version 2 group have its controllers. What is refused shows when a limit is set.
    private func delegateControllers(of parent: String) {
        guard let bytes = try? HostFD.currentDirectory.readFile("\(parent)/cgroup.controllers") else { return }
        for controller in String(decoding: bytes, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            try? HostFD.currentDirectory.writeFile("\(parent)/cgroup.subtree_control", "+\(controller)")
        }
    }

    /// Sets limits (again) on a group that exists.
    ///
    /// - Throws: EINVAL for limits that cannot be meant, before any of them is set.
    public func apply(_ limits: Limits) throws(CgroupError) {
        try limits.check()
        let limits = completed(limits)
        if let unit { try SystemdManager.connect().set(limits.properties(version), of: unit) }
        try write(limits)
    }

    /// Quota and period are one value to version 2 and to systemd: what is not said of it is what it is.
    private func completed(_ limits: Limits) -> Limits {
        let hasQuota = limits.cpuQuota ?? 0 != 0, hasPeriod = limits.cpuPeriod ?? 0 != 0
        if hasQuota == hasPeriod { return limits }
        let files = version == .v2 ? ["cpu.max"] : ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        let words = files.flatMap { text("cpu", $0).split(whereSeparator: { $0 == " " || $0 == "\n" }) }
        guard words.count == 2 else { return limits }
        var all = limits
        if !hasQuota { all.cpuQuota = Int64(words[0]) ?? -1 }
        if !hasPeriod { all.cpuPeriod = UInt64(words[1]) }
        return all
    }

    private func write(_ limits: Limits) throws(CgroupError) {
        for setting in version == .v1 ? limits.version1 : limits.version2 {
            guard let directory = path(of: setting.controller) else {
                if setting.optional { continue }
                throw CgroupError(message: "cgroup controller \(setting.controller): not available, but \(setting.file) is to be set",
                                  errno: .ENOENT)
            }
            do throws(Errno) {
                try HostFD.currentDirectory.writeFile("\(directory)/\(setting.file)", setting.value)
            } catch {
                if setting.optional && (error == .ENOENT || error == .EACCES) { continue }
                throw CgroupError(message: "cgroup: writing \(setting.value) to \(directory)/\(setting.file): error \(error.rawValue)",
                                  errno: error)
            }
        }
    }

    /// The directory of a version 1 controller, or of the whole group with version 2.
    public func path(of controller: String) -> String? {
        version == .v2 ? directories.first?.path : directories.first { $0.controllers.contains(controller) }?.path
    }

    /// Descriptors by which a process enters the group: it writes "0" into each.
    ///
    /// With version 1 these are the `tasks` files. A thread that moves only itself through them takes no lock across the
    /// host's thread groups; moving a process (`cgroup.procs`) does, and waits for an RCU grace period: 10 ms and more.
    public func openEntrances() throws(CgroupError) -> [HostFD] {
        var all: [HostFD] = []
        for directory in directories {
            let file = "\(directory.path)/\(version == .v1 ? "tasks" : "cgroup.procs")"
            do throws(Errno) {
                all.append(try HostFD.currentDirectory.open(file, 1 /* O_WRONLY */))
            } catch {
                for fd in all { fd.close() }
                throw CgroupError(message: "cgroup: opening \(file): error \(error.rawValue)", errno: error)
            }
        }
        return all
    }

    /// The counters that a guest may see of its own group, opened for reading; those that the host does not have are left
    /// out.
    public func openCounters() -> [(name: String, file: HostFD)] {
        let names: [(controller: String, file: String)] = version == .v2
            ? ["memory.current", "memory.peak", "memory.stat", "memory.events", "cpu.stat", "io.stat", "cpu.pressure",
               "memory.pressure", "io.pressure", "pids.events", "cpuset.cpus.effective"].map { ("", $0) }
            : [("memory", "memory.usage_in_bytes"), ("memory", "memory.max_usage_in_bytes"), ("memory", "memory.stat"),
               ("memory", "memory.oom_control"), ("memory", "memory.failcnt"), ("cpu", "cpu.stat"),
               ("cpuacct", "cpuacct.usage"), ("cpuacct", "cpuacct.stat"),
               ("pids", "pids.events"), ("cpuset", "cpuset.effective_cpus"), ("blkio", "blkio.throttle.io_service_bytes_recursive"), ("blkio", "blkio.throttle.io_serviced_recursive")]
        return names.compactMap { (controller, name) in
            guard let path = path(of: controller), let file = try? HostFD.currentDirectory.open("\(path)/\(name)", 0) else { return nil }
            return (name, file)
        }
    }

    /// The version 2 group's directory, for a process to be born in it (CLONE_INTO_CGROUP, which moves nothing).
    public func openDirectory() -> HostFD? {
        guard version == .v2, let path = directories.first?.path else { return nil }
        return try? HostFD.currentDirectory.open(path, 0x10000 /* O_DIRECTORY */)
    }
}
