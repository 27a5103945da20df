import HostOS
import Identity
import LinuxABI
public import VFS

/// Two trees shown as one: what is changed goes to the upper one, the lower one stays as it is (overlayfs).
///
/// There is one tree of dentries and inodes for both: the VFS walks it as it walks any file system, and an inode knows
/// which layers have it. In the upper layer a character device of number 0 hides a name of the lower one (a whiteout), and a
/// directory with the extended attribute user.overlay.opaque hides the lower one's entries: what Linux's overlayfs with
/// userxattr writes.
public final class OverlayFileSystem: FileSystem, @unchecked Sendable {
    /// Never changed.
    public let lower: FileSystem
    public let upper: FileSystem

    /// Guards `linked` and `rootInode`. A leaf.
    private let lock = Lock()
    /// Files with several names in a layer, by that layer's inode: one inode here stands for all of them. Those that were
    /// copied up are kept, for the lower layer's other names must lead to the copy.
    private var linked: [ObjectIdentifier: LinkedInode] = [:]
    private var rootInode: OverlayDirectory?

    private struct LinkedInode {
        weak var inode: OverlayInode?
        var kept: OverlayInode?
    }

    /// - Parameters:
    ///   - lower: a directory tree that nobody changes.
    ///   - upper: an empty tree, or one that was an overlay's upper layer before. Its root takes the owner and the mode of
    ///     the lower one's.
    public init(lower: FileSystem, upper: FileSystem) throws(Errno) {
        self.lower = lower
        self.upper = upper
        super.init(typeName: "overlay", device: .nextAnonymous())
        guard lower.root.type == .directory, upper.root.type == .directory else { throw .ENOTDIR }
        let a = try lower.root.attributes()
        // Nobody in particular: there is no mount namespace yet that has this file system.
        let vfs = VirtualFileSystem()
        let caller = Caller.kernel(in: MountNamespace(vfs, root: vfs.anonymous), userNamespace: UserNamespace())
        try upper.root.setAttributes(AttributeChange(mode: a.mode, uid: a.uid, gid: a.gid, modified: .at(a.modified)), by: caller)
        rootInode = OverlayDirectory(self, upper: upper.root, lower: lower.root, at: nil)
    }

    public override var root: Inode {
        guard let rootInode else { preconditionFailure("a file system is used after its last mount went") }
        return rootInode
    }

    public override func statistics() throws(Errno) -> FileSystemStatistics {
        var statistics = try upper.statistics()
        statistics.magic = 0x794c_7630
        return statistics
    }

    public override func sync() throws(Errno) { try upper.sync() }
    public override var source: String { "overlay" }

    public override func unmounted() {
        let old = lock.withLock {
            defer { (linked, rootInode) = ([:], nil) }
            return (linked, rootInode)
        }
        withExtendedLifetime(old) {}
        upper.unmounted()
        lower.unmounted()
    }

    // MARK: - Inodes

    /// The inode for what a look-up found in the layers.
    func makeInode(upper: Inode?, lower: Inode?, at place: (OverlayDirectory, FileName)?, links: UInt32) -> OverlayInode {
        guard let found = upper ?? lower else { preconditionFailure("an overlay's inode is in a layer") }
        if found.type == .directory { return OverlayDirectory(self, upper: upper, lower: lower, at: place) }
        if links > 1 {
            if let known = lock.withLock({ linked[ObjectIdentifier(found)]?.inode }) { return known }
        }
        let inode = OverlayInode(self, upper: upper, lower: upper == nil ? lower : nil, at: place)
        if links > 1 { noteLinked(inode, in: found, keep: false) }
        return inode
    }

    /// From now on `layer`'s inode is shown as `inode`, by whatever name it is found.
    func noteLinked(_ inode: OverlayInode, in layer: Inode, keep: Bool) {
        lock.withLock { linked[ObjectIdentifier(layer)] = LinkedInode(inode: inode, kept: keep ? inode : nil) }
    }

    func forgetLinked(_ layer: ObjectIdentifier) {
        lock.withLock { if linked[layer]?.inode == nil { linked[layer] = nil } }
    }

    /// st_ino: of the layers, told apart by a high bit.
    static func number(upper: Inode?, lower: Inode?) -> UInt64 {
        if let lower { return lower.number }
        return (upper?.number ?? 0) | 1 << 47
    }
}

/// What overlayfs writes into its upper layer.
enum OverlayMark {
    static let opaque = Array("user.overlay.opaque".utf8)
    static let prefix = Array("user.overlay.".utf8)

    static func isWhiteout(_ inode: Inode) throws(Errno) -> Bool {
        if inode.type != .characterDevice { return false }
        return try inode.attributes().deviceOfNode == DeviceNumber(major: 0, minor: 0)
    }

    static func isOpaque(_ directory: Inode, by caller: Caller) -> Bool {
        (try? directory.extendedAttribute(opaque, by: caller))?.elementsEqual([UInt8(ascii: "y")]) ?? false
    }

    static func setOpaque(_ directory: Inode, by caller: Caller) throws(Errno) {
        try directory.setExtendedAttribute(opaque, [UInt8(ascii: "y")], flags: 0, by: caller)
    }
}

extension Inode {
    /// What a layer knows `name` as, with the layer's own lock held meanwhile.
    func layerLookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        lock.lock()
        defer { lock.unlock() }
        return try lookup(name, by: caller)
    }

    /// All names in a directory of a layer.
    func layerEntries(by caller: Caller) throws(Errno) -> [DirectoryEntry] {
        let file = try open(caller.vfs.anonymous.path(to: self), flags: .O_DIRECTORY, by: caller)
        var entries: [DirectoryEntry] = []
        var position: UInt64 = 0
        var before: UInt64
        repeat {
            before = position
            try file.readDirectory(&position, by: caller) {
                if !$0.name.isDot, !$0.name.isDotDot { entries.append($0) }
                return true
            }
        } while position != before
        return entries
    }
}
