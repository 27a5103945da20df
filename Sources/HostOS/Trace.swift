public import LinuxABI

/// ptrace(2). Every operation but `seize` is for the thread that seized, while the tracee stands.
public enum HostTrace {
    /// Becomes the tracer of a thread, without stopping it.
    ///
    /// - Parameter options: PTRACE_O_* bits.
    public static func seize(_ thread: Int32, options: Int) throws(Errno) {
        try hostCall(.ptrace, 0x4206, Int(thread), 0, options)
    }

    /// Lets a running tracee stop (PTRACE_EVENT_STOP).
    public static func interrupt(_ thread: Int32) throws(Errno) { try hostCall(.ptrace, 0x4207, Int(thread)) }

    /// Ends tracing.
    ///
    /// - Parameter signal: what the tracee has stopped for and is to get all the same; 0: nothing.
    public static func detach(_ thread: Int32, signal: Int32 = 0) throws(Errno) {
        try hostCall(.ptrace, 17, Int(thread), 0, Int(signal))
    }

    /// Continues a tracee; system calls are the host's.
    public static func resume(_ thread: Int32) throws(Errno) { try hostCall(.ptrace, 7, Int(thread)) }

    /// Continues a tracee for one instruction.
    public static func step(_ thread: Int32) throws(Errno) { try hostCall(.ptrace, 9, Int(thread)) }

    /// Continues a tracee up to its next system call, which is not executed.
    @inlinable
    public static func resumeEmulating(_ thread: Int32) throws(Errno) { try hostCall(.ptrace, 31, Int(thread)) }

    /// Lets a tracee in a group stop stay there until it is continued from outside.
    public static func listen(_ thread: Int32) throws(Errno) { try hostCall(.ptrace, 0x4208, Int(thread)) }

    /// Reads the general registers: 27 words, struct user_regs_struct.
    @inlinable
    public static func readRegisters(_ thread: Int32, into registers: UnsafeMutableRawPointer) throws(Errno) {
        try unsafe hostCall(.ptrace, 12, Int(thread), 0, Int(registers))
    }

    /// Replaces them.
    ///
    /// - Throws: EIO for segment selectors or bases that the kernel refuses.
    @inlinable
    public static func writeRegisters(_ thread: Int32, from registers: UnsafeRawPointer) throws(Errno) {
        try unsafe hostCall(.ptrace, 13, Int(thread), 0, Int(registers))
    }

    /// The siginfo of the signal that a tracee stopped for: 128 bytes.
    public static func signalInformation(_ thread: Int32, into info: UnsafeMutableRawBufferPointer) throws(Errno) {
        precondition(info.count >= 128)
        try unsafe hostCall(.ptrace, 0x4202, Int(thread), 0, Int(info.baseAddress))
    }

    /// The AUDIT_ARCH_* value of the system call that a tracee stands in; nil when it stands in none.
    @inlinable
    public static func systemCallArchitecture(_ thread: Int32) -> UInt32? {
        // struct ptrace_syscall_info: u8 op, padding, u32 arch, ...
        var info: (UInt64, UInt64) = (0, 0)
        let size = try? unsafe withUnsafeMutableBytes(of: &info) { (b) throws(Errno) in
            try unsafe hostCall(.ptrace, 0x420e, Int(thread), b.count, Int(b.baseAddress))
        }
        guard let size, size >= 8, info.0 & 0xff != 0 else { return nil }
        return UInt32(truncatingIfNeeded: info.0 >> 32)
    }

    /// PTRACE_GETREGSET of a regset (NT_* number).
    ///
    /// - Returns: bytes read.
    public static func readRegisterSet(_ thread: Int32, _ type: Int,
                                       into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        var vector = unsafe (Int(buffer.baseAddress), buffer.count)
        try unsafe withUnsafeMutableBytes(of: &vector) { (v) throws(Errno) in
            _ = try unsafe hostCall(.ptrace, 0x4204, Int(thread), type, Int(v.baseAddress))
        }
        return vector.1
    }

    /// PTRACE_SETREGSET.
    ///
    /// - Throws: EINVAL for contents that the kernel refuses.
    public static func writeRegisterSet(_ thread: Int32, _ type: Int,
                                        from buffer: UnsafeRawBufferPointer) throws(Errno) {
        var vector = unsafe (Int(buffer.baseAddress), buffer.count)
        try unsafe withUnsafeMutableBytes(of: &vector) { (v) throws(Errno) in
            _ = try unsafe hostCall(.ptrace, 0x4205, Int(thread), type, Int(v.baseAddress))
        }
    }

    /// Waits until exactly this child or tracee changes its state (__WALL).
    ///
    /// - Parameter now: do not wait; nil when nothing happened.
    /// - Returns: its status as wait(2) has it.
    /// - Throws: ECHILD when there is no such thread any more.
    @inlinable
    public static func wait(_ thread: Int32, now: Bool = false) throws(Errno) -> Int32? {
        var status: Int32 = 0
        let result = try unsafe withUnsafeMutableBytes(of: &status) { (s) throws(Errno) in
            try unsafe hostCallRetrying(.wait4, Int(thread), Int(s.baseAddress), 0x4000_0000 | (now ? 1 : 0), 0)
        }
        return result == 0 ? nil : status
    }

    /// Whether a child or tracee has ended and was not waited for yet. It is not waited for by this.
    public static func hasEnded(_ thread: Int32) -> Bool { end(of: thread) ?? false }

    /// Whether there is such a child or tracee, and it has not ended.
    public static func lives(_ thread: Int32) -> Bool { end(of: thread) == false }

    /// - Returns: nil when there is no such child.
    private static func end(of thread: Int32) -> Bool? {
        // P_PID, siginfo of 128 bytes, WEXITED | WNOHANG | WNOWAIT | __WALL.
        var info = [Int32](repeating: 0, count: 32)
        let result = try? unsafe info.withMutableBytes { (i) throws(Errno) in
            try unsafe hostCall(.waitid, 1, Int(thread), Int(i.baseAddress), 0x4000_0000 | 0x100_0000 | 4 | 1, 0)
        }
        // si_code: CLD_EXITED, KILLED, DUMPED. Tracees that stand are reported here too.
        return result == nil ? nil : (1...3).contains(info[2])
    }

    /// tgkill(2): a signal to one thread of one process.
    @inlinable
    public static func signal(process: Int32, thread: Int32, _ signal: Int32) throws(Errno) {
        try hostCall(.tgkill, Int(process), Int(thread), Int(signal))
    }

    /// kill(2) with SIGKILL: ends a process with all its threads. Only for a process that was not reaped.
    public static func kill(process: Int32) { _ = try? hostCall(.kill, Int(process), 9) }
}
