/// This process among the host's.
public enum ProcessIdentity {
    public static var pid: UInt32 { UInt32(truncatingIfNeeded: (try? hostCall(.getpid)) ?? 0) }
}

/// The users that this process acts as.
public struct UserIdentity: Equatable, Sendable {
    public var uid: UInt32
    public var gid: UInt32

    public static var effective: UserIdentity {
        UserIdentity(uid: UInt32(truncatingIfNeeded: (try? hostCall(.geteuid)) ?? 0),
                     gid: UInt32(truncatingIfNeeded: (try? hostCall(.getegid)) ?? 0))
    }
}
