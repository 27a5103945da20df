import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// cgroup2 as a container sees it: its own group is the root of its namespace, with its limits and counters
/// (cgroups(7)). Groups below can be made and processes put there; they are names without limits.
public final class CgroupFileSystem: SyntheticFileSystem, @unchecked Sendable {
    let resources: ContainerResources
    unowned let kernel: Kernel
    let container: GuestContainer
    /// Guards the tree: children and members. Below directories' locks, above the kernel's tree lock.
    let treeLock = Lock()
    /// In which group a process is that has been moved; all others are at the root. Guarded by `treeLock`.
    var places: [ObjectIdentifier: Place] = [:]
    private var rootGroup: CgroupDirectory?
    /// How many groups there are below the root. Guarded by `treeLock`.
    fileprivate var groupCount = 0

    /// A guest decides how many groups there are and how deep; the Sentry pays.
    fileprivate static var maximumGroups: Int { 1024 }
    fileprivate static var maximumDepth: Int { 32 }

    struct Place {
        weak var group: ThreadGroup?
        var directory: CgroupDirectory
    }

    public init(resources: ContainerResources, kernel: Kernel, container: GuestContainer) {
        self.resources = resources
        self.kernel = kernel
        self.container = container
        super.init(typeName: "cgroup2", magic: 0x6367_7270)
    }

    public override var source: String { "cgroup" }
    public override var optionsText: String { "nsdelegate,memory_recursiveprot" }

    public override var root: Inode {
        treeLock.withLock {
            if let rootGroup { return rootGroup }
            let made = CgroupDirectory(self, parent: nil, name: "")
            rootGroup = made
            return made
        }
    }

    public override func unmounted() {
        treeLock.withLock {
            rootGroup = nil
            places = [:]
        }
    }

    /// The container's processes in `directory`.
    func members(of directory: CgroupDirectory) -> [ThreadGroup] {
        let all = kernel.groups(of: container)
        return treeLock.withLock {
            places = places.filter { $0.value.group != nil }
            return all.filter { (places[ObjectIdentifier($0)]?.directory).map { $0 === directory } ?? directory.isRoot }
        }
    }
}

/// A control group.
final class CgroupDirectory: SyntheticDirectory, @unchecked Sendable {
    unowned let cgroups: CgroupFileSystem
    private weak var parent: CgroupDirectory?
    let name: FileName
    /// Guarded by the file system's tree lock.
    private var children: [(name: FileName, directory: CgroupDirectory)] = []
    private var files: [(name: FileName, file: CgroupFile)] = []
    let isRoot: Bool
    private let depth: Int

    init(_ cgroups: CgroupFileSystem, parent: CgroupDirectory?, name: FileName) {
        self.cgroups = cgroups
        self.parent = parent
        self.name = name
        isRoot = parent == nil
        depth = (parent?.depth ?? -1) + 1
        super.init(cgroups, number: cgroups.nextInode(), mode: 0o755)
        for kind in CgroupFile.Kind.allCases { files.append((FileName(kind.rawValue), CgroupFile(self, kind))) }
    }

    override var linkCount: UInt32 { UInt32(truncatingIfNeeded: 2 + cgroups.treeLock.withLock { children.count }) }

    var subgroups: [CgroupDirectory] { cgroups.treeLock.withLock { children.map(\.directory) } }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        if let file = files.first(where: { $0.name == name }) { return file.file }
        return cgroups.treeLock.withLock { children.first { $0.name == name }?.directory }
    }

    override func fixedEntries(by caller: Caller) throws(Errno) -> [(name: FileName, inode: UInt64, type: FileType)] {
        files.map { ($0.name, $0.file.number, .regular) }
    }

    override func dynamicEntries(from key: UInt64, by caller: Caller) throws(Errno) -> [DynamicEntry] {
        subgroups.filter { $0.number >= key }.map { DynamicEntry(key: $0.number, name: $0.name, inode: $0.number, type: .directory) }
    }

    override func create(_ name: FileName, _ node: NewNode, by caller: Caller) throws(Errno) -> Inode {
        if node.type != .directory { throw .EPERM }
        if depth >= CgroupFileSystem.maximumDepth { throw .EAGAIN }
        let made = CgroupDirectory(cgroups, parent: self, name: name)
        try cgroups.treeLock.withLock { () throws(Errno) in
            if cgroups.groupCount >= CgroupFileSystem.maximumGroups { throw .EAGAIN }
            cgroups.groupCount += 1
            children.append((name, made))
        }
        return made
    }

    override func removeDirectory(_ name: FileName, _ inode: Inode, by caller: Caller) throws(Errno) {
        guard let child = inode as? CgroupDirectory else { throw .ENOTDIR }
        if !child.subgroups.isEmpty || !cgroups.members(of: child).isEmpty { throw .EBUSY }
        let gone = cgroups.treeLock.withLock { () -> [(name: FileName, directory: CgroupDirectory)] in
            let gone = children.filter { $0.directory === child }
            children.removeAll { $0.directory === child }
            cgroups.groupCount -= gone.count
            return gone
        }
        if gone.isEmpty { throw .ENOENT }
    }

    /// Whether a process is in it or below.
    var isPopulated: Bool { !cgroups.members(of: self).isEmpty || subgroups.contains { $0.isPopulated } }
}

/// Makes cgroup2 for mount(2).
public final class CgroupFileSystemType: FileSystemType, @unchecked Sendable {
    private unowned let kernel: Kernel
    /// The resources of a container.
    private let resources: @Sendable (GuestContainer) -> ContainerResources

    public init(kernel: Kernel, resources: @escaping @Sendable (GuestContainer) -> ContainerResources) {
        self.kernel = kernel
        self.resources = resources
        super.init(name: "cgroup2", allowsUserMount: true)
    }

    public override func make(source: [UInt8], options: [UInt8], by caller: Caller) throws(Errno) -> FileSystem {
        guard let task = caller as? Task else { throw .EINVAL }
        let container = task.group.container
        return CgroupFileSystem(resources: resources(container), kernel: kernel, container: container)
    }
}
