import Cgroups
import HostOS
import Messages

/// The standard streams of a process in a container: descriptors of the caller's, which stay the caller's.
public struct Streams: Sendable {
    /// The process gets a terminal of the Sentry's; `input` and `output` carry its bytes, `error` is not used.
    public var terminal: Bool
    /// nil: /dev/null.
    public var input: HostFD?
    public var output: HostFD?
    public var error: HostFD?
    public var rows: UInt32
    public var columns: UInt32

    public init(terminal: Bool = false, input: HostFD? = nil, output: HostFD? = nil, error: HostFD? = nil,
                rows: UInt32 = 0, columns: UInt32 = 0) {
        self.terminal = terminal
        self.input = input
        self.output = output
        self.error = error
        self.rows = rows
        self.columns = columns
    }

    /// Appends the descriptors to a request's and says where they are.
    func message(_ descriptors: inout [HostFD]) -> Control.Stdio {
        func index(_ fd: HostFD?) -> Int32 {
            guard let fd else { return -1 }
            descriptors.append(fd)
            return Int32(descriptors.count - 1)
        }
        return Control.Stdio(terminal: terminal, input: index(input), output: index(output),
                             error: terminal ? -1 : index(error), rows: rows, columns: columns)
    }
}

extension Spec.Process {
    func message(_ streams: Streams, _ descriptors: inout [HostFD]) -> Control.Process {
        let held = capabilities ?? Spec.Capabilities()
        var streams = streams
        if streams.rows == 0 { (streams.rows, streams.columns) = (rows, columns) }
        return Control.Process(
            args: args.map { Array($0.utf8) }, env: env.map { Array($0.utf8) }, cwd: cwd,
            user: .init(uid: user.uid, gid: user.gid, additionalGIDs: user.additionalGids, umask: user.umask ?? .max),
            capabilities: .init(bounding: held.bounding, effective: held.effective, inheritable: held.inheritable,
                                permitted: held.permitted, ambient: held.ambient),
            rlimits: rlimits.map { .init(resource: $0.resource, soft: $0.soft, hard: $0.hard) },
            noNewPrivileges: noNewPrivileges, oomScoreAdj: oomScoreAdjustment ?? 0, stdio: streams.message(&descriptors))
    }
}

extension Spec {
    /// The namespaces of the container within its Sentry. Without one of its own, or with a path (containerd names the
    /// pod's first process so), it has the pod's.
    var namespacesMessage: Control.Namespaces {
        func choice(_ type: String) -> String {
            linux.namespaces.contains { $0.type == type && $0.path.isEmpty } ? "new" : ""
        }
        func mappings(_ all: [IDMapping]) -> [Control.IDMapping] {
            all.map { .init(inside: $0.inside, outside: $0.outside, count: $0.count) }
        }
        return Control.Namespaces(pid: choice("pid"), uts: choice("uts"), ipc: choice("ipc"), user: choice("user"),
                                  uidMappings: mappings(linux.uidMappings), gidMappings: mappings(linux.gidMappings))
    }

    var devicesMessage: [Control.Device] {
        linux.devices.map { device in
            let type: Character = device.type == "u" ? "c" : Character(device.type)
            return .init(path: device.path, type: UInt32(type.asciiValue ?? 0), major: device.major, minor: device.minor,
                         mode: device.mode, uid: device.uid, gid: device.gid)
        }
    }

    /// Everything but the descriptors and the process's streams.
    func message(id: String, process: Control.Process, mounts: [Control.Mount]) -> Control.CreateContainerRequest {
        return Control.CreateContainerRequest(
            containerID: id, process: process, mounts: mounts, rootReadonly: root?.readonly ?? false,
            hostname: hostname, domainname: domainname, namespaces: namespacesMessage, maskedPaths: linux.maskedPaths,
            readonlyPaths: linux.readonlyPaths, devices: devicesMessage,
            sysctls: sysctlsMessage,
            cgroupPath: linux.cgroupsPath.contains(":") ? "" : linux.cgroupsPath,
            annotations: annotations, resources: linux.limits.message)
    }

    var sysctlsMessage: [Control.Sysctl] { linux.sysctl.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) } }
}

extension Limits {
    /// What the guest sees of them. What is not said stays 0; no limit is the highest number.
    var message: Control.Resources {
        func amount(_ value: Int64?) -> UInt64 { value.map { $0 < 0 ? .max : UInt64($0) } ?? 0 }
        var swap: UInt64 = 0
        if let memorySwap, memorySwap != 0 {
            let beyond = memorySwap - max(0, memoryLimit ?? 0)
            // 0 means not said; one byte is as good as none.
            swap = memorySwap < 0 ? .max : UInt64(max(1, beyond))
        }
        return Control.Resources(memoryLimit: amount(memoryLimit), memoryReservation: amount(memoryReservation), swapLimit: swap,
                                 cpuQuota: amount(cpuQuota), cpuPeriod: cpuPeriod ?? 0,
                                 cpuWeight: cpuShares.map { $0 == 0 ? 0 : Self.weight(ofShares: $0) } ?? 0,
                                 pidsLimit: pids.map { $0 > 0 ? UInt64($0) : .max } ?? 0)
    }
}
