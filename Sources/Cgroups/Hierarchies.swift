import HostOS
public import LinuxABI

/// What could not be done with a cgroup, in one line.
public struct CgroupError: Error, Hashable, Sendable {
    public var message: String
    public var errno: Errno
}

/// Where the host keeps its cgroups.
public struct Hierarchies: Hashable, Sendable {
    public enum Version: Sendable { case v1, v2 }

    /// One mounted tree: several with version 1, one with version 2.
    public struct Tree: Hashable, Sendable {
        public var controllers: [String]
        /// Where it is mounted.
        public var mount: String
        /// The group that this process is in, as a path below `mount`; "" for the root.
        public var own: String
    }

    public var version: Version
    public var trees: [Tree]

    public init(version: Version, trees: [Tree]) {
        self.version = version
        self.trees = trees
    }

    /// Version 1 trees that a container's processes enter; the others change nothing for them.
    private static let used: Set<String> = ["cpu", "cpuacct", "cpuset", "memory", "pids", "blkio", "freezer", "name=systemd"]

    /// Those of this host, from /proc/self/mountinfo and /proc/self/cgroup. No trees at all: no cgroups here.
    public static func ofHost() -> Hierarchies {
        let here = HostFD.currentDirectory
        let mounts = (try? here.readFile("/proc/self/mountinfo")) ?? []
        let own = (try? here.readFile("/proc/self/cgroup")) ?? []
        return Hierarchies(mountinfo: cgroupLines(of: mounts), own: String(decoding: own, as: UTF8.self))
    }

    /// Those lines of mountinfo that can be of interest. A busy host has thousands of others.
    private static func cgroupLines(of mountinfo: [UInt8]) -> String {
        let mark = Array(" - cgroup".utf8)
        var kept: [UInt8] = []
        var start = 0
        while start < mountinfo.count {
            let end = mountinfo[start...].firstIndex(of: 10) ?? mountinfo.count
            var at = start
            while let dash = mountinfo[at..<end].firstIndex(of: UInt8(ascii: "-")) {
                if dash > start, mountinfo[(dash - 1)...].starts(with: mark) {
                    kept += mountinfo[start..<end] + [10]
                    break
                }
                at = dash + 1
            }
            start = end + 1
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// - Parameters:
    ///   - mountinfo: a process's mounts (proc_pid_mountinfo(5)).
    ///   - own: its groups, lines of "hierarchy-id:controllers:path" (cgroups(7)).
    public init(mountinfo: String, own: String) {
        var first: [Tree] = [], second: [Tree] = []
        for line in mountinfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash + 3 < fields.count, dash > 4 else { continue }
            let type = fields[dash + 1], root = String(fields[3]), mount = String(fields[4])
            guard type == "cgroup" || type == "cgroup2" else { continue }
            let options = fields[dash + 3].split(separator: ",").map(String.init)
            let controllers = type == "cgroup" ? options.filter(Self.used.contains) : []
            if type == "cgroup" && controllers.isEmpty { continue }
            // The same tree may be mounted at several places; the first is the usual one.
            if type == "cgroup", first.contains(where: { $0.controllers == controllers }) { continue }
            var path = Self.ownPath(own, controller: controllers.first)
            // A mount of a part of the tree shows the paths below that part.
            if root != "/", path.hasPrefix(root) { path = String(path.dropFirst(root.count)) }
            if path == "/" { path = "" }
            let tree = Tree(controllers: controllers, mount: mount, own: path)
            if type == "cgroup" { first.append(tree) } else { second.append(tree) }
        }
        // With both ("hybrid") the controllers are in version 1.
        if first.contains(where: { $0.controllers != ["name=systemd"] }) || second.isEmpty {
            self.init(version: .v1, trees: first)
        } else {
            self.init(version: .v2, trees: [second[0]])
        }
    }

    private static func ownPath(_ own: String, controller: String?) -> String {
        for line in own.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if let controller {
                if parts[1].split(separator: ",").contains(where: { $0 == controller }) { return String(parts[2]) }
            } else if parts[0] == "0" {
                return String(parts[2])
            }
        }
        return ""
    }
}
