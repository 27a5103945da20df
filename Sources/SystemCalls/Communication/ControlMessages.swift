import Identity
import Kernel
import LinuxABI
import Sockets
import VFS

/// struct cmsghdr and what follows it (cmsg(3)): length, level, type, then the value, each aligned to 8 bytes.
enum ControlMessages {
    private static var headerSize: Int { 16 }
    private static var SCM_RIGHTS: Int32 { 1 }
    private static var SCM_CREDENTIALS: Int32 { 2 }
    /// SCM_MAX_FD.
    private static var maximumRights: Int { 253 }

    /// Reads what a sender gave.
    ///
    /// - Throws: EINVAL, EBADF, EPERM for credentials that are not the sender's, ETOOMANYREFS.
    static func decode(_ bytes: [UInt8], _ task: Task) throws(Errno) -> Ancillary {
        var result = Ancillary()
        var at = 0
        while bytes.count - at >= headerSize {
            guard let length = bytes.int64(at: at), let level = bytes.int32(at: at + 8), let type = bytes.int32(at: at + 12),
                  length >= Int64(headerSize), length <= Int64(bytes.count - at) else { throw .EINVAL }
            let value = Array(bytes[(at + headerSize)..<(at + Int(length))])
            if level == SocketOption.SOL_SOCKET {
                switch type {
                case SCM_RIGHTS: try addRights(value, &result, task)
                case SCM_CREDENTIALS: result.credentials = try credentials(value, task)
                default: throw .EINVAL
                }
            }
            at += (Int(length) + 7) & ~7
        }
        return result
    }

    private static func addRights(_ value: [UInt8], _ result: inout Ancillary, _ task: Task) throws(Errno) {
        let count = value.count / 4
        if result.rights.count + count > maximumRights { throw .EINVAL }
        for i in 0..<count { result.rights.append(try task.files.file(value.int32(at: 4 * i) ?? -1)) }
    }

    private static func credentials(_ value: [UInt8], _ task: Task) throws(Errno) -> SocketCredentials {
        guard value.count == 12, let pid = value.int32(at: 0), let uid = value.int32(at: 4), let gid = value.int32(at: 8) else {
            throw .EINVAL
        }
        let mine = task.credentials
        guard let kernelUID = mine.userNamespace.kernelUID(UInt32(bitPattern: uid)),
              let kernelGID = mine.userNamespace.kernelGID(UInt32(bitPattern: gid)) else { throw .EINVAL }
        var ids = task.group.ids
        var namespace = task.pidNamespace
        if pid != task.group.id(in: task.pidNamespace) {
            if !mine.has(.CAP_SYS_ADMIN, in: task.pidNamespace.userNamespace) { throw .EPERM }
            guard let other = task.kernel.task(tid: pid, in: task.pidNamespace) else { throw .ESRCH }
            ids = other.group.ids
            namespace = other.pidNamespace
        }
        let knowsUID = [mine.ruid, mine.euid, mine.suid].contains(kernelUID) || mine.has(.CAP_SETUID)
        let knowsGID = [mine.rgid, mine.egid, mine.sgid].contains(kernelGID) || mine.has(.CAP_SETGID)
        if !knowsUID || !knowsGID { throw .EPERM }
        return SocketCredentials(ids: ids, namespace: namespace, uid: kernelUID, gid: kernelGID)
    }

    /// What a receiver gets: descriptors are made for as many files as it has room for.
    ///
    /// - Parameter flags: MSG_CTRUNC is added when something had to be left out.
    static func encode(_ ancillary: Ancillary, room: UInt64, closeOnExec: Bool, _ flags: inout MessageFlags,
                       _ task: Task) -> [UInt8] {
        var left = Int(min(room, 1 << 20))
        var result: [UInt8] = []
        if let who = ancillary.credentials {
            let namespace = task.credentials.userNamespace
            let value = who.processID(seenBy: task).bytes + namespace.visibleUID(who.uid).bytes
                + namespace.visibleGID(who.gid).bytes
            append(SCM_CREDENTIALS, value, &result, &left, &flags)
        }
        if !ancillary.rights.isEmpty {
            let fits = max(0, (left - headerSize) / 4)
            if fits < ancillary.rights.count { flags.insert(.MSG_CTRUNC) }
            var value: [UInt8] = []
            for file in ancillary.rights.prefix(fits) {
                guard let fd = try? task.files.install(file, closeOnExec: closeOnExec,
                                                       limit: task.limit(Limits.RLIMIT_NOFILE)) else {
                    flags.insert(.MSG_CTRUNC)
                    break
                }
                value += fd.bytes
            }
            if !value.isEmpty { append(SCM_RIGHTS, value, &result, &left, &flags) }
        }
        return result
    }

    private static func append(_ type: Int32, _ value: [UInt8], _ result: inout [UInt8], _ left: inout Int,
                               _ flags: inout MessageFlags) {
        if left < headerSize {
            flags.insert(.MSG_CTRUNC)
            return
        }
        let length = min(headerSize + value.count, left)
        if length < headerSize + value.count { flags.insert(.MSG_CTRUNC) }
        result += UInt64(length).bytes + SocketOption.SOL_SOCKET.bytes + type.bytes + value.prefix(length - headerSize)
        let aligned = min((length + 7) & ~7, left)
        result += [UInt8](repeating: 0, count: aligned - length)
        left -= aligned
    }
}
