import HostOS
import LinuxABI
import Messages

/// Which mounts of a container its Gofer serves, and which the Sentry makes itself.
struct MountPlan {
    /// What the Gofer serves, in the order of their numbers.
    struct Served: Hashable {
        var source: String
        var destination: String
        var options: [String]
    }

    var served: [Served] = []
    /// What the Sentry mounts, in order; the first is the root.
    var mounts: [Control.Mount] = []
    var warnings: [String] = []

    /// - Parameter overlay: changes to the root go to a throw-away layer in the Sentry's memory.
    init(_ spec: Spec, bundle: String, overlay: Bool) throws(RuntimeError) {
        guard let root = spec.root else { throw RuntimeError(.invalidArgument, "config.json: root: missing") }
        let path = Self.absolute(root.path, in: bundle)
        do throws(Errno) {
            let status = try HostFD.currentDirectory.status(of: path)
            guard status.isDirectory else { throw .ENOTDIR }
        } catch {
            throw RuntimeError(error, "rootfs \(path)")
        }
        serve(path, at: "/", root.readonly || overlay ? ["ro", "rbind"] : ["rw", "rbind"],
              type: overlay ? "overlay" : "gofer", guest: root.readonly ? ["ro"] : [], cache: "exclusive")
        for (index, mount) in spec.mounts.enumerated() { try add(mount, index: index, bundle: bundle) }
    }

    private mutating func serve(_ source: String, at destination: String, _ options: [String], type: String,
                                guest: [String], cache: String) {
        mounts.append(Control.Mount(destination: destination, type: type, source: source, options: guest,
                                    goferIndex: 0, goferMount: UInt32(served.count), cache: cache))
        served.append(Served(source: source, destination: destination, options: options))
    }

    private mutating func add(_ mount: Spec.Mount, index: Int, bundle: String) throws(RuntimeError) {
        let name = "config.json: mounts[\(index)]"
        if mount.options.contains(where: { $0 == "idmap" || $0 == "ridmap" }) {
            throw RuntimeError(.unimplemented, "\(name): mapped ids of a mount are not implemented")
        }
        // One mount of the guest is all that lies below it on the host: what holds for it holds all the way down.
        let guest = mount.options.filter { !Self.hostOnly.contains($0) }
            .map { Self.allTheWayDown.contains($0) ? String($0.dropFirst()) : $0 }
        if mount.isBind {
            let source = Self.absolute(mount.source, in: bundle)
            do throws(Errno) { _ = try HostFD.currentDirectory.status(of: source) } catch {
                throw RuntimeError(error, "\(name): source \(source) (for \(mount.destination))")
            }
            let recursive = !mount.options.contains("bind") || mount.options.contains("rbind")
            serve(source, at: mount.destination, [guest.contains("ro") ? "ro" : "rw", recursive ? "rbind" : "bind"],
                  type: "gofer", guest: guest, cache: "shared")
            return
        }
        let type: String
        switch mount.type {
        case "tmpfs": type = mount.destination == "/dev" ? "devtmpfs" : "tmpfs"
        case "proc", "sysfs", "devpts", "mqueue", "devtmpfs": type = mount.type
        case "cgroup", "cgroup2": type = "cgroup"
        case "securityfs", "debugfs", "tracefs", "bpf", "configfs", "pstore", "hugetlbfs", "binfmt_misc", "fusectl", "efivarfs":
            // Views of a host's kernel. There is none behind this sandbox.
            warnings.append("\(name): \(mount.destination): \(mount.type) does not exist in a sandbox, left out")
            return
        default:
            throw RuntimeError(.unimplemented, "\(name): \(mount.destination): type \"\(mount.type)\" is not implemented")
        }
        mounts.append(Control.Mount(destination: mount.destination, type: type, source: mount.source, options: guest,
                                    goferIndex: -1, goferMount: 0, cache: ""))
    }

    private static let allTheWayDown: Set<String> = [
        "rro", "rrw", "rnosuid", "rsuid", "rnodev", "rdev", "rnoexec", "rexec", "rnoatime", "ratime", "rrelatime", "rnorelatime",
        "rnodiratime", "rdiratime", "rstrictatime", "rnostrictatime",
    ]

    /// Options that speak of the host's mount, not of the guest's.
    private static let hostOnly: Set<String> = [
        "bind", "rbind", "shared", "rshared", "slave", "rslave", "private", "rprivate", "unbindable", "runbindable",
        "tmpcopyup", "defaults",
    ]

    static func absolute(_ path: String, in bundle: String) -> String { path.hasPrefix("/") ? path : "\(bundle)/\(path)" }

    /// The list for the Gofer: source, destination and options of each, ended by NULs.
    var servedBytes: [UInt8] {
        served.flatMap { mount in
            [mount.source, mount.destination, mount.options.joined(separator: ",")].flatMap { Array($0.utf8) + [0] }
        }
    }
}
