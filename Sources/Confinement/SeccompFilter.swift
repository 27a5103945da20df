import HostOS
public import LinuxABI

/// A filter of system calls that a process of ours puts on itself (seccomp(2)): what is not allowed kills the process, or
/// fails with an errno where that is said. x86-64 only; calls of other ABIs kill.
///
/// Our own, since libseccomp takes longer to generate one (half a millisecond) than all else in the start of a Gofer.
public struct SeccompFilter: Sendable {
    /// What a 64-bit argument of a call must be for a rule to hold.
    public struct Argument: Hashable, Sendable {
        let index: UInt32
        let mask: UInt64
        let value: UInt64

        public static func equals(_ index: UInt32, _ value: UInt64) -> Self { Self(index: index, mask: .max, value: value) }

        /// The bits of `mask` are `value`.
        public static func masked(_ index: UInt32, _ mask: UInt64, _ value: UInt64) -> Self {
            Self(index: index, mask: mask, value: value & mask)
        }
    }

    struct Rule: Hashable {
        var arguments: [Argument]
        var action: UInt32
    }

    static let allowAction: UInt32 = 0x7fff_0000, errnoAction: UInt32 = 0x0005_0000
    static let trapAction: UInt32 = 0x0003_0000, killAction: UInt32 = 0x8000_0000

    /// What is done with a call for which no rule holds.
    let otherwise: UInt32
    /// By number; the first rule that holds counts.
    private(set) var rules: [Int: [Rule]] = [:]

    /// - Parameter trapping: what is not allowed raises SIGSYS, for a process that says what it was before it ends
    ///   (`DeniedCalls`). The call is not made either way.
    public init(trapping: Bool = false) { otherwise = trapping ? Self.trapAction : Self.killAction }

    /// Allows `call`, if all `arguments` are as said. Several rules for a call: one of them must hold.
    public mutating func allow(_ call: SystemCallNumber, _ arguments: Argument...) {
        rules[call.rawValue, default: []].append(Rule(arguments: arguments, action: Self.allowAction))
    }

    public mutating func allow(_ calls: [SystemCallNumber]) {
        for call in calls { allow(call) }
    }

    /// Lets `call` fail with `error` instead of killing.
    public mutating func refuse(_ call: SystemCallNumber, _ error: Errno, _ arguments: Argument...) {
        let action = Self.errnoAction | UInt32(truncatingIfNeeded: error.rawValue) & 0xfff
        rules[call.rawValue, default: []].append(Rule(arguments: arguments, action: action))
    }

    /// Puts the filter on every thread of the process, for good. Without CAP_SYS_ADMIN no_new_privs must be set.
    public func load() throws(Errno) { try HostPrivileges.installFilter(SeccompProgram(self).instructions) }
}
