import FileSystems
import HostOS
import LinuxABI
import VFS

/// /proc/cpuinfo.
enum ProcessorText {
    static func cpuinfo(_ proc: ProcFileSystem, _ caller: Caller) throws(Errno) -> [UInt8] {
        let count = proc.processorCount, cpu = proc.machine.processor
        var t = TextBuilder(capacity: 1500 * count)
        let flags = cpu.flags.joined(separator: " ")
        let cache = cpu.caches.max { $0.level < $1.level }?.kilobytes ?? 0
        let megahertz = "\(cpu.kilohertz / 1000).\(String(1000 + cpu.kilohertz % 1000).dropFirst())"
        // Twice the frequency, as the kernel's delay loop would count.
        let bogomips = "\(cpu.kilohertz / 500).\(String(100 + cpu.kilohertz % 500 / 5).dropFirst())"
        for n in 0..<count {
            func line(_ name: StaticString, _ value: String) {
                t.put(name)
                t.put(text: ": \(value)\n")
            }
            line("processor\t", "\(n)")
            line("vendor_id\t", cpu.vendor)
            line("cpu family\t", "\(cpu.family)")
            line("model\t\t", "\(cpu.model)")
            line("model name\t", cpu.name)
            line("stepping\t", "\(cpu.stepping)")
            line("cpu MHz\t\t", megahertz)
            line("cache size\t", "\(cache) KB")
            line("physical id\t", "0")
            line("siblings\t", "\(count)")
            line("core id\t\t", "\(n)")
            line("cpu cores\t", "\(count)")
            line("apicid\t\t", "\(n)")
            line("initial apicid\t", "\(n)")
            line("fpu\t\t", "yes")
            line("fpu_exception\t", "yes")
            line("cpuid level\t", "\(cpu.cpuidLevel)")
            line("wp\t\t", "yes")
            line("flags\t\t", flags)
            line("bugs\t\t", "")
            line("bogomips\t", bogomips)
            line("clflush size\t", "\(cpu.lineSize)")
            line("cache_alignment\t", "\(cpu.lineSize)")
            line("address sizes\t", "\(cpu.physicalBits) bits physical, \(cpu.virtualBits) bits virtual")
            line("power management", "")
            t.newline()
        }
        return t.bytes
    }
}
