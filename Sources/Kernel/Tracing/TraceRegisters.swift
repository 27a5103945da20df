import HostOS
import LinuxABI
import Memory
import Platform

// Registers of a tracee that stands, as ptrace(2) hands them out.

extension Task {
    private static let NT_PRSTATUS: UInt64 = 1
    private static let NT_PRFPREG: UInt64 = 2
    private static let NT_X86_XSTATE: UInt64 = 0x202
    /// sizeof(struct user), and where its debug registers lie.
    private static let userSize: UInt64 = 912
    private static let debugRegisters: Range<UInt64> = 848..<912
    private static let legacySize = 512

    func traceRegisters(_ number: UInt64, _ target: Task, _ address: UInt64, _ data: UInt64) throws(Errno) -> UInt64 {
        switch number {
        case 3: // PTRACE_PEEKUSER
            try memory.store(try peekUser(target, address), at: GuestAddress(data))
        case 6: try pokeUser(target, address, data) // PTRACE_POKEUSER
        case 12: // PTRACE_GETREGS
            try memory.store(try stop(of: target).registers, at: GuestAddress(data))
        case 13: // PTRACE_SETREGS
            try set(target, words: try memory.loadArray(GuestAddress(data), count: 27, as: UInt64.self))
        case 14: // PTRACE_GETFPREGS
            try memory.store(array: try floatingPoint(of: target, Self.legacySize), at: GuestAddress(data))
        case 15: // PTRACE_SETFPREGS
            try setFloatingPoint(of: target, try memory.loadBytes(GuestAddress(data), count: Self.legacySize))
        case 30: return try architecture(target, operation: data, address) // PTRACE_ARCH_PRCTL
        case 0x4204: try getSet(target, address, GuestAddress(data)) // PTRACE_GETREGSET
        default: try setSet(target, address, GuestAddress(data)) // PTRACE_SETREGSET
        }
        return 0
    }

    // MARK: General registers

    private func peekUser(_ target: Task, _ offset: UInt64) throws(Errno) -> UInt64 {
        if offset % 8 != 0 || offset >= Self.userSize { throw .EIO }
        let words = try stop(of: target).registers.words
        return offset / 8 < 27 ? words[Int(offset / 8)] : 0
    }

    /// Hardware watchpoints are not to be had: debuggers watch by single steps then.
    private func pokeUser(_ target: Task, _ offset: UInt64, _ value: UInt64) throws(Errno) {
        if offset % 8 != 0 || offset >= Self.userSize { throw .EIO }
        if Self.debugRegisters.contains(offset) {
            if value != 0 { throw .EINVAL }
            return
        }
        if offset / 8 >= 27 { throw .EIO }
        var words = try stop(of: target).registers.words
        words[Int(offset / 8)] = value
        try set(target, words: words)
    }

    private func set(_ target: Task, words: [UInt64]) throws(Errno) {
        try withStop(of: target) { (_, stop) throws(Errno) in
            stop.registers = try stop.registers.replaced(by: words, limit: target.mm.addressSpace.limit.rawValue)
            stop.hasNewRegisters = true
        }
    }

    private func architecture(_ target: Task, operation: UInt64, _ address: UInt64) throws(Errno) -> UInt64 {
        var words = try stop(of: target).registers.words
        switch operation {
        case 0x1001: words[22] = address // ARCH_SET_GS
        case 0x1002: words[21] = address // ARCH_SET_FS
        case 0x1003, 0x1004: // ARCH_GET_FS, ARCH_GET_GS
            try memory.store(words[operation == 0x1003 ? 21 : 22], at: GuestAddress(address))
            return 0
        default: throw .EINVAL
        }
        do throws(Errno) { try set(target, words: words) } catch { throw error == .EIO ? .EPERM : error }
        return 0
    }

    // MARK: Sets

    /// struct iovec.
    private func room(_ vector: GuestAddress) throws(Errno) -> (base: GuestAddress, count: Int) {
        let words = try memory.loadArray(vector, count: 2, as: UInt64.self)
        return (GuestAddress(words[0]), Int(min(words[1], 1 << 16)))
    }

    private func getSet(_ target: Task, _ kind: UInt64, _ vector: GuestAddress) throws(Errno) {
        let room = try room(vector)
        let bytes: [UInt8]
        switch kind {
        case Self.NT_PRSTATUS:
            if room.count % 8 != 0 { throw .EINVAL }
            bytes = try stop(of: target).registers.bytes
        case Self.NT_PRFPREG:
            if room.count % 8 != 0 { throw .EINVAL }
            bytes = try floatingPoint(of: target, Self.legacySize)
        case Self.NT_X86_XSTATE:
            if room.count % 8 != 0 { throw .EINVAL }
            bytes = try floatingPoint(of: target, .max)
        default: throw .EINVAL
        }
        let count = min(room.count, bytes.count)
        try memory.store(array: Array(bytes.prefix(count)), at: room.base)
        try memory.store(UInt64(count), at: vector + 8)
    }

