import HostOS
import LinuxABI
import Synchronization
import VFS

/// tmpfs(5): files in the Sentry's memory, gone with the last mount.
public final class TmpfsFileSystem: FileSystem, @unchecked Sendable {
    public struct Options: Sendable {
        /// Bytes of all files; nil: no limit.
        public var size: UInt64?
        /// nil: no limit.
        public var inodes: UInt64?
        public var mode: UInt32 = 0o1777
        public var uid: UInt32 = 0
        public var gid: UInt32 = 0

        public init(size: UInt64? = nil, inodes: UInt64? = nil, mode: UInt32 = 0o1777, uid: UInt32 = 0, gid: UInt32 = 0) {
            self.size = size
            self.inodes = inodes
            self.mode = mode
            self.uid = uid
            self.gid = gid
        }
    }

    /// Guards options and the root. Innermost.
    private let optionLock = Lock()
    private var options: Options
    private var rootStorage: TmpfsDirectory?
    private let lastInode = Atomic<UInt64>(0)
    private let usedPages = Atomic<UInt64>(0)
    private let usedInodes = Atomic<UInt64>(0)
    private let maximumPages: Atomic<UInt64>
    private let maximumInodes: Atomic<UInt64>
    private let machinePages = HostMemory.information.total / 4096

    /// - Parameter typeName: devtmpfs is one of these too.
    public init(typeName: String = "tmpfs", _ options: Options = Options()) {
        self.options = options
        maximumPages = Atomic(Self.pages(options.size))
        maximumInodes = Atomic(options.inodes ?? .max)
        super.init(typeName: typeName)
        usedInodes.add(1, ordering: .relaxed)
        rootStorage = TmpfsDirectory(self, number: nextInode(),
                                     NewNode(type: .directory, mode: options.mode & 0o7777, uid: options.uid, gid: options.gid))
    }

    private static func pages(_ size: UInt64?) -> UInt64 { size.map { $0 / 4096 + ($0 % 4096 == 0 ? 0 : 1) } ?? .max }

    public override var root: Inode {
        optionLock.withLock {
            if let rootStorage { return rootStorage }
            // Mounted again by a path that outlived the last mount: an empty place.
            usedInodes.add(1, ordering: .relaxed)
            let empty = TmpfsDirectory(self, number: nextInode(), NewNode(type: .directory, mode: 0o755, uid: 0, gid: 0))
            rootStorage = empty
            return empty
        }
    }

    public override func unmounted() {
        let root = optionLock.withLock {
            let root = rootStorage
            rootStorage = nil
            return root
        }
        root?.takeApart()
    }

    public override var optionsText: String {
        let o = optionLock.withLock { options }
        var text = ""
        if let size = o.size { text += ",size=\(size / 1024)k" }
        if let inodes = o.inodes { text += ",nr_inodes=\(inodes)" }
        if o.mode != 0o1777 { text += ",mode=" + String(o.mode, radix: 8) }
        if o.uid != 0 { text += ",uid=\(o.uid)" }
        if o.gid != 0 { text += ",gid=\(o.gid)" }
        return String(text.dropFirst())
    }

    public override func remount(_ text: [UInt8], by caller: Caller) throws(Errno) {
        var new = optionLock.withLock { options }
        try new.parse(text, by: caller)
        if Self.pages(new.size) < usedPages.load(ordering: .relaxed) { throw .EINVAL }
        if (new.inodes ?? .max) < usedInodes.load(ordering: .relaxed) { throw .EINVAL }
        maximumPages.store(Self.pages(new.size), ordering: .relaxed)
        maximumInodes.store(new.inodes ?? .max, ordering: .relaxed)
        optionLock.withLock { options = new }
    }

    public override func statistics() throws(Errno) -> FileSystemStatistics {
        var s = FileSystemStatistics(magic: 0x0102_1994)
        let used = usedPages.load(ordering: .relaxed)
        let limit = maximumPages.load(ordering: .relaxed)
        if limit != .max {
            s.blocks = limit
            s.free = limit > used ? limit - used : 0
            s.available = s.free
        }
        let inodes = maximumInodes.load(ordering: .relaxed)
        if inodes != .max {
            s.files = inodes
            s.freeFiles = inodes - min(inodes, usedInodes.load(ordering: .relaxed))
        }
        return s
    }

    func nextInode() -> UInt64 { lastInode.add(1, ordering: .relaxed).newValue }

