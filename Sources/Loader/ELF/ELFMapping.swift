import HostOS
import Kernel
import LinuxABI
import Memory
import Platform
import VFS

/// Puts ELF segments into a fresh address space.
struct ELFMapper {
    let task: Task
    let context: ExecutionContext
    let mm: MemoryManager

    private static let MAP_PRIVATE: UInt64 = 2
    private static let MAP_FIXED: UInt64 = 0x10
    private static let MAP_ANONYMOUS: UInt64 = 0x20
    private static let MAP_NORESERVE: UInt64 = 0x4000
    private static let PROT_WRITE: UInt64 = 2

    /// Where a relocatable image may lie.
    enum Placement {
        /// At its own addresses.
        case fixed
        /// Its start at this address, at the image's alignment.
        case near(UInt64)
        /// Where the host finds room.
        case anywhere
    }

    /// Maps `image`.
    ///
    /// - Returns: what has to be added to its addresses.
    func map(_ image: ELFImage, _ file: OpenFile, _ placement: Placement) throws(Errno) -> UInt64 {
        let (start, end) = image.range
        guard let size = pagesRoundedUp(end &- start), size > 0 else { throw .ENOEXEC }
        let bias: UInt64
        switch placement {
        case .fixed:
            bias = 0
        case .near(let base):
            bias = (base & ~(image.alignment - 1)) &- start
        case .anywhere:
            let slack = image.alignment > 4096 ? image.alignment : 0
            let room = try context.nativeCall(.mmap, 0, size &+ slack, 0, Self.MAP_PRIVATE | Self.MAP_ANONYMOUS | Self.MAP_NORESERVE, .max, 0)
            _ = try context.nativeCall(.munmap, room, size &+ slack)
            bias = ((room &+ slack) & ~(image.alignment - 1)) &- start
        }
        guard start &+ bias < mm.addressSpace.limit.rawValue,
              size <= mm.addressSpace.limit.rawValue &- (start &+ bias), start &+ bias >= 4096 else { throw .ENOMEM }
        let source = try Source(task, file, mm)
        for segment in image.segments { try map(segment, bias, source) }
        return bias
    }

    private func map(_ segment: ELFImage.Segment, _ bias: UInt64, _ source: Source) throws(Errno) {
        let address = segment.address &+ bias
        let page = address & ~0xfff
        let inPage = address & 0xfff
        guard let fileLength = pagesRoundedUp(segment.fileSize &+ inPage),
              let memoryLength = pagesRoundedUp(segment.memorySize &+ inPage) else { throw .ENOEXEC }
        let flags = Self.MAP_PRIVATE | Self.MAP_FIXED
        if segment.fileSize > 0 {
            if let host = source.host {
                let slot = try context.install(host.fd)
                _ = try context.nativeCall(.mmap, page, fileLength, segment.protection, flags, slot, segment.offset & ~0xfff)
                _ = try? context.nativeCall(.close, slot)
            } else {
                try copy(segment, page, inPage, fileLength, source)
            }
        }
        if memoryLength > fileLength || segment.fileSize == 0 {
            let from = segment.fileSize == 0 ? 0 : fileLength
            _ = try context.nativeCall(.mmap, page &+ from, memoryLength &- from, segment.protection,
                                       flags | Self.MAP_ANONYMOUS, .max, 0)
        }
        // What lies behind the file's part in its last page is not the program's.
        let tail = segment.memorySize > segment.fileSize ? fileLength &- (segment.fileSize &+ inPage) : 0
        if tail > 0, tail < 4096, segment.protection & Self.PROT_WRITE != 0 {
            try context.store(array: [UInt8](repeating: 0, count: Int(tail)), at: GuestAddress(page &+ fileLength &- tail))
        }
    }

    /// For a file that the host cannot map: its bytes in anonymous memory.
    private func copy(_ segment: ELFImage.Segment, _ page: UInt64, _ inPage: UInt64, _ length: UInt64,
                      _ source: Source) throws(Errno) {
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

    /// The file that segments come from.
    struct Source {
        let task: Task
        let file: OpenFile
        /// The host's descriptor, where there is one to map.
        let host: SharedFD?

        init(_ task: Task, _ file: OpenFile, _ mm: MemoryManager) throws(Errno) {
            self.task = task
            self.file = file
            var host: SharedFD?
            if case .file(let descriptor)? = try? file.mappable(writable: false, by: task) {
                host = descriptor
                if let id = try? descriptor.fd.identity() {
                    mm.noteMapping(.init(device: id.device, inode: id.inode), .init(path: file.path, file: file))
                }
            }
            self.host = host
        }

        func read(_ offset: UInt64, _ count: Int) throws(Errno) -> [UInt8] { try file.bytes(at: offset, count, by: task) }
    }
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
