public import LinuxABI

/// Trees of mounts as descriptors (open_tree(2), fsmount(2), move_mount(2), mount_setattr(2)): nothing is mounted by path,
/// so no path can be exchanged in between.
extension HostMounts {
    /// MOUNT_ATTR_*.
    public struct Attributes: OptionSet, Sendable {
        public var rawValue: UInt64
        public init(rawValue: UInt64) { self.rawValue = rawValue }

        public static let readOnly = Self(rawValue: 1)
        public static let noSetuid = Self(rawValue: 2)
        public static let noDevices = Self(rawValue: 4)
        public static let noExec = Self(rawValue: 8)
    }

    public enum Propagation: UInt64, Sendable {
        case `private` = 0x4_0000
        case slave = 0x8_0000
    }

    /// A detached bind mount of what `path` names, below `directory`; a final symbolic link is followed.
    ///
    /// - Parameter recursive: with the mounts below it.
    public static func cloneTree(below directory: HostFD = .currentDirectory, _ path: HostPath, recursive: Bool) throws(Errno) -> HostFD {
        try path.withArgument { (p) throws(Errno) in
            // OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC, AT_RECURSIVE
            HostFD(rawValue: Int32(truncatingIfNeeded: try hostCall(.open_tree, directory.argument, p, 1 | 0x80000 | (recursive ? 0x8000 : 0))))
        }
    }

    /// A detached mount of a fresh file system with its default options.
    public static func makeFileSystem(_ type: HostPath, _ attributes: Attributes) throws(Errno) -> HostFD {
        let context = OwnedFD(owning: try type.withArgument { (t) throws(Errno) in
            HostFD(rawValue: Int32(truncatingIfNeeded: try hostCall(.fsopen, t, 1 /* FSOPEN_CLOEXEC */)))
        })
        try hostCall(.fsconfig, context.fd.argument, 6 /* FSCONFIG_CMD_CREATE */, 0, 0, 0)
        return HostFD(rawValue: Int32(truncatingIfNeeded: try hostCall(.fsmount, context.fd.argument, 1 /* FSMOUNT_CLOEXEC */,
                                                                       Int(truncatingIfNeeded: attributes.rawValue))))
    }

    /// Attaches a detached tree at `path` below `directory`.
    public static func attach(_ tree: HostFD, at directory: HostFD, _ path: HostPath) throws(Errno) {
        try path.withArgument { (p) throws(Errno) in
            try HostPath.empty.withArgument { (e) throws(Errno) in
                // MOVE_MOUNT_F_EMPTY_PATH; a symbolic link at the end is not followed.
                _ = try hostCall(.move_mount, tree.argument, e, directory.argument, p, 4)
            }
        }
    }

    /// Sets attributes and propagation of a tree.
    public static func set(_ tree: HostFD, _ attributes: Attributes, propagation: Propagation? = nil, recursive: Bool) throws(Errno) {
        // struct mount_attr: set, clear, propagation, userns_fd.
        try unsafe withBytes(of: (attributes.rawValue, UInt64(0), propagation?.rawValue ?? 0, UInt64(0))) { (a) throws(Errno) in
            try HostPath.empty.withArgument { (e) throws(Errno) in
                _ = try unsafe hostCall(.mount_setattr, tree.argument, e, 0x1000 /* AT_EMPTY_PATH */ | (recursive ? 0x8000 : 0),
                                        Int(a.baseAddress), a.count)
            }
        }
    }
}

extension HostFD {
    /// fchdir(2).
    public func makeWorkingDirectory() throws(Errno) { try hostCall(.fchdir, argument) }
}

/// Namespaces of this process.
extension HostNamespaces {
    /// unshare(2): new ones for the calling thread. Call before other threads exist.
    public func unshare() throws(Errno) { try hostCall(.unshare, Int(truncatingIfNeeded: rawValue)) }
}
