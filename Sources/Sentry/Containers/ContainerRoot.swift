import FileSystems
import GoferProtocol
import HostOS
import Identity
import Introspection
import Kernel
import LinuxABI
import Memory
import Messages
import SystemCalls
import TTRPC
import VFS

/// Puts a container's tree of mounts together, as the OCI specification lists them.
struct ContainerRoot {
    let request: Control.CreateContainerRequest
    let gofers: [GoferConnection]
    let pod: Pod
    let guest: GuestContainer
    let userNamespace: UserNamespace
    /// Whose message queues a mount of type mqueue shows.
    let ipc: IPCNamespace

    /// - Returns: the namespace with everything mounted, masked and read-only as asked.
    /// - Throws: what could not be mounted, and where.
    func build() throws(Status) -> MountNamespace {
        guard let root = request.mounts.first, root.destination == "/" else {
            throw Status(.invalidArgument, "container \(guest.id): the first mount is not /")
        }
        let rootOptions = MountOptions(root.options)
        let mounts = MountNamespace(pod.kernel.vfs, root: try fileSystem(root, MountOptions(root.options), by: nil),
                                    flags: rootOptions.flags.subtracting(.readOnly), source: source(root))
        let boot = Caller.kernel(in: mounts, userNamespace: pod.kernel.rootUserNamespace)
        for mount in request.mounts.dropFirst() { try add(mount, to: mounts, boot) }
        for device in request.devices { try make(device, boot) }
        try applySysctls(boot)
        let null = try? boot.resolve(Array("/dev/null".utf8))
        for path in request.maskedPaths {
            guard let null else { break }
            try failing("masking \(path)") { () throws(Errno) in
                try boot.mask(Array(path.utf8), null: null) { () throws(Errno) in TmpfsFileSystem(.init(size: 0, mode: 0o555)) }
            }
        }
        for path in request.readonlyPaths {
            try failing("making \(path) read-only") { () throws(Errno) in try boot.makeReadOnly(Array(path.utf8)) }
        }
        (mounts.root.fileSystem as? GoferFileSystem)?.seal()
        if request.rootReadonly || rootOptions.flags.contains(.readOnly) {
            try failing("making the root read-only") { () throws(Errno) in
                try mounts.remount(mounts.rootPath, flags: mounts.root.flags.union(.readOnly))
            }
        }
        return mounts
    }

    private func add(_ mount: Control.Mount, to mounts: MountNamespace, _ boot: Caller) throws(Status) {
        let options = MountOptions(mount.options)
        try failing("mounting \(mount.type) on \(mount.destination)") { (status: inout Status?) throws(Errno) in
            let destination = Array(mount.destination.utf8)
            let made: FileSystem
            do throws(Status) { made = try fileSystem(mount, options, by: boot) } catch {
                status = error
                return
            }
            let place = made.root.type == .directory ? try boot.ensureDirectory(destination) : try boot.ensureFile(destination)
            try mounts.mount(made, at: place, flags: options.flags, source: source(mount))
            if mount.type == "devtmpfs" { try boot.populateDevices(at: destination) }
        }
    }

    private func fileSystem(_ mount: Control.Mount, _ options: MountOptions, by boot: Caller?) throws(Status) -> FileSystem {
        let kernel = pod.kernel
        let data = Array(options.data.joined(separator: ",").utf8)
        switch mount.type {
        case "gofer": return try served(mount)
        case "overlay":
            let lower = try served(mount)
            let upper = TmpfsFileSystem(.init(mode: 0o755))
            return try failing("overlaying \(mount.destination)") { () throws(Errno) in
                try OverlayFileSystem(lower: lower, upper: upper)
            }
        case "proc":
            return ProcFileSystem(kernel: kernel, pidNamespace: guest.pidNamespace, machine: pod.machine, resources: pod.resources(of: guest.id))
        case "sysfs": return SysFileSystem(kernel: kernel, machine: pod.machine, resources: pod.resources(of: guest.id))
        case "cgroup": return CgroupFileSystem(resources: pod.resources(of: guest.id), kernel: kernel, container: guest)
        case "mqueue": return ipc.posixQueues
        case "tmpfs", "devtmpfs", "devpts":
            guard let known = kernel.vfs.type(named: mount.type), let boot else {
                throw Status(.internalError, "file system type \(mount.type) is missing")
            }
            return try failing("options \(options.data.joined(separator: ",")) of \(mount.destination)") { () throws(Errno) in
                try known.make(source: source(mount), options: data, by: boot)
            }
        default:
            throw Status(.invalidArgument, "mount \(mount.destination): there is no file system type \(mount.type)")
        }
    }

