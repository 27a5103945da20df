import CHostOS

/// What the host says of itself.
public enum HostFeatures {
    /// A value of the auxiliary vector (AT_* number), 0 when it has none.
    public static func auxiliary(_ type: UInt) -> UInt64 { host_auxiliary(type) }
}
