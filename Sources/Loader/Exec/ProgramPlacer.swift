import HostOS
import Identity
import Kernel
import LinuxABI
import Memory
import Platform
import VFS

/// Fills a fresh address space: program, interpreter, vDSO, heap, stack.
struct ProgramPlacer {
    let task: Task
    let context: ExecutionContext
    let mm: MemoryManager

    /// Where the program begins to run.
    struct Place {
        var start: UInt64
        var stackPointer: UInt64
    }

    func place(_ elf: ELFImage, _ source: ProgramSource, _ interpreter: (image: ELFImage, source: ProgramSource)?,
               _ vdsoFile: SharedFD?, _ strings: ProgramStrings, fileName: [UInt8], _ identity: ExecCredentials) throws(Errno) -> Place {
        var random = SystemRandomNumberGenerator()
        let isRandom = task.personality & 0x0040_0000 /* ADDR_NO_RANDOMIZE */ == 0
        func draw(_ bits: UInt64) -> UInt64 { isRandom ? random.next() & ((1 << bits) - 1) : 0 }
        let limit = mm.addressSpace.limit.rawValue

        let stackTop = (limit &- (draw(10) << 12)) & ~0xfff
        var mapper = ELFMapper(context: context, mm: mm)
        let (stackSize, guardLow) = addStack(top: stackTop, executable: elf.executableStack, to: &mapper)
        // What may lie anywhere goes below the stack, as the host's kernel would have it.
        var ceiling = guardLow
        let base = (limit / 3 * 2 &+ (draw(28) << 12)) & ~0xfff
        let bias = try mapper.add(elf, source, !elf.isRelocatable ? .fixed : .near(base))
        var start = elf.entry &+ bias
        var interpreterBase: UInt64 = 0
        if let interpreter {
            let own = interpreter.image
            let ownBias = try mapper.add(own, interpreter.source, own.isRelocatable ? .below(ceiling) : .fixed)
            interpreterBase = own.range.start &+ ownBias
            if own.isRelocatable { ceiling = interpreterBase & ~0xfff }
            start = own.entry &+ ownBias
        }
        var vdso: UInt64?
        if let vdsoFile {
            let place = ceiling &- VDSO.shared.size
            // PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED.
            mapper.add(NativeCall(.mmap, place, VDSO.shared.size, 5, 0x12, try mapper.install(vdsoFile.fd), 0))
            vdso = place
            VDSO.shared.tell(context.addressSpace, at: place)
        }
        try mapper.commit()

        let programEnd = elf.range.end &+ bias
        // Far enough from the program that nobody can tell one from the other, at most 32 MiB.
        mm.setHeap(start: (programEnd &+ 0xfff &+ (draw(13) << 12)) & ~0xfff)

        let old = identity.credentials
        let ns = old.userNamespace
        var values: [(UInt64, UInt64)] = []
        if let vdso { values.append((33, vdso)) }
        values += [
            (16, HostAuxiliaryVector.value(16)), (6, 4096), (17, 100),
            (3, elf.headersAddress == 0 ? 0 : elf.headersAddress &+ bias), (4, 56), (5, elf.headerCount),
            (7, interpreterBase), (8, 0), (9, elf.entry &+ bias),
            (11, UInt64(ns.visibleUID(old.ruid))), (12, UInt64(ns.visibleUID(old.euid))),
            (13, UInt64(ns.visibleGID(old.rgid))), (14, UInt64(ns.visibleGID(old.egid))),
            (23, identity.isSecure ? 1 : 0), (26, HostAuxiliaryVector.value(26)),
            (51, max(2048, HostAuxiliaryVector.value(51))),
        ]
        var key: [UInt8] = []
        for _ in 0..<2 {
            let word = random.next()
            for shift in 0..<8 { key.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) }
        }
        let stack = InitialStack(top: stackTop, strings: strings, fileName: fileName, values: values, random: key)
        if UInt64(stack.bytes.count) &+ 65536 > stackSize { throw .E2BIG }
        try context.store(array: stack.bytes, at: GuestAddress(stack.stackPointer))

        var layout = MemoryManager.Layout()
        if let code = elf.segments.first(where: { $0.protection & 4 != 0 }) {
            (layout.codeStart, layout.codeEnd) = (code.address &+ bias, code.address &+ code.fileSize &+ bias)
        }
        if let data = elf.segments.last {
            (layout.dataStart, layout.dataEnd) = (data.address &+ bias, data.address &+ data.fileSize &+ bias)
        }
        layout.stackStart = stack.stackPointer
        (layout.argumentsStart, layout.argumentsEnd) = (stack.argumentsStart, stack.argumentsEnd)
        (layout.environmentStart, layout.environmentEnd) = (stack.environmentStart, stack.environmentEnd)
        layout.auxiliaryVector = stack.auxiliaryVector
        (layout.vdso, layout.vdsoSize) = (vdso ?? 0, vdso == nil ? 0 : VDSO.shared.size)
        (layout.stackLow, layout.stackHigh) = (stackTop &- stackSize, stackTop)
        mm.layout = layout
        return Place(start: start, stackPointer: stack.stackPointer)
    }

    /// The stack as a whole: nothing else is placed where it may grow, and only touched pages cost memory.
    ///
    /// - Returns: its size, and where what guards it begins.
    private func addStack(top: UInt64, executable: Bool, to mapper: inout ELFMapper) -> (size: UInt64, guardLow: UInt64) {
        let wanted = task.limit(Limits.RLIMIT_STACK)
        let size = (min(max(wanted, 256 << 10), 256 << 20) &+ 0xfff) & ~0xfff
        let guardSize: UInt64 = 1 << 20
        let guardLow = top &- size &- guardSize
        // MAP_PRIVATE | FIXED | ANONYMOUS | NORESERVE, and STACK for the stack itself.
        let flags: UInt64 = 0x4032
        mapper.add(NativeCall(.mmap, guardLow, guardSize, 0, flags, .max, 0))
        mapper.add(NativeCall(.mmap, top &- size, size, executable ? 7 : 3, flags | 0x2_0000, .max, 0))
        return (size, guardLow)
    }
}
