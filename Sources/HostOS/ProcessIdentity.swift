/// This process among the host's.
public enum ProcessIdentity {
    /// The number of a process of the host in the innermost of its pid namespaces; nil when that is ours, or it is gone.
    public static func innermostPID(of pid: Int32) -> UInt32? {
        guard let status = try? HostFD.currentDirectory.readFile("/proc/\(pid)/status", limit: 16 << 10) else { return nil }
        for line in status.split(separator: 10) where line.starts(with: "NSpid:".utf8) {
            let numbers = line.dropFirst(6).split { $0 == 9 || $0 == 32 }
            return numbers.count < 2 ? nil : UInt32(String(decoding: numbers[numbers.count - 1], as: UTF8.self))
        }
        return nil
    }

    /// Ends this process at once, with all of its threads.
    public static func exit(_ status: Int) -> Never {
        while true { _ = try? hostCall(.exit_group, status) }
    }

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
