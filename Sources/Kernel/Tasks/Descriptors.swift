import HostOS
import LinuxABI
import VFS

extension Task {
    /// Lets go of descriptors and directories at the end of the task; the last user of a table closes its files.
    func releaseFiles() {
        var table = files
        replace(files: FDTable())
        if isKnownUniquelyReferenced(&table) {
            for file in table.removeAll() { try? close(file) }
        }
    }
}
