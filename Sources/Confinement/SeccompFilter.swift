import HostOS
public import LinuxABI

/// A filter of system calls that a process of ours puts on itself (seccomp(2)): what is not allowed kills the process, or
/// fails with an errno where that is said. x86-64 only; calls of other ABIs kill.
///
/// Our own, since libseccomp takes half a millisecond to generate one.
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

    struct Rule {
        var number: UInt32
        var arguments: [Argument]
        var action: UInt32
    }

    static let allowAction: UInt32 = 0x7fff_0000, errnoAction: UInt32 = 0x0005_0000
    static let trapAction: UInt32 = 0x0003_0000, killAction: UInt32 = 0x8000_0000

    /// What is done with a call for which no rule holds.
    let otherwise: UInt32
    /// The first that holds counts.
    private(set) var rules: [Rule] = []

    /// - Parameter trapping: what is not allowed raises SIGSYS, for a process that says what it was before it ends
    ///   (`DeniedCalls`). The call is not made either way.
    public init(trapping: Bool = false) { otherwise = trapping ? Self.trapAction : Self.killAction }

    /// Allows `call`, if all `arguments` are as said. Several rules for a call: one of them must hold.
    public mutating func allow(_ call: SystemCallNumber, _ arguments: Argument...) {
        add(call, arguments, Self.allowAction)
    }

    public mutating func allow(_ calls: [SystemCallNumber]) {
        for call in calls { add(call, [], Self.allowAction) }
    }

    /// Lets `call` fail with `error` instead of killing.
    public mutating func refuse(_ call: SystemCallNumber, _ error: Errno, _ arguments: Argument...) {
        add(call, arguments, Self.errnoAction | UInt32(truncatingIfNeeded: error.rawValue) & 0xfff)
    }

    private mutating func add(_ call: SystemCallNumber, _ arguments: [Argument], _ action: UInt32) {
        rules.append(Rule(number: UInt32(truncatingIfNeeded: call.rawValue), arguments: arguments, action: action))
    }

    /// Puts the filter on every thread of the process, for good. Without CAP_SYS_ADMIN no_new_privs must be set.
    public func load() throws(Errno) { try HostPrivileges.installFilter(SeccompProgram(self).instructions) }
}
