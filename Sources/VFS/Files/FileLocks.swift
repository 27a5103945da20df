import HostOS
import LinuxABI

/// The locks on one file.
public final class FileLocks: @unchecked Sendable {
    func releaseAll(of owner: ObjectIdentifier) {}
    func releasePOSIX(of owner: ObjectIdentifier) {}
}

final class LockWaits: @unchecked Sendable {}
