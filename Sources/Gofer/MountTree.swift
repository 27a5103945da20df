import HostOS
import LinuxABI

/// A mount as the starter of the Gofer describes it.
struct MountRequest {
    var source: [UInt8]
    var destination: [UInt8]
    var isReadOnly = false
    var isRecursive: Bool
    /// Whether mounts that appear below the source on the host appear here too.
    var followsHost = false

    /// Three NUL-terminated strings for each: source, destination, options.
    static func parse(_ bytes: [UInt8]) throws(StartFailure) -> [MountRequest] {
        var strings: [[UInt8]] = []
        var current: [UInt8] = []
        for byte in bytes {
            if byte == 0 {
                strings.append(current)
                current = []
            } else {
                current.append(byte)
            }
        }
        guard current.isEmpty, strings.count.isMultiple(of: 3), !strings.isEmpty, strings.count <= 3 * 1024 else {
            throw StartFailure("the mount list is malformed")
        }
        return stride(from: 0, to: strings.count, by: 3).map { i in
            var mount = MountRequest(source: strings[i], destination: strings[i + 1], isRecursive: i == 0)
            for option in strings[i + 2].split(separator: UInt8(ascii: ",")) {
                switch String(decoding: option, as: UTF8.self) {
                case "ro": mount.isReadOnly = true
                case "rw": mount.isReadOnly = false
                case "bind": mount.isRecursive = false
                case "rbind": mount.isRecursive = true
                case "slave", "rslave", "shared", "rshared": mount.followsHost = true
                case "private", "rprivate": mount.followsHost = false
                default: break
                }
            }
            return mount
        }
    }
}

/// Why the Gofer could not start, for a person.
struct StartFailure: Error {
    let text: String

    init(_ text: String) { self.text = text }
    init(_ what: String, _ error: Errno) { text = "\(what): \(error.message)" }
}

/// The Gofer's own view of the host's files: a private tmpfs with one tree for each mount, and nothing else.
enum MountTree {
    /// Builds the tree and makes it the root; the host's files are out of reach afterwards. The working directory is
    /// /proc/self/fd.
    static func enter(_ requests: [MountRequest]) throws(StartFailure) -> (mounts: [ServedMount], descriptors: HostFD) {
        let descriptors = try attempt("/proc/self/fd") { () throws(Errno) in
            try HostMounts.cloneTree(HostPath("/proc/self/fd"), recursive: false)
        }
        var trees: [HostFD] = []
        for (i, request) in requests.enumerated() {
            let name = String(decoding: request.source, as: UTF8.self)
            trees.append(try attempt(i == 0 ? "rootfs \(name)" : "mount source \(name)") { () throws(Errno) in
                guard request.source.first == UInt8(ascii: "/") else { throw .ENOENT }
                return try HostMounts.cloneTree(try HostPath(request.source), recursive: request.isRecursive)
            })
        }
        return try attempt("building the mount tree") { () throws(Errno) in
            let root = try HostMounts.makeFileSystem(HostPath("tmpfs"), [.noSetuid, .noDevices, .noExec])
            // Whatever is mounted over is gone after the pivot.
            try HostMounts.attach(root, at: .currentDirectory, HostPath("/"))
            try root.makeWorkingDirectory()
            var mounts: [ServedMount] = []
            for (i, request) in requests.enumerated() {
                mounts.append(try place(trees[i], request, in: root, as: try HostPath(Array(String(i).utf8))))
                trees[i].close()
            }
            try root.makeDirectory(HostPath("fd"), mode: 0o700)
            try HostMounts.attach(descriptors, at: root, HostPath("fd"))
            try HostMounts.pivotIntoCurrentDirectory()
            try HostMounts.set(root, .readOnly, recursive: false)
            root.close()
            try descriptors.makeWorkingDirectory()
            return (mounts, descriptors)
        }
    }

    private static func place(_ tree: HostFD, _ request: MountRequest, in root: HostFD, as name: HostPath) throws(Errno) -> ServedMount {
        let mode = try tree.status().mode
        if mode & FileType.mask == FileType.directory {
            try root.makeDirectory(name, mode: 0o700)
        } else {
            // A file is mounted on a file.
            try root.makeNode(name, mode: FileType.regular | 0o600, device: 0)
        }
        var attributes: HostMounts.Attributes = [.noSetuid, .noDevices]
        if request.isReadOnly { attributes.insert(.readOnly) }
        try HostMounts.set(tree, attributes, propagation: request.followsHost ? .slave : .private, recursive: true)
        try HostMounts.attach(tree, at: root, name)
        let fd = mode & FileType.mask == FileType.directory
            ? try root.open(name, flags: OpenFlag.directory | OpenFlag.noFollow)
            : try root.open(name, flags: OpenFlag.pathOnly | OpenFlag.noFollow)
        return ServedMount(root: fd, isReadOnly: request.isReadOnly)
    }
}

func attempt<R: ~Copyable>(_ what: String, _ body: () throws(Errno) -> R) throws(StartFailure) -> R {
    do throws(Errno) { return try body() } catch { throw StartFailure(what, error) }
}
