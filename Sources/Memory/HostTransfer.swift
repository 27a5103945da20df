import HostOS
import LinuxABI

/// Between guest memory and a regular file of the host.
extension IOVector {
    /// Reads from `file` at `offset` until the vector is full or the file ends (pread(2)).
    ///
    /// - Returns: bytes transferred.
    /// - Throws: EFAULT when the first byte cannot be stored; the host's error.
    public mutating func fill(from file: HostFD, at offset: UInt64) throws(Errno) -> Int {
        try unsafe fill { (buffer, done) throws(Errno) in
            try unsafe file.pread(into: buffer, at: Int64(truncatingIfNeeded: offset &+ UInt64(done)))
        }
    }

    /// Writes to `file` at `offset` until the vector is empty (pwrite(2)).
    public mutating func drain(to file: HostFD, at offset: UInt64) throws(Errno) -> Int {
        try unsafe drain { (buffer, done) throws(Errno) in
            try unsafe file.pwrite(buffer, at: Int64(truncatingIfNeeded: offset &+ UInt64(done)))
        }
    }

    /// Puts up to `count` zeroes there.
    public mutating func writeZeroes(_ count: Int) -> Int {
        if count <= 64 {
            return unsafe withBytes(of: (UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0))) {
                unsafe write(from: UnsafeRawBufferPointer(rebasing: $0[..<max(0, min(count, remaining))]))
            }
        }
        var done = 0
        while done < count, remaining > 0, !faulted {
            let step = min(count - done, zeroPage.count)
            let written = write(zeroPage, at: 0, count: step)
            done += written
            if written < step { break }
        }
        return done
    }
}

private let zeroPage = [UInt8](repeating: 0, count: 16384)

/// Between guest memory and a stream of the host, without blocking.
extension IOVector {
    /// - Returns: bytes transferred, 0 at the end.
    /// - Throws: EAGAIN when there is nothing yet.
    public mutating func fillNow(from stream: HostFD) throws(Errno) -> Int {
        try unsafe fill { (buffer, _) throws(Errno) in try unsafe stream.readNow(into: buffer) }
    }

    /// - Throws: EAGAIN when nothing fits now.
    public mutating func drainNow(to stream: HostFD) throws(Errno) -> Int {
        try unsafe drain { (buffer, _) throws(Errno) in try unsafe stream.writeNow(buffer) }
    }
}

/// Between guest memory and a file of the host, at the position that the host keeps.
extension IOVector {
    public mutating func fillStream(from file: HostFD) throws(Errno) -> Int {
        try unsafe fill { (buffer, _) throws(Errno) in try unsafe file.read(into: buffer) }
    }

    public mutating func drainStream(to file: HostFD) throws(Errno) -> Int {
        try unsafe drain { (buffer, _) throws(Errno) in try unsafe file.write(buffer) }
    }
}
