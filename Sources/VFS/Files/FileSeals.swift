import LinuxABI

/// F_SEAL_* of fcntl(2).
public struct FileSeals: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public static var F_SEAL_SEAL: Self { Self(rawValue: 1) }
    @inlinable public static var F_SEAL_SHRINK: Self { Self(rawValue: 2) }
    @inlinable public static var F_SEAL_GROW: Self { Self(rawValue: 4) }
    @inlinable public static var F_SEAL_WRITE: Self { Self(rawValue: 8) }
    @inlinable public static var F_SEAL_FUTURE_WRITE: Self { Self(rawValue: 0x10) }
    @inlinable public static var F_SEAL_EXEC: Self { Self(rawValue: 0x20) }
    @inlinable public static var all: Self { Self(rawValue: 0x3f) }

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
