import CHostOS

/// What the host's kernel told this process at its start (getauxval(3)).
public enum HostAuxiliaryVector {
    /// The value for AT_`tag`; 0 when there is none.
    public static func value(_ tag: UInt) -> UInt64 { UInt64(host_auxiliary_value(tag)) }

    /// The host's vDSO as this process has it mapped: a whole ELF image; empty when there is none.
    public static var vdso: [UInt8] {
        let base = UInt(host_auxiliary_value(33 /* AT_SYSINFO_EHDR */))
        guard base != 0, let start = unsafe UnsafeRawPointer(bitPattern: base) else { return [] }
        let header = unsafe UnsafeRawBufferPointer(start: start, count: 4096)
        // The kernel's own image: its program headers lie in its first page, one of them covers all.
        let table = unsafe header.loadUnaligned(fromByteOffset: 32, as: UInt64.self)
        let count = unsafe header.loadUnaligned(fromByteOffset: 56, as: UInt16.self)
        var size: UInt64 = 0
        for index in 0..<UInt64(count) {
            let entry = Int(table &+ index &* 56)
            if entry < 0 || entry + 56 > 4096 { return [] }
            let type = unsafe header.loadUnaligned(fromByteOffset: entry, as: UInt32.self)
            let address = unsafe header.loadUnaligned(fromByteOffset: entry + 16, as: UInt64.self)
            let memory = unsafe header.loadUnaligned(fromByteOffset: entry + 40, as: UInt64.self)
            if type == 1 { size = max(size, address &+ memory) }
        }
        if size == 0 || size > 1 << 20 { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: Int(size)))
    }
}
