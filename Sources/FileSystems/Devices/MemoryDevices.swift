import HostOS
import LinuxABI
import Memory
import VFS

/// The devices of major 1 (mem(4), random(4)).
public final class MemoryDevices: DeviceDriver, @unchecked Sendable {
    public enum Minor: UInt32 {
        case null = 3, zero = 5, full = 7, random = 8, urandom = 9
    }

    private let minor: Minor

    public init(_ minor: Minor) { self.minor = minor }

    public override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        switch minor {
        case .null: NullFile(path: path, flags: flags)
        case .zero: ZeroFile(path: path, flags: flags)
        case .full: FullFile(path: path, flags: flags)
        case .random, .urandom: RandomFile(path: path, flags: flags)
        }
    }

    /// Lets device nodes of major 1 be opened.
    public static func register(in vfs: VirtualFileSystem) {
        for minor in [Minor.null, .zero, .full, .random, .urandom] {
            vfs.register(MemoryDevices(minor), major: 1, minor: minor.rawValue)
        }
    }
}

/// A device whose position means nothing: lseek says 0.
class PositionlessFile: OpenFile, @unchecked Sendable {
    override var isSeekable: Bool { true }
    override var ignoresPosition: Bool { true }
    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 { 0 }

    /// What its calls come to, where guests' threads can do that by themselves.
    var transfers: DeviceTransfers { [] }
    /// Guards what follows. A leaf.
    private let lock = Lock()
    private var viewedStorage: ViewedFile?

    override var viewed: ViewedFile? { lock.withLock { viewedStorage } }

    override func viewRequest(writable: Bool) -> FileViewRequest? {
        var allowed = transfers
        if !flags.isReadable { allowed.subtract(.reading) }
        if !flags.isWritable { allowed.subtract(.writing) }
        if allowed.isEmpty { return nil }
        let (viewed, isNew) = lock.withLock {
            if let known = viewedStorage { return (known, false) }
            let made = ViewedFile()
            viewedStorage = made
            return (made, true)
        }
        if isNew { inode.fileSystem.viewedFiles.add(viewed) }
        return FileViewRequest(device: allowed, file: viewed)
    }

    override func add(_ view: FileView) { view.file.add(view, length: 0, isWhole: true) }
}

/// /dev/null.
final class NullFile: PositionlessFile, @unchecked Sendable {
    override var transfers: DeviceTransfers { [.end, .swallows] }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        noteCall()
        return 0
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        noteCall()
        let count = source.remaining
        source.skip(count)
        return count
    }
}

/// /dev/zero.
class ZeroFile: PositionlessFile, @unchecked Sendable {
    override var transfers: DeviceTransfers { [.zeroes, .swallows] }

    /// What is read between two looks for a signal.
    private static var step: Int { 1 << 20 }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        noteCall()
        var done = 0
        while true {
            let wanted = min(destination.remaining, Self.step)
            let count = destination.writeZeroes(wanted)
            done += count
            if done == 0, wanted > 0 { throw .EFAULT }
            if count < wanted || destination.remaining == 0 || caller.waiter.isInterrupted { return done }
        }
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        noteCall()
        let count = source.remaining
        source.skip(count)
        return count
    }

    override func mappable(writable: Bool, by caller: Caller) throws(Errno) -> Mappable { .anonymous }
}

/// /dev/full.
final class FullFile: ZeroFile, @unchecked Sendable {
    override var transfers: DeviceTransfers { [.zeroes, .full] }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        noteCall()
        if source.remaining == 0 { return 0 }
        throw .ENOSPC
    }

    override func mappable(writable: Bool, by caller: Caller) throws(Errno) -> Mappable { throw .ENODEV }
}

/// /dev/random, /dev/urandom: the host's, which never block once the host has started.
final class RandomFile: PositionlessFile, @unchecked Sendable {
    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        var done = 0
        while destination.remaining > 0 {
            let bytes = HostRandom.bytes(min(destination.remaining, 65536))
            let accepted = destination.write(bytes, at: 0, count: bytes.count)
            done += accepted
            if accepted < bytes.count {
                if done == 0 { throw .EFAULT }
                break
            }
            // Linux lets a signal end a long read.
            if done >= 1 << 20, caller.waiter.isInterrupted { break }
        }
        return done
    }

    /// What is written is mixed in on Linux; the host's pool needs nothing of a guest's.
    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        let count = source.remaining
        source.skip(count)
        return count
    }

    override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        switch request {
        case 0x8004_5200 /* RNDGETENTCNT */:
            try caller.memory.store(UInt32(256), at: GuestAddress(argument))
            return 0
        case 0x4004_5201 /* RNDADDTOENTCNT */, 0x4008_5203 /* RNDADDENTROPY */, 0x5204 /* RNDZAPENTCNT */,
             0x5206 /* RNDCLEARPOOL */, 0x5207 /* RNDRESEEDCRNG */:
            if !caller.has(.CAP_SYS_ADMIN) { throw .EPERM }
            return 0
        default: throw .EINVAL
        }
    }
}
