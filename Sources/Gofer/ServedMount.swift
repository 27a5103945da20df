import HostOS
import LinuxABI

/// One tree of files that this Gofer serves.
final class ServedMount: Sendable {
    /// Of the tree's root: a directory, or the one file of a file's bind mount.
    let root: HostFD
    let isReadOnly: Bool

    init(root: HostFD, isReadOnly: Bool) {
        self.root = root
        self.isReadOnly = isReadOnly
    }

    /// - Throws: EROFS where nothing may change.
    func checkWritable() throws(Errno) {
        if isReadOnly { throw .EROFS }
    }
}
