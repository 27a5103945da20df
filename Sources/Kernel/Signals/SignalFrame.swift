import HostOS
import LinuxABI
import Memory
import Platform

/// struct sigcontext of x86-64: the registers that a handler sees and may change.
struct SignalContext: BitwiseCopyable {
    var r8, r9, r10, r11, r12, r13, r14, r15: UInt64
    var rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags: UInt64
    var cs, gs, fs, ss: UInt16
    var error, trap, oldMask, cr2: UInt64
    /// The address of the floating point state, 0 for none.
    var floatingPoint: UInt64
    var reserved: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)

    init(_ r: Registers, fault: Fault?, oldMask: SignalSet, floatingPoint: UInt64) {
        (r8, r9, r10, r11) = (r.r8, r.r9, r.r10, r.r11)
        (r12, r13, r14, r15) = (r.r12, r.r13, r.r14, r.r15)
        (rdi, rsi, rbp, rbx) = (r.rdi, r.rsi, r.rbp, r.rbx)
        (rdx, rax, rcx, rsp) = (r.rdx, r.rax, r.rcx, r.rsp)
        (rip, eflags) = (r.rip, r.eflags)
        cs = UInt16(truncatingIfNeeded: r.cs)
        ss = UInt16(truncatingIfNeeded: r.ss)
        (gs, fs) = (0, 0)
        error = fault?.errorCode ?? 0
        trap = fault?.trapNumber ?? 0
        cr2 = fault?.address ?? 0
        self.oldMask = oldMask.rawValue
        self.floatingPoint = floatingPoint
    }

    /// Puts the values into `r`, as far as a program may choose them.
    func apply(to r: inout Registers) {
        (r.r8, r.r9, r.r10, r.r11) = (r8, r9, r10, r11)
        (r.r12, r.r13, r.r14, r.r15) = (r12, r13, r14, r15)
        (r.rdi, r.rsi, r.rbp, r.rbx) = (rdi, rsi, rbp, rbx)
        (r.rdx, r.rax, r.rcx, r.rsp) = (rdx, rax, rcx, rsp)
        r.rip = rip
        // CF PF AF ZF SF TF DF OF RF AC; the interrupt flag and bit 1 are always set.
        r.eflags = eflags & 0x5_0dd5 | 0x202
        r.cs = 0x33
        r.ss = 0x2b
    }
}

/// stack_t.
struct StackDescription: BitwiseCopyable {
    var base: UInt64
    var flags: Int32
    var padding: Int32 = 0
    var size: UInt64
}

/// struct ucontext.
struct UserContext: BitwiseCopyable {
    var flags: UInt64
    var link: UInt64 = 0
    var stack: StackDescription
    var registers: SignalContext
    var mask: SignalSet
}

/// What lies on the stack when a handler begins: struct rt_sigframe.
struct SignalFrame: BitwiseCopyable {
    /// The return address.
    var restorer: UInt64
    var context: UserContext
    var info: SignalInfo
}

/// The software-reserved bytes at offset 464 of an XSAVE area in a frame: struct _fpx_sw_bytes.
private struct FrameTrailer: BitwiseCopyable {
    static let offset = 464
    static let magic1: UInt32 = 0x4650_5853
    static let magic2: UInt32 = 0x4650_5845

    var magic: UInt32
    /// The XSAVE area and magic2 behind it.
    var extendedSize: UInt32
    var features: UInt64
    var stateSize: UInt32
}

extension Task {
    private var redZone: UInt64 { 128 }

    /// Builds the frame of `info`'s handler on the guest's stack, and lets the registers stand at its first instruction.
    ///
    /// - Throws: EFAULT when the stack cannot take it.
    func pushFrame(_ info: SignalInfo, _ action: SignalAction) throws(Errno) {
        // x86-64 has no default restorer.
        if action.flags & SignalAction.SA_RESTORER == 0 { throw .EFAULT }
        var registers = context.registers
        let wasOnAlternate = alternateStack.contains(registers.rsp) && !alternateStack.disarms
        var top = registers.rsp &- redZone
        var entersAlternate = false
        if action.flags & SignalAction.SA_ONSTACK != 0, alternateStack.isEnabled, !wasOnAlternate {
            top = alternateStack.base &+ alternateStack.size
            entersAlternate = true
        }
        let state = framedFloatingPoint(context.readFloatingPoint())
        let statePlace = state.isEmpty ? 0 : (top &- UInt64(state.count)) & ~63
        let below = state.isEmpty ? top : statePlace
        let place = ((below &- UInt64(MemoryLayout<SignalFrame>.size)) & ~15) &- 8
        if wasOnAlternate || entersAlternate, place < alternateStack.base || place >= alternateStack.base &+ alternateStack.size {
            throw .EFAULT
        }
        let frame = SignalFrame(
            restorer: action.restorer,
            context: UserContext(
                // UC_SIGCONTEXT_SS and UC_STRICT_RESTORE_SS; UC_FP_XSTATE.
                flags: 6 | (state.isEmpty ? 0 : 1), stack: stackDescription(registers.rsp),
                registers: SignalContext(registers, fault: lastFault, oldMask: savedMask ?? blocked,
                                         floatingPoint: statePlace),
                mask: savedMask ?? blocked),
            info: info)
        if !state.isEmpty { try context.store(array: state, at: GuestAddress(statePlace)) }
        try context.store(frame, at: GuestAddress(place))
        context.resetFloatingPoint()
        if alternateStack.disarms { alternateStack = AlternateStack() }
        lastFault = nil
        registers.rsp = place
        registers.rip = action.handler
        registers.rdi = UInt64(UInt32(bitPattern: info.signal))
        registers.rsi = place &+ UInt64(MemoryLayout<SignalFrame>.offset(of: \.info) ?? 0)
        registers.rdx = place &+ UInt64(MemoryLayout<SignalFrame>.offset(of: \.context) ?? 0)
        registers.rax = 0
        // DF, RF and TF.
        registers.eflags &= ~0x1_0500
        registers.cs = 0x33
        registers.ss = 0x2b
        registers.origRax = .max
        context.registers = registers
    }

