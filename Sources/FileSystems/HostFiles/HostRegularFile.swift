import HostOS
import LinuxABI
import Memory
import VFS

/// A regular file of the host as a standard stream. The host's position moves along, for whoever uses the descriptor after
/// the container (`(cloister run a; cloister run b) > file`).
final class HostRegularFile: OpenFile, @unchecked Sendable {
    private let descriptor: SharedFD

    init(path: Path, flags: OpenFlags, _ descriptor: SharedFD) {
        self.descriptor = descriptor
        super.init(path: path, flags: flags)
        position = UInt64(max(0, (try? descriptor.fd.seek(0, whence: 1)) ?? 0))
    }

    override var isSeekable: Bool { true }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        let done = try destination.fill(from: descriptor.fd, at: offset)
        _ = try? descriptor.fd.seek(Int64(truncatingIfNeeded: offset &+ UInt64(done)), whence: 0)
        return done
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        if appends { offset = try descriptor.fd.status().size }
        let done = try source.drain(to: descriptor.fd, at: offset)
        _ = try? descriptor.fd.seek(Int64(truncatingIfNeeded: offset &+ UInt64(done)), whence: 0)
        return done
    }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 {
        UInt64(try descriptor.fd.seek(offset, whence: whence))
    }

    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) { try descriptor.fd.synchronize(dataOnly: dataOnly) }

    override func allocate(mode: Int32, offset: UInt64, length: UInt64, by caller: Caller) throws(Errno) {
        try descriptor.fd.allocate(mode: UInt32(bitPattern: mode), offset: offset, length: length)
    }
}
