import GoferProtocol
import HostOS
import LinuxABI
public import VFS

/// The files of one mount that a Gofer serves.
///
/// Names and attributes come from the Gofer; contents are read, written and mapped through descriptors of the host's
/// that it hands out, without it. In a tree that only this Sentry changes, what is known is kept: the VFS keeps names and
/// their absence, inodes keep attributes, targets, lists of entries and open descriptors.
public final class GoferFileSystem: FileSystem, @unchecked Sendable {
    /// Who may change the files.
    public enum Sharing: Sendable {
        /// This Sentry only.
        case exclusive
        /// Others too: what is known is asked for again.
        case shared
    }

    let connection: GoferConnection
    let sharing: Sharing
    /// The tree's root on the host: the device that most files are on.
    private let hostDevice: DeviceNumber
    let rootHandle: Handle
    private let sourceText: String

    /// Guards `devices`, `linked`, `special`, `idle`, `nextIdle` and `listings`. Below an inode's lock; a leaf but for inodes' descriptors, which are
    /// let go of outside it.
    private let lock = Lock()
    /// Numbers for further host devices below the root (mounts on the host).
    private var devices: [DeviceNumber: DeviceNumber] = [:]
    /// Files with several names, so that all of them lead to one inode.
    private var linked: [FileKey: WeakInode] = [:]
    /// Device nodes that guests made. On the host an empty file stands for each: no device of the host's is ever named.
    private var special: [FileKey: SpecialNode] = [:]
    /// Files that nobody has open now, whose descriptors are kept for the next to open them.
    private var idle: [GoferRegularFile?] = Array(repeating: nil, count: GoferFileSystem.idleFiles)
    private var nextIdle = 0
    private var rootInode: GoferInode?
    /// The listings that directories remember, oldest first, and how many entries they have together.
    private var listings: [(entries: KnownEntries, count: Int)] = []
    private var listedEntries = 0
    /// Whether the Gofer itself refuses every change.
    private let isServedReadOnly: Bool

    private static let idleFiles = 1024
    /// About 16 MiB.
    private static let maximumListedEntries = 65536

    /// - Parameters:
    ///   - mount: the mount's number in the Gofer's list.
    ///   - source: what /proc/mounts shows as the source.
    ///   - forMountPoints: until `seal`, directories and files that a read-only tree lacks can be made: in memory, for
    ///     mounts to stand on.
    public init(_ connection: GoferConnection, mount: UInt32, sharing: Sharing, source: String = "none",
                forMountPoints: Bool = false) throws(Errno) {
        let top = try connection.attach(mount: mount)
        let statistics = try connection.fileSystemStatus(top.handle)
        self.connection = connection
        self.sharing = sharing
        hostDevice = top.status.device
        rootHandle = top.handle
        sourceText = source
        isServedReadOnly = top.readOnly
        super.init(typeName: Self.name(ofType: statistics.type), device: .nextAnonymous())
        isReadOnly = top.readOnly && !forMountPoints
        rootInode = try makeInode(top.status, handle: top.handle, at: nil)
    }

    /// The container's mounts are in place: a read-only tree is read-only now.
    public func seal() { isReadOnly = isServedReadOnly }

    var makesMountPoints: Bool { isServedReadOnly && !isReadOnly }

    public override var root: Inode {
        guard let rootInode else { preconditionFailure("a file system is used after its last mount went") }
        return rootInode
    }

    public override var caching: Caching { sharing == .exclusive ? .always : .revalidate }

    public override func revalidate(_ parent: Inode, _ name: FileName, _ inode: Inode?) -> Bool {
        guard sharing == .shared, let parent = parent as? GoferDirectory, !(inode is MountPointInode) else { return true }
        let inode = inode as? GoferInode
        do throws(Errno) {
            let status = try connection.attributes(of: Place(try parent.directoryHandle(), name.bytes))
            guard let inode, inode.key == status.key else { return false }
            inode.refresh(status)
            return true
        } catch {
            return error == .ENOENT && inode == nil
        }
    }

    public override func statistics() throws(Errno) -> FileSystemStatistics {
        let status = try connection.fileSystemStatus(rootHandle)
        var statistics = FileSystemStatistics(magic: status.type)
        statistics.blockSize = status.blockSize
        statistics.blocks = status.blocks
        statistics.free = status.freeBlocks
        statistics.available = status.availableBlocks
        statistics.files = status.files
        statistics.freeFiles = status.freeFiles
        statistics.nameLength = status.nameLength
        return statistics
    }

    public override func sync() throws(Errno) { try connection.synchronizeFileSystem(rootHandle) }
    public override var source: String { sourceText }

    public override func unmounted() {
        let (files, root) = lock.withLock {
            defer {
                idle = Array(repeating: nil, count: Self.idleFiles)
                listings = []
                rootInode = nil
            }
            return (idle, rootInode)
        }
        for file in files { file?.dropIdleDescriptors() }
        _ = root
        connection.flush()
    }

