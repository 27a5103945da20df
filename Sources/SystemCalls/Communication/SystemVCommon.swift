import HostOS
import Identity
import Kernel
import LinuxABI
import Memory

/// IPC_* of the control calls.
enum IPCCommand {
    static let IPC_RMID: Int32 = 0
    static let IPC_SET: Int32 = 1
    static let IPC_STAT: Int32 = 2
    static let IPC_INFO: Int32 = 3
}

/// struct ipc64_perm: 48 bytes.
struct IPCPermissionRecord: BitwiseCopyable {
    var key: Int32
    var uid: UInt32
    var gid: UInt32
    var creatorUID: UInt32
    var creatorGID: UInt32
    var mode: UInt32
    var sequence: UInt32
    var padding: UInt32 = 0
    var unused: (UInt64, UInt64) = (0, 0)

    /// The object's lock is held.
    init(_ object: IPCObject, extraMode: UInt32 = 0, seenBy task: Task) {
        let namespace = task.credentials.userNamespace
        key = object.key
        uid = namespace.visibleUID(object.uid)
        gid = namespace.visibleGID(object.gid)
        creatorUID = namespace.visibleUID(object.creatorUID)
        creatorGID = namespace.visibleGID(object.creatorGID)
        mode = object.mode | extraMode
        sequence = UInt32(truncatingIfNeeded: object.sequence)
    }

    /// IPC_SET: takes owner and permissions. The object's lock is held.
    ///
    /// - Throws: EINVAL for ids that are not mapped.
    func apply(to object: IPCObject, by task: Task) throws(Errno) {
        let namespace = task.credentials.userNamespace
        guard let newUID = namespace.kernelUID(uid), let newGID = namespace.kernelGID(gid) else { throw .EINVAL }
        object.uid = newUID
        object.gid = newGID
        object.mode = mode & 0o777
        object.changeTime = HostClock.realtime / nanosecondsPerSecond
    }
}

extension IPCRegistry {
    /// The object that a control call names: by slot for the STAT commands of administrators, by id otherwise.
    func resolve(_ id: Int32, bySlot: Bool) throws(Errno) -> Object { bySlot ? try object(at: id) : try find(id) }
}
