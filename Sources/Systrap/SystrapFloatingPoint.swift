import CStub
import HostOS
import LinuxABI

/// The vector and floating point state: it lies in the stub's signal frame, and passes through the slot's second page.
extension SystrapContext {
    /// Bytes that the kernel uses in a frame and that no program sees.
    private static var software: Range<Int> { 464..<512 }
    private static var header: Int { 512 }

    /// Those that the kernel lets every process use. AMX's are asked for, which no stub does.
    private static let components = HostMachine.enabledStates & ~0x6_0000

    private var page: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(slot) + Int(STUB_FLOATING_OFFSET) }

    func readState() -> [UInt8] {
        guard let size = command(STUB_READ_FLOATING), size >= 512, size <= 4096 else { return [] }
        var state = unsafe [UInt8](UnsafeRawBufferPointer(start: page, count: Int(size)))
        for i in Self.software { state[i] = 0 }
        return state
    }

    func writeState(_ new: [UInt8]) throws(Errno) {
        let old = readState()
        if old.isEmpty { throw .ESRCH }
        if new.count < 512 || new.count > old.count { throw .EINVAL }
        var state = new + [UInt8](repeating: 0, count: old.count - new.count)
        if new.count < Self.header + 64, state.count >= Self.header + 64 { state[Self.header] = 3 }
        if !Self.isLoadable(state, mask: old[28..<32]) { throw .EINVAL }
        unsafe write(state)
    }

    func resetState() {
        let size = readState().count
        if size < 512 { return }
        var state = [UInt8](repeating: 0, count: size)
        (state[0], state[1]) = (0x7f, 0x03)      // x87 control word
        (state[24], state[25]) = (0x80, 0x1f)    // MXCSR
        if size > Self.header { state[Self.header] = 3 }
        unsafe write(state)
    }

    private func write(_ state: [UInt8]) {
        unsafe state.withUnsafeBytes { unsafe page.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        _ = command(STUB_WRITE_FLOATING, UInt64(state.count))
    }

    /// What XRSTOR takes: no reserved bit of MXCSR, no component that is not in the state, no compaction.
    private static func isLoadable(_ state: [UInt8], mask: ArraySlice<UInt8>) -> Bool {
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        let allowed = word(mask) == 0 ? 0xffbf : word(mask)
        if word(state[24..<28]) & ~allowed != 0 { return false }
        if state.count < header + 64 { return true }
        if word(state[header..<(header + 8)]) & ~components != 0 { return false }
        return state[(header + 8)..<(header + 64)].allSatisfy { $0 == 0 }
    }
}
