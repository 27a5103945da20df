import HostOS
import LinuxABI

/// The vector and floating point state, as the kernel hands it out: XSAVE's standard format (NT_X86_XSTATE).
extension PtraceContext {
    private static var xstate: Int { 0x202 }
    /// More than any processor's state without AMX tiles.
    private static var room: Int { 16384 }
    /// XSAVE's header behind the legacy area: XSTATE_BV, XCOMP_BV, reserved.
    private static var header: Int { 512 }

    func readState() -> [UInt8] {
        if gone { return [] }
        var state = [UInt8](repeating: 0, count: Self.room)
        let count = try? unsafe state.withMutableBytes { (b) throws(Errno) in
            try unsafe HostTrace.readRegisterSet(thread, Self.xstate, into: b)
        }
        state.removeLast(Self.room - (count ?? 0))
        return state
    }

    /// Components that `new` has no room for get their initial state.
    func writeState(_ new: [UInt8]) throws(Errno) {
        var state = readState()
        if state.isEmpty { throw .ESRCH }
        if new.count < 512 || new.count > state.count { throw .EINVAL }
        for i in 0..<state.count { state[i] = i < new.count ? new[i] : 0 }
        if new.count < Self.header + 64 {
            // The legacy area only: x87 and SSE.
            state[Self.header] = 3
        }
        do throws(Errno) { try write(state) } catch { throw error == .ESRCH ? .ESRCH : .EINVAL }
    }

    func resetState() {
        var state = [UInt8](repeating: 0, count: readState().count)
        if state.count < Self.header + 64 { return }
        (state[0], state[1]) = (0x7f, 0x03)      // x87 control word
        (state[24], state[25]) = (0x80, 0x1f)    // MXCSR
        state[Self.header] = 3
        try? write(state)
    }

    private func write(_ state: [UInt8]) throws(Errno) {
        try unsafe state.withBytes { (b) throws(Errno) in
            try unsafe HostTrace.writeRegisterSet(thread, Self.xstate, from: b)
        }
    }
}
