import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import VFS

/// maps, smaps and numa_maps: the host's view of a stub, without what is the stub's own, with the guest's names
/// (native-memory.md, section 10).
enum MemoryMaps {
    /// One mapping, as the guest shall see it.
    struct Area {
        var start: UInt64
        var end: UInt64
        /// "r-xp".
        var permissions: [UInt8]
        var offset: UInt64
        var device = DeviceNumber(major: 0, minor: 0)
        var inode: UInt64 = 0
        var name: [UInt8] = []
        /// smaps: the lines that followed, as the host wrote them.
        var details: [[UInt8]] = []
    }

    /// The guest's mappings in the order of addresses; none for a zombie.
    ///
    /// - Parameter file: "maps" or "smaps" of the host.
    static func areas(_ view: TaskView, _ caller: Caller, from file: String) -> [Area] {
        guard let memory = view.memory else { return [] }
        let areas = areas(of: memory, caller, from: file)
        if !memory.hugePages.areHidden { return areas }
        if file == "smaps" { return JoinedAreas.of(areas) }
        // Only smaps says why the host keeps two apart.
        let mayJoin = areas.indices.dropFirst().contains { JoinedAreas.mayBeOne(areas[$0 - 1], areas[$0]) }
        return mayJoin ? JoinedAreas.of(self.areas(of: memory, caller, from: "smaps")) : areas
    }

    private static func areas(of memory: MemoryManager, _ caller: Caller, from file: String) -> [Area] {
        guard let text = try? memory.addressSpace.hostProc(file) else { return [] }
        let limit = memory.addressSpace.limit.rawValue
        let labels = Labels(memory, root: caller.directories.root, caller)
        var areas: [Area] = []
        var isShown = false
        for line in text.split(separator: 0x0a) {
            if let area = parse(line, limit: limit, labels) {
                isShown = area.start < area.end
                if isShown { areas.append(area) }
            } else if isShown, !areas.isEmpty {
                areas[areas.count - 1].details.append(Array(line))
            }
        }
        return areas
    }

    /// What parts of memory are called.
    private struct Labels {
        let memory: MemoryManager
        let heap: (start: UInt64, end: UInt64)
        let layout: MemoryManager.Layout
        let root: Path
        let vfs: VirtualFileSystem

        init(_ memory: MemoryManager, root: Path, _ caller: Caller) {
            self.memory = memory
            heap = memory.heap
            layout = memory.layout
            self.root = root
            vfs = caller.vfs
        }
    }

    /// Reads "start-end perms offset major:minor inode   name"; nil for another kind of line.
    private static func parse(_ line: ArraySlice<UInt8>, limit: UInt64, _ labels: Labels) -> Area? {
        let fields = line.split(separator: 0x20, maxSplits: 5)
        guard fields.count >= 5 else { return nil }
        let range = fields[0].split(separator: 0x2d)
        guard range.count == 2, let start = hex(range[0]), let end = hex(range[1]), let offset = hex(fields[2]) else { return nil }
        let device = fields[3].split(separator: 0x3a)
        guard device.count == 2, let major = hex(device[0]), let minor = hex(device[1]),
              let inode = UInt64(String(decoding: fields[4], as: UTF8.self)) else { return nil }
        // What lies at the limit and above is the stub's own.
        var area = Area(start: min(start, limit), end: min(end, limit), permissions: Array(fields[1]), offset: offset)
        let hostName = fields.count == 6 ? fields[5].drop { $0 == 0x20 } : []
        label(&area, inode: inode, device: DeviceNumber(major: UInt32(truncatingIfNeeded: major), minor: UInt32(truncatingIfNeeded: minor)),
              hostName: hostName, labels)
        return area
    }

    private static func label(_ area: inout Area, inode: UInt64, device: DeviceNumber, hostName: ArraySlice<UInt8>, _ labels: Labels) {
        if labels.layout.vdsoSize > 0, area.start >= labels.layout.vdso, area.start < labels.layout.vdso &+ labels.layout.vdsoSize {
            // A memory file of ours on the host.
            (area.offset, area.name) = (0, Array("[vdso]".utf8))
            return
        }
        if inode != 0 {
            let key = MemoryManager.FileKey(device: device.encoded, inode: inode)
            if let file = labels.memory.mappedFile(key) {
                if let a = try? file.path.inode.attributes() { (area.device, area.inode) = (a.device, a.inode) }
                area.name = file.path.linkText(from: labels.root, labels.vfs)
            } else {
                // Shared anonymous memory is a file of the host's without a name.
                area.device = DeviceNumber(major: 0, minor: 1)
                area.inode = inode
                area.name = Array("/dev/zero (deleted)".utf8)
            }
            return
        }
        area.offset = 0
        if area.start < labels.heap.end, area.end > labels.heap.start, labels.heap.end > labels.heap.start {
            area.name = Array("[heap]".utf8)
        } else if area.start <= labels.layout.stackStart, labels.layout.stackStart < area.end {
            area.name = Array("[stack]".utf8)
        } else if hostName.starts(with: Array("[anon:".utf8)) || hostName.starts(with: Array("[anon_shmem:".utf8)) {
            area.name = Array(hostName)
        }
    }

    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt64? {
        if digits.isEmpty || digits.count > 16 { return nil }
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return value
    }

