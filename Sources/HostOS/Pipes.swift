public import LinuxABI

extension HostFD {
    /// pipe2(2), close-on-exec: the reading and the writing end.
    public static func pipe() throws(Errno) -> (reading: HostFD, writing: HostFD) {
        var ends: (Int32, Int32) = (-1, -1)
        try unsafe withUnsafeMutableBytes(of: &ends) { (e) throws(Errno) in
            _ = try unsafe hostCall(.pipe2, Int(e.baseAddress), 0x80000)
        }
        return (HostFD(rawValue: ends.0), HostFD(rawValue: ends.1))
    }

    /// A file in memory without a name (memfd_create(2)), holding `bytes`, its position at their start.
    public static func memoryFile(_ name: String, holding bytes: [UInt8]) throws(Errno) -> HostFD {
        let fd = try unsafe withCPath(name) { (n) throws(Errno) in
            HostFD(rawValue: Int32(try unsafe hostCall(.memfd_create, Int(n), 1 /* MFD_CLOEXEC */)))
        }
        do throws(Errno) {
            try fd.writeAll(bytes)
            try hostCall(.lseek, fd.argument, 0, 0)
            return fd
        } catch {
            fd.close()
            throw error
        }
    }
}
