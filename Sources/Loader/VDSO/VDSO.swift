import HostOS
import LinuxABI
import Memory
import Platform

/// The vDSO images of this Sentry: one memory file for each place where the host's own is mapped in stubs.
final class VDSO: @unchecked Sendable {
    /// Guards the files. Innermost.
    private let lock = Lock()
    private var files: [UInt64: SharedFD] = [:]
    /// Where the host's functions lie in its image; empty when it cannot be read.
    private let offsets: [[UInt8]: UInt64]

    static let shared = VDSO()

    private init() { offsets = (try? ELFSymbols(HostAuxiliaryVector.vdso))?.addresses ?? [:] }

    /// Bytes of memory that an image takes.
    static let size: UInt64 = 4096

    /// Maps the image into a fresh address space.
    ///
    /// - Returns: where it lies; nil when the host's vDSO is not at hand: programs then make system calls.
    func map(into context: ExecutionContext) throws(Errno) -> UInt64? {
        guard let host = context.addressSpace.hostVDSO?.rawValue, !offsets.isEmpty else { return nil }
        if let offset = offsets[Array("__vdso_clock_gettime".utf8)] { context.addressSpace.useClock(host &+ offset) }
        let file = try image(for: host)
        let slot = try context.install(file.fd)
        // PROT_READ | PROT_EXEC, MAP_PRIVATE.
        let place = try context.nativeCall(.mmap, 0, Self.size, 5, 2, slot, 0)
        _ = try? context.nativeCall(.close, slot)
        return place
    }

    private func image(for host: UInt64) throws(Errno) -> SharedFD {
        try lock.withLock { () throws(Errno) in
            if let file = files[host] { return file }
            let targets = VDSOImage.functions.compactMap { name in
                offsets[Array(name.utf8)].map { (name: name, address: host &+ $0) }
            }
            var bytes = VDSOImage(targets).bytes
            bytes += [UInt8](repeating: 0, count: max(0, Int(Self.size) - bytes.count))
            let file = SharedFD(owning: try HostFD.memoryFile("vdso", holding: bytes))
            files[host] = file
            return file
        }
    }
}
