public import LinuxABI
import Synchronization

/// Where this process finds its entries of the host's procfs: its descriptors, which it opens anew with less access, and
/// what its stubs look like.
public enum OwnProcfs {
    private static let directory = Atomic<Int32>(-1)

    /// Says which directory to use from now on; until then it is /proc. For a process that has left the host's files.
    public static func use(_ procfs: HostFD) { directory.store(procfs.rawValue, ordering: .releasing) }

    /// Opens an entry, by its path below /proc: "17/maps".
    public static func open(_ path: String, flags: Int32 = 0) throws(Errno) -> HostFD {
        let known = HostFD(rawValue: directory.load(ordering: .acquiring))
        return known.rawValue >= 0 ? try known.open(path, flags) : try HostFD.currentDirectory.open("/proc/" + path, flags)
    }

    /// Opens `descriptor`'s file again: a new open file, with access of its own.
    public static func reopen(_ descriptor: HostFD, flags: Int32) throws(Errno) -> HostFD {
        try open("self/fd/\(descriptor.rawValue)", flags: flags)
    }
}
