import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// /proc/PID/fd, links to the open files, and /proc/PID/fdinfo.
final class DescriptorDirectory: SyntheticDirectory, @unchecked Sendable {
    private let view: TaskView
    private let info: Bool

    init(_ view: TaskView, number: UInt64, info: Bool) {
        self.view = view
        self.info = info
        super.init(view.proc, number: number, mode: info ? 0o555 : 0o500)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }
    override var size: UInt64 { UInt64(files?.descriptors.count ?? 0) }

    override func checkAccess(_ mask: UInt32, by caller: Caller) throws(Errno) {
        if info { try view.checkInspection(caller) }
    }

    private var files: FDTable? { view.live?.snapshot.files }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        try view.checkInspection(caller)
        guard let fd = name.bytes == [0x30] ? 0 : ProcRoot.number(name), let files, let file = try? files.anyFile(fd) else { return nil }
        let inode = number &+ 256 &+ UInt64(fd)
        return info ? DescriptorInfo(view, files, fd, number: inode) : DescriptorLink(view, files, fd, file, number: inode)
    }

    override func dynamicEntries(from key: UInt64, by caller: Caller) throws(Errno) -> [DynamicEntry] {
        try view.checkInspection(caller)
        return (files?.descriptors ?? []).filter { UInt64($0.fd) >= key }.map {
            DynamicEntry(key: UInt64($0.fd), name: FileName(String($0.fd)), inode: number &+ 256 &+ UInt64($0.fd),
                         type: info ? .regular : .symbolicLink)
        }
    }
}

/// /proc/PID/fd/N.
private final class DescriptorLink: SyntheticInode, @unchecked Sendable {
    private let view: TaskView
    private let files: FDTable
    private let fd: Int32

    init(_ view: TaskView, _ files: FDTable, _ fd: Int32, _ file: OpenFile, number: UInt64) {
        self.view = view
        self.files = files
        self.fd = fd
        let flags = file.flags
        let isPathOnly = flags.contains(.O_PATH)
        super.init(view.proc, number: number, type: .symbolicLink,
                   mode: (flags.isReadable && !isPathOnly ? 0o500 : 0) | (flags.isWritable && !isPathOnly ? 0o300 : 0))
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }
    override var size: UInt64 { 64 }

    private func file(_ caller: Caller) throws(Errno) -> OpenFile {
        try view.checkInspection(caller)
        guard let file = try? files.anyFile(fd) else { throw .ENOENT }
        return file
    }

    override func readLink(by caller: Caller) throws(Errno) -> [UInt8] {
        let file = try file(caller)
        if let name = file.anonymousName { return Array(name.utf8) }
        return file.path.linkText(from: caller.directories.root, caller.vfs)
    }

    override func followMagicLink(by caller: Caller) throws(Errno) -> Path? { try file(caller).path }
}

/// /proc/PID/fdinfo/N.
private final class DescriptorInfo: SyntheticFile, @unchecked Sendable {
    private let view: TaskView
    private let files: FDTable
    private let fd: Int32

    init(_ view: TaskView, _ files: FDTable, _ fd: Int32, number: UInt64) {
        self.view = view
        self.files = files
        self.fd = fd
        super.init(view.proc, number: number, mode: 0o444)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] {
        guard let file = try? files.anyFile(fd) else { throw .ENOENT }
        let closes = (try? files.closesOnExec(fd)) ?? false
        let position = file.positionLock.withLock { file.position }
        var t = TextBuilder(capacity: 128)
        t.put("pos:\t")
        t.put(position)
        t.put("\nflags:\t0")
        t.put(octal: UInt64(file.flags.union(closes ? .O_CLOEXEC : []).rawValue), width: 6)
        t.put("\nmnt_id:\t")
        t.put(file.path.mount.id)
        t.put("\nino:\t")
        t.put(file.inode.number)
        t.newline()
        t.put(text: file.fdinfo)
        return t.bytes
    }
}
