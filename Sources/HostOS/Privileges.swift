import CHostOS
public import LinuxABI

/// Capabilities of the host that a process of ours holds (capabilities(7)).
public struct HostCapabilities: OptionSet, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let chown = Self(rawValue: 1 << 0)
    public static let dacOverride = Self(rawValue: 1 << 1)
    public static let dacReadSearch = Self(rawValue: 1 << 2)
    public static let fowner = Self(rawValue: 1 << 3)
    public static let fsetid = Self(rawValue: 1 << 4)
    public static let kill = Self(rawValue: 1 << 5)
    public static let setgid = Self(rawValue: 1 << 6)
    public static let setuid = Self(rawValue: 1 << 7)
    public static let netAdmin = Self(rawValue: 1 << 12)
    public static let netRaw = Self(rawValue: 1 << 13)
    public static let sysChroot = Self(rawValue: 1 << 18)
    public static let sysPtrace = Self(rawValue: 1 << 19)
    public static let sysAdmin = Self(rawValue: 1 << 21)
    public static let sysResource = Self(rawValue: 1 << 24)
    public static let mknod = Self(rawValue: 1 << 27)
}

/// What the calling thread may do on the host. Call before other threads exist: Linux keeps these per thread.
public enum HostPrivileges {
    /// Reduces effective, permitted, inheritable, ambient and bounding sets to `kept`.
    public static func dropCapabilities(keeping kept: HostCapabilities) throws(Errno) {
        for capability in 0..<64 where kept.rawValue & (1 << UInt64(capability)) == 0 {
            do throws(Errno) {
                _ = try hostCall(.prctl, 24 /* PR_CAPBSET_DROP */, capability, 0, 0, 0)
            } catch {
                // Beyond the last capability of this kernel.
                if error == .EINVAL { break }
                throw error
            }
        }
        _ = try? hostCall(.prctl, 47 /* PR_CAP_AMBIENT */, 4 /* CLEAR_ALL */, 0, 0, 0)
        let low = UInt32(truncatingIfNeeded: kept.rawValue), high = UInt32(truncatingIfNeeded: kept.rawValue >> 32)
        // _LINUX_CAPABILITY_VERSION_3, pid 0; then effective, permitted, inheritable of each half.
        let header: [UInt32] = [0x2008_0522, 0]
        let sets: [UInt32] = [low, low, 0, high, high, 0]
        try unsafe header.withBytes { (h) throws(Errno) in
            try unsafe sets.withBytes { (s) throws(Errno) in
                _ = try unsafe hostCall(.capset, Int(h.baseAddress), Int(s.baseAddress))
            }
        }
    }

    /// Orphans among this process's descendants become its children.
    public static func becomeSubreaper() throws(Errno) { try hostCall(.prctl, 36 /* PR_SET_CHILD_SUBREAPER */, 1, 0, 0, 0) }

    /// PR_SET_NO_NEW_PRIVS: no program that this process executes gives it more than it has.
    public static func forbidNewPrivileges() throws(Errno) {
        try hostCall(.prctl, 38, 1, 0, 0, 0)
    }

    /// PR_SET_PDEATHSIG.
    public static func setDeathSignal(_ signal: Int32) throws(Errno) {
        try hostCall(.prctl, 1, Int(signal), 0, 0, 0)
    }

    /// Puts a filter of system calls on every thread of the process, for good (seccomp(2)). Without CAP_SYS_ADMIN
    /// no_new_privs must be set.
    ///
    /// - Parameter instructions: struct sock_filter each.
    public static func installFilter(_ instructions: [UInt64]) throws(Errno) {
        try unsafe instructions.withBytes { (code) throws(Errno) in
            // struct sock_fprog.
            try unsafe withBytes(of: (UInt64(instructions.count), UInt64(UInt(bitPattern: code.baseAddress)))) { (p) throws(Errno) in
                // SECCOMP_SET_MODE_FILTER, TSYNC: a positive result is the thread that could not be given it.
                if try unsafe hostCall(.seccomp, 1, 1, Int(p.baseAddress)) != 0 { throw .EBUSY }
            }
        }
    }

    /// setrlimit(2) of a resource (RLIMIT_* number).
    public static func setLimit(_ resource: Int, soft: UInt64, hard: UInt64) throws(Errno) {
        try unsafe withBytes(of: (soft, hard)) { (b) throws(Errno) in
            _ = try unsafe hostCall(.prlimit64, 0, resource, Int(b.baseAddress), 0)
        }
    }
}

/// Calls that a filter of this process's traps.
public enum DeniedCalls {
    /// From now on such a call ends the process with status 159, after a line on standard error that names it.
    public static func report(as name: StaticString) {
        unsafe host_report_denied_calls(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
    }
}
