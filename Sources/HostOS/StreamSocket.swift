public import LinuxABI

/// The name of an AF_UNIX socket.
public enum UnixAddress: Hashable, Sendable {
    case path(String)
    /// In the network namespace's own list, not in the file system.
    case abstract(String)

    /// struct sockaddr_un.
    fileprivate func bytes() throws(Errno) -> [UInt8] {
        switch self {
        case .path(let path):
            if path.utf8.count > 107 || path.utf8.contains(0) { throw .ENAMETOOLONG }
            return [1, 0] + Array(path.utf8) + [0]
        case .abstract(let name):
            if name.utf8.count > 107 { throw .ENAMETOOLONG }
            return [1, 0, 0] + Array(name.utf8)
        }
    }
}

/// Who is at the other end of a socket, as the kernel knows it.
public struct PeerCredentials: Equatable, Sendable {
    public var pid: Int32
    public var uid: UInt32
    public var gid: UInt32
}

/// AF_UNIX sockets that carry a stream of bytes, and descriptors beside them.
extension HostFD {
    /// How many descriptors one `send` may carry.
    public static let descriptorsPerSend = 31

    private static func streamSocket() throws(Errno) -> HostFD {
        HostFD(rawValue: Int32(try hostCall(.socket, 1 /* AF_UNIX */, 1 | 0x80000 /* SOCK_STREAM, CLOEXEC */)))
    }

    /// A socket that listens at `address`; EADDRINUSE when the name is taken. A path's mode is 0600 before it listens.
    public static func listen(at address: UnixAddress, backlog: Int = 128) throws(Errno) -> HostFD {
        let fd = try streamSocket()
        do throws(Errno) {
            // On Linux the mode of the socket descriptor is what bind gives the file.
            try hostCall(.fchmod, fd.argument, 0o600)
            try unsafe address.bytes().withBytes { (b) throws(Errno) in
                _ = try unsafe hostCall(.bind, fd.argument, Int(b.baseAddress), b.count)
            }
            try hostCall(.listen, fd.argument, backlog)
            return fd
        } catch {
            fd.close()
            throw error
        }
    }

    public static func connect(to address: UnixAddress) throws(Errno) -> HostFD {
        let fd = try streamSocket()
        do throws(Errno) {
            try unsafe address.bytes().withBytes { (b) throws(Errno) in
                _ = try unsafe hostCallRetrying(.connect, fd.argument, Int(b.baseAddress), b.count)
            }
            return fd
        } catch {
            fd.close()
            throw error
        }
    }

    /// The next connection; EAGAIN when `nonBlocking` sockets have none.
    public func accept() throws(Errno) -> HostFD {
        HostFD(rawValue: Int32(try hostCallRetrying(.accept4, argument, 0, 0, 0x80000)))
    }

    public func setNonBlocking() throws(Errno) {
        let flags = try hostCall(.fcntl, argument, 3 /* F_GETFL */)
        try hostCall(.fcntl, argument, 4 /* F_SETFL */, flags | 0o4000)
    }

    public func setBlocking() throws(Errno) {
        let flags = try hostCall(.fcntl, argument, 3 /* F_GETFL */)
        try hostCall(.fcntl, argument, 4 /* F_SETFL */, flags & ~0o4000)
    }

    public var peerCredentials: PeerCredentials? {
        var raw: (Int32, UInt32, UInt32) = (0, 0, 0)
        var size: UInt32 = 12
        let done = unsafe withUnsafeMutableBytes(of: &raw) { r in
            unsafe withUnsafeMutableBytes(of: &size) { s in
                try? unsafe hostCall(.getsockopt, argument, 1, 17 /* SO_PEERCRED */, Int(r.baseAddress), Int(s.baseAddress))
            }
        }
        return done == nil ? nil : PeerCredentials(pid: raw.0, uid: raw.1, gid: raw.2)
    }

    /// Sends bytes from `start` on, with `descriptors` beside the first, as much as fits. Never raises SIGPIPE, never waits.
    ///
    /// - Returns: how many bytes went; EAGAIN when none.
    public func send(_ bytes: [UInt8], from start: Int, descriptors: [HostFD] = []) throws(Errno) -> Int {
        precondition(start < bytes.count && descriptors.count <= Self.descriptorsPerSend)
        var control = DescriptorBuffer(repeating: 0)
        let length = descriptors.isEmpty ? 0 : 16 + 4 * descriptors.count
        control[0] = UInt64(length)
        control[1] = 1 << 32 | 1                        // SOL_SOCKET, SCM_RIGHTS
        for (i, descriptor) in descriptors.enumerated() {
            control[2 + i / 2] |= UInt64(UInt32(bitPattern: descriptor.rawValue)) << (i % 2 == 0 ? 0 : 32)
        }
        return try unsafe bytes.withBytes { (b) throws(Errno) in
            var vector = unsafe (Int(b.baseAddress) + start, b.count - start)
            return try unsafe withUnsafeMutableBytes(of: &vector) { (v) throws(Errno) in
                try unsafe withUnsafeMutableBytes(of: &control) { (c) throws(Errno) in
                    // struct msghdr
                    var header = unsafe (0, 0, Int(v.baseAddress), 1, Int(c.baseAddress), (length + 7) & ~7, 0)
                    return try unsafe withUnsafeMutableBytes(of: &header) { (h) throws(Errno) in
                        try unsafe hostCallRetrying(.sendmsg, argument, Int(h.baseAddress), 0x4040 /* NOSIGNAL, DONTWAIT */)
                    }
                }
            }
        }
    }

    /// Receives what there is into `bytes`. Descriptors beside it are appended to `descriptors`, close-on-exec; without
    /// `acceptDescriptors` the kernel closes them.
    ///
    /// - Returns: how many bytes came, 0 at the end of the stream.
    public func receive(into bytes: inout [UInt8], descriptors: inout [SharedFD], acceptDescriptors: Bool,
                        wait: Bool) throws(Errno) -> Int {
        var control = DescriptorBuffer(repeating: 0)
        var used = 0
        let count = try unsafe bytes.withMutableBytes { (b) throws(Errno) in
            var vector = unsafe (Int(b.baseAddress), b.count)
            return try unsafe withUnsafeMutableBytes(of: &vector) { (v) throws(Errno) in
                try unsafe withUnsafeMutableBytes(of: &control) { (c) throws(Errno) in
                    var header = unsafe (0, 0, Int(v.baseAddress), 1, Int(c.baseAddress), acceptDescriptors ? c.count : 0, 0)
                    let flags = 0x4000_0000 /* CMSG_CLOEXEC */ | (wait ? 0 : 0x40)
                    let count = try unsafe withUnsafeMutableBytes(of: &header) { (h) throws(Errno) in
                        try unsafe hostCallRetrying(.recvmsg, argument, Int(h.baseAddress), flags)
                    }
                    used = header.5
                    return count
                }
            }
        }
        if used >= 20 && control[1] == 1 << 32 | 1 {
            let number = min((Int(truncatingIfNeeded: control[0]) - 16) / 4, Self.descriptorsPerSend)
            for i in 0..<max(number, 0) {
                let word = control[2 + i / 2] >> (i % 2 == 0 ? 0 : 32)
                descriptors.append(SharedFD(owning: HostFD(rawValue: Int32(truncatingIfNeeded: word))))
            }
        }
        return count
    }

    private typealias DescriptorBuffer = InlineArray<18, UInt64>
}

extension HostFD {
    /// Ends both directions of a socket: whoever waits on either end wakes up.
    public func shutDownStream() { _ = try? hostCall(.shutdown, argument, 2 /* SHUT_RDWR */) }
}
