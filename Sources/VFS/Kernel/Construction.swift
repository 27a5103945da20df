import Identity
import LinuxABI

/// What the kernel itself does with files while it puts a container together: as root, with every capability.
extension Caller {
    /// A caller that is no task: root of the first user namespace, standing at the root of `mounts`.
    public static func kernel(in mounts: MountNamespace, userNamespace: UserNamespace) -> Caller {
        var fields = Credentials.Fields(userNamespace: userNamespace)
        fields.permitted = .all
        fields.effective = .all
        fields.bounding = .all
        let root = mounts.rootPath
        return Caller(credentials: Credentials(fields), files: FDTable(),
                      directories: DirectoryContext(root: root, working: root, umask: 0, mounts: mounts))
    }

    /// A directory at `path`, with those above it, made where they are missing.
    ///
    /// - Throws: ENOTDIR when something else is there.
    @discardableResult
    public final func ensureDirectory(_ path: [UInt8], mode: UInt32 = 0o755) throws(Errno) -> Path {
        do throws(Errno) { return try resolve(path, [.follow, .directory]) } catch {
            if error != .ENOENT { throw error }
        }
        if let slash = path.lastIndex(where: { $0 != UInt8(ascii: "/") }).flatMap({ path[...$0].lastIndex(of: UInt8(ascii: "/")) }), slash > 0 {
            try ensureDirectory(Array(path[..<slash]), mode: mode)
        }
        do throws(Errno) { try makeDirectory(path, mode: mode) } catch { if error != .EEXIST { throw error } }
        return try resolve(path, [.follow, .directory])
    }

    /// An empty file at `path`, for a bind mount to stand on, with the directories above it.
    @discardableResult
    public final func ensureFile(_ path: [UInt8], mode: UInt32 = 0o644) throws(Errno) -> Path {
        do throws(Errno) { return try resolve(path) } catch { if error != .ENOENT { throw error } }
        if let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 { try ensureDirectory(Array(path[..<slash])) }
        do throws(Errno) { try makeNode(path, .regular, mode: mode) } catch { if error != .EEXIST { throw error } }
        return try resolve(path)
    }

    /// A symbolic link at `path`; nothing happens when something is there.
    public final func ensureSymbolicLink(_ path: [UInt8], to target: [UInt8]) throws(Errno) {
        do throws(Errno) { try makeSymbolicLink(path, to: target) } catch { if error != .EEXIST { throw error } }
    }

    /// The OCI's maskedPaths: hides what is at `path`, a file behind `null` (a place that reads as nothing: /dev/null), a
    /// directory behind an empty read-only file system. Nothing happens when there is nothing.
    public final func mask(_ path: [UInt8], null: Path, emptyDirectory: () throws(Errno) -> FileSystem) throws(Errno) {
        let place: Path
        do throws(Errno) { place = try resolve(path) } catch {
            if error == .ENOENT || error == .ENOTDIR { return }
            throw error
        }
        if place.inode.type == .directory {
            try directories.mounts.mount(try emptyDirectory(), at: place, flags: [.readOnly], source: Array("tmpfs".utf8))
        } else {
            try directories.mounts.bind(null, at: place, recursive: false)
        }
    }

    /// The OCI's readonlyPaths: a read-only bind mount of what is at `path` over itself.
    public final func makeReadOnly(_ path: [UInt8]) throws(Errno) {
        let place: Path
        do throws(Errno) { place = try resolve(path) } catch {
            if error == .ENOENT || error == .ENOTDIR { return }
            throw error
        }
        let mounts = directories.mounts
        let mount = try mounts.bind(place, at: place, recursive: true)
        let top = Path(mount: mount, dentry: mount.root)
        try mounts.remount(top, flags: mount.flags.union(.readOnly))
    }
}
