public import HostOS
public import LinuxABI

/// How the Sentry locks itself in. It is assumed to be broken one day: these limits hold then.
public enum SentryConfinement {
    /// Leaves the host's files: afterwards the root is an empty read-only directory with a procfs of this pid namespace in
    /// it, of processes only. Needs CAP_SYS_ADMIN, a mount namespace and a pid namespace of its own, one thread.
    ///
    /// - Returns: that procfs, a directory.
    public static func enterEmptyRoot() throws(Errno) -> HostFD {
        try HostMounts.mount("", at: "/", flags: [.recursive, .private])
        // On /proc, a directory that every host has; what is below it goes away with the old root.
        try HostMounts.mount("tmpfs", at: "/proc", type: "tmpfs", flags: [.noSetuid, .noDevices, .noExec], data: "size=4k,mode=555")
        try HostMounts.changeDirectory("/proc")
        try HostFD.currentDirectory.makeDirectory("proc", mode: 0o555)
        try HostMounts.mount("proc", at: "proc", type: "proc", flags: [.noSetuid, .noDevices, .noExec], data: "subset=pid")
        try HostMounts.pivotIntoCurrentDirectory()
        try HostMounts.mount("", at: "/", flags: [.remount, .bind, .readOnly, .noSetuid, .noDevices, .noExec])
        return try HostFD.currentDirectory.open("/proc", 0x10000 /* O_DIRECTORY */)
    }

    /// Gives up every capability for good. In the empty root.
    ///
    /// - Throws: EBUSY when there is another thread: it would keep its own.
    public static func dropPrivileges() throws(Errno) {
        if try HostFD.currentDirectory.list("/proc/self/task").count != 1 { throw .EBUSY }
        // The guests' open files are the Sentry's descriptors.
        try? HostPrivileges.setLimit(7 /* RLIMIT_NOFILE */, soft: 1 << 20, hard: 1 << 20)
        // A dump would hold what guests have in the Sentry. 1, not 0: that also stops one into a pipe (core(5)).
        try HostPrivileges.setLimit(4 /* RLIMIT_CORE */, soft: 1, hard: 1)
        try HostPrivileges.dropCapabilities(keeping: [])
        try HostPrivileges.forbidNewPrivileges()
    }
}
