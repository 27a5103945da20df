public import LinuxABI

extension HostFD {
    /// A descriptor that is readable when the file at `path` has been modified (inotify(7)); never blocks.
    public static func watchModifications(of path: String) throws(Errno) -> HostFD {
        let fd = HostFD(rawValue: Int32(try hostCall(.inotify_init1, 0x80800)))
        do throws(Errno) {
            try unsafe withCPath(path) { (p) throws(Errno) in
                _ = try unsafe hostCall(.inotify_add_watch, fd.argument, Int(p), 2 /* IN_MODIFY */)
            }
            return fd
        } catch {
            fd.close()
            throw error
        }
    }

    /// Reads and forgets what makes a non-blocking descriptor readable.
    public func discardInput() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while let count = try? unsafe buffer.withMutableBytes({ (b) throws(Errno) in try unsafe read(into: b) }), count > 0 {}
    }
}
