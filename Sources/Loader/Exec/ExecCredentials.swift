import Identity
import Kernel
import LinuxABI
import VFS

/// Who a program runs as: set-user-ID bits, file capabilities, and what root means (capabilities(7), "Transformation of
/// capabilities during execve()").
struct ExecCredentials {
    let credentials: Credentials
    /// AT_SECURE.
    let isSecure: Bool

    /// File capabilities (security.capability).
    private struct FileCapabilities {
        var permitted: Capabilities
        var inheritable: Capabilities
        var isEffective: Bool
    }

    /// - Throws: EPERM when the file's capabilities cannot be had by a program that does not know of them.
    init(_ task: Task, _ file: OpenFile) throws(Errno) {
        let old = task.credentials
        let attributes = try file.inode.attributes()
        let namespace = old.userNamespace
        let mayGain = !task.noNewPrivileges && !task.isTracedByLesser && !file.path.mount.flags.contains(.nosuid)
        var fields = old.fields
        if mayGain, attributes.mode & 0o4000 != 0, namespace.visibleUID(attributes.uid) != 65534 { fields.euid = attributes.uid }
        if mayGain, attributes.mode & 0o2010 == 0o2010, namespace.visibleGID(attributes.gid) != 65534 { fields.egid = attributes.gid }
        let changesIDs = fields.euid != old.ruid || fields.egid != old.rgid
        fields.suid = fields.euid
        fields.fsuid = fields.euid
        fields.sgid = fields.egid
        fields.fsgid = fields.egid

        let root = namespace.kernelUID(0)
        let rootCounts = old.securebits & 1 /* SECBIT_NOROOT */ == 0
        var capabilities = mayGain ? Self.fileCapabilities(task, file) : nil
        let hasFileCapabilities = capabilities != nil
        if rootCounts, fields.euid == root || old.ruid == root {
            // A set-user-ID-root program with capabilities of its own gets just those.
            if !(hasFileCapabilities && old.ruid != root && fields.euid == root) {
                capabilities = FileCapabilities(permitted: .all, inheritable: .all, isEffective: fields.euid == root)
            }
        }
        let isPrivileged = hasFileCapabilities || fields.euid != old.euid || fields.egid != old.egid
        let ambient = isPrivileged ? Capabilities() : old.ambient
        let granted = capabilities ?? FileCapabilities(permitted: [], inheritable: [], isEffective: false)
        var permitted = old.inheritable.intersection(granted.inheritable)
            .union(granted.permitted.intersection(old.bounding)).union(ambient)
        if hasFileCapabilities, granted.isEffective, !permitted.isSuperset(of: granted.permitted.intersection(.all)),
           fields.euid != root { throw .EPERM }
        if task.noNewPrivileges { permitted.formIntersection(old.permitted) }
        fields.ambient = ambient
        fields.permitted = permitted
        fields.effective = granted.isEffective ? permitted : ambient
        fields.securebits &= ~(1 << 4) // SECBIT_KEEP_CAPS
        credentials = Credentials(fields)
        let gained = old.ruid != root && !permitted.isSubset(of: ambient) && hasFileCapabilities
        isSecure = changesIDs || gained
    }

    /// Version 2 or 3 of the extended attribute, or nil.
    private static func fileCapabilities(_ task: Task, _ file: OpenFile) -> FileCapabilities? {
        guard let value = try? file.inode.extendedAttribute(Array("security.capability".utf8), by: task) else { return nil }
        let fields = ByteFields(value)
        guard let magic = try? fields.uint(0, 4) else { return nil }
        let version = magic >> 24
        guard version == 2 && value.count >= 20 || version == 3 && value.count >= 24,
              let p0 = try? fields.uint(4, 4), let i0 = try? fields.uint(8, 4),
              let p1 = try? fields.uint(12, 4), let i1 = try? fields.uint(16, 4) else { return nil }
        if version == 3 {
            // For the root of one user namespace only.
            guard let owner = try? fields.uint(20, 4),
                  task.credentials.userNamespace.kernelUID(0) == UInt32(truncatingIfNeeded: owner) else { return nil }
        }
        return FileCapabilities(permitted: Capabilities(rawValue: p0 | p1 << 32).intersection(.all),
                                inheritable: Capabilities(rawValue: i0 | i1 << 32).intersection(.all),
                                isEffective: magic & 1 != 0)
    }
}
