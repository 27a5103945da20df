import HostOS
import Identity
import LinuxABI
import VFS

/// A System V shared memory segment (shmget(2)): a memory file.
public final class SharedSegment: IPCObject, @unchecked Sendable {
    public let size: UInt64
    public let file: OpenFile
    public let creator: Int32

    // Guarded by the lock.

    public internal(set) var attachments: UInt64 = 0
    public internal(set) var attachTime: UInt64 = 0
    public internal(set) var detachTime: UInt64 = 0
    public internal(set) var lastPID: Int32 = 0
    /// SHM_DEST: it goes with its last attachment.
    public internal(set) var isDoomed = false
    /// SHM_LOCKED.
    public var isLocked = false

    /// Where it is registered.
    private unowned let registry: IPCRegistry<SharedSegment>

    public init(key: Int32, size: UInt64, mode: UInt32, file: OpenFile, in namespace: IPCNamespace, by task: Task) {
        self.size = size
        self.file = file
        creator = task.group.id(in: task.pidNamespace)
        registry = namespace.segments
        super.init(key: key, mode: mode, by: task.credentials)
    }

    func attach(_ count: UInt64, pid: Int32?) {
        lock.withLock {
            attachments += count
            attachTime = HostClock.realtime / 1_000_000_000
            if let pid { lastPID = pid }
        }
    }

    func detach(_ count: UInt64, pid: Int32?) {
        let ends = lock.withLock {
            attachments -= min(count, attachments)
            detachTime = HostClock.realtime / 1_000_000_000
            if let pid { lastPID = pid }
            return attachments == 0 && isDoomed
        }
        if ends { registry.forget(self) }
    }

    /// IPC_RMID: nobody finds it by its key any more, and the last detach ends it.
    public func doom() {
        registry.removeKey(self)
        let ends = lock.withLock {
            isDoomed = true
            return attachments == 0
        }
        if ends { registry.forget(self) }
    }
}

/// The segments that an address space has attached, and where.
public final class SharedAttachments: @unchecked Sendable {
    public struct Attachment: Sendable {
        public var address: UInt64
        /// Whole pages.
        public var size: UInt64
        public let segment: SharedSegment
    }

    /// Guards the list. Below a memory manager's lock, above a segment's.
    private let lock = Lock()
    private var list: [Attachment] = []

    init() {}

    deinit { for attachment in list { attachment.segment.detach(1, pid: nil) } }

    func copy() -> SharedAttachments {
        let new = SharedAttachments()
        new.list = lock.withLock { list }
        for attachment in new.list { attachment.segment.attach(1, pid: nil) }
        return new
    }

    /// A segment was mapped: shmat(2).
    public func add(_ address: UInt64, _ size: UInt64, _ segment: SharedSegment, pid: Int32) {
        segment.attach(1, pid: pid)
        lock.withLock {
            list.removeAll { $0.address == address }
            list.append(Attachment(address: address, size: size, segment: segment))
        }
    }

    /// The attachment at exactly `address`, taken out: shmdt(2).
    ///
    /// - Throws: EINVAL.
    public func take(_ address: UInt64, pid: Int32) throws(Errno) -> Attachment {
        let found = lock.withLock { () -> Attachment? in
            guard let index = list.firstIndex(where: { $0.address == address }) else { return nil }
            return list.remove(at: index)
        }
        guard let found else { throw .EINVAL }
        found.segment.detach(1, pid: pid)
        return found
    }
}
