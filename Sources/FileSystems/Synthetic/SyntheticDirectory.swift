import HostOS
import LinuxABI
import Synchronization
import VFS

/// A directory of generated files. Some entries are always there, others come and go.
open class SyntheticDirectory: SyntheticInode, @unchecked Sendable {
    /// An entry that comes and goes. Its key is its place in listings, which does not move when others come and go.
    public struct DynamicEntry {
        public var key: UInt64
        public var name: FileName
        public var inode: UInt64
        public var type: FileType

        public init(key: UInt64, name: FileName, inode: UInt64, type: FileType) {
            self.key = key
            self.name = name
            self.inode = inode
            self.type = type
        }
    }

    public init(_ fileSystem: SyntheticFileSystem, number: UInt64, mode: UInt32 = 0o555) {
        super.init(fileSystem, number: number, type: .directory, mode: mode)
    }

    /// The entries that are always there, in the order of listings. A name is told by `lookup` alone too.
    open func fixedEntries(by caller: Caller) throws(Errno) -> [(name: FileName, inode: UInt64, type: FileType)] { [] }

    /// The others whose key is `key` or more, in the order of keys.
    open func dynamicEntries(from key: UInt64, by caller: Caller) throws(Errno) -> [DynamicEntry] { [] }

    private var creationError: Errno { (fileSystem as? SyntheticFileSystem)?.creationError ?? .EPERM }

    open override func create(_ name: FileName, _ node: NewNode, by caller: Caller) throws(Errno) -> Inode { throw creationError }

    open override func rename(_ name: FileName, _ inode: Inode, to newParent: Inode, _ newName: FileName,
                              replacing replaced: Inode?, flags: RenameFlags, by caller: Caller) throws(Errno) {
        throw creationError
    }

    /// What ".." shows in listings.
    open var parentNumber: UInt64 { number }

    open override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        SyntheticDirectoryFile(path: path, flags: flags, directory: self)
    }
}

/// An open directory. Positions: 0 ".", 1 "..", then the fixed entries, and from 4096 on the keys of the others.
final class SyntheticDirectoryFile: OpenFile, @unchecked Sendable {
    private let directory: SyntheticDirectory
    private static var firstKey: UInt64 { 4096 }

    init(path: Path, flags: OpenFlags, directory: SyntheticDirectory) {
        self.directory = directory
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }

    override func readDirectory(_ position: inout UInt64, by caller: Caller,
                                _ emit: (DirectoryEntry) -> Bool) throws(Errno) {
        func tell(_ name: FileName, _ inode: UInt64, _ type: FileType, next: UInt64) -> Bool {
            if !emit(DirectoryEntry(name: name, inode: inode, type: type, next: next)) { return false }
            position = next
            return true
        }
        if position == 0, !tell(".", directory.number, .directory, next: 1) { return }
        if position == 1, !tell("..", directory.parentNumber, .directory, next: 2) { return }
        if position < Self.firstKey {
            let fixed = try directory.fixedEntries(by: caller)
            while position - 2 < UInt64(fixed.count) {
                let entry = fixed[Int(position - 2)]
                if !tell(entry.name, entry.inode, entry.type, next: position + 1) { return }
            }
            position = Self.firstKey
        }
        for entry in try directory.dynamicEntries(from: position - Self.firstKey, by: caller) {
            if !tell(entry.name, entry.inode, entry.type, next: Self.firstKey &+ entry.key &+ 1) { return }
        }
    }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 { throw .EINVAL }

    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) {}
}

/// A directory whose entries are made once: most of sysfs, the root of a tree.
public final class StaticDirectory: SyntheticDirectory, @unchecked Sendable {
    public typealias Filler = @Sendable (StaticDirectory) -> Void

    /// Set while the directory is filled, before anybody looks into it.
    private var list: [(name: FileName, inode: Inode)] = []
    private var byName: [FileName: Inode] = [:]
    /// The mode of directories that are made below.
    private let childMode: UInt32

    /// Guards `filler`, and the entries until it has run. Taken before that of another directory, which is always below.
    private let filling = Lock()
    private var filler: Filler?
    private let isFilled: Atomic<Bool>

    /// - Parameter filler: adds the entries when somebody first looks into the directory. Most sandboxes never do.
    public convenience init(_ fileSystem: SyntheticFileSystem, mode: UInt32 = 0o555, childMode: UInt32 = 0o555, filler: Filler? = nil) {
        self.init(fileSystem, number: fileSystem.nextInode(), mode: mode, childMode: childMode, filler: filler)
    }

    public init(_ fileSystem: SyntheticFileSystem, number: UInt64, mode: UInt32, childMode: UInt32 = 0o555, filler: Filler? = nil) {
        self.childMode = childMode
        self.filler = filler
        isFilled = Atomic(filler == nil)
        super.init(fileSystem, number: number, mode: mode)
    }

    /// Adds an entry while the tree is built.
    public func add(_ name: FileName, _ inode: Inode) {
        if byName.updateValue(inode, forKey: name) == nil { list.append((name, inode)) }
    }

    /// The directory `name`, made if it is not there yet, while the tree is built.
    @discardableResult
    public func directory(_ name: FileName, filler: Filler? = nil) -> StaticDirectory {
        if let there = byName[name] as? StaticDirectory { return there }
        let made = StaticDirectory((fileSystem as? SyntheticFileSystem).unsafelyKnown, mode: childMode, childMode: childMode,
                                   filler: filler)
        add(name, made)
        return made
    }

    private func fill() {
        if isFilled.load(ordering: .acquiring) { return }
        filling.withLock {
            guard let filler else { return }
            filler(self)
            self.filler = nil
            isFilled.store(true, ordering: .releasing)
        }
    }

    private var entries: [(name: FileName, inode: Inode)] {
        fill()
        return list
    }

    public override var linkCount: UInt32 {
        UInt32(truncatingIfNeeded: 2 + entries.count { $0.inode.type == .directory })
    }

    public override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        fill()
        return byName[name]
    }

    public override func fixedEntries(by caller: Caller) throws(Errno) -> [(name: FileName, inode: UInt64, type: FileType)] {
        entries.map { ($0.name, $0.inode.number, $0.inode.type) }
    }
}

extension Optional where Wrapped == SyntheticFileSystem {
    /// The file system of an inode that was made with one.
    fileprivate var unsafelyKnown: SyntheticFileSystem {
        guard let self else { preconditionFailure("a synthetic inode outside a synthetic file system") }
        return self
    }
}