    private func setSet(_ target: Task, _ kind: UInt64, _ vector: GuestAddress) throws(Errno) {
        let room = try room(vector)
        if room.count % 8 != 0 { throw .EINVAL }
        switch kind {
        case Self.NT_PRSTATUS:
            let count = min(room.count / 8, 27)
            let words = try memory.loadArray(room.base, count: count, as: UInt64.self)
            let old = try stop(of: target).registers.words
            try set(target, words: words + old[count...])
            try memory.store(UInt64(count * 8), at: vector + 8)
        case Self.NT_PRFPREG:
            if room.count < Self.legacySize { throw .EINVAL }
            try setFloatingPoint(of: target, try memory.loadBytes(room.base, count: Self.legacySize))
        case Self.NT_X86_XSTATE:
            let size = try floatingPoint(of: target, .max).count
            // All of it, or EFAULT as Linux has it.
            if room.count < size { throw .EFAULT }
            try setFloatingPoint(of: target, try memory.loadBytes(room.base, count: size))
        default: throw .EINVAL
        }
    }

    // MARK: Vector state

    /// The first `limit` bytes of it.
    private func floatingPoint(of target: Task, _ limit: Int) throws(Errno) -> [UInt8] {
        let result = FloatingPointExchange()
        try perform(on: target) { result.state = $0.describedFloatingPoint() }
        return Array(result.state.prefix(limit))
    }

    private func setFloatingPoint(of target: Task, _ state: [UInt8]) throws(Errno) {
        let result = FloatingPointExchange()
        try perform(on: target) { task in
            var new = task.context.readFloatingPoint()
            if new.count < state.count { return result.error = .EINVAL }
            for index in 0..<state.count { new[index] = state[index] }
            // The software's own bytes are no state.
            for index in 464..<min(512, new.count) { new[index] = 0 }
            // The legacy part alone: it counts from now on, though it may have been in its initial state.
            if state.count <= Self.legacySize, new.count > Self.legacySize { new[Self.legacySize] |= 3 }
            do throws(Errno) { try task.context.writeFloatingPoint(new) } catch { result.error = error }
        }
        if let error = result.error { throw error }
    }

    /// XSAVE's area as PTRACE_GETREGSET shows it: with the components that the processor has in the bytes that are the
    /// software's. On the task's own thread.
    func describedFloatingPoint() -> [UInt8] {
        var state = context.readFloatingPoint()
        if state.count < 576 { return state }
        // A platform may have left what the host says.
        if state[464..<472].allSatisfy({ $0 == 0 }) {
            let features = state.count < 832 ? 3 : HostMachine.enabledStates
            for index in 0..<8 { state[464 + index] = UInt8(truncatingIfNeeded: features >> UInt64(8 * index)) }
        }
        for index in 472..<512 { state[index] = 0 }
        return state
    }
}

/// What a tracee's own thread read or said. Used by one thread after the other.
private final class FloatingPointExchange: @unchecked Sendable {
    var state: [UInt8] = []
    var error: Errno?
}

extension Registers {
    /// In the order of struct user_regs_struct.
    var words: [UInt64] {
        [r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, origRax, rip, cs, eflags, rsp, ss, fsBase, gsBase,
         ds, es, fs, gs]
    }

    var bytes: [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
    }

    /// These registers with the values that a tracer wants, as far as it may choose them.
    ///
    /// - Throws: EIO for a segment or base that the processor would refuse.
    func replaced(by w: [UInt64], limit: UInt64) throws(Errno) -> Registers {
        if w.count < 27 { throw .EIO }
        var r = self
        (r.r15, r.r14, r.r13, r.r12, r.rbp, r.rbx) = (w[0], w[1], w[2], w[3], w[4], w[5])
        (r.r11, r.r10, r.r9, r.r8, r.rax, r.rcx) = (w[6], w[7], w[8], w[9], w[10], w[11])
        (r.rdx, r.rsi, r.rdi, r.origRax, r.rip) = (w[12], w[13], w[14], w[15], w[16])
        // A null selector or one of ring 3.
        for index in [17, 20, 23, 24, 25, 26] where w[index] & 0xffff != 0 && w[index] & 3 != 3 { throw .EIO }
        if w[17] & 0xffff == 0 || w[20] & 0xffff == 0 { throw .EIO }
        // CF PF AF ZF SF TF DF OF NT RF AC.
        r.eflags = eflags & ~0x5_4dd5 | w[18] & 0x5_4dd5 | 0x202
        r.rsp = w[19]
        if w[21] >= 0x7fff_ffff_f000 || w[22] >= 0x7fff_ffff_f000 { throw .EIO }
        (r.fsBase, r.gsBase) = (w[21], w[22])
        return r
    }
}