    /// As /proc/mounts on the host would name it (statfs(2)'s f_type).
    private static func name(ofType type: UInt64) -> String {
        switch type {
        case 0x794c_7630: "overlay"
        case 0xef53: "ext4"
        case 0x0102_1994: "tmpfs"
        case 0x5846_5342: "xfs"
        case 0x9123_683e: "btrfs"
        case 0x6969: "nfs"
        default: "gofer"
        }
    }
}

/// An inode on the host.
struct FileKey: Hashable {
    var major, minor: UInt32
    var inode: UInt64
}

extension FileStatus {
    var key: FileKey { FileKey(major: deviceMajor, minor: deviceMinor, inode: inode) }
    var device: DeviceNumber { DeviceNumber(major: deviceMajor, minor: deviceMinor) }
    var fileType: FileType? { FileType(rawValue: mode & 0o170000) }
}

/// A device node that only the guest knows.
struct SpecialNode {
    var type: FileType
    var device: DeviceNumber
}

final class WeakInode {
    weak var inode: GoferInode?
    init(_ inode: GoferInode) { self.inode = inode }
}

// Inodes.
extension GoferFileSystem {
    /// The inode that the host calls `status`: a known one if it has several names, else a new one.
    ///
    /// - Parameters:
    ///   - handle: 0: none yet. It is given back when the inode is known already.
    ///   - at: the name by which it was found.
    func makeInode(_ status: FileStatus, handle: Handle, at place: (GoferDirectory, [UInt8])?,
                   target: [UInt8]? = nil) throws(Errno) -> GoferInode {
        guard var type = status.fileType else { throw .EIO }
        let special = special(status)
        if let special { type = special.type }
        if type != .directory, status.links > 1, let known = linkedInode(status.key) {
            if let place { known.addName(place.0, place.1) }
            connection.close(handle)
            return known
        }
        let inode: GoferInode = switch type {
        case .directory: GoferDirectory(self, status, type, handle, place)
        case .regular: GoferRegularFile(self, status, type, handle, place)
        case .symbolicLink: GoferSymbolicLink(self, status, handle, place, target: target)
        default: GoferInode(self, status, type, handle, place, special: special?.device)
        }
        if type != .directory, status.links > 1 { noteLinked(inode) }
        return inode
    }

    /// Whether files are found by their names for as long as they have one: nobody else changes those.
    var keepsNames: Bool { sharing == .exclusive }

    var hasSpecials: Bool { lock.withLock { !special.isEmpty } }

    /// What a guest made of the empty file that the host knows.
    func special(_ status: FileStatus) -> SpecialNode? {
        if status.fileType != .regular || status.size != 0 { return nil }
        return lock.withLock { special.isEmpty ? nil : special[status.key] }
    }

    /// From now on the file of `status` is a device node; nil: no more.
    func setSpecial(_ node: SpecialNode?, _ key: FileKey) { lock.withLock { special[key] = node } }

    private func linkedInode(_ key: FileKey) -> GoferInode? { lock.withLock { linked[key]?.inode } }

    /// From now on `inode` may be found by several names.
    func noteLinked(_ inode: GoferInode) { lock.withLock { linked[inode.key] = WeakInode(inode) } }

    func forgetLinked(_ key: FileKey) {
        lock.withLock { if linked[key]?.inode == nil { linked[key] = nil } }
    }

    /// st_dev of a file on the host's device `device`.
    func deviceNumber(_ device: DeviceNumber) -> DeviceNumber {
        if device == hostDevice { return self.device }
        return lock.withLock {
            if let known = devices[device] { return known }
            let number = DeviceNumber.nextAnonymous()
            devices[device] = number
            return number
        }
    }

    /// A directory remembers a listing; the oldest are forgotten when all of them have too many entries.
    func remember(_ entries: KnownEntries, count: Int) {
        let forgotten = lock.withLock { () -> ArraySlice<(entries: KnownEntries, count: Int)> in
            listings.append((entries, count))
            listedEntries += count
            if listedEntries <= Self.maximumListedEntries { return [] }
            var kept = 0
            // Half of the room is made at once, so that this is rare.
            while kept < listings.count, listedEntries > Self.maximumListedEntries / 2 {
                listedEntries -= listings[kept].count
                kept += 1
            }
            let old = listings[..<kept]
            listings.removeFirst(kept)
            return old
        }
        for listing in forgotten { listing.entries.forget() }
    }

    /// `file` is not open any more: its descriptors stay until as many others have come after it.
    func keepIdle(_ file: GoferRegularFile) {
        let displaced = lock.withLock {
            if rootInode == nil { return Optional(file) }
            let old = idle[nextIdle]
            idle[nextIdle] = file
            file.idleSlot = nextIdle
            nextIdle = (nextIdle + 1) % Self.idleFiles
            return old
        }
        displaced?.leftIdleList()
    }

    /// Takes `file` out of the list. Returns false if it is not there.
    func dropIdle(_ file: GoferRegularFile) -> Bool {
        let found = lock.withLock { () -> GoferRegularFile? in
            guard idle[file.idleSlot] === file else { return nil }
            return idle[file.idleSlot].take()
        }
        return found != nil
    }
}
