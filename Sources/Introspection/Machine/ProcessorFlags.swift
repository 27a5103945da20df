import HostOS

/// The words of /proc/cpuinfo's "flags" line, by the CPUID bits behind them, in Linux's order of words.
enum ProcessorFlags {
    /// One register of a leaf: names by bit, "" for a bit that has no word.
    private struct Word {
        var leaf: UInt32
        var subleaf: UInt32 = 0
        var register: KeyPath<HostMachine.CPUID, UInt32>
        var names: [Int: String]
    }

    /// Splits "0:fpu 1:vme ..." into numbers and names.
    private static func bits(_ text: String) -> [Int: String] {
        var names: [Int: String] = [:]
        for item in text.split(separator: " ") {
            let parts = item.split(separator: ":")
            if parts.count == 2, let bit = Int(parts[0]) { names[bit] = String(parts[1]) }
        }
        return names
    }

    private static var words: [Word] {
        [
            Word(leaf: 1, register: \.edx, names: bits("""
                0:fpu 1:vme 2:de 3:pse 4:tsc 5:msr 6:pae 7:mce 8:cx8 9:apic 11:sep 12:mtrr 13:pge 14:mca 15:cmov 16:pat \
                17:pse36 18:pn 19:clflush 21:dts 22:acpi 23:mmx 24:fxsr 25:sse 26:sse2 27:ss 28:ht 29:tm 30:ia64 31:pbe
                """)),
            Word(leaf: 0x8000_0001, register: \.edx, names: bits("""
                11:syscall 19:mp 20:nx 22:mmxext 25:fxsr_opt 26:pdpe1gb 27:rdtscp 29:lm 30:3dnowext 31:3dnow
                """)),
            Word(leaf: 1, register: \.ecx, names: bits("""
                0:pni 1:pclmulqdq 2:dtes64 3:monitor 4:ds_cpl 6:smx 7:est 8:tm2 9:ssse3 11:sdbg 12:fma 13:cx16 14:xtpr \
                15:pdcm 17:pcid 18:dca 19:sse4_1 20:sse4_2 21:x2apic 22:movbe 23:popcnt 24:tsc_deadline_timer 25:aes \
                26:xsave 28:avx 29:f16c 30:rdrand 31:hypervisor
                """)),
            Word(leaf: 0x8000_0001, register: \.ecx, names: bits("""
                0:lahf_lm 1:cmp_legacy 3:extapic 4:cr8_legacy 5:abm 6:sse4a 7:misalignsse 8:3dnowprefetch 9:osvw 10:ibs \
                11:xop 12:skinit 13:wdt 15:lwp 16:fma4 17:tce 19:nodeid_msr 21:tbm 22:topoext
                """)),
            Word(leaf: 7, register: \.ebx, names: bits("""
                0:fsgsbase 1:tsc_adjust 3:bmi1 4:hle 5:avx2 7:smep 8:bmi2 9:erms 10:invpcid 11:rtm 16:avx512f 17:avx512dq \
                18:rdseed 19:adx 20:smap 21:avx512ifma 23:clflushopt 24:clwb 26:avx512pf 27:avx512er 28:avx512cd 29:sha_ni \
                30:avx512bw 31:avx512vl
                """)),
            Word(leaf: 0xd, subleaf: 1, register: \.eax, names: bits("0:xsaveopt 1:xsavec 2:xgetbv1 3:xsaves")),
            Word(leaf: 0x8000_0008, register: \.ebx, names: bits("0:clzero 1:irperf 2:xsaveerptr 4:rdpru 9:wbnoinvd")),
            Word(leaf: 7, subleaf: 1, register: \.eax, names: bits("4:avx_vnni 5:avx512_bf16")),
            Word(leaf: 7, register: \.ecx, names: bits("""
                1:avx512vbmi 2:umip 3:pku 4:ospke 5:waitpkg 6:avx512_vbmi2 8:gfni 9:vaes 10:vpclmulqdq 11:avx512_vnni \
                12:avx512_bitalg 14:avx512_vpopcntdq 16:la57 22:rdpid 24:bus_lock_detect 25:cldemote 27:movdiri 28:movdir64b
                """)),
            Word(leaf: 7, register: \.edx, names: bits("""
                2:avx512_4vnniw 3:avx512_4fmaps 4:fsrm 8:avx512_vp2intersect 10:md_clear 14:serialize 16:tsxldtrk \
                22:amx_bf16 23:avx512_fp16 24:amx_tile 25:amx_int8 28:flush_l1d 29:arch_capabilities
                """)),
        ]
    }

    /// What a guest cannot use: it has no kernel mode, and protection keys are not passed on.
    private static let hidden: Set<String> = ["pku", "ospke", "waitpkg", "monitor"]

    /// The words that hold, for the highest leaves that the processor has.
    static func present(level: UInt32, extended: UInt32) -> [String] {
        var flags: [String] = []
        for word in words {
            if word.leaf > (word.leaf >= 0x8000_0000 ? extended : level) { continue }
            if word.leaf == 7, word.subleaf > HostMachine.cpuid(7).eax { continue }
            let value = HostMachine.cpuid(word.leaf, word.subleaf)[keyPath: word.register]
            for bit in 0..<32 where value & (1 << UInt32(bit)) != 0 {
                if let name = word.names[bit], !hidden.contains(name) { flags.append(name) }
            }
            if word.leaf == 0x8000_0001, word.register == \.edx {
                flags += ["constant_tsc", "rep_good", "nopl", "xtopology", "nonstop_tsc", "cpuid"]
            }
        }
        return flags
    }
}
