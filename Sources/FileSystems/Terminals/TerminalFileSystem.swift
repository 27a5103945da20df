import HostOS
import LinuxABI
import VFS

/// devpts: a container's terminals by their numbers, and ptmx, which makes new ones. Each mount is an instance of its own.
public final class TerminalFileSystem: SyntheticFileSystem, @unchecked Sendable {
    /// Guards the terminals. Above a terminal's lock.
    private let lock = Lock()
    private var replicas: [UInt32: ReplicaInode] = [:]
    private let replicaMode: UInt32
    private let replicaGroup: UInt32?
    private let replicaOwner: UInt32?
    private let ptmxMode: UInt32
    /// kernel.pty.max: as many as Linux's default leaves to a namespace.
    private let maximum: Int

    /// - Parameter options: "newinstance,ptmxmode=0666,mode=0620,gid=5".
    /// - Throws: EINVAL for an option that devpts does not have.
    public init(options: [UInt8], by caller: Caller) throws(Errno) {
        var mode: UInt32 = 0o600, ptmx: UInt32 = 0, group: UInt32?, owner: UInt32?, most = 4096
        for option in options.split(separator: 0x2c) {
            let parts = option.split(separator: 0x3d, maxSplits: 1)
            let value = parts.count == 2 ? parts[1] : []
            switch String(decoding: parts.first ?? [], as: UTF8.self) {
            case "newinstance": break
            case "mode": mode = try Self.number(value, radix: 8) & 0o777
            case "ptmxmode": ptmx = try Self.number(value, radix: 8) & 0o777
            case "gid":
                group = caller.credentials.userNamespace.kernelGID(try Self.number(value, radix: 10))
                if group == nil { throw .EINVAL }
            case "uid":
                owner = caller.credentials.userNamespace.kernelUID(try Self.number(value, radix: 10))
                if owner == nil { throw .EINVAL }
            case "max": most = min(1 << 20, Int(try Self.number(value, radix: 10)))
            default: throw .EINVAL
            }
        }
        (replicaMode, replicaGroup, replicaOwner, ptmxMode, maximum) = (mode, group, owner, ptmx, most)
        super.init(typeName: "devpts", magic: 0x1cd1)
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: Int) throws(Errno) -> UInt32 {
        guard let n = UInt32(String(decoding: digits, as: UTF8.self), radix: radix) else { throw .EINVAL }
        return n
    }

    private lazy var rootDirectory = TerminalDirectory(self)
    public override var root: Inode { lock.withLock { rootDirectory } }

    public override var optionsText: String {
        var text = ""
        if let replicaOwner { text += "uid=\(replicaOwner)," }
        if let replicaGroup { text += "gid=\(replicaGroup)," }
        return text + "mode=\(octal(replicaMode)),ptmxmode=\(octal(ptmxMode))"
    }

    private func octal(_ n: UInt32) -> String {
        let digits = String(n, radix: 8)
        return String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
    }

    var ptmxPermissions: UInt32 { ptmxMode }

    /// A new terminal with the lowest free number.
    ///
    /// - Parameter locked: whether TIOCSPTLCK must unlock the replica first.
    /// - Throws: ENOSPC when there are too many.
    func makeTerminal(locked: Bool, uid: UInt32, gid: UInt32) throws(Errno) -> Terminal {
        try lock.withLock { () throws(Errno) in
            if replicas.count >= maximum { throw .ENOSPC }
            var number: UInt32 = 0
            while replicas[number] != nil { number += 1 }
            let terminal = Terminal(number: number, locked: locked)
            replicas[number] = ReplicaInode(self, terminal, mode: replicaMode, uid: replicaOwner ?? uid,
                                            gid: replicaGroup ?? gid)
            return terminal
        }
    }

    /// What opening ptmx does: a new terminal's master.
    func openMaster(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        let terminal = try makeTerminal(locked: true, uid: caller.credentials.fsuid, gid: caller.credentials.fsgid)
        return MasterFile(path: path, flags: flags, terminal: terminal, fileSystem: self)
    }

    func remove(_ terminal: Terminal) {
        let gone = lock.withLock { replicas.removeValue(forKey: terminal.number) }
        _ = consume gone
    }

    func replica(_ number: UInt32) -> ReplicaInode? { lock.withLock { replicas[number] } }
    var numbers: [UInt32] { lock.withLock { replicas.keys.sorted() } }

