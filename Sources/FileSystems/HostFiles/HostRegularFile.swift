import HostOS
import LinuxABI
import Memory
import VFS

/// A regular file of the host as a standard stream. Its position is the host's: several streams may share it (`> file 2>&1`),
/// and whoever uses the descriptor after the container goes on where that ended.
final class HostRegularFile: OpenFile, @unchecked Sendable {
    private let descriptor: SharedFD

    init(path: Path, flags: OpenFlags, _ descriptor: SharedFD) {
        self.descriptor = descriptor
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }
    override var ignoresPosition: Bool { true }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        offset == .max ? try destination.fillStream(from: descriptor.fd) : try destination.fill(from: descriptor.fd, at: offset)
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        offset == .max ? try source.drainStream(to: descriptor.fd) : try source.drain(to: descriptor.fd, at: offset)
    }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 {
        UInt64(try descriptor.fd.seek(offset, whence: whence))
    }

    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) { try descriptor.fd.synchronize(dataOnly: dataOnly) }

    override func allocate(mode: Int32, offset: UInt64, length: UInt64, by caller: Caller) throws(Errno) {
        try descriptor.fd.allocate(mode: UInt32(bitPattern: mode), offset: offset, length: length)
    }
}
