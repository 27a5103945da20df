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
    private let host: [UInt8]

    static let shared = VDSO()

    private init() {
        host = HostAuxiliaryVector.vdso
        offsets = (try? ELFSymbols(host))?.addresses ?? [:]
        size = VDSOImage.mirrorOffset + (UInt64(host.count) + 4095) & ~4095
    }

    /// Bytes of memory that an image takes.
    let size: UInt64

    /// The image for stubs that have the host's own at `host`; nil when that is not at hand: programs then make system
    /// calls.
    func file(for host: GuestAddress?) -> SharedFD? {
        guard let host, !offsets.isEmpty else { return nil }
        return try? image(for: host.rawValue)
    }

    /// Tells an address space where the host's clock_gettime is.
    func tell(_ space: AddressSpace) {
        guard let host = space.hostVDSO?.rawValue, let offset = offsets[Array("__vdso_clock_gettime".utf8)] else { return }
        space.useClock(host &+ offset)
    }

    /// Tells an address space that the image lies at `place`: where its threads stand when they stand in the host's.
    func tell(_ space: AddressSpace, at place: UInt64) {
        space.mirrorVDSO(at: GuestAddress(place &+ VDSOImage.mirrorOffset), size: size - VDSOImage.mirrorOffset)
    }

    private func image(for host: UInt64) throws(Errno) -> SharedFD {
        try lock.withLock { () throws(Errno) in
            if let file = files[host] { return file }
            let targets = VDSOImage.functions.compactMap { name in
                offsets[Array(name.utf8)].map { (name: name, address: host &+ $0) }
            }
            var bytes = VDSOImage(targets, mirror: self.host, frames: ELFSymbols.frames(self.host)).bytes
            bytes += [UInt8](repeating: 0, count: max(0, Int(size) - bytes.count))
            let file = SharedFD(owning: try HostFD.memoryFile("vdso", holding: bytes))
            files[host] = file
            return file
        }
    }
}
