import HostOS
import Synchronization

/// The resource limits of a process (getrlimit(2)).
public final class Limits: @unchecked Sendable {
    public struct Limit: BitwiseCopyable, Hashable, Sendable {
        public var soft: UInt64
        public var hard: UInt64

        public init(soft: UInt64, hard: UInt64) {
            self.soft = soft
            self.hard = hard
        }
    }

    public static let RLIM_INFINITY = UInt64.max
    public static let RLIMIT_CPU = 0
    public static let RLIMIT_FSIZE = 1
    public static let RLIMIT_DATA = 2
    public static let RLIMIT_STACK = 3
    public static let RLIMIT_CORE = 4
    public static let RLIMIT_RSS = 5
    public static let RLIMIT_NPROC = 6
    public static let RLIMIT_NOFILE = 7
    public static let RLIMIT_MEMLOCK = 8
    public static let RLIMIT_AS = 9
    public static let RLIMIT_LOCKS = 10
    public static let RLIMIT_SIGPENDING = 11
    public static let RLIMIT_MSGQUEUE = 12
    public static let RLIMIT_NICE = 13
    public static let RLIMIT_RTPRIO = 14
    public static let RLIMIT_RTTIME = 15
    /// How many there are.
    public static let count = 16

    /// Guards the values. Innermost.
    private let lock = Lock()
    private var values: [Limit]
    /// The soft limits once more: what calls look at.
    private let soft: InlineArray<16, SoftLimit>

    private struct SoftLimit: ~Copyable {
        let value: Atomic<UInt64>
    }

    /// What Linux gives its first process.
    public init() {
        values = .init(repeating: Limit(soft: .max, hard: .max), count: Self.count)
        values[Self.RLIMIT_STACK] = Limit(soft: 8 << 20, hard: .max)
        values[Self.RLIMIT_CORE] = Limit(soft: 0, hard: .max)
        values[Self.RLIMIT_NPROC] = Limit(soft: 1 << 20, hard: 1 << 20)
        values[Self.RLIMIT_NOFILE] = Limit(soft: 1024, hard: 1_048_576)
        values[Self.RLIMIT_MEMLOCK] = Limit(soft: 8 << 20, hard: 8 << 20)
        values[Self.RLIMIT_SIGPENDING] = Limit(soft: 65536, hard: 65536)
        values[Self.RLIMIT_MSGQUEUE] = Limit(soft: 819_200, hard: 819_200)
        values[Self.RLIMIT_NICE] = Limit(soft: 0, hard: 0)
        values[Self.RLIMIT_RTPRIO] = Limit(soft: 0, hard: 0)
        let all = values
        soft = InlineArray { SoftLimit(value: Atomic(all[$0].soft)) }
    }

    private init(_ values: [Limit]) {
        self.values = values
        soft = InlineArray { SoftLimit(value: Atomic(values[$0].soft)) }
    }

    /// The soft limit of RLIMIT_`resource`, without a lock.
    @inline(__always)
    func soft(_ resource: Int) -> UInt64 {
        resource >= 0 && resource < 16 ? soft[resource].value.load(ordering: .relaxed) : .max
    }

    /// Fork's and exec's copy: a process owns its limits.
    public func copy() -> Limits { lock.withLock { Limits(values) } }

    /// Whether what a process may map is limited.
    var limitsGrowth: Bool { lock.withLock { values[Self.RLIMIT_AS].soft != .max || values[Self.RLIMIT_DATA].soft != .max } }

    /// The limit of RLIMIT_`resource`; unlimited for a number that is none.
    public subscript(resource: Int) -> Limit {
        get { lock.withLock { values.indices.contains(resource) ? values[resource] : Limit(soft: .max, hard: .max) } }
        set {
            lock.withLock {
                guard values.indices.contains(resource) else { return }
                values[resource] = newValue
                soft[resource].value.store(newValue.soft, ordering: .relaxed)
            }
        }
    }
}
