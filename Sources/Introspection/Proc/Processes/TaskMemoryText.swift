import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import VFS

/// Files that show a part of a process's memory: its arguments, environment and auxiliary vector; and statm.
enum TaskMemoryText {
    /// The longest piece that is shown: what exec(2) takes at most.
    private static var limit: UInt64 { 6 << 20 }

    /// Bytes of guest memory from `start` to `end`, as far as they can be read.
    private static func read(_ memory: MemoryManager, _ start: UInt64, _ end: UInt64) -> [UInt8] {
        guard end > start else { return [] }
        var bytes: [UInt8] = []
        var at = start
        let stop = start &+ min(end &- start, limit)
        while at < stop {
            // By pages: those behind one that is gone are not shown.
            let step = min(stop &- at, pageSize &- (at & (pageSize - 1)))
            guard let piece = try? memory.addressSpace.remote.loadBytes(GuestAddress(at), count: Int(step)) else { break }
            bytes.append(contentsOf: piece)
            at = at &+ step
        }
        return bytes
    }

    /// The arguments, each with a NUL. A program that wrote a longer title over them and into its environment
    /// (setproctitle) is believed up to the first NUL.
    static func cmdline(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        guard let memory = view.memory else { return [] }
        let layout = memory.layout
        var bytes = read(memory, layout.argumentsStart, layout.argumentsEnd)
        if let last = bytes.last, last != 0 {
            if let end = bytes.firstIndex(of: 0) { return Array(bytes[...end]) }
            let more = read(memory, layout.environmentStart, layout.environmentEnd)
            bytes.append(contentsOf: more.prefix { $0 != 0 })
        }
        return bytes
    }

    static func environ(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        guard let memory = view.memory else { return [] }
        let layout = memory.layout
        return read(memory, layout.environmentStart, layout.environmentEnd)
    }

    static func auxv(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        guard let memory = view.memory else { return [] }
        var bytes: [UInt8] = []
        for word in memory.layout.auxiliaryVector {
            for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return bytes
    }

    /// Pages: size, resident, shared, text, lib, data, dirty.
    static func statm(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        guard let memory = view.memory else { return Array("0 0 0 0 0 0 0\n".utf8) }
        let n = MemoryNumbers(memory)
        let shared = n.residentFile &+ n.residentShared
        return Array("\(n.size / 4) \(n.resident / 4) \(shared / 4) \(n.code / 4) 0 \((n.data &+ n.stack) / 4) 0\n".utf8)
    }
}