    /// Counts a new inode.
    ///
    /// - Throws: ENOSPC.
    func beginInode() throws(Errno) {
        if usedInodes.add(1, ordering: .relaxed).newValue > maximumInodes.load(ordering: .relaxed) {
            usedInodes.subtract(1, ordering: .relaxed)
            throw .ENOSPC
        }
    }

    func endInode() { usedInodes.subtract(1, ordering: .relaxed) }

    /// Counts pages that a file is to get.
    ///
    /// - Throws: ENOSPC.
    func take(pages: UInt64) throws(Errno) {
        // Without a limit the machine's memory is one.
        let limit = min(maximumPages.load(ordering: .relaxed), machinePages)
        if pages > limit { throw .ENOSPC }
        if usedPages.add(pages, ordering: .relaxed).newValue > limit {
            usedPages.subtract(pages, ordering: .relaxed)
            throw .ENOSPC
        }
    }

    func give(pages: UInt64) { usedPages.subtract(pages, ordering: .relaxed) }
}

extension TmpfsFileSystem.Options {
    /// Reads mount(2)'s data: "size=64m,nr_inodes=10k,mode=755,uid=1".
    ///
    /// - Throws: EINVAL for a value or an option that tmpfs does not know.
    public mutating func parse(_ text: [UInt8], by caller: Caller) throws(Errno) {
        for option in text.split(separator: UInt8(ascii: ",")) {
            let parts = option.split(separator: UInt8(ascii: "="), maxSplits: 1)
            let name = String(decoding: parts[0], as: UTF8.self)
            let value = parts.count > 1 ? Array(parts[1]) : []
            switch name {
            case "size": size = try Self.size(value)
            case "nr_blocks": size = try Self.scaled(value) &* 4096
            case "nr_inodes":
                let count = try Self.scaled(value)
                inodes = count == 0 ? nil : count
            case "mode": mode = try Self.number(value, radix: 8) & 0o7777
            case "uid":
                guard let id = caller.credentials.userNamespace.kernelUID(try Self.number(value, radix: 10)) else { throw .EINVAL }
                uid = id
            case "gid":
                guard let id = caller.credentials.userNamespace.kernelGID(try Self.number(value, radix: 10)) else { throw .EINVAL }
                gid = id
            // What has no meaning here, but is right.
            case "noswap", "huge", "mpol", "inode32", "inode64", "rootcontext", "context", "defcontext", "fscontext", "seclabel": break
            default: throw .EINVAL
            }
        }
    }

    private static func number(_ text: [UInt8], radix: Int) throws(Errno) -> UInt32 {
        guard let n = UInt32(String(decoding: text, as: UTF8.self), radix: radix) else { throw .EINVAL }
        return n
    }

    /// Half of a machine's memory is what Linux gives by default; a share of it is asked for with "%".
    private static func size(_ text: [UInt8]) throws(Errno) -> UInt64? {
        if text.last == UInt8(ascii: "%") {
            guard let percent = UInt64(String(decoding: text.dropLast(), as: UTF8.self)), percent <= 100 else { throw .EINVAL }
            return HostMemory.information.total / 100 * percent
        }
        let bytes = try scaled(text)
        return bytes == 0 ? nil : bytes
    }

    /// memparse: a number with k, m, g, t, p or e behind it.
    private static func scaled(_ text: [UInt8]) throws(Errno) -> UInt64 {
        var digits = text
        var shift: UInt64 = 0
        switch text.last.map({ $0 | 0x20 }) {
        case UInt8(ascii: "k")?: shift = 10
        case UInt8(ascii: "m")?: shift = 20
        case UInt8(ascii: "g")?: shift = 30
        case UInt8(ascii: "t")?: shift = 40
        case UInt8(ascii: "p")?: shift = 50
        case UInt8(ascii: "e")?: shift = 60
        default: break
        }
        if shift > 0 { digits.removeLast() }
        guard let n = UInt64(String(decoding: digits, as: UTF8.self)), n <= UInt64.max >> shift else { throw .EINVAL }
        return n << shift
    }
}

/// "tmpfs" for mount(2).
public final class TmpfsType: FileSystemType, @unchecked Sendable {
    public init() { super.init(name: "tmpfs", allowsUserMount: true) }

    public override func make(source: [UInt8], options text: [UInt8], by caller: Caller) throws(Errno) -> FileSystem {
        var options = TmpfsFileSystem.Options(size: HostMemory.information.total / 2)
        options.inodes = HostMemory.information.total / 2 / 4096
        try options.parse(text, by: caller)
        return TmpfsFileSystem(options)
    }
}