    /// rt_sigreturn(2): takes the registers, the mask and the alternate stack back from the frame.
    ///
    /// - Throws: EFAULT for a frame that cannot be read or holds a state that the processor cannot load: SIGSEGV.
    public func returnFromSignal() throws(Errno) {
        let place = GuestAddress(context.registers.rsp)
        let saved = try context.load(place, as: UserContext.self)
        if saved.registers.floatingPoint == 0 {
            context.resetFloatingPoint()
        } else {
            let state = try loadFloatingPoint(GuestAddress(saved.registers.floatingPoint))
            do throws(Errno) { try context.writeFloatingPoint(state) } catch { throw .EFAULT }
        }
        var registers = context.registers
        saved.registers.apply(to: &registers)
        registers.origRax = .max
        context.registers = registers
        keepsRegisters = true
        setBlocked(saved.mask)
        let stack = saved.stack
        try? setAlternateStack(base: stack.base, size: stack.size, flags: stack.flags, stackPointer: registers.rsp)
    }

    /// The XSAVE area as a frame holds it: with its software-reserved bytes and the magic number behind it.
    private func framedFloatingPoint(_ state: [UInt8]) -> [UInt8] {
        guard state.count >= 576 else { return [] }
        var framed = state
        var features: UInt64 = 0
        for index in 0..<8 { features |= UInt64(state[FrameTrailer.offset + index]) << UInt64(8 * index) }
        // The platform leaves the set of enabled features here, as the host's register sets do.
        if features == 0 || features >> 32 != 0 || features & 3 != 3 { features = 7 }
        put(FrameTrailer.magic1, into: &framed, at: FrameTrailer.offset)
        put(UInt32(truncatingIfNeeded: state.count + 4), into: &framed, at: FrameTrailer.offset + 4)
        put(UInt32(truncatingIfNeeded: features), into: &framed, at: FrameTrailer.offset + 8)
        put(0, into: &framed, at: FrameTrailer.offset + 12)
        put(UInt32(truncatingIfNeeded: state.count), into: &framed, at: FrameTrailer.offset + 16)
        for index in FrameTrailer.offset + 20..<512 { framed[index] = 0 }
        framed.append(contentsOf: [0, 0, 0, 0])
        put(FrameTrailer.magic2, into: &framed, at: state.count)
        return framed
    }

    private func loadFloatingPoint(_ place: GuestAddress) throws(Errno) -> [UInt8] {
        let size = context.readFloatingPoint().count
        guard size >= 576 else { return [] }
        var state = try context.loadBytes(place, count: 512)
        let trailer = try context.load(place + UInt64(FrameTrailer.offset), as: FrameTrailer.self)
        let isExtended = trailer.magic == FrameTrailer.magic1 && trailer.stateSize >= 576
            && Int(trailer.stateSize) <= size && trailer.extendedSize >= trailer.stateSize
        if isExtended, try context.load(place + UInt64(trailer.stateSize), as: UInt32.self) == FrameTrailer.magic2 {
            state += try context.loadBytes(place + 512, count: Int(trailer.stateSize) - 512)
        } else {
            // Only the legacy part: x87 and SSE.
            state += [3] + [UInt8](repeating: 0, count: 63)
        }
        state += [UInt8](repeating: 0, count: size - state.count)
        for index in FrameTrailer.offset..<512 { state[index] = 0 }
        return state
    }

    private func put(_ value: UInt32, into bytes: inout [UInt8], at offset: Int) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }

    func stackDescription(_ stackPointer: UInt64) -> StackDescription {
        var flags: Int32 = alternateStack.disarms ? Int32.min : 0
        if !alternateStack.isEnabled {
            flags |= 2
        } else if alternateStack.contains(stackPointer), !alternateStack.disarms {
            flags |= 1
        }
        return StackDescription(base: alternateStack.base, flags: flags, size: alternateStack.size)
    }

    /// What sigaltstack(2) tells: base, flags and size.
    public var alternateStackState: (base: UInt64, flags: Int32, size: UInt64) {
        let d = stackDescription(context.registers.rsp)
        return (d.base, d.flags, d.size)
    }

    /// sigaltstack(2).
    ///
    /// - Throws: EPERM while on the stack, EINVAL for flags, ENOMEM for too small a stack.
    public func setAlternateStack(base: UInt64, size: UInt64, flags: Int32, stackPointer: UInt64) throws(Errno) {
        if alternateStack.contains(stackPointer), !alternateStack.disarms { throw .EPERM }
        let mode = flags & Int32.max
        if mode != 0, mode != 1, mode != 2 { throw .EINVAL }
        if mode == 2 {
            alternateStack = AlternateStack()
            return
        }
        if size < 2048 { throw .ENOMEM }
        alternateStack.base = base
        alternateStack.size = size
        alternateStack.disarms = flags < 0
    }
}
