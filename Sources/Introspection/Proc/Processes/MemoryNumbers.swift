import HostOS
import Kernel
import LinuxABI

/// How much memory a process has, in kilobytes: what lies in the guest's part of its stub, and what the host says of it.
struct MemoryNumbers {
    var size: UInt64 = 0
    var stack: UInt64 = 0
    /// Private and writable, without the stack.
    var data: UInt64 = 0
    /// Of the program, and of libraries.
    var code: UInt64 = 0
    var library: UInt64 = 0
    var peak: UInt64 = 0
    var resident: UInt64 = 0
    var highWater: UInt64 = 0
    var residentAnonymous: UInt64 = 0
    var residentFile: UInt64 = 0
    var residentShared: UInt64 = 0
    var pageTables: UInt64 = 0
    var swapped: UInt64 = 0

    /// Zeroes: a zombie.
    init() {}

    /// Reads the host's maps and status of the stub; zeroes when it is gone.
    init(_ memory: MemoryManager) {
        readStatus(memory)
        readMaps(memory)
        // The stub's reserved range counts on the host; the guest's peak is at least what it has.
        peak = size
    }

    private mutating func readMaps(_ memory: MemoryManager) {
        guard let text = try? memory.addressSpace.hostProc("maps") else { return }
        let limit = memory.addressSpace.limit.rawValue
        let layout = memory.layout
        for line in text.split(separator: 0x0a) {
            guard let range = HostMaps.range(line) else { continue }
            let (start, end) = (range.start, min(range.end, limit))
            if start >= end { continue }
            let kilobytes = (end - start) / 1024
            size &+= kilobytes
            let isPrivate = range.permissions & HostMaps.shared == 0
            let isWritable = range.permissions & HostMaps.write != 0
            if layout.stackStart >= start, layout.stackStart < end {
                stack &+= kilobytes
            } else if isPrivate, isWritable {
                data &+= kilobytes
            } else if range.permissions & HostMaps.execute != 0 {
                if layout.codeStart < end, layout.codeEnd > start { code &+= kilobytes } else { library &+= kilobytes }
            }
        }
    }

    private mutating func readStatus(_ memory: MemoryManager) {
        guard let text = try? memory.addressSpace.hostProc("status") else { return }
        for line in text.split(separator: 0x0a) {
            guard let colon = line.firstIndex(of: 0x3a), let first = line.first, first == 0x56 || first == 0x52 else { continue }
            var value: UInt64 = 0
            for digit in line[colon...] where digit >= 0x30 && digit <= 0x39 { value = value &* 10 &+ UInt64(digit - 0x30) }
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "VmRSS": resident = value
            case "VmHWM": highWater = value
            case "RssAnon": residentAnonymous = value
            case "RssFile": residentFile = value
            case "RssShmem": residentShared = value
            case "VmPTE": pageTables = value
            case "VmSwap": swapped = value
            default: break
            }
        }
    }
}

/// Lines of the host's /proc/PID/maps.
enum HostMaps {
    static var read: UInt8 { 4 }
    static var write: UInt8 { 2 }
    static var execute: UInt8 { 1 }
    static var shared: UInt8 { 8 }

    /// "start-end rwxp" at the beginning of a line; nil for another kind of line.
    static func range(_ line: ArraySlice<UInt8>) -> (start: UInt64, end: UInt64, permissions: UInt8)? {
        var at = line.startIndex
        guard let start = hex(line, &at), at < line.endIndex, line[at] == 0x2d else { return nil }
        at += 1
        guard let end = hex(line, &at), at + 4 < line.endIndex, line[at] == 0x20 else { return nil }
        let flags: [UInt8] = [0x72, 0x77, 0x78, 0x73]
        let bits = [read, write, execute, shared]
        var permissions: UInt8 = 0
        for i in 0..<4 where line[at + 1 + i] == flags[i] { permissions |= bits[i] }
        return (start, end, permissions)
    }

    private static func hex(_ line: ArraySlice<UInt8>, _ at: inout Int) -> UInt64? {
        let begin = at
        var value: UInt64 = 0
        while at < line.endIndex {
            switch line[at] {
            case 0x30...0x39: value = value << 4 | UInt64(line[at] - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(line[at] - 0x57)
            default: return at > begin && at - begin <= 16 ? value : nil
            }
            at += 1
        }
        return nil
    }
}
