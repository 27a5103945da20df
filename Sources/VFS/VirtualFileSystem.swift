import HostOS
import LinuxABI
import Synchronization

/// What all mount namespaces of a kernel share: types of file systems, drivers of device nodes, the order of mounting.
public final class VirtualFileSystem: @unchecked Sendable {
    /// Guards the trees of all mount namespaces: Linux's namespace_sem. Above every dentry's lock, below directories'.
    let mountLock = Lock()
    private let lastMountID = Atomic<Int32>(0)
    private let lastPeerGroup = Atomic<Int32>(0)
    /// Pipes, sockets, eventfds and their like live here, without names.
    public let anonymous = AnonymousFileSystem()
    /// Who waits for which file lock.
    let lockWaits = LockWaits()

    /// Guards the two registries. Innermost.
    private let lock = Lock()
    private var types: [String: FileSystemType] = [:]
    private var drivers: [DriverKey: DeviceDriver] = [:]
    private var fifo: DeviceDriver?
    private var sharedObjects: [ObjectIdentifier: AnyObject] = [:]

    private struct DriverKey: Hashable {
        var block: Bool
        var major: UInt32
        /// nil for the driver of all minors of a major.
        var minor: UInt32?
    }

    public init() {}

    public func nextMountID() -> Int32 { lastMountID.add(1, ordering: .relaxed).newValue }
    func nextPeerGroup() -> Int32 { lastPeerGroup.add(1, ordering: .relaxed).newValue }

    /// Makes a type known to mount(2) and /proc/filesystems.
    public func register(_ type: FileSystemType) { lock.withLock { types[type.name] = type } }

    public func type(named name: String) -> FileSystemType? { lock.withLock { types[name] } }

    /// In the order of their names.
    public var registeredTypes: [FileSystemType] { lock.withLock { types.values.sorted { $0.name < $1.name } } }

    /// Lets `driver` open device nodes of a number.
    ///
    /// - Parameter minor: nil for all minors of `major` that have no driver of their own.
    public func register(_ driver: DeviceDriver, block: Bool = false, major: UInt32, minor: UInt32?) {
        lock.withLock { drivers[DriverKey(block: block, major: major, minor: minor)] = driver }
    }

    /// What opens FIFOs, on whatever file system they are.
    public func registerFIFOs(_ driver: DeviceDriver) { lock.withLock { fifo = driver } }

    /// - Returns: nil when nothing drives that number.
    public func driver(block: Bool, _ number: DeviceNumber) -> DeviceDriver? {
        lock.withLock {
            drivers[DriverKey(block: block, major: number.major, minor: number.minor)]
                ?? drivers[DriverKey(block: block, major: number.major, minor: nil)]
        }
    }

    public var fifoDriver: DeviceDriver? { lock.withLock { fifo } }

    /// The one object of a type that hangs off this kernel's files, made when it is first asked for: for layers above.
    public func shared<T: AnyObject>(_ make: () -> T) -> T {
        let key = ObjectIdentifier(T.self)
        if let known = lock.withLock({ sharedObjects[key] }) as? T { return known }
        let made = make()
        return lock.withLock {
            if let known = sharedObjects[key] as? T { return known }
            sharedObjects[key] = made
            return made
        }
    }
}

/// Opens special files: device nodes, FIFOs.
open class DeviceDriver: @unchecked Sendable {
    public init() {}

    /// - Parameter path: the node's name. Its inode belongs to whatever file system holds the node.
    /// - Throws: ENXIO when there is no such device.
    open func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile { throw .ENXIO }
}

/// What mount(2) makes file systems of.
open class FileSystemType: @unchecked Sendable {
    public let name: String
    /// /proc/filesystems says "nodev" for those without.
    public let needsDevice: Bool
    /// Whether a user namespace other than the root may mount it (FS_USERNS_MOUNT).
    public let allowsUserMount: Bool

    public init(name: String, needsDevice: Bool = false, allowsUserMount: Bool = false) {
        self.name = name
        self.needsDevice = needsDevice
        self.allowsUserMount = allowsUserMount
    }

    /// - Parameter options: mount(2)'s data: "size=1m,mode=755".
    /// - Throws: EINVAL for options that it does not know.
    open func make(source: [UInt8], options: [UInt8], by caller: Caller) throws(Errno) -> FileSystem { throw .ENODEV }
}

extension Inode {
    /// Opens a device node or a FIFO by its driver.
    ///
    /// - Throws: ENXIO for sockets, and for devices without a driver.
    final func openSpecial(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        let driver: DeviceDriver?
        switch type {
        case .fifo: driver = caller.vfs.fifoDriver
        case .characterDevice, .blockDevice:
            driver = caller.vfs.driver(block: type == .blockDevice, try attributes().deviceOfNode)
        default: driver = nil
        }
        guard let driver else { throw .ENXIO }
        return try driver.open(path, flags: flags, by: caller)
    }
}
