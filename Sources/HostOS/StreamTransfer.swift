import CHostOS
public import LinuxABI

/// Reading and writing of descriptors that belong to others as well: fifos, sockets, terminals that were handed to us. They
/// may be in blocking mode, which must not be changed: the flag is shared with whoever handed them over.
extension HostFD {
    /// Reads what there is, without blocking.
    ///
    /// - Throws: EAGAIN when there is nothing yet.
    public func readNow(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        do throws(Errno) { return try unsafe transferNow(.preadv2, Int(buffer.baseAddress), buffer.count) } catch {
            if error != .EOPNOTSUPP { throw error }
        }
        // The host cannot do it in one call for this kind of file. Only this process reads from it, one at a time.
        if try readiness(.readable).isEmpty { throw .EAGAIN }
        return try unsafe read(into: buffer)
    }

    /// Writes what fits, without blocking.
    ///
    /// - Throws: EAGAIN when nothing fits now.
    public func writeNow(_ buffer: UnsafeRawBufferPointer) throws(Errno) -> Int {
        do throws(Errno) { return try unsafe transferNow(.pwritev2, Int(buffer.baseAddress), buffer.count) } catch {
            if error != .EOPNOTSUPP { throw error }
        }
        if try readiness(.writable).isEmpty { throw .EAGAIN }
        // A pipe that is writable has room for a page.
        return try unsafe write(UnsafeRawBufferPointer(rebasing: buffer.prefix(4096)))
    }

    private func transferNow(_ call: SystemCallNumber, _ address: Int, _ count: Int) throws(Errno) -> Int {
        try unsafe withBytes(of: (address, count)) { (vector) throws(Errno) in
            // Position -1: the file's own, or none.
            try unsafe hostCallRetrying(call, argument, Int(vector.baseAddress), 1, -1, -1, 8 /* RWF_NOWAIT */)
        }
    }

    /// Which of `events` are ready now; errors and hang-ups always.
    public func readiness(_ events: HostPollEvents) throws(Errno) -> HostPollEvents {
        // struct pollfd: int fd, short events, short revents.
        var entry = UInt64(UInt32(bitPattern: rawValue)) | UInt64(UInt16(bitPattern: events.rawValue)) << 32
        try unsafe withUnsafeMutableBytes(of: &entry) { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.poll, Int(b.baseAddress), 1, 0)
        }
        return HostPollEvents(rawValue: Int16(truncatingIfNeeded: entry >> 48))
    }

    /// F_GETFL of fcntl(2): access mode and status flags.
    public func statusFlags() throws(Errno) -> UInt32 { UInt32(truncatingIfNeeded: try hostCall(.fcntl, argument, 3)) }

    /// ioctl(2) that fills a structure of at most `count` bytes.
    public func ioctl(_ request: UInt32, count: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try unsafe bytes.withMutableBytes { (b) throws(Errno) in
            _ = try unsafe hostCall(.ioctl, argument, Int(request), Int(b.baseAddress))
        }
        return bytes
    }
}
