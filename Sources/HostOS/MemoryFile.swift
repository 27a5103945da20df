import LinuxABI

extension HostFD {
    /// A nameless memory file (memfd_create(2)), close-on-exec.
    ///
    /// - Parameter sealable: whether `seal` may be used on it.
    public static func memoryFile(_ name: String, sealable: Bool = false) throws(Errno) -> HostFD {
        try unsafe withCPath(name) { (p) throws(Errno) in
            HostFD(rawValue: Int32(try unsafe hostCall(.memfd_create, Int(p), 1 | (sealable ? 2 : 0))))
        }
    }

    /// Device and inode of an open file.
    public func identity() throws(Errno) -> (device: UInt64, inode: UInt64) {
        var words = [UInt64](repeating: 0, count: 18)
        try unsafe words.withMutableBytes { (b) throws(Errno) in
            _ = try unsafe hostCall(.fstat, argument, Int(b.baseAddress))
        }
        return (words[0], words[1])
    }
}
