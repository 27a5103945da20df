import HostOS
import Identity
import LinuxABI

/// What System V objects have in common: struct ipc_perm (sysvipc(7)).
open class IPCObject: @unchecked Sendable {
    public let key: Int32
    public internal(set) final var id: Int32 = -1
    /// The creator's, in the kernel's own numbers.
    public let creatorUID: UInt32
    public let creatorGID: UInt32

    /// Guards all below and the subclass's state.
    public let lock = Lock()
    public final var uid: UInt32
    public final var gid: UInt32
    /// Permission bits: 0o777.
    public final var mode: UInt32
    /// Seconds since the epoch.
    public final var changeTime: UInt64
    /// It has no id any more: whoever waits gets EIDRM.
    public internal(set) final var isRemoved = false

    public init(key: Int32, mode: UInt32, by credentials: Credentials) {
        self.key = key
        self.mode = mode & 0o777
        creatorUID = credentials.euid
        creatorGID = credentials.egid
        uid = credentials.euid
        gid = credentials.egid
        changeTime = HostClock.realtime / 1_000_000_000
    }

    /// The object's sequence number: which use of its slot this is.
    public final var sequence: Int32 { id / 32768 }

    /// Checks the access that `wanted`'s bits (0o400 read, 0o200 write, as the owner's) ask for. The lock is held.
    ///
    /// - Throws: EACCES.
    public final func checkPermission(_ wanted: UInt32, _ credentials: Credentials, in namespace: IPCNamespace) throws(Errno) {
        let asked = wanted >> 6 | wanted >> 3 | wanted
        var granted = mode
        if credentials.euid == creatorUID || credentials.euid == uid {
            granted >>= 6
        } else if isMember(credentials, creatorGID) || isMember(credentials, gid) {
            granted >>= 3
        }
        if asked & ~granted & 7 != 0, !credentials.has(.CAP_IPC_OWNER, in: namespace.userNamespace) { throw .EACCES }
    }

    private final func isMember(_ credentials: Credentials, _ gid: UInt32) -> Bool {
        credentials.egid == gid || credentials.groups.contains(gid)
    }

    /// Whether `credentials` may change or remove it.
    ///
    /// - Throws: EPERM.
    public final func checkOwnership(_ credentials: Credentials, in namespace: IPCNamespace) throws(Errno) {
        if credentials.euid != uid, credentials.euid != creatorUID,
           !credentials.has(.CAP_SYS_ADMIN, in: namespace.userNamespace) { throw .EPERM }
    }
}

/// The System V objects of one kind of a namespace, by id and by key.
public final class IPCRegistry<Object: IPCObject>: @unchecked Sendable {
    /// Guards all. Above an object's lock.
    private let lock = Lock()
    private var slots: [Object?] = []
    private var keys: [Int32: Object] = [:]
    private var cursor = 0
    private var sequence: Int32 = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// semget(2), msgget(2), shmget(2): the object of `key`, or a new one.
    ///
    /// - Parameter flags: IPC_CREAT 0o1000, IPC_EXCL 0o2000 and permission bits.
    /// - Parameter check: whether the existing object is fit for the call.
    /// - Throws: ENOENT, EEXIST, ENOSPC, EACCES, and what `check` and `make` throw.
    public func get(_ key: Int32, flags: UInt32, _ credentials: Credentials, in namespace: IPCNamespace,
                    check: (Object) throws(Errno) -> Void, make: () throws(Errno) -> Object) throws(Errno) -> Object {
        try lock.withLock { () throws(Errno) in
            if key != 0, let found = keys[key] {
                if flags & 0o3000 == 0o3000 { throw .EEXIST }
                try check(found)
                try found.lock.withLock { () throws(Errno) in
                    try found.checkPermission(flags & 0o777, credentials, in: namespace)
                }
                return found
            }
            if key != 0, flags & 0o1000 == 0 { throw .ENOENT }
            return try insert(try make(), key)
        }
    }

    private func insert(_ object: Object, _ key: Int32) throws(Errno) -> Object {
        // Ids go round, so that one that was removed is not met again soon.
        let ring = min(limit, max(64, slots.count + 64))
        while slots.count < ring { slots.append(nil) }
        guard let step = (0..<ring).first(where: { slots[(cursor + $0) % ring] == nil }) else { throw .ENOSPC }
        let index = (cursor + step) % ring
        if index < cursor || cursor == 0 && sequence > 0 && index == 0 { sequence = sequence == 65535 ? 0 : sequence + 1 }
        cursor = index + 1 == ring ? 0 : index + 1
        slots[index] = object
        object.id = sequence * 32768 + Int32(index)
        if key != 0 { keys[key] = object }
        return object
    }

    /// - Throws: EINVAL for an id that is none.
    public func find(_ id: Int32) throws(Errno) -> Object {
        if id < 0 { throw .EINVAL }
        let found = lock.withLock { () -> Object? in
            let index = Int(id % 32768)
            guard index < slots.count, let object = slots[index], object.id == id else { return nil }
            return object
        }
        guard let found else { throw .EINVAL }
        return found
    }

    /// The object in slot `index`, for the *_STAT commands.
    public func object(at index: Int32) throws(Errno) -> Object {
        let found = lock.withLock { index >= 0 && Int(index) < slots.count ? slots[Int(index)] : nil }
        guard let found else { throw .EINVAL }
        return found
    }

    /// IPC_RMID: forgets an object's id and key. The caller wakes those who wait for it.
    public func forget(_ object: Object) {
        lock.withLock {
            let index = Int(object.id % 32768)
            if index < slots.count, slots[index] === object { slots[index] = nil }
            if keys[object.key] === object { keys[object.key] = nil }
        }
        object.lock.withLock { object.isRemoved = true }
    }

    /// Forgets its key alone: nobody finds it any more, but its id stays (a segment that is still attached).
    func removeKey(_ object: Object) {
        lock.withLock { if keys[object.key] === object { keys[object.key] = nil } }
    }

    /// All objects, by slot.
    public var all: [Object] { lock.withLock { slots.compactMap { $0 } } }

    /// The highest slot in use, 0 when there is none.
    public var highestIndex: Int { lock.withLock { slots.lastIndex { $0 != nil } ?? 0 } }
}
