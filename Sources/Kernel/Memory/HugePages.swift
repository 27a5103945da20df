import LinuxABI
import Platform

/// What a process's memory has of huge pages.
///
/// Where the host gives them to those who ask (transparent_hugepage/enabled: madvise), this kernel asks for large private
/// mappings. Such memory is there to be used: its page faults become one in 512, and fork copies a 512th of its page tables.
/// Not for what is more likely to stay empty, and would take up to 512 times as much: MAP_NORESERVE, stacks, what is made
/// inaccessible at first or put over a reservation (MAP_FIXED). Nor for more than a quarter of the memory that the container
/// has, or the machine, when nothing limits it: by so much it grows at most, however sparsely it is used.
///
/// The host keeps memory that huge pages are asked for apart from its neighbours (VM_HUGEPAGE). Where that is the only
/// difference, /proc shows one mapping (`MemoryMaps`), and mremap(2) takes it for one (`remapPieces`).
public struct HugePages: Sendable {
    /// The least mapping for which they are asked: STUB_LARGE of CStub.
    static let least: UInt64 = 16 << 20

    /// Bytes for which they were asked, at least: what was unmapped since is not missing.
    var asked: UInt64 = 0
    /// They were asked for unknown to the guest.
    var wereTaken = false
    /// The guest has asked for some itself: it is shown what there is.
    var areWished = false
    /// The guest is not shown which memory they are asked for.
    public var areHidden: Bool { wereTaken && !areWished }
    /// PR_SET_THP_DISABLE.
    public internal(set) var isDisabled = false
}

extension MemoryManager {
    public var hugePages: HugePages { lock.withLock { hugePagesStorage } }

    /// The guest has asked for some itself.
    public func noteWishForHugePages() { lock.withLock { hugePagesStorage.areWished = true } }

    /// What exec's new memory takes over from the old one.
    ///
    /// - Parameter context: a thread of this memory, bound to the caller.
    public func inheritHugePages(from old: MemoryManager, by context: ExecutionContext) throws(Errno) {
        if !old.hugePages.isDisabled { return }
        lock.withLock { hugePagesStorage.isDisabled = true }
        try context.disableHugePages(true)
    }

    /// Whether `size` bytes more may have huge pages, of a container with `total` bytes of memory: then they are counted.
    fileprivate func takeHugePages(_ size: UInt64, of total: UInt64) throws(Errno) -> Bool {
        func take(_ counted: UInt64) -> Bool {
            lock.withLock {
                hugePagesStorage.asked = min(hugePagesStorage.asked, counted)
                let (sum, overflow) = hugePagesStorage.asked.addingReportingOverflow(size)
                if hugePagesStorage.isDisabled || overflow || sum > total / 4 { return false }
                hugePagesStorage.asked = sum
                hugePagesStorage.wereTaken = true
                return true
            }
        }
        if size > total / 4 { return false }
        if take(.max) { return true }
        // Programs unmap without a word to this kernel.
        var present: UInt64 = 0
        for mapping in try hostMappings() where mapping.isData && mapping.inode == 0 && mapping.size >= HugePages.least {
            present &+= mapping.size
        }
        return take(present)
    }
}

extension ExecutionContext {
    fileprivate func disableHugePages(_ disabled: Bool) throws(Errno) {
        _ = try nativeCall(.prctl, 41 /* PR_SET_THP_DISABLE */, disabled ? 1 : 0)
    }
}

extension Task {
    private static var MAP_POPULATE: UInt64 { 0x8000 }
    private static var MREMAP_MAYMOVE: UInt64 { 1 }
    private static var MREMAP_FIXED: UInt64 { 2 }
    private static var MREMAP_DONTUNMAP: UInt64 { 4 }

    /// PR_SET_THP_DISABLE.
    public func disableHugePages(_ disabled: Bool) throws(Errno) {
        try context.disableHugePages(disabled)
        mm.lock.withLock { mm.hugePagesStorage.isDisabled = disabled }
    }

