import LinuxABI

/// F_SEAL_* of fcntl(2).
public struct FileSeals: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let F_SEAL_SEAL = FileSeals(rawValue: 1)
    public static let F_SEAL_SHRINK = FileSeals(rawValue: 2)
    public static let F_SEAL_GROW = FileSeals(rawValue: 4)
    public static let F_SEAL_WRITE = FileSeals(rawValue: 8)
    public static let F_SEAL_FUTURE_WRITE = FileSeals(rawValue: 0x10)
    public static let F_SEAL_EXEC = FileSeals(rawValue: 0x20)
    public static let all = FileSeals(rawValue: 0x3f)

    /// Those that a memory file of the host keeps by itself.
    public static var hostSeals: UInt32 { 0x1e }
}

extension Mount {
    /// A path to a file without a name, as it shows in /proc: "/memfd:name (deleted)".
    public func pathToNameless(_ inode: Inode, name: FileName) -> Path {
        let dentry = Dentry(name: name, parent: root, inode: inode)
        dentry.markDead()
        dentry.markLinkable()
        return Path(mount: self, dentry: dentry)
    }
}
