import LinuxABI
import Platform

/// One line of the host's list of a stub's mappings (proc_pid_maps(5)), below the end of the guest's address space.
public struct HostMapping: Sendable {
    public var start: UInt64
    public var end: UInt64
    /// "rwxp" as it stands there.
    public var permissions: [UInt8]
    public var offset: UInt64
    /// As the host numbers it, encoded as in st_dev; 0 for anonymous memory.
    public var device: UInt64
    public var inode: UInt64
    /// "rd wr mr mw me ac" and so on, without "hg"; empty when it was not asked for.
    public var flags: [UInt8] = []

    public var size: UInt64 { end &- start }

    /// Whether it is private and can be written.
    public var isData: Bool { permissions.count > 3 && permissions[1] == UInt8(ascii: "w") && permissions[3] == UInt8(ascii: "p") }
}

extension MemoryManager {
    /// The host's list, in the order of addresses.
    ///
    /// - Parameter withFlags: what the host says of each beside its permissions, which takes as long as its memory is large.
    /// - Throws: ESRCH when the memory is gone.
    public func hostMappings(withFlags: Bool = false) throws(Errno) -> [HostMapping] {
        let limit = addressSpace.limit.rawValue
        var mappings: [HostMapping] = []
        for line in try addressSpace.hostProc(withFlags ? "smaps" : "maps").split(separator: 0x0a) {
            if line.starts(with: Self.flagsName) {
                if !mappings.isEmpty { mappings[mappings.count - 1].flags = Self.flags(line, without: Self.hugeFlag) }
                continue
            }
            let fields = line.split(separator: 0x20, maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count >= 5 else { continue }
            let range = fields[0].split(separator: 0x2d)
            let device = fields[3].split(separator: 0x3a)
            guard range.count == 2, device.count == 2 else { continue }
            let start = hex(range[0])
            if start >= limit { break }
            let (major, minor) = (hex(device[0]), hex(device[1]))
            mappings.append(HostMapping(
                start: start, end: min(hex(range[1]), limit), permissions: Array(fields[1]), offset: hex(fields[2]),
                device: (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12) | ((major & ~0xfff) << 32),
                inode: decimal(fields[4])))
        }
        return mappings
    }

    private static var flagsName: [UInt8] { Array("VmFlags:".utf8) }
    private static var hugeFlag: [UInt8] { Array("hg".utf8) }

    /// The words of a line.
    private static func flags(_ line: ArraySlice<UInt8>, without word: [UInt8]) -> [UInt8] {
        Array(line.split(separator: 0x20).dropFirst().filter { !$0.elementsEqual(word) }.joined(separator: [0x20]))
    }

    /// - Throws: ENOMEM when a page of the range is not mapped.
    public func checkMapped(_ start: UInt64, _ size: UInt64) throws(Errno) {
        var at = start
        for mapping in try hostMappings() {
            if mapping.end <= at { continue }
            if mapping.start > at { break }
            at = mapping.end
            if at >= start &+ size { return }
        }
        throw .ENOMEM
    }

    /// Bytes of address space in use: what RLIMIT_AS limits, and, of these, what RLIMIT_DATA does.
    public func mappedBytes() throws(Errno) -> (all: UInt64, data: UInt64) {
        var (all, data) = (UInt64(0), UInt64(0))
        for mapping in try hostMappings() {
            all &+= mapping.end &- mapping.start
            if mapping.isData { data &+= mapping.end &- mapping.start }
        }
        return (all, data)
    }

    /// Whether what is mapped at `address` is private and can be written.
    public func isData(at address: UInt64) throws(Errno) -> Bool {
        for mapping in try hostMappings() where mapping.start <= address && address < mapping.end { return mapping.isData }
        return false
    }

    private func hex(_ text: ArraySlice<UInt8>) -> UInt64 {
        text.reduce(0) { value, c in
            switch c {
            case 0x30...0x39: value << 4 | UInt64(c - 0x30)
            case 0x61...0x66: value << 4 | UInt64(c - 0x57)
            default: value
            }
        }
    }

    private func decimal(_ text: ArraySlice<UInt8>) -> UInt64 {
        text.reduce(0) { $1 >= 0x30 && $1 <= 0x39 ? $0 &* 10 &+ UInt64($1 - 0x30) : $0 }
    }
}