    /// Whether this kernel asks for huge pages for an anonymous mapping that is to be made.
    public func mayHaveHugePages(_ size: UInt64, _ protection: UInt64, _ flags: UInt64) throws(Errno) -> Bool {
        // Private; not FIXED, 32BIT, GROWSDOWN, NORESERVE, STACK, FIXED_NOREPLACE. PROT_READ | PROT_WRITE.
        guard kernel.platform.asksForHugePages, size >= HugePages.least, flags & 0xf == 2, flags & 0x12_4150 == 0,
              protection == 3 else { return false }
        return try mm.takeHugePages(size, of: group.container.memoryReport?.information.total ?? .max)
    }

    /// Maps anonymous memory that is to have huge pages.
    ///
    /// - Returns: where.
    public func mapHuge(_ place: UInt64, _ size: UInt64, _ flags: UInt64) throws(Errno) -> UInt64 {
        let place = try context.nativeCall(.mmap, place, size, 3, flags & ~Self.MAP_POPULATE, .max, 0)
        _ = try? context.nativeCall(.madvise, place, size, 14 /* MADV_HUGEPAGE */)
        // Only now, so that they are huge.
        if flags & Self.MAP_POPULATE != 0 { _ = try? context.nativeCall(.madvise, place, size, 23 /* MADV_POPULATE_WRITE */) }
        return place
    }

    /// mremap(2) of what is one mapping to the guest, and several to the host, because only a part of it has huge pages: each
    /// is moved. Arguments are those that the host has refused with EFAULT.
    ///
    /// - Returns: where it is now.
    /// - Throws: EFAULT when it is several for another reason.
    public func remapPieces(_ old: UInt64, _ oldSize: UInt64, to new: UInt64?, _ newSize: UInt64, _ flags: UInt64) throws(Errno) -> UInt64 {
        if !mm.hugePages.wereTaken { throw .EFAULT }
        let kept = min(oldSize, newSize)
        let pieces = try pieces(old, kept)
        guard let last = pieces.last, pieces.count > 1 else { throw .EFAULT }
        if newSize < oldSize { _ = try context.nativeCall(.munmap, old + newSize, oldSize - newSize) }
        let growth = newSize - kept
        if new == nil, flags & Self.MREMAP_DONTUNMAP == 0 {
            if growth == 0 { return old }
            do throws(Errno) {
                _ = try context.nativeCall(.mremap, last.start, last.size, last.size + growth, 0, 0)
                return old
            } catch {
                if error != .ENOMEM || flags & Self.MREMAP_MAYMOVE == 0 { throw error }
            }
        }
        // Something to move over, which the guest's other threads leave alone: PROT_NONE; MAP_PRIVATE, ANONYMOUS, NORESERVE.
        // Where it is, is the stub's word: any number.
        let place = if let new { new } else { try context.nativeCall(.mmap, 0, newSize, 0, 0x4022, .max, 0) }
        let how = flags | Self.MREMAP_MAYMOVE | Self.MREMAP_FIXED
        var moved = 0
        do throws(Errno) {
            for piece in pieces {
                let size = piece.end == last.end ? piece.size + growth : piece.size
                _ = try context.nativeCall(.mremap, piece.start, piece.size, size, how, place &+ (piece.start - old))
                moved += 1
            }
        } catch {
            for piece in pieces.prefix(moved) {
                _ = try? context.nativeCall(.mremap, place &+ (piece.start - old), piece.size, piece.size,
                                            Self.MREMAP_MAYMOVE | Self.MREMAP_FIXED, piece.start)
            }
            _ = try? context.nativeCall(.munmap, place, newSize)
            throw error
        }
        return place
    }

    /// The host's mappings of a range that only huge pages tell apart, cut to it.
    ///
    /// - Throws: EFAULT when there is another difference, or something is missing.
    private func pieces(_ start: UInt64, _ size: UInt64) throws(Errno) -> [HostMapping] {
        let end = start + size
        var pieces: [HostMapping] = []
        for var mapping in try mm.hostMappings(withFlags: true) where mapping.start < end && mapping.end > start {
            mapping.start = max(mapping.start, start)
            mapping.end = min(mapping.end, end)
            guard mapping.start == pieces.last?.end ?? start, mapping.isData, mapping.inode == 0,
                  pieces.first.map({ $0.permissions == mapping.permissions && $0.flags == mapping.flags }) ?? true else { throw .EFAULT }
            pieces.append(mapping)
        }
        if pieces.last?.end != end { throw .EFAULT }
        return pieces
    }
}
