import CHostOS
import LinuxABI

/// What the processor says of itself, and how much of the machine this process may use.
public enum HostMachine {
    /// Registers after CPUID.
    public struct CPUID: Sendable {
        public var eax, ebx, ecx, edx: UInt32
    }

    public static func cpuid(_ leaf: UInt32, _ subleaf: UInt32 = 0) -> CPUID {
        var registers: [UInt32] = [0, 0, 0, 0]
        unsafe registers.withUnsafeMutableBufferPointer { r in
            if let base = r.baseAddress { unsafe host_cpuid(leaf, subleaf, base) }
        }
        return CPUID(eax: registers[0], ebx: registers[1], ecx: registers[2], edx: registers[3])
    }

    /// How many processors this process may run on.
    public static var processorCount: Int {
        var mask = [UInt64](repeating: 0, count: 128)
        let size = mask.count * 8
        let used = try? unsafe mask.withMutableBytes { (b) throws(Errno) in
            try unsafe hostCall(.sched_getaffinity, 0, size, Int(b.baseAddress))
        }
        if used == nil { return 1 }
        return max(1, mask.reduce(0) { $0 + $1.nonzeroBitCount })
    }

    /// Bytes of memory and of swap that the machine has (sysinfo(2)).
    public static var memory: (total: UInt64, swap: UInt64) {
        // struct sysinfo: uptime, loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap, procs (16 bits),
        // totalhigh, freehigh, mem_unit (32 bits).
        var words = [UInt64](repeating: 0, count: 14)
        let done = try? unsafe words.withMutableBytes { (b) throws(Errno) in
            try unsafe hostCall(.sysinfo, Int(b.baseAddress))
        }
        if done == nil { return (0, 0) }
        let unit = max(1, words[13] & 0xffff_ffff)
        return (words[4] &* unit, words[8] &* unit)
    }

    /// Whether memory gets huge pages just where a program asks for them (MADV_HUGEPAGE): the host's other settings, `always`
    /// and `never`, leave it no choice.
    public static var choosesHugePages: Bool {
        guard let file = try? HostFD.currentDirectory.open("/sys/kernel/mm/transparent_hugepage/enabled", 0) else { return false }
        defer { file.close() }
        let text = String(decoding: (try? file.readAll(limit: 4096)) ?? [], as: UTF8.self)
        return text.split(separator: " ").contains("[madvise]")
    }

    /// XCR0: the parts of the vector state that the host has switched on; x87 and SSE without XSAVE.
    public static var enabledStates: UInt64 { cpuid(1).ecx & 1 << 27 != 0 ? host_xgetbv() : 3 }

    /// Cycles of the time stamp counter, for a measure of the processor's frequency.
    public static var timestampCounter: UInt64 { host_rdtsc() }
}
