/// What a signal tells its receiver: siginfo_t, byte for byte (sigaction(2)).
public struct SignalInfo: BitwiseCopyable, Sendable {
    /// si_signo and si_errno, si_code and padding, then the union from byte 16 on.
    public private(set) var words = InlineArray<16, UInt64>(repeating: 0)

    public init(_ signal: Int32, code: Int32) {
        words[0] = UInt64(UInt32(bitPattern: signal))
        words[1] = UInt64(UInt32(bitPattern: code))
    }

    /// As a guest wrote it.
    public init(words: InlineArray<16, UInt64>) { self.words = words }

    public var signal: Int32 {
        get { int32(at: 0) }
        set { set(newValue, at: 0) }
    }

    public var code: Int32 {
        get { int32(at: 8) }
        set { set(newValue, at: 8) }
    }

    /// si_errno.
    public var error: Int32 {
        get { int32(at: 4) }
        set { set(newValue, at: 4) }
    }

    /// si_pid (or si_timerid): in the receiver's pid namespace.
    public var pid: Int32 {
        get { int32(at: 16) }
        set { set(newValue, at: 16) }
    }

    /// si_uid (or si_overrun): in the receiver's user namespace.
    public var uid: UInt32 {
        get { UInt32(bitPattern: int32(at: 20)) }
        set { set(Int32(bitPattern: newValue), at: 20) }
    }

    /// si_value of queued signals, timers and message queues.
    public var value: UInt64 {
        get { words[3] }
        set { words[3] = newValue }
    }

    /// si_addr of a fault, si_band of SIGIO, si_call_addr of SIGSYS.
    public var address: UInt64 {
        get { words[2] }
        set { words[2] = newValue }
    }

    /// si_status of SIGCHLD.
    public var status: Int32 {
        get { int32(at: 24) }
        set { set(newValue, at: 24) }
    }

    /// si_fd of SIGIO, si_syscall of SIGSYS, si_addr_lsb of SIGBUS.
    public var descriptor: Int32 {
        get { int32(at: 24) }
        set { set(newValue, at: 24) }
    }

    /// si_arch of SIGSYS.
    public var architecture: Int32 {
        get { int32(at: 28) }
        set { set(newValue, at: 28) }
    }

    /// si_utime and si_stime of SIGCHLD, in clock ticks.
    public var times: (user: UInt64, system: UInt64) {
        get { (words[4], words[5]) }
        set { (words[4], words[5]) = newValue }
    }

    private func int32(at offset: Int) -> Int32 {
        Int32(truncatingIfNeeded: words[offset / 8] >> UInt64(offset % 8 * 8))
    }

    private mutating func set(_ value: Int32, at offset: Int) {
        let shift = UInt64(offset % 8 * 8)
        words[offset / 8] = words[offset / 8] & ~(0xffff_ffff << shift) | UInt64(UInt32(bitPattern: value)) << shift
    }
}

/// si_code values.
extension SignalInfo {
    public static let SI_USER: Int32 = 0
    public static let SI_KERNEL: Int32 = 0x80
    public static let SI_QUEUE: Int32 = -1
    public static let SI_TIMER: Int32 = -2
    public static let SI_MESGQ: Int32 = -3
    public static let SI_ASYNCIO: Int32 = -4
    public static let SI_SIGIO: Int32 = -5
    public static let SI_TKILL: Int32 = -6
    public static let CLD_EXITED: Int32 = 1
    public static let CLD_KILLED: Int32 = 2
    public static let CLD_DUMPED: Int32 = 3
    public static let CLD_TRAPPED: Int32 = 4
    public static let CLD_STOPPED: Int32 = 5
    public static let CLD_CONTINUED: Int32 = 6

    /// A signal from the kernel itself.
    public static func kernel(_ signal: Int32) -> SignalInfo { SignalInfo(signal, code: SI_KERNEL) }
}
