public import LinuxABI

/// A call that waits in a seccomp user notification (seccomp_unotify(2)).
public struct SeccompNotification: Sendable {
    public var id: UInt64
    /// The asking thread, in this process's pid namespace: the kernel's word.
    public var thread: Int32
    public var number: Int
    public var arguments: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
}

/// The receiving end of the notifications of one seccomp filter.
public struct SeccompListener: Sendable {
    public let fd: HostFD

    public init(fd: HostFD) { self.fd = fd }

    /// Takes the next request; waits for one.
    ///
    /// - Throws: ENOENT when the asking thread went away meanwhile.
    public func receive() throws(Errno) -> SeccompNotification {
        // struct seccomp_notif: id, pid, flags, {nr, arch, ip, args[6]}
        var words = [UInt64](repeating: 0, count: 10)
        try unsafe words.withMutableBytes { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.ioctl, fd.argument, 0xc050_2100, Int(b.baseAddress))
        }
        return SeccompNotification(
            id: words[0], thread: Int32(truncatingIfNeeded: words[1]), number: Int(UInt32(truncatingIfNeeded: words[2])),
            arguments: (words[4], words[5], words[6], words[7], words[8], words[9]))
    }

    /// Whether a request waits, after at most `timeout` milliseconds.
    public func isReady(timeout: Int32) throws(Errno) -> Bool {
        let events = try HostPoll.wait([(fd, .readable)], timeout: timeout)
        if events[0].contains(.hungUp) { throw .ESRCH }
        return events[0].contains(.readable)
    }

    /// Answers with a result or an error; `proceed`: the kernel executes the call with the registers that were judged.
    public func answer(_ id: UInt64, value: Int64 = 0, error: Errno? = nil, proceed: Bool = false) throws(Errno) {
        let rest = UInt64(UInt32(bitPattern: -(error?.rawValue ?? 0))) | (proceed ? 1 << 32 : 0)
        try unsafe withBytes(of: (id, value, rest)) { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.ioctl, fd.argument, 0xc018_2101, Int(b.baseAddress))
        }
    }

    /// Puts a descriptor into the asking process as number `slot`, which is also the call's result.
    public func answer(_ id: UInt64, installing file: HostFD, at slot: Int32) throws(Errno) {
        // struct seccomp_notif_addfd: id, flags (SETFD | SEND), srcfd, newfd, newfd_flags
        let words: [UInt64] = [id, 3 | UInt64(UInt32(bitPattern: file.rawValue)) << 32,
                               UInt64(UInt32(bitPattern: slot))]
        try unsafe words.withBytes { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.ioctl, fd.argument, 0x4018_2103, Int(b.baseAddress))
        }
    }

    /// Puts a descriptor into the asking process as number `slot`; the request still waits.
    public func install(_ id: UInt64, _ file: HostFD, at slot: Int32) throws(Errno) {
        let words: [UInt64] = [id, 1 | UInt64(UInt32(bitPattern: file.rawValue)) << 32,
                               UInt64(UInt32(bitPattern: slot))]
        try unsafe words.withBytes { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.ioctl, fd.argument, 0x4018_2103, Int(b.baseAddress))
        }
    }

    /// SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP: hand over on one core, or let the host choose (from 6.6; else no change).
    public func preferSameCore(_ preferred: Bool = true) { _ = try? hostCall(.ioctl, fd.argument, 0x4008_2104, preferred ? 1 : 0) }
}