    private func served(_ mount: Control.Mount) throws(Status) -> FileSystem {
        guard mount.goferIndex >= 0, Int(mount.goferIndex) < gofers.count else {
            throw Status(.invalidArgument, "mount \(mount.destination) names Gofer \(mount.goferIndex), which did not come")
        }
        return try failing("the Gofer's mount for \(mount.destination)") { () throws(Errno) in
            try GoferFileSystem(gofers[Int(mount.goferIndex)], mount: mount.goferMount,
                                sharing: mount.cache == "exclusive" ? .exclusive : .shared, source: "none",
                                forMountPoints: mount.destination == "/")
        }
    }

    /// What /proc/mounts shows: nothing of the host's paths.
    private func source(_ mount: Control.Mount) -> [UInt8] {
        switch mount.type {
        case "gofer", "overlay": Array("none".utf8)
        default: Array((mount.source.isEmpty || mount.source.hasPrefix("/") ? mount.type : mount.source).utf8)
        }
    }

    private func make(_ device: Control.Device, _ boot: Caller) throws(Status) {
        let type: FileType = switch UInt8(truncatingIfNeeded: device.type) {
        case UInt8(ascii: "b"): .blockDevice
        case UInt8(ascii: "p"): .fifo
        default: .characterDevice
        }
        try failing("making device \(device.path)") { () throws(Errno) in
            try boot.ensureDevice(Array(device.path.utf8), type, DeviceNumber(major: device.major, minor: device.minor),
                                  mode: device.mode & 0o7777, uid: device.uid, gid: device.gid)
        }
    }

    private func applySysctls(_ boot: Caller) throws(Status) {
        for setting in pod.sysctls + request.sysctls {
            let path = "/proc/sys/" + String(setting.name.map { $0 == "." ? "/" : $0 })
            try failing("sysctl \(setting.name)") { () throws(Errno) in
                let file = try boot.open(Array(path.utf8), OpenHow(.O_WRONLY))
                var source = IOVector(KernelBuffer(Array(setting.value.utf8)))
                var offset: UInt64 = 0
                _ = try file.write(&source, at: &offset, by: boot)
            }
        }
    }
}

/// Mount options as the OCI lists them, sorted into the mount's flags and the file system's own.
struct MountOptions {
    /// Linux's default for every mount is relatime.
    var flags: MountFlags = .relatime
    var data: [String] = []

    init(_ options: [String]) {
        for option in options {
            switch option {
            case "ro": flags.insert(.readOnly)
            case "rw": flags.remove(.readOnly)
            case "nosuid": flags.insert(.nosuid)
            case "suid": flags.remove(.nosuid)
            case "nodev": flags.insert(.nodev)
            case "dev": flags.remove(.nodev)
            case "noexec": flags.insert(.noexec)
            case "exec": flags.remove(.noexec)
            case "noatime":
                flags.insert(.noatime)
                flags.remove(.relatime)
            case "nodiratime": flags.insert(.nodiratime)
            case "relatime": flags.insert(.relatime)
            case "strictatime", "norelatime": flags.remove(.relatime)
            case "atime", "sync", "async", "rro", "rnosuid", "rnodev", "rnoexec", "rrw": break
            default: data.append(option)
            }
        }
    }
}

/// Like `failing` for a body that may fail with a status of its own, left in its argument.
private func failing(_ what: String, _ body: (inout Status?) throws(Errno) -> Void) throws(Status) {
    var status: Status?
    do throws(Errno) { try body(&status) } catch { throw Status(.internalError, "\(what): \(error.message)") }
    if let status { throw status }
}
