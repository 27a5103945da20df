import CSeccomp
public import LinuxABI

/// A filter of system calls that a process of ours puts on itself (seccomp(2)), built by libseccomp: what is not allowed
/// kills the process, or fails with an errno where that is said. x86-64 only; calls of other ABIs kill.
@safe public struct SeccompFilter: ~Copyable {
    /// What a 64-bit argument of a call must be for a rule to hold.
    public struct Argument: Sendable {
        let index: UInt32
        let comparison: scmp_compare
        let first: UInt64
        let second: UInt64

        public static func equals(_ index: UInt32, _ value: UInt64) -> Self {
            Self(index: index, comparison: SCMP_CMP_EQ, first: value, second: 0)
        }

        /// The bits of `mask` are `value`.
        public static func masked(_ index: UInt32, _ mask: UInt64, _ value: UInt64) -> Self {
            Self(index: index, comparison: SCMP_CMP_MASKED_EQ, first: mask, second: value)
        }
    }

    private let context: scmp_filter_ctx

    /// - Parameter trapping: what is not allowed raises SIGSYS, for a process that says what it was before it ends
    ///   (`DeniedCalls`). The call is not made either way.
    public init(trapping: Bool = false) throws(Errno) {
        let otherwise: UInt32 = trapping ? 0x0003_0000 /* SCMP_ACT_TRAP */ : 0x8000_0000 /* SCMP_ACT_KILL_PROCESS */
        guard let context = unsafe seccomp_init(otherwise) else { throw .ENOMEM }
        unsafe self.context = unsafe context
    }

    deinit { unsafe seccomp_release(context) }

    /// Allows `call`, if all `arguments` are as said. Several rules for a call: one of them must hold.
    public func allow(_ call: SystemCallNumber, _ arguments: Argument...) throws(Errno) {
        try add(0x7fff_0000 /* SCMP_ACT_ALLOW */, call, arguments)
    }

    public func allow(_ calls: [SystemCallNumber]) throws(Errno) {
        for call in calls { try add(0x7fff_0000, call, []) }
    }

    /// Lets `call` fail with `error` instead of killing.
    public func refuse(_ call: SystemCallNumber, _ error: Errno, _ arguments: Argument...) throws(Errno) {
        try add(0x0005_0000 | UInt32(bitPattern: error.rawValue), call, arguments)
    }

    /// Puts the filter on every thread of the process, for good. Without CAP_SYS_ADMIN no_new_privs must be set.
    public func load() throws(Errno) {
        // All threads at once, and no_new_privs is the caller's matter.
        try check(unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1))
        try check(unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0))
        // A binary tree of comparisons rather than a list.
        try check(unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2))
        try check(unsafe seccomp_load(context))
    }

    private func add(_ action: UInt32, _ call: SystemCallNumber, _ arguments: [Argument]) throws(Errno) {
        let comparisons = arguments.map {
            scmp_arg_cmp(arg: $0.index, op: $0.comparison, datum_a: $0.first, datum_b: $0.second)
        }
        try check(unsafe comparisons.withUnsafeBufferPointer {
            unsafe seccomp_rule_add_array(context, action, Int32(truncatingIfNeeded: call.rawValue), UInt32($0.count), $0.baseAddress)
        })
    }

    private func check(_ result: Int32) throws(Errno) {
        if result < 0 { throw Errno(rawValue: -result) }
    }
}
