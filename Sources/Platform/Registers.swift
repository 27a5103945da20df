/// The general registers of a guest thread, in the order and size of the kernel's user_regs_struct (27 words).
public struct Registers: BitwiseCopyable, Sendable {
    public var r15: UInt64 = 0
    public var r14: UInt64 = 0
    public var r13: UInt64 = 0
    public var r12: UInt64 = 0
    public var rbp: UInt64 = 0
    public var rbx: UInt64 = 0
    public var r11: UInt64 = 0
    public var r10: UInt64 = 0
    public var r9: UInt64 = 0
    public var r8: UInt64 = 0
    public var rax: UInt64 = 0
    public var rcx: UInt64 = 0
    public var rdx: UInt64 = 0
    public var rsi: UInt64 = 0
    public var rdi: UInt64 = 0
    /// The number of the call that the thread is in; all ones when it is in none.
    public var origRax: UInt64 = .max
    public var rip: UInt64 = 0
    public var cs: UInt64 = 0x33
    public var eflags: UInt64 = 0x202
    public var rsp: UInt64 = 0
    public var ss: UInt64 = 0x2b
    public var fsBase: UInt64 = 0
    public var gsBase: UInt64 = 0
    public var ds: UInt64 = 0
    public var es: UInt64 = 0
    public var fs: UInt64 = 0
    public var gs: UInt64 = 0

    public init() {}
}

/// A system call as guest code made it.
public struct GuestCall: BitwiseCopyable, Sendable {
    /// All 64 bits of rax. Linux looks at the lower 32 alone.
    public var number: UInt64 = .max
    public var arguments: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    /// A futex wait that slept in the stub until an interrupt ended it, with nothing waited for having happened.
    public var wasInterrupted = false
    /// When that was to end, where its timeout was relative: CLOCK_MONOTONIC, nanoseconds; else 0.
    public var deadline: UInt64 = 0

    public init() {}

    public init(_ r: Registers) {
        number = r.origRax
        arguments = (r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9)
    }
}

/// A hardware exception of guest code, as siginfo and sigcontext describe it.
public struct Fault: Sendable {
    /// SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGTRAP.
    public var signal: Int32
    /// si_code.
    public var code: Int32
    /// si_addr.
    public var address: UInt64
    /// sigcontext's trapno (x86 exception vector) and err, 0 where the platform cannot tell.
    public var trapNumber: UInt64
    public var errorCode: UInt64

    public init(signal: Int32, code: Int32, address: UInt64, trapNumber: UInt64 = 0, errorCode: UInt64 = 0) {
        self.signal = signal
        self.code = code
        self.address = address
        self.trapNumber = trapNumber
        self.errorCode = errorCode
    }
}

/// Why guest code stopped running.
public enum GuestEvent: Sendable {
    /// A system call, which `ExecutionContext.call` describes. In the registers origRax holds its number and rax -ENOSYS
    /// until it is complete; rip stands behind the instruction, which has two bytes.
    case systemCall
    case fault(Fault)
    /// `interrupt()` was called, or nothing happened: look for work.
    case interrupted
    /// The stub was killed: by the host's OOM killer, or because it broke a protocol (`reason`). The whole guest process
    /// has died with SIGKILL.
    case died(reason: StaticString)
}
