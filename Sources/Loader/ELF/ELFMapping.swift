import HostOS
import Kernel
import LinuxABI
import Memory
import Platform
import VFS

/// Puts ELF segments into a fresh address space: first as a list of calls, which then are made at once.
struct ELFMapper {
    let context: ExecutionContext
    let mm: MemoryManager
    /// What is to be called, in this order.
    private(set) var calls: [NativeCall] = []
    /// What is to be stored afterwards.
    private var zeroes: [(address: UInt64, count: Int)] = []
    private var slots: [UInt64] = []

    private static let MAP_PRIVATE: UInt64 = 2
    private static let MAP_FIXED: UInt64 = 0x10
    private static let MAP_ANONYMOUS: UInt64 = 0x20
    private static let PROT_WRITE: UInt64 = 2

    init(context: ExecutionContext, mm: MemoryManager) {
        self.context = context
        self.mm = mm
    }

    /// Where a relocatable image may lie.
    enum Placement {
        /// At its own addresses.
        case fixed
        /// Its start at this address, at the image's alignment.
        case near(UInt64)
        /// Right below this address.
        case below(UInt64)
    }

    /// Adds a call.
    mutating func add(_ call: NativeCall) { calls.append(call) }

    /// Adds the mapping of `image`.
    ///
    /// - Returns: what has to be added to its addresses.
    mutating func add(_ image: ELFImage, _ source: ProgramSource, _ placement: Placement) throws(Errno) -> UInt64 {
        let (start, end) = image.range
        let limit = mm.addressSpace.limit.rawValue
        guard let size = pagesRoundedUp(end &- start), size > 0, size < limit else { throw .ENOEXEC }
        let bias: UInt64 = switch placement {
        case .fixed: 0
        case .near(let base): (base & ~(image.alignment - 1)) &- start
        case .below(let ceiling): size < ceiling ? ((ceiling &- size) & ~(image.alignment - 1)) &- start : 0
        }
        guard start &+ bias < limit, size <= limit &- (start &+ bias), start &+ bias >= 4096 else { throw .ENOMEM }
        var slot: UInt64?
        if let host = source.host {
            if let id = try? host.fd.identity() {
                mm.noteMapping(.init(device: id.device, inode: id.inode), .init(path: source.file.path, file: source.file))
            }
            if image.segments.contains(where: { $0.fileSize > 0 }) { slot = try install(host.fd) }
        }
        for segment in image.segments { try add(segment, bias, source, slot) }
        return bias
    }

    /// Puts a file into the stub, until all is mapped.
    mutating func install(_ file: HostFD) throws(Errno) -> UInt64 {
        let slot = try context.install(file)
        slots.append(slot)
        return slot
    }

    private mutating func add(_ segment: ELFImage.Segment, _ bias: UInt64, _ source: ProgramSource, _ slot: UInt64?) throws(Errno) {
        let address = segment.address &+ bias
        let page = address & ~0xfff
        let inPage = address & 0xfff
        guard let fileLength = pagesRoundedUp(segment.fileSize &+ inPage),
              let memoryLength = pagesRoundedUp(segment.memorySize &+ inPage) else { throw .ENOEXEC }
        let flags = Self.MAP_PRIVATE | Self.MAP_FIXED
        if segment.fileSize > 0 {
            if let slot {
                add(NativeCall(.mmap, page, fileLength, segment.protection, flags, slot, segment.offset & ~0xfff))
            } else {
                try copy(segment, page, inPage, fileLength, source)
            }
        }
        if memoryLength > fileLength || segment.fileSize == 0 {
            let from = segment.fileSize == 0 ? 0 : fileLength
            add(NativeCall(.mmap, page &+ from, memoryLength &- from, segment.protection, flags | Self.MAP_ANONYMOUS, .max, 0))
        }
        // What lies behind the file's part in its last page is not the program's.
        let tail = segment.memorySize > segment.fileSize ? fileLength &- (segment.fileSize &+ inPage) : 0
        if tail > 0, tail < 4096, segment.protection & Self.PROT_WRITE != 0 {
            zeroes.append((page &+ fileLength &- tail, Int(tail)))
        }
    }

    /// Makes all that was added.
    mutating func commit() throws(Errno) {
        for slot in slots { add(NativeCall(.close, slot, 0)) }
        try context.perform(calls)
        for part in zeroes {
            try context.store(array: [UInt8](repeating: 0, count: part.count), at: GuestAddress(part.address))
        }
        (calls, zeroes, slots) = ([], [], [])
    }

    /// For a file that the host cannot map: its bytes in anonymous memory.
    private func copy(_ segment: ELFImage.Segment, _ page: UInt64, _ inPage: UInt64, _ length: UInt64,
                      _ source: ProgramSource) throws(Errno) {
        _ = try context.nativeCall(.mmap, page, length, 3, Self.MAP_PRIVATE | Self.MAP_FIXED | Self.MAP_ANONYMOUS, .max, 0)
        var done: UInt64 = 0
        let total = segment.fileSize &+ inPage
        while done < total {
            let chunk = try source.read((segment.offset & ~0xfff) &+ done, Int(min(total - done, 1 << 20)))
            if chunk.isEmpty { break }
            try context.store(array: chunk, at: GuestAddress(page &+ done))
            done += UInt64(chunk.count)
        }
        _ = try context.nativeCall(.mprotect, page, length, segment.protection)
    }
}

/// The file that segments come from.
struct ProgramSource {
    let task: Task
    let file: OpenFile
    /// The host's descriptor, where there is one to map.
    let host: SharedFD?

    init(_ task: Task, _ file: OpenFile) {
        self.task = task
        self.file = file
        if case .file(let descriptor)? = try? file.mappable(writable: false, by: task) { host = descriptor } else { host = nil }
    }

    func read(_ offset: UInt64, _ count: Int) throws(Errno) -> [UInt8] { try file.bytes(at: offset, count, by: task) }
}

extension OpenFile {
    /// Up to `count` bytes at `offset`; fewer at the end of the file.
    ///
    /// - Parameter offset: as a file's header claims it: files expect what an off_t holds.
    func bytes(at offset: UInt64, _ count: Int, by caller: Caller) throws(Errno) -> [UInt8] {
        if count < 0 || offset > UInt64(Int64.max) - UInt64(count) { return [] }
        let buffer = KernelBuffer(count: count)
        var done = 0
        while done < count {
            var room = IOVector(buffer)
            room.skip(done)
            let n = try read(&room, at: offset &+ UInt64(done), by: caller)
            if n <= 0 { break }
            done += n
        }
        return done == count ? buffer.bytes : Array(buffer.bytes.prefix(done))
    }
}
