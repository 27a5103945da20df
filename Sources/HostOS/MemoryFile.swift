import LinuxABI

/// A file in memory without a name (memfd_create(2)) that guests map.
public struct MemoryFile: Sendable {
    /// Open for reading and writing.
    public let writable: SharedFD
    /// Opened for reading only: what is mapped from it can never be made writable.
    public let readOnly: SharedFD

    /// - Parameter name: what /proc shows of it.
    /// - Throws: the host's errors: ENFILE, ENOMEM; ENOENT without a procfs to open the second descriptor by.
    public init(name: String) throws(Errno) {
        let fd = try unsafe withCPath(name) { (n) throws(Errno) in
            HostFD(rawValue: Int32(truncatingIfNeeded: try unsafe hostCall(.memfd_create, Int(n), 3 /* CLOEXEC, ALLOW_SEALING */)))
        }
        writable = SharedFD(owning: fd)
        readOnly = SharedFD(owning: try OwnProcfs.reopen(fd, flags: 0))
    }

    /// F_ADD_SEALS of fcntl(2).
    ///
    /// - Throws: EBUSY for F_SEAL_WRITE while it is mapped for writing.
    public func addSeals(_ seals: UInt32) throws(Errno) { try hostCall(.fcntl, writable.fd.argument, 1033, Int(seals)) }
}

extension HostFD {
    /// Writes all of `bytes` from `offset` on.
    public func pwriteAll(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(Errno) {
        try unsafe Array(bytes).withBytes { (all) throws(Errno) in
            var done = 0
            while done < all.count {
                done += try unsafe pwrite(UnsafeRawBufferPointer(rebasing: all[done...]),
                                          at: Int64(truncatingIfNeeded: offset) + Int64(done))
            }
        }
    }
}
