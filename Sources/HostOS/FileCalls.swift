public import LinuxABI

/// openat2(2)'s restrictions of a path's walk.
public struct Resolve: OptionSet, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let noCrossing = Resolve(rawValue: 1)        // RESOLVE_NO_XDEV
    public static let noMagicLinks = Resolve(rawValue: 2)      // RESOLVE_NO_MAGICLINKS
    public static let noSymlinks = Resolve(rawValue: 4)        // RESOLVE_NO_SYMLINKS
    public static let beneath = Resolve(rawValue: 8)           // RESOLVE_BENEATH
}

/// The file calls of the host, relative to a directory's descriptor. Numbers are the kernel's own (O_*, AT_*, mode bits).
extension HostFD {
    /// openat(2), O_CLOEXEC added. For paths under this program's control (it follows links).
    public func open(_ path: HostPath, flags: Int32, mode: UInt32 = 0) throws(Errno) -> HostFD {
        try path.withArgument { (p) throws(Errno) in
            HostFD(rawValue: Int32(truncatingIfNeeded: try hostCallRetrying(.openat, argument, p, Int(flags | 0x80000), Int(mode))))
        }
    }

    /// openat2(2), O_CLOEXEC added.
    public func open(_ path: HostPath, flags: Int32, mode: UInt32 = 0, resolve: Resolve) throws(Errno) -> HostFD {
        var how = (UInt64(UInt32(bitPattern: flags | 0x80000)), UInt64(mode), resolve.rawValue)
        return try path.withArgument { (p) throws(Errno) in
            try unsafe withUnsafeMutableBytes(of: &how) { (h) throws(Errno) in
                while true {
                    do throws(Errno) {
                        let fd = try unsafe hostCallRetrying(.openat2, argument, p, Int(h.baseAddress), 24)
                        return HostFD(rawValue: Int32(truncatingIfNeeded: fd))
                    } catch {
                        // A rename somewhere during a walk that must stay beneath: the kernel asks to try again.
                        if error != .EAGAIN { throw error }
                    }
                }
            }
        }
    }

    public func makeDirectory(_ name: HostPath, mode: UInt32) throws(Errno) {
        try name.withArgument { (p) throws(Errno) in _ = try hostCall(.mkdirat, argument, p, Int(mode)) }
    }

    /// mknodat(2). `device` in the kernel's encoding (makedev).
    public func makeNode(_ name: HostPath, mode: UInt32, device: UInt64) throws(Errno) {
        try name.withArgument { (p) throws(Errno) in
            _ = try hostCall(.mknodat, argument, p, Int(mode), Int(truncatingIfNeeded: device))
        }
    }

    public func makeSymlink(_ name: HostPath, target: HostPath) throws(Errno) {
        try target.withArgument { (t) throws(Errno) in
            try name.withArgument { (p) throws(Errno) in _ = try hostCall(.symlinkat, t, argument, p) }
        }
    }

    /// linkat(2): the file `name` here (or, with an empty name, what this descriptor stands for) gets another name.
    /// A symbolic link is linked itself.
    public func link(_ name: HostPath, to directory: HostFD, _ newName: HostPath) throws(Errno) {
        try name.withArgument { (p) throws(Errno) in
            try newName.withArgument { (n) throws(Errno) in
                _ = try hostCall(.linkat, argument, p, directory.argument, n, name.isEmpty ? Self.AT_EMPTY_PATH : 0)
            }
        }
    }

    public func unlink(_ name: HostPath, directory: Bool) throws(Errno) {
        try name.withArgument { (p) throws(Errno) in
            _ = try hostCall(.unlinkat, argument, p, directory ? 0x200 /* AT_REMOVEDIR */ : 0)
        }
    }

    public func rename(_ name: HostPath, to directory: HostFD, _ newName: HostPath, flags: UInt32) throws(Errno) {
        try name.withArgument { (p) throws(Errno) in
            try newName.withArgument { (n) throws(Errno) in
                _ = try hostCall(.renameat2, argument, p, directory.argument, n, Int(flags))
            }
        }
    }