    private static func put(_ area: Area, _ t: inout TextBuilder) {
        let start = t.count
        t.put(hex: area.start, width: 8)
        t.put("-")
        t.put(hex: area.end, width: 8)
        t.space()
        t.put(bytes: area.permissions)
        t.space()
        t.put(hex: area.offset, width: 8)
        t.space()
        t.put(hex: UInt64(area.device.major), width: 2)
        t.put(":")
        t.put(hex: UInt64(area.device.minor), width: 2)
        t.space()
        t.put(area.inode)
        t.space()
        if !area.name.isEmpty {
            t.padLine(from: start, to: 73)
            t.put(escaped: area.name, "\n")
        }
        t.newline()
    }

    static func maps(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 4096)
        for area in areas(view, caller, from: "maps") { put(area, &t) }
        return t.bytes
    }

    static func smaps(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 32768)
        for area in areas(view, caller, from: "smaps") {
            put(area, &t)
            for line in area.details {
                t.put(bytes: line)
                t.newline()
            }
        }
        return t.bytes
    }

    /// The sums of smaps, in the kernel's order of names.
    static func smapsRollup(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        let all = areas(view, caller, from: "smaps")
        guard let first = all.first, let last = all.last else { throw .ESRCH }
        let names: [StaticString] = ["Rss", "Pss", "Pss_Dirty", "Pss_Anon", "Pss_File", "Pss_Shmem", "Shared_Clean",
                                     "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced", "Anonymous", "KSM",
                                     "LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb",
                                     "Private_Hugetlb", "Swap", "SwapPss", "Locked"]
        var sums: [String: UInt64] = [:]
        for area in all {
            for line in area.details {
                let parts = line.split(separator: 0x3a, maxSplits: 1)
                guard parts.count == 2 else { continue }
                let digits = parts[1].drop { $0 == 0x20 }.prefix { $0 >= 0x30 && $0 <= 0x39 }
                if let n = UInt64(String(decoding: digits, as: UTF8.self)) {
                    sums[String(decoding: parts[0], as: UTF8.self), default: 0] &+= n
                }
            }
        }
        var t = TextBuilder(capacity: 1024)
        put(Area(start: first.start, end: last.end, permissions: Array("---p".utf8), offset: 0, name: Array("[rollup]".utf8)), &t)
        for name in names { t.putKilobytes(name, sums[name.description] ?? 0, column: 25) }
        return t.bytes
    }

    static func numaMaps(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        var t = TextBuilder(capacity: 4096)
        for area in areas(view, caller, from: "maps") {
            t.put(hex: area.start, width: 8)
            t.put(" default")
            if area.inode != 0 {
                t.put(" file=")
                t.put(escaped: area.name)
            } else if area.name == Array("[heap]".utf8) {
                t.put(" heap")
            } else if area.name == Array("[stack]".utf8) {
                t.put(" stack")
            }
            t.newline()
        }
        return t.bytes
    }
}

/// /proc/PID/map_files: a link for each mapping of a file.
final class MapFilesDirectory: SyntheticDirectory, @unchecked Sendable {
    private let view: TaskView

    init(_ view: TaskView, number: UInt64) {
        self.view = view
        super.init(view.proc, number: number, mode: 0o500)
    }

    override var owner: (uid: UInt32, gid: UInt32) { view.owner }

    override func checkAccess(_ mask: UInt32, by caller: Caller) throws(Errno) { try view.checkInspection(caller) }

    private func files(_ caller: Caller) -> [(name: FileName, target: [UInt8])] {
        MemoryMaps.areas(view, caller, from: "maps").filter { $0.inode != 0 }.map {
            (FileName(String($0.start, radix: 16) + "-" + String($0.end, radix: 16)), $0.name)
        }
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        try view.checkInspection(caller)
        guard let (_, target) = files(caller).first(where: { $0.name == name }) else { return nil }
        return TextLink(view.proc, number: number &+ 1, target)
    }

    override func dynamicEntries(from key: UInt64, by caller: Caller) throws(Errno) -> [DynamicEntry] {
        try view.checkInspection(caller)
        return files(caller).enumerated().filter { UInt64($0.offset) >= key }.map {
            DynamicEntry(key: UInt64($0.offset), name: $0.element.name, inode: number &+ 1, type: .symbolicLink)
        }
    }
}

/// A symbolic link with a text of the moment.
final class TextLink: SyntheticInode, @unchecked Sendable {
    private let target: [UInt8]

    init(_ proc: ProcFileSystem, number: UInt64, _ target: [UInt8]) {
        self.target = target
        super.init(proc, number: number, type: .symbolicLink, mode: 0o400)
    }

    override func readLink(by caller: Caller) throws(Errno) -> [UInt8] { target }
}
