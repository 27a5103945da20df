import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import Platform
import VFS

func registerSharedMemory(_ table: inout SystemCallTable) {
    table[.shmget] = get
    table[.shmat] = attach
    table[.shmdt] = { (task, a) throws(Errno) in
        if a.first & 0xfff != 0 { throw .EINVAL }
        let pid = task.group.id(in: task.pidNamespace)
        let attachment = try task.mm.sharedMemory.take(a.first, pid: pid)
        _ = try task.context.nativeCall(.munmap, attachment.address, attachment.size)
        return 0
    }
    table[.shmctl] = control
}

/// SHM_* of the calls.
private enum SharedMemoryFlags {
    static let RDONLY: UInt32 = 0o10000
    static let RND: UInt32 = 0o20000
    static let REMAP: UInt32 = 0o40000
    static let EXEC: UInt32 = 0o100000
    static let HUGETLB: UInt32 = 0o4000
    static let SHMMAX: UInt64 = .max - (1 << 24)
}

private func get(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let namespace = task.namespaces.ipc
    let size = a.second
    let segment = try namespace.segments.get(a.int(0), flags: a.uint(2), task.credentials, in: namespace) {
        (found) throws(Errno) in
        if size > found.size { throw .EINVAL }
    } make: { () throws(Errno) in
        if size == 0 || size > SharedMemoryFlags.SHMMAX { throw .EINVAL }
        if a.uint(2) & SharedMemoryFlags.HUGETLB != 0 { throw .ENOMEM }
        guard let whole = pagesRoundedUp(size), whole <= 1 << 46 else { throw .ENOMEM }
        let key = String(UInt32(bitPattern: a.int(0)), radix: 16)
        let name = String(repeating: "0", count: 8 - key.utf8.count) + key
        let file = try MemoryFiles(task.vfs).make(name: Array(name.utf8), prefix: "SYSV", mode: 0o777, seals: [.F_SEAL_SEAL],
                                                  flags: .O_RDWR, by: task)
        try task.truncate(file, to: whole)
        return SharedSegment(key: a.int(0), size: size, mode: a.uint(2), file: file, in: namespace, by: task)
    }
    return UInt64(segment.id)
}

private func attach(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = a.uint(2)
    let namespace = task.namespaces.ipc
    var address = a.second
    if address & 0xfff != 0 {
        if flags & SharedMemoryFlags.RND == 0 { throw .EINVAL }
        address &= ~0xfff
        if address == 0, flags & SharedMemoryFlags.REMAP != 0 { throw .EINVAL }
    } else if address == 0, flags & SharedMemoryFlags.REMAP != 0 {
        throw .EINVAL
    }
    let segment = try namespace.segments.find(a.int(0))
    let readOnly = flags & SharedMemoryFlags.RDONLY != 0
    let executes = flags & SharedMemoryFlags.EXEC != 0
    try segment.lock.withLock { () throws(Errno) in
        try segment.checkPermission((readOnly ? 0o400 : 0o600) | (executes ? 0o100 : 0), task.credentials, in: namespace)
        if segment.isRemoved { throw .EIDRM }
    }
    guard let size = pagesRoundedUp(segment.size) else { throw .ENOMEM }
    let limit = task.mm.addressSpace.limit.rawValue
    if size > limit || address > limit - size { throw .EINVAL }
    guard case .file(let host) = try segment.file.mappable(writable: !readOnly, by: task) else { throw .ENOMEM }
    if let id = try? host.fd.identity() {
        task.mm.noteMapping(.init(device: id.device, inode: id.inode), .init(path: segment.file.path, file: nil))
    }
    let protection: UInt64 = (readOnly ? 1 : 3) | (executes ? 4 : 0)
    var mapFlags = MapFlags.MAP_SHARED
    if address != 0 {
        mapFlags |= flags & SharedMemoryFlags.REMAP != 0 ? MapFlags.MAP_FIXED : MapFlags.MAP_FIXED_NOREPLACE
    }
    let place: UInt64
    do throws(Errno) {
        place = try task.context.map(host, at: address, size: size, protection: protection, flags: mapFlags, offset: 0)
    } catch { throw error == .EEXIST ? .EINVAL : error }
    task.mm.sharedMemory.add(place, size, segment, pid: task.group.id(in: task.pidNamespace))
    return place
}