    /// readlinkat(2) of `name`, or of this descriptor (opened with O_PATH) itself.
    public func readLink(_ name: HostPath = .empty) throws(Errno) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: 4096)
        let n = try name.withArgument { (p) throws(Errno) in
            try unsafe target.withMutableBytes { (b) throws(Errno) in
                try unsafe hostCall(.readlinkat, argument, p, Int(b.baseAddress), b.count)
            }
        }
        target.removeLast(4096 - n)
        return target
    }

    /// fchownat(2), never through a symbolic link. 0xffffffff leaves an id alone.
    public func setOwner(_ name: HostPath = .empty, uid: UInt32, gid: UInt32) throws(Errno) {
        try name.withArgument { (p) throws(Errno) in
            _ = try hostCall(.fchownat, argument, p, Int(uid), Int(gid),
                             Self.AT_SYMLINK_NOFOLLOW | (name.isEmpty ? Self.AT_EMPTY_PATH : 0))
        }
    }

    /// fchmodat(2): follows a symbolic link at the end of `path`.
    public func setMode(_ path: HostPath, mode: UInt32) throws(Errno) {
        try path.withArgument { (p) throws(Errno) in _ = try hostCall(.fchmodat, argument, p, Int(mode)) }
    }

    /// fchmod(2).
    public func setMode(_ mode: UInt32) throws(Errno) { try hostCall(.fchmod, argument, Int(mode)) }

    /// utimensat(2).
    public func setTimes(_ path: HostPath, access: HostTime, modification: HostTime, follow: Bool) throws(Errno) {
        var times = (access.seconds, Int64(access.nanoseconds), modification.seconds, Int64(modification.nanoseconds))
        try path.withArgument { (p) throws(Errno) in
            try unsafe withUnsafeMutableBytes(of: &times) { (t) throws(Errno) in
                _ = try unsafe hostCall(.utimensat, argument, p, Int(t.baseAddress), follow ? 0 : Self.AT_SYMLINK_NOFOLLOW)
            }
        }
    }

    /// futimens(2): utimensat with no path.
    public func setTimes(access: HostTime, modification: HostTime) throws(Errno) {
        var times = (access.seconds, Int64(access.nanoseconds), modification.seconds, Int64(modification.nanoseconds))
        try unsafe withUnsafeMutableBytes(of: &times) { (t) throws(Errno) in
            _ = try unsafe hostCall(.utimensat, argument, 0, Int(t.baseAddress), 0)
        }
    }

    public func truncate(to size: UInt64) throws(Errno) {
        try hostCallRetrying(.ftruncate, argument, Int(truncatingIfNeeded: size))
    }

    /// fallocate(2) with its mode bits.
    public func allocate(mode: UInt32, offset: UInt64, length: UInt64) throws(Errno) {
        try hostCallRetrying(.fallocate, argument, Int(mode), Int(truncatingIfNeeded: offset), Int(truncatingIfNeeded: length))
    }

    public func synchronize(dataOnly: Bool = false) throws(Errno) {
        try hostCallRetrying(dataOnly ? .fdatasync : .fsync, argument)
    }

    /// syncfs(2).
    public func synchronizeFileSystem() throws(Errno) { try hostCall(.syncfs, argument) }

    /// lseek(2): `whence` as there (SEEK_SET 0, SEEK_CUR 1, SEEK_END 2, SEEK_DATA 3, SEEK_HOLE 4).
    @discardableResult
    public func seek(_ offset: Int64, whence: Int32) throws(Errno) -> Int64 {
        Int64(try hostCall(.lseek, argument, Int(offset), Int(whence)))
    }

    /// getdents64(2): fills `buffer` with records, returns their bytes, 0 at the end.
    public func readDirectory(into buffer: inout [UInt8]) throws(Errno) -> Int {
        try unsafe buffer.withMutableBytes { (b) throws(Errno) in
            try unsafe hostCall(.getdents64, argument, Int(b.baseAddress), b.count)
        }
    }
}

/// Extended attributes by path, relative to this process's working directory. `follow`: whether a symbolic link at the
/// end of the path is followed.
public enum HostXattr {
    /// Returns the value's length, and the value in the first bytes of `value` (ERANGE when it doesn't fit).
    /// An empty `value` asks for the length only.
    public static func get(_ path: HostPath, _ name: HostPath, into value: inout [UInt8], follow: Bool) throws(Errno) -> Int {
        try path.withArgument { (p) throws(Errno) in
            try name.withArgument { (n) throws(Errno) in
                try unsafe value.withMutableBytes { (b) throws(Errno) in
                    try unsafe hostCall(follow ? .getxattr : .lgetxattr, p, n, Int(b.baseAddress), b.count)
                }
            }
        }
    }

    public static func set(_ path: HostPath, _ name: HostPath, _ value: [UInt8], flags: UInt32, follow: Bool) throws(Errno) {
        try path.withArgument { (p) throws(Errno) in
            try name.withArgument { (n) throws(Errno) in
                try unsafe value.withBytes { (b) throws(Errno) in
                    _ = try unsafe hostCall(follow ? .setxattr : .lsetxattr, p, n, Int(b.baseAddress), b.count, Int(flags))
                }
            }
        }
    }

    /// The names, each with a NUL behind it. Returns their bytes.
    public static func list(_ path: HostPath, into names: inout [UInt8], follow: Bool) throws(Errno) -> Int {
        try path.withArgument { (p) throws(Errno) in
            try unsafe names.withMutableBytes { (b) throws(Errno) in
                try unsafe hostCall(follow ? .listxattr : .llistxattr, p, Int(b.baseAddress), b.count)
            }
        }
    }

    public static func remove(_ path: HostPath, _ name: HostPath, follow: Bool) throws(Errno) {
        try path.withArgument { (p) throws(Errno) in
            try name.withArgument { (n) throws(Errno) in _ = try hostCall(follow ? .removexattr : .lremovexattr, p, n) }
        }
    }
}

extension HostFD {
    /// pwritev2(2) with RWF_APPEND: writes at the file's end, wherever that is by then.
    public func append(_ buffer: UnsafeRawBufferPointer) throws(Errno) -> Int {
        var vector = unsafe (Int(buffer.baseAddress), buffer.count)
        return try unsafe withUnsafeMutableBytes(of: &vector) { (v) throws(Errno) in
            try unsafe hostCallRetrying(.pwritev2, argument, Int(v.baseAddress), 1, 0, 0, 16 /* RWF_APPEND */)
        }
    }
}