    /// The path of a terminal's replica, as seen through `mount`, which is one of this file system.
    func replicaPath(_ terminal: Terminal, mount: Mount) -> Path? {
        guard let inode = replica(terminal.number), inode.terminal === terminal else { return nil }
        return Path(mount: mount, dentry: Dentry(name: FileName(String(terminal.number)), parent: rootDentry, inode: inode))
    }

    /// The same for a master that was opened as `path`.
    func replicaPath(_ terminal: Terminal, near path: Path) -> Path? { replicaPath(terminal, mount: path.mount) }
}

/// The root of devpts.
private final class TerminalDirectory: SyntheticDirectory, @unchecked Sendable {
    private let ptmx: PtmxInode
    private unowned let terminals: TerminalFileSystem

    init(_ fileSystem: TerminalFileSystem) {
        terminals = fileSystem
        ptmx = PtmxInode(fileSystem)
        super.init(fileSystem, number: 1, mode: 0o755)
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        if name == "ptmx" { return ptmx }
        guard name.bytes.count <= 7, name.bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
              let number = UInt32(String(decoding: name.bytes, as: UTF8.self)),
              String(number).utf8.count == name.bytes.count else { return nil }
        return terminals.replica(number)
    }

    override func fixedEntries(by caller: Caller) throws(Errno) -> [(name: FileName, inode: UInt64, type: FileType)] {
        [("ptmx", ptmx.number, .characterDevice)]
    }

    override func dynamicEntries(from key: UInt64, by caller: Caller) throws(Errno) -> [DynamicEntry] {
        terminals.numbers.filter { UInt64($0) >= key }.map {
            DynamicEntry(key: UInt64($0), name: FileName(String($0)), inode: UInt64($0) + 3, type: .characterDevice)
        }
    }
}

/// ptmx: each open makes a terminal and gives its master.
private final class PtmxInode: SyntheticInode, @unchecked Sendable {
    init(_ fileSystem: TerminalFileSystem) {
        super.init(fileSystem, number: 2, type: .characterDevice, mode: fileSystem.ptmxPermissions)
    }

    override func attributes() throws(Errno) -> Attributes {
        var a = try super.attributes()
        a.deviceOfNode = DeviceNumber(major: 5, minor: 2)
        return a
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        guard let terminals = fileSystem as? TerminalFileSystem else { throw .EIO }
        return try terminals.openMaster(path, flags: flags, by: caller)
    }
}

/// N: a terminal's replica. grantpt(3) and login(1) change its owner and mode.
final class ReplicaInode: SyntheticInode, @unchecked Sendable {
    let terminal: Terminal
    /// Guards what chmod and chown change. Innermost.
    private let attributeLock = Lock()
    private var current: (mode: UInt32, uid: UInt32, gid: UInt32)
    private var times: (accessed: FileTime, modified: FileTime, changed: FileTime)

    init(_ fileSystem: TerminalFileSystem, _ terminal: Terminal, mode: UInt32, uid: UInt32, gid: UInt32) {
        self.terminal = terminal
        current = (mode, uid, gid)
        let now = FileTime.now
        times = (now, now, now)
        super.init(fileSystem, number: UInt64(terminal.number) + 3, type: .characterDevice, mode: mode)
    }

    override func permissions() throws(Errno) -> (mode: UInt32, uid: UInt32, gid: UInt32) { attributeLock.withLock { current } }

    override func attributes() throws(Errno) -> Attributes {
        var a = try super.attributes()
        a.deviceOfNode = terminal.device
        (a.accessed, a.modified, a.changed) = attributeLock.withLock { times }
        return a
    }

    override func setAttributes(_ change: AttributeChange, by caller: Caller) throws(Errno) {
        attributeLock.withLock {
            if let mode = change.mode { current.mode = mode & 0o7777 }
            if let uid = change.uid { current.uid = uid }
            if let gid = change.gid { current.gid = gid }
            if let time = change.accessed { times.accessed = time.value }
            if let time = change.modified { times.modified = time.value }
            times.changed = .now
        }
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        try terminal.open(path, flags: flags, by: caller)
    }
}

/// Makes devpts for mount(2).
public final class TerminalFileSystemType: FileSystemType, @unchecked Sendable {
    public init() { super.init(name: "devpts", allowsUserMount: true) }

    public override func make(source: [UInt8], options: [UInt8], by caller: Caller) throws(Errno) -> FileSystem {
        try TerminalFileSystem(options: options, by: caller)
    }
}
