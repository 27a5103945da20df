public import LinuxABI

/// Whole messages with descriptors beside them over an AF_UNIX SOCK_SEQPACKET socket: each send arrives as one receive.
extension HostFD {
    /// How many descriptors one message may carry here.
    public static let descriptorsPerPacket = 4

    /// A connected pair of sockets, close-on-exec, for the caller to close. `type`: SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_SEQPACKET 5.
    public static func socketPair(type: Int32) throws(Errno) -> (HostFD, HostFD) {
        var pair: (Int32, Int32) = (-1, -1)
        try unsafe withUnsafeMutableBytes(of: &pair) { (p) throws(Errno) in
            _ = try unsafe hostCall(.socketpair, 1 /* AF_UNIX */, Int(type | 0x80000), 0, Int(p.baseAddress))
        }
        return (HostFD(rawValue: pair.0), HostFD(rawValue: pair.1))
    }

    /// How long a receiving call waits before it fails with EAGAIN (SO_RCVTIMEO); 0: for ever.
    public func setReceiveTimeout(seconds: Int) throws(Errno) {
        try unsafe withBytes(of: (Int64(seconds), Int64(0))) { (time) throws(Errno) in
            _ = try unsafe hostCall(.setsockopt, argument, 1 /* SOL_SOCKET */, 20, Int(time.baseAddress), 16)
        }
    }

    /// Sends the first `count` bytes of `bytes` as one message, with `descriptors` (at most four). Never raises SIGPIPE.
    public func sendPacket(_ bytes: [UInt8], count: Int, descriptors: [HostFD] = []) throws(Errno) {
        precondition(count <= bytes.count && descriptors.count <= Self.descriptorsPerPacket)
        var control = ControlBuffer(repeating: 0)
        let controlLength = descriptors.isEmpty ? 0 : 16 + 4 * descriptors.count
        control[0] = UInt64(controlLength)
        control[1] = 1 << 32 | 1                        // SCM_RIGHTS, SOL_SOCKET
        for (i, descriptor) in descriptors.enumerated() {
            control[2 + i / 2] |= UInt64(UInt32(bitPattern: descriptor.rawValue)) << (i % 2 == 0 ? 0 : 32)
        }
        try unsafe bytes.withBytes { (b) throws(Errno) in
            var vector = unsafe (Int(b.baseAddress), count)
            try unsafe withUnsafeMutableBytes(of: &vector) { (v) throws(Errno) in
                try unsafe withUnsafeMutableBytes(of: &control) { (c) throws(Errno) in
                    // struct msghdr
                    var header = unsafe (0, 0, Int(v.baseAddress), 1, Int(c.baseAddress), (controlLength + 7) & ~7, 0)
                    try unsafe withUnsafeMutableBytes(of: &header) { (h) throws(Errno) in
                        _ = try unsafe hostCallRetrying(.sendmsg, argument, Int(h.baseAddress), 0x4000 /* MSG_NOSIGNAL */)
                    }
                }
            }
        }
    }

    /// Receives one message into `bytes`; descriptors beside it are appended to `descriptors`, close-on-exec, for the
    /// caller to close. With `acceptDescriptors` false the kernel closes what was sent along.
    ///
    /// - Returns: the message's bytes; 0 when the other side is gone.
    /// - Throws: EMSGSIZE for a message longer than `bytes`; EAGAIN after the time of `setReceiveTimeout`.
    public func receivePacket(into bytes: inout [UInt8], descriptors: inout [HostFD],
                              acceptDescriptors: Bool) throws(Errno) -> Int {
        var control = ControlBuffer(repeating: 0)
        var flags = 0
        var controlUsed = 0
        let n = try unsafe bytes.withMutableBytes { (b) throws(Errno) in
            var vector = unsafe (Int(b.baseAddress), b.count)
            return try unsafe withUnsafeMutableBytes(of: &vector) { (v) throws(Errno) in
                try unsafe withUnsafeMutableBytes(of: &control) { (c) throws(Errno) in
                    var header = unsafe (0, 0, Int(v.baseAddress), 1, Int(c.baseAddress), acceptDescriptors ? c.count : 0, 0)
                    let n = try unsafe withUnsafeMutableBytes(of: &header) { (h) throws(Errno) in
                        try unsafe hostCallRetrying(.recvmsg, argument, Int(h.baseAddress), 0x4000_0000 /* MSG_CMSG_CLOEXEC */)
                    }
                    flags = header.6
                    controlUsed = header.5
                    return n
                }
            }
        }
        if controlUsed >= 20 && control[1] == 1 << 32 | 1 {
            let count = min((Int(truncatingIfNeeded: control[0]) - 16) / 4, 2 * (control.count - 2))
            for i in 0..<max(count, 0) {
                let word = control[2 + i / 2] >> (i % 2 == 0 ? 0 : 32)
                descriptors.append(HostFD(rawValue: Int32(truncatingIfNeeded: word)))
            }
        }
        if flags & 0x20 /* MSG_TRUNC */ != 0 { throw .EMSGSIZE }
        return n
    }

    /// Ends both directions: whoever waits on the socket wakes up.
    public func shutDown() { _ = try? hostCall(.shutdown, argument, 2) }

    private typealias ControlBuffer = InlineArray<4, UInt64>
}

/// Sockets in the host's file system.
extension HostFD {
    /// An unconnected AF_UNIX socket. `type`: SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_SEQPACKET 5, else EPROTONOSUPPORT.
    public static func unixSocket(type: UInt32) throws(Errno) -> HostFD {
        guard type == 1 || type == 2 || type == 5 else { throw .EPROTONOSUPPORT }
        return HostFD(rawValue: Int32(truncatingIfNeeded: try hostCall(.socket, 1, Int(type) | 0x80000, 0)))
    }

    /// connect(2) to the socket at `path`, at most 107 bytes.
    public func connectUnix(_ path: HostPath) throws(Errno) {
        guard path.bytes.count <= 107 else { throw .ENAMETOOLONG }
        var address = [UInt8](repeating: 0, count: 110)
        address[0] = 1
        for (i, byte) in path.bytes.enumerated() { address[2 + i] = byte }
        try unsafe address.withBytes { (a) throws(Errno) in
            _ = try unsafe hostCallRetrying(.connect, argument, Int(a.baseAddress), a.count)
        }
    }
}
