import LinuxABI

extension HostFD {
    /// Device and inode of an open file.
    public func identity() throws(Errno) -> (device: UInt64, inode: UInt64) {
        var words = [UInt64](repeating: 0, count: 18)
        try unsafe words.withMutableBytes { (b) throws(Errno) in
            _ = try unsafe hostCall(.fstat, argument, Int(b.baseAddress))
        }
        return (words[0], words[1])
    }
}