/// struct shmid64_ds: 112 bytes.
private struct SegmentRecord: BitwiseCopyable {
    var permissions: IPCPermissionRecord
    var size: UInt64
    var attachTime: UInt64
    var detachTime: UInt64
    var changeTime: UInt64
    var creator: Int32
    var lastPID: Int32
    var attachments: UInt64
    var unused: (UInt64, UInt64) = (0, 0)
}

private func control(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (id, command) = (a.int(0), a.int(1) & ~0x100)
    let namespace = task.namespaces.ipc
    let registry = namespace.segments
    if id < 0 || command < 0 { throw .EINVAL }
    switch command {
    case IPCCommand.IPC_INFO:
        // struct shminfo64: shmmax, shmmin, shmmni, shmseg, shmall.
        let info: [UInt64] = [SharedMemoryFlags.SHMMAX, 1, 4096, 4096, SharedMemoryFlags.SHMMAX, 0, 0, 0, 0]
        try task.memory.store(array: info, at: a.address(2))
        return UInt64(registry.highestIndex)
    case 14: // SHM_INFO
        let segments = registry.all
        let pages = segments.reduce(UInt64(0)) { $0 &+ (pagesRoundedUp($1.size) ?? 0) / pageSize }
        // struct shm_info: used_ids, then pages in all, resident, swapped, and two counts of swapping.
        let info: [UInt64] = [UInt64(segments.count), pages, pages, 0, 0, 0]
        try task.memory.store(array: info, at: a.address(2))
        return UInt64(registry.highestIndex)
    case IPCCommand.IPC_STAT, 13, 15: // SHM_STAT, SHM_STAT_ANY
        let segment = try registry.resolve(id, bySlot: command != IPCCommand.IPC_STAT)
        let record = try segment.lock.withLock { () throws(Errno) in
            if command != 15 { try segment.checkPermission(0o400, task.credentials, in: namespace) }
            // SHM_DEST, SHM_LOCKED.
            let extra: UInt32 = (segment.isDoomed ? 0o1000 : 0) | (segment.isLocked ? 0o2000 : 0)
            return SegmentRecord(permissions: IPCPermissionRecord(segment, extraMode: extra, seenBy: task), size: segment.size,
                                 attachTime: segment.attachTime, detachTime: segment.detachTime,
                                 changeTime: segment.changeTime, creator: segment.creator, lastPID: segment.lastPID,
                                 attachments: segment.attachments)
        }
        try task.memory.store(record, at: a.address(2))
        return command == IPCCommand.IPC_STAT ? 0 : UInt64(segment.id)
    case IPCCommand.IPC_RMID:
        let segment = try registry.find(id)
        try segment.lock.withLock { () throws(Errno) in try segment.checkOwnership(task.credentials, in: namespace) }
        segment.doom()
        return 0
    case IPCCommand.IPC_SET:
        let record = try task.memory.load(a.address(2), as: SegmentRecord.self)
        let segment = try registry.find(id)
        try segment.lock.withLock { () throws(Errno) in
            try segment.checkOwnership(task.credentials, in: namespace)
            try record.permissions.apply(to: segment, by: task)
        }
        return 0
    case 11, 12: // SHM_LOCK, SHM_UNLOCK: kept as a mark; the host's memory is not ours to pin.
        let segment = try registry.find(id)
        try segment.lock.withLock { () throws(Errno) in
            if !task.has(.CAP_IPC_LOCK) { try segment.checkOwnership(task.credentials, in: namespace) }
            segment.isLocked = command == 11
        }
        return 0
    default: throw .EINVAL
    }
}
