import HostOS
import LinuxABI
import VFS

extension Task {
    /// A descriptor table that no other task shares: exec. A table that is not shared stays, with its POSIX locks.
    func unshareFiles() {
        var table = files
        replace(files: FDTable())
        replace(files: isKnownUniquelyReferenced(&table) ? table : table.copy())
    }

    /// Lets go of descriptors and directories at the end of the task; the last user of a table closes its files.
    func releaseFiles() {
        var table = files
        replace(files: FDTable())
        guard isKnownUniquelyReferenced(&table) else { return }
        // Its POSIX locks are the table's.
        replace(files: table)
        for file in table.removeAll() { try? close(file) }
        replace(files: FDTable())
    }
}
