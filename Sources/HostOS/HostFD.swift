import LinuxABI

/// The number of a descriptor of this process on the host. Plain: somebody else owns it.
public struct HostFD: RawRepresentable, Hashable, Sendable {
    public var rawValue: Int32

    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The host's AT_FDCWD.
    public static var currentDirectory: HostFD { HostFD(rawValue: -100) }

    @inlinable public var argument: Int { Int(rawValue) }
}

/// A descriptor of the host with one owner, closed when the owner lets go of it.
public struct OwnedFD: ~Copyable, Sendable {
    public let fd: HostFD

    @inlinable public init(owning fd: HostFD) { self.fd = fd }

    /// Gives the descriptor away: the caller closes it.
    public consuming func release() -> HostFD {
        let fd = self.fd
        discard self
        return fd
    }

    deinit { fd.close() }
}

/// A host descriptor shared by several owners, closed with the last.
public final class SharedFD: Sendable {
    public let fd: HostFD

    public init(owning fd: HostFD) { self.fd = fd }

    deinit { fd.close() }
}

extension HostFD {
    /// close(2). Its errors change nothing: the number is free afterwards in any case.
    public func close() { _ = try? hostCall(.close, argument) }

    public func duplicate() throws(Errno) -> HostFD {
        HostFD(rawValue: Int32(try hostCall(.fcntl, argument, 1030 /* F_DUPFD_CLOEXEC */, 3)))
    }

    /// Makes `other` a copy of this descriptor, close-on-exec; what it was before is closed.
    public func duplicate(onto other: HostFD) throws(Errno) { try hostCall(.dup3, argument, other.argument, 0x80000) }

    /// read(2) into `buffer`, repeated when a signal interrupts it. Returns the bytes read, 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try unsafe hostCallRetrying(.read, argument, Int(buffer.baseAddress), buffer.count)
    }

    public func write(_ buffer: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try unsafe hostCallRetrying(.write, argument, Int(buffer.baseAddress), buffer.count)
    }

    public func pread(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try unsafe hostCallRetrying(.pread64, argument, Int(buffer.baseAddress), buffer.count, Int(offset))
    }

    public func pwrite(_ buffer: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try unsafe hostCallRetrying(.pwrite64, argument, Int(buffer.baseAddress), buffer.count, Int(offset))
    }

    /// Writes all of `bytes`.
    public func writeAll(_ bytes: [UInt8]) throws(Errno) {
        var done = 0
        while done < bytes.count {
            done += try unsafe bytes.withBytes { (all) throws(Errno) in
                try unsafe write(UnsafeRawBufferPointer(rebasing: all[done...]))
            }
        }
    }

    /// Reads up to the end, at most `limit` bytes (EFBIG beyond).
    public func readAll(limit: Int = 16 << 20) throws(Errno) -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let n = try unsafe chunk.withMutableBytes { (b) throws(Errno) in try unsafe read(into: b) }
            if n == 0 { return all }
            if all.count + n > limit { throw .EFBIG }
            all.append(contentsOf: chunk[..<n])
        }
    }
}

extension HostFD {
    /// openat(2) relative to this directory; O_CLOEXEC is always added.
    public func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(Errno) -> HostFD {
        try unsafe withCPath(path) { (p) throws(Errno) in
            HostFD(rawValue: Int32(try unsafe hostCallRetrying(.openat, argument, Int(p), Int(flags | 0x80000), Int(mode))))
        }
    }
}

/// Calls `body` with `path` as a NUL-terminated string; ENOENT for a path with a NUL in it.
@inlinable
public func withCPath<R>(_ path: String, _ body: (UnsafePointer<CChar>) throws(Errno) -> R) throws(Errno) -> R {
    if path.utf8.contains(0) { throw .ENOENT }
    var result: Result<R, Errno> = .failure(.EINVAL)
    unsafe path.withCString { p in
        do throws(Errno) { result = .success(try unsafe body(p)) } catch { result = .failure(error) }
    }
    return try result.get()
}

extension HostFD {
    /// Writes what there is room for, whatever the descriptor's O_NONBLOCK says (pwritev2(2) with RWF_NOWAIT).
    ///
    /// - Throws: EAGAIN without room; EOPNOTSUPP for a file that cannot tell.
    public func writeWithoutBlocking(_ buffer: UnsafeRawBufferPointer) throws(Errno) -> Int {
        let segment = unsafe (Int(buffer.baseAddress), buffer.count)
        return try unsafe withBytes(of: segment) { (s) throws(Errno) in
            try unsafe hostCallRetrying(.pwritev2, argument, Int(s.baseAddress), 1, -1, -1, 8 /* RWF_NOWAIT */)
        }
    }
}
