public import LinuxABI

/// MS_* flags (mount(2)).
public struct HostMountFlags: OptionSet, Sendable {
    public var rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }

    public static let readOnly = Self(rawValue: 1)
    public static let noSetuid = Self(rawValue: 2)
    public static let noDevices = Self(rawValue: 4)
    public static let noExec = Self(rawValue: 8)
    public static let remount = Self(rawValue: 32)
    public static let bind = Self(rawValue: 4096)
    public static let recursive = Self(rawValue: 16384)
    public static let `private` = Self(rawValue: 1 << 18)
    public static let slave = Self(rawValue: 1 << 19)
}

/// The mount namespace of this process.
public enum HostMounts {
    /// mount(2). Empty `source`, `type` and `data` are passed as NULL.
    public static func mount(_ source: String, at target: String, type: String = "", flags: HostMountFlags = [],
                             data: String = "") throws(Errno) {
        try unsafe withOptionalPath(source) { (s) throws(Errno) in
            try unsafe withCPath(target) { (t) throws(Errno) in
                try unsafe withOptionalPath(type) { (y) throws(Errno) in
                    try unsafe withOptionalPath(data) { (d) throws(Errno) in
                        _ = try unsafe hostCall(.mount, Int(s), Int(t), Int(y), Int(flags.rawValue), Int(d))
                    }
                }
            }
        }
    }

    /// umount2(2).
    ///
    /// - Parameter lazily: MNT_DETACH: at once out of the tree, gone when nothing uses it.
    public static func unmount(_ target: String, lazily: Bool) throws(Errno) {
        try unsafe withCPath(target) { (t) throws(Errno) in
            _ = try unsafe hostCall(.umount2, Int(t), (lazily ? 2 : 0) | 8 /* UMOUNT_NOFOLLOW */)
        }
    }

    /// Makes the current directory, a mount point, the root, and drops the old root with all that is mounted below it.
    public static func pivotIntoCurrentDirectory() throws(Errno) {
        try unsafe withCPath(".") { (dot) throws(Errno) in
            _ = try unsafe hostCall(.pivot_root, Int(dot), Int(dot))
        }
        // The old root is now mounted over the new one.
        try unmount(".", lazily: true)
        try changeDirectory("/")
    }

    public static func changeDirectory(_ path: String) throws(Errno) {
        try unsafe withCPath(path) { (p) throws(Errno) in _ = try unsafe hostCall(.chdir, Int(p)) }
    }

    /// Gives the calling thread a current directory of its own.
    public static func separateDirectory() throws(Errno) { try hostCall(.unshare, 0x200 /* CLONE_FS */) }

    private static func withOptionalPath<R>(
        _ text: String, _ body: (UnsafePointer<CChar>?) throws(Errno) -> R
    ) throws(Errno) -> R {
        if text.isEmpty { return try body(nil) }
        return try unsafe withCPath(text) { (p) throws(Errno) in try unsafe body(p) }
    }
}
