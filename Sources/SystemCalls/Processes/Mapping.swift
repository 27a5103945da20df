import HostOS
import Kernel
import LinuxABI
import Memory
import Platform
import VFS

// The host's kernel keeps a guest's memory; what a call asks for is checked as Linux checks it, reduced to what a stub may
// ask of the host, and made by the guest's own stub thread.

func registerMapping(_ table: inout SystemCallTable) {
    table[.mmap] = map
    table[.munmap] = unmap
    table[.mprotect] = protect
    table[.mremap] = remap
    table[.brk] = { (task, a) throws(Errno) in task.mm.setBreak(a.first, by: task) }
}

/// PROT_* and MAP_* of mmap(2).
enum MapFlags {
    static let PROT_WRITE: UInt64 = 2
    static let PROT_EXEC: UInt64 = 4
    static let PROT_GROWS: UInt64 = 0x300_0000
    static let MAP_TYPE: UInt64 = 0xf
    static let MAP_SHARED: UInt64 = 1
    static let MAP_PRIVATE: UInt64 = 2
    static let MAP_SHARED_VALIDATE: UInt64 = 3
    static let MAP_FIXED: UInt64 = 0x10
    static let MAP_ANONYMOUS: UInt64 = 0x20
    static let MAP_32BIT: UInt64 = 0x40
    static let MAP_GROWSDOWN: UInt64 = 0x100
    static let MAP_HUGETLB: UInt64 = 0x40000
    static let MAP_SYNC: UInt64 = 0x80000
    static let MAP_FIXED_NOREPLACE: UInt64 = 0x100000
    /// What the host's kernel is told: type, FIXED, ANONYMOUS, 32BIT, GROWSDOWN, NORESERVE, POPULATE, STACK,
    /// FIXED_NOREPLACE. The others only ask for what we do not do (LOCKED), or mean nothing (DENYWRITE).
    static let passed: UInt64 = 0x12_c173
    /// All that MAP_SHARED_VALIDATE lets through.
    static let known: UInt64 = 0x1f_ffff & ~0x80
}

private func map(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (address, length, protection, offset) = (a.first, a.second, a.third & 7, a.sixth)
    var flags = a.fourth
    if offset & 0xfff != 0 { throw .EINVAL }
    let file = flags & MapFlags.MAP_ANONYMOUS == 0 ? try task.files.file(a.int(4)) : nil
    if flags & MapFlags.MAP_TYPE == MapFlags.MAP_SHARED_VALIDATE {
        if flags & ~MapFlags.known != 0 || flags & MapFlags.MAP_SYNC != 0 { throw .EOPNOTSUPP }
        flags = flags & ~MapFlags.MAP_TYPE | MapFlags.MAP_SHARED
    }
    let type = flags & MapFlags.MAP_TYPE
    guard type == MapFlags.MAP_SHARED || type == MapFlags.MAP_PRIVATE, length != 0 else { throw .EINVAL }
    guard let size = pagesRoundedUp(length), size > 0 else { throw .ENOMEM }
    if file != nil, (offset >> 12).addingReportingOverflow(size >> 12).partialValue > UInt64.max >> 12 { throw .EOVERFLOW }
    let limit = task.mm.addressSpace.limit.rawValue
    if size > limit { throw .ENOMEM }
    var place = address
    if flags & (MapFlags.MAP_FIXED | MapFlags.MAP_FIXED_NOREPLACE) != 0 {
        if address & 0xfff != 0 { throw .EINVAL }
        if address > limit - size { throw .ENOMEM }
    } else {
        place &= ~0xfff
        if place > limit - size { place = 0 }
    }
    if flags & MapFlags.MAP_HUGETLB != 0 { throw .ENOMEM }
    try task.mm.checkRoom(size, isData: protection & 2 != 0 && type == MapFlags.MAP_PRIVATE, by: task)
    let call = MapCall(place: place, size: size, protection: protection, flags: flags & MapFlags.passed, offset: offset)
    guard let file else {
        if try task.mayHaveHugePages(size, protection, call.flags) { return try task.mapHuge(place, size, call.flags) }
        return try task.context.nativeCall(.mmap, place, size, protection, call.flags, .max, 0)
    }
    return try map(task, file, call)
}

private struct MapCall {
    var place: UInt64
    var size: UInt64
    var protection: UInt64
    var flags: UInt64
    var offset: UInt64
}

