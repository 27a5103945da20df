internal import CStub
public import LinuxABI

/// Which calls a stub makes natively, and what the Sentry checks before it asks for one. The filter checks again.
public enum StubCalls {
    /// - Throws: what Linux answers for memory beyond the end of the address space; ENOSYS for a call that is never native.
    public static func check(_ number: SystemCallNumber, _ a: UInt64, _ b: UInt64, _ c: UInt64,
                             _ d: UInt64, _ e: UInt64, _ f: UInt64) throws(Errno) {
        switch number {
        case .mmap: if !StubLayout.contains(a, b) { throw .ENOMEM }
        case .munmap: if !StubLayout.contains(a, b) { throw .EINVAL }
        case .mprotect, .madvise, .msync: if !StubLayout.contains(a, b) { throw .ENOMEM }
        case .mremap: if !StubLayout.contains(a, b) || !StubLayout.contains(e, c) { throw .EINVAL }
        case .futex, .futex_waitv, .membarrier, .close: break
        case .prctl: if a != 41 /* PR_SET_THP_DISABLE */ || b > 1 || c | d | e != 0 { throw .ENOSYS }
        default: throw .ENOSYS
        }
    }

    /// Calls that gate A may be closed for.
    public struct Closed: OptionSet, Sendable {
        public var rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let memory = Closed(rawValue: 1)
        public static let futexes = Closed(rawValue: 2)

        /// What seccomp(2) in the stub is to be given: the address of a filter.
        public var filter: UInt64 {
            StubLayout.closer(contains([.memory, .futexes]) ? STUB_CLOSE_ALL : contains(.memory) ? STUB_CLOSE_MEMORY : STUB_CLOSE_FUTEXES)
        }

        /// Whether the call has to go through gate B.
        public func concerns(_ number: SystemCallNumber) -> Bool {
            switch number {
            case .mmap, .munmap, .mprotect, .mremap, .madvise, .msync: contains(.memory)
            case .futex, .futex_waitv: contains(.futexes)
            default: false
            }
        }
    }

    /// MAP_GROWSDOWN and PROT_GROWSDOWN go through gate B.
    public static func mustBeJudged(_ number: SystemCallNumber, _ c: UInt64, _ d: UInt64) -> Bool {
        number == .mmap && d & 0x100 != 0 || number == .mprotect && c & 0x300_0000 != 0
    }

    /// FUTEX_WAIT, FUTEX_WAIT_BITSET and futex_waitv.
    public static func waits(_ number: SystemCallNumber, _ b: UInt64) -> Bool {
        number == .futex_waitv || number == .futex && (b & 127 == 0 || b & 127 == 9)
    }
}
