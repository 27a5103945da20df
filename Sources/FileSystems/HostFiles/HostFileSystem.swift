import HostOS
import LinuxABI
import Synchronization
import VFS

/// Descriptors of the host that were handed to a container: its standard streams.
public final class HostFileSystem: FileSystem, @unchecked Sendable {
    public let readiness: HostReadiness
    private let lastInode = Atomic<UInt64>(1)
    /// Guards the mount. Innermost.
    private let lock = Lock()
    private var mountStorage: Mount?

    public init(readiness: HostReadiness = HostReadiness()) {
        self.readiness = readiness
        super.init(typeName: "host")
    }

    public override var root: Inode { AnonymousInode(fileSystem: self, number: 1, type: .directory, mode: 0) }

    private var mount: Mount {
        let root = rootDentry
        return lock.withLock {
            if let mountStorage { return mountStorage }
            let made = Mount(id: 0, fileSystem: self, root: root, flags: [], source: Array("host".utf8))
            mountStorage = made
            return made
        }
    }

    /// Makes an open file of a host descriptor, with the access that the descriptor has.
    ///
    /// - Parameter uid: who owns the file, as the guest sees it.
    /// - Throws: EBADF and other errors of the host.
    public func open(_ descriptor: SharedFD, uid: UInt32 = 0, gid: UInt32 = 0) throws(Errno) -> OpenFile {
        let status = try descriptor.fd.status()
        guard let type = FileType(rawValue: status.mode & 0o170000), type != .directory else { throw .EINVAL }
        let number = lastInode.add(1, ordering: .relaxed).newValue
        let inode = HostInode(self, descriptor, number: number, type: type, status, uid: uid, gid: gid)
        let hostFlags = OpenFlags(rawValue: try descriptor.fd.statusFlags())
        let flags = hostFlags.intersection([.O_ACCMODE, .O_APPEND, .O_LARGEFILE])
        return try inode.open(mount.pathToNameless(inode, name: FileName("host:[\(number)]")), flags: flags)
    }
}

/// The file behind a host descriptor.
final class HostInode: AnonymousInode, @unchecked Sendable {
    let descriptor: SharedFD
    private let device: DeviceNumber

    init(_ fileSystem: HostFileSystem, _ descriptor: SharedFD, number: UInt64, type: FileType, _ status: FileStatus,
         uid: UInt32, gid: UInt32) {
        self.descriptor = descriptor
        device = DeviceNumber(major: status.specialMajor, minor: status.specialMinor)
        super.init(fileSystem: fileSystem, number: number, type: type, mode: status.mode & 0o777 | 0o600, uid: uid, gid: gid)
    }

    override func attributes() throws(Errno) -> Attributes {
        var a = try super.attributes()
        a.deviceOfNode = device
        if type == .regular {
            let status = try descriptor.fd.status()
            a.size = status.size
            a.blocks = status.blocks
            a.modified = FileTime(seconds: status.modificationTime.seconds, nanoseconds: status.modificationTime.nanoseconds)
        }
        return a
    }

    override func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) {
        if let size = change.size, type == .regular { try descriptor.fd.truncate(to: size) }
        try super.setAttributes(change, by: caller)
    }

    /// By /proc/self/fd/N: another open file over the same descriptor, which cannot have more access than that has.
    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        let held = OpenFlags(rawValue: try descriptor.fd.statusFlags())
        if flags.isReadable && !held.isReadable || flags.isWritable && !held.isWritable { throw .EACCES }
        return try open(path, flags: flags)
    }

    func open(_ path: Path, flags: OpenFlags) throws(Errno) -> OpenFile {
        if type == .regular || type == .blockDevice { return HostRegularFile(path: path, flags: flags, descriptor) }
        guard let fileSystem = fileSystem as? HostFileSystem else { throw .EIO }
        return HostStream(path: path, flags: flags, descriptor, fileSystem.readiness)
    }
}