private func map(_ task: Task, _ file: OpenFile, _ call: MapCall) throws(Errno) -> UInt64 {
    let isShared = call.flags & MapFlags.MAP_TYPE == MapFlags.MAP_SHARED
    if !file.flags.isReadable { throw .EACCES }
    if isShared, call.protection & MapFlags.PROT_WRITE != 0, !file.flags.isWritable { throw .EACCES }
    if isShared, call.protection & MapFlags.PROT_WRITE != 0, file.flags.contains(.O_APPEND),
       file.inode.type != .regular { throw .EACCES }
    if call.protection & MapFlags.PROT_EXEC != 0, file.path.mount.flags.contains(.noexec) { throw .EPERM }
    switch try mappable(task, file, isShared: isShared, call) {
    case .anonymous:
        return try task.context.nativeCall(.mmap, call.place, call.size, call.protection,
                                           call.flags | MapFlags.MAP_ANONYMOUS, .max, 0)
    case .file(let host):
        // Noted before it is there: whoever reads /proc/PID/maps finds the name.
        if let id = try? host.fd.identity() {
            task.mm.noteMapping(.init(device: id.device, inode: id.inode), .init(path: file.path, file: nil))
        }
        return try task.context.map(host, at: call.place, size: call.size, protection: call.protection,
                                    flags: call.flags & ~MapFlags.MAP_GROWSDOWN, offset: call.offset)
    }
}

/// What is sealed against writing can be mapped by who only wants to read it, as if he could do no more.
private func mappable(_ task: Task, _ file: OpenFile, isShared: Bool, _ call: MapCall) throws(Errno) -> Mappable {
    do throws(Errno) { return try file.mappable(writable: isShared && file.flags.isWritable, by: task) } catch {
        if error != .EPERM || call.protection & MapFlags.PROT_WRITE != 0 { throw error }
        return try file.mappable(writable: false, by: task)
    }
}

private func unmap(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let limit = task.mm.addressSpace.limit.rawValue
    guard a.first & 0xfff == 0, a.first <= limit, a.second <= limit - a.first,
          let size = pagesRoundedUp(a.second), size > 0 else { throw .EINVAL }
    return try task.context.nativeCall(.munmap, a.first, size)
}

private func protect(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let grows = a.third & MapFlags.PROT_GROWS
    if grows == MapFlags.PROT_GROWS || a.first & 0xfff != 0 { throw .EINVAL }
    if a.second == 0 { return 0 }
    guard let size = pagesRoundedUp(a.second), size > 0 else { throw .ENOMEM }
    let limit = task.mm.addressSpace.limit.rawValue
    if a.first > limit || size > limit - a.first { throw .ENOMEM }
    // PROT_SEM is 8 and means nothing.
    if a.third & ~(0xf | MapFlags.PROT_GROWS) != 0 { throw .EINVAL }
    if a.third & MapFlags.PROT_EXEC != 0, let end = try task.mm.firstWithoutPrograms(a.first, size) {
        // What lies in front of it is changed.
        if end > a.first { _ = try task.context.nativeCall(.mprotect, a.first, end - a.first, a.third & (7 | MapFlags.PROT_GROWS)) }
        throw .EACCES
    }
    return try task.context.nativeCall(.mprotect, a.first, size, a.third & (7 | MapFlags.PROT_GROWS))
}

private func remap(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (old, oldLength, newLength, flags, new) = (a.first, a.second, a.third, a.fourth, a.fifth)
    let (mayMove, fixed, dontUnmap): (UInt64, UInt64, UInt64) = (1, 2, 4)
    if flags & ~(mayMove | fixed | dontUnmap) != 0 || old & 0xfff != 0 { throw .EINVAL }
    if flags & (fixed | dontUnmap) != 0, flags & mayMove == 0 { throw .EINVAL }
    let limit = task.mm.addressSpace.limit.rawValue
    guard let oldSize = pagesRoundedUp(oldLength), let newSize = pagesRoundedUp(newLength), newSize > 0,
          newSize <= limit, oldSize <= limit, old <= limit - oldSize else { throw .EINVAL }
    if flags & fixed != 0, new & 0xfff != 0 || new > limit - newSize { throw .EINVAL }
    if newSize > oldSize {
        let isData = task.limit(Limits.RLIMIT_DATA) == .max ? false : try task.mm.isData(at: old)
        try task.mm.checkRoom(newSize - oldSize, isData: isData, by: task)
    }
    do throws(Errno) {
        return try task.context.nativeCall(.mremap, old, oldSize, newSize, flags, flags & fixed != 0 ? new : 0)
    } catch {
        if error != .EFAULT { throw error }
        return try task.remapPieces(old, oldSize, to: flags & fixed != 0 ? new : nil, newSize, flags)
    }
}
