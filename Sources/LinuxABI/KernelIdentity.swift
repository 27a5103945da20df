/// What this kernel says that it is: uname(2), /proc/version, /proc/sys/kernel.
public enum KernelIdentity {
    public static let systemName = "Linux"
    public static let release = "6.12.0-cloister"
    public static let version = "#1 SMP PREEMPT_DYNAMIC Cloister"
    public static let machine = "x86_64"
    /// The line of /proc/version.
    public static let banner = "Linux version \(release) (cloister@sandbox) (Swift) \(version)\n"
}
