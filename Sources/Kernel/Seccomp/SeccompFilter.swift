import LinuxABI

/// What a seccomp filter says of a call (seccomp(2)): the action in the upper half, data in the lower.
public enum SeccompAction {
    public static let KILL_PROCESS: UInt32 = 0x8000_0000
    public static let KILL_THREAD: UInt32 = 0
    public static let TRAP: UInt32 = 0x0003_0000
    public static let ERRNO: UInt32 = 0x0005_0000
    public static let USER_NOTIF: UInt32 = 0x7fc0_0000
    public static let TRACE: UInt32 = 0x7ff0_0000
    public static let LOG: UInt32 = 0x7ffc_0000
    public static let ALLOW: UInt32 = 0x7fff_0000
    public static let mask: UInt32 = 0xffff_0000
}

/// A filter and those that were installed before it: all are asked, the strictest verdict holds.
public final class SeccompFilter: @unchecked Sendable {
    public let program: SeccompProgram
    /// Changes only while the chain is taken apart, when nobody else has it.
    public private(set) var previous: SeccompFilter?
    /// Instructions of the chain, with 4 for each filter.
    let cost: Int
    /// How many filters there are.
    public let count: Int
    /// Which calls the whole chain allows whatever their arguments are.
    private let allowed: [UInt64]

    /// MAX_INSNS_PER_PATH.
    static var maximumCost: Int { 32768 }

    /// - Throws: ENOMEM for a chain that has become too long.
    public init(_ program: SeccompProgram, after previous: SeccompFilter?) throws(Errno) {
        self.program = program
        self.previous = previous
        cost = program.instructions.count + 4 + (previous?.cost ?? 0)
        count = 1 + (previous?.count ?? 0)
        if cost > Self.maximumCost { throw .ENOMEM }
        var allowed = [UInt64](repeating: 0, count: (SystemCallNumber.limit + 63) / 64)
        for number in 0..<SystemCallNumber.limit {
            guard previous?.allows(number) ?? true,
                  program.verdict(ofNumber: Int32(number)) == SeccompAction.ALLOW else { continue }
            allowed[number / 64] |= 1 << UInt64(number % 64)
        }
        self.allowed = allowed
    }

    deinit {
        // One by one: thousands may hang on each other, and must not end recursively.
        var next = previous
        previous = nil
        while isKnownUniquelyReferenced(&next) {
            let following = next?.previous
            next?.previous = nil
            next = following
        }
    }

    /// Whether the call `number` needs no look at its arguments.
    func allows(_ number: Int) -> Bool {
        number >= 0 && number < SystemCallNumber.limit && allowed[number / 64] >> UInt64(number % 64) & 1 != 0
    }

    /// The strictest verdict; of equal ones the latest filter's.
    func verdict(_ call: SeccompProgram.Call) -> UInt32 {
        var strictest = SeccompAction.ALLOW
        var filter: SeccompFilter? = self
        while let f = filter {
            let verdict = f.program.run(call)
            // Actions are ordered as signed numbers.
            if Int32(bitPattern: verdict & SeccompAction.mask) < Int32(bitPattern: strictest & SeccompAction.mask) {
                strictest = verdict
            }
            filter = f.previous
        }
        return strictest
    }

    /// Whether `other` is this filter or one of those before it.
    func contains(_ other: SeccompFilter?) -> Bool {
        guard let other else { return true }
        var filter: SeccompFilter? = self
        while let f = filter {
            if f === other { return true }
            filter = f.previous
        }
        return false
    }
}

/// Under which mode of seccomp(2) a task runs.
public enum SeccompMode: Sendable {
    case none
    case strict
    case filter(SeccompFilter)

    /// As /proc/PID/status and prctl(PR_GET_SECCOMP) say it.
    public var number: UInt64 {
        switch self {
        case .none: 0
        case .strict: 1
        case .filter: 2
        }
    }

    /// How many filters are asked.
    public var filterCount: UInt64 {
        if case .filter(let filter) = self { return UInt64(filter.count) }
        return 0
    }
}
