import HostOS
import LinuxABI
import Memory
import VFS

/// An open regular file of an overlay: an open file of the layer that has the contents. One that was opened for writing
/// stays with the lower layer until the first write, so that truncating it copies nothing.
final class OverlayFile: OpenFile, @unchecked Sendable {
    private let file: OverlayInode
    /// Guards the two below. A leaf but for the inode's state.
    private let lock = Lock()
    private var real: OpenFile
    private var isUpper: Bool

    init(_ file: OverlayInode, path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) {
        self.file = file
        let upper = file.upper
        let layer = upper ?? file.active
        isUpper = upper != nil
        real = try layer.open(caller.vfs.anonymous.path(to: layer), flags: upper == nil ? flags.subtracting(.O_ACCMODE) : flags, by: caller)
        super.init(path: path, flags: flags)
    }

    override var isSeekable: Bool { true }

    /// The open file that has the contents now.
    private func current(by caller: Caller) throws(Errno) -> OpenFile {
        lock.lock()
        defer { lock.unlock() }
        if !isUpper, file.copies.load(ordering: .acquiring) != 0, let upper = file.upper {
            real = try upper.open(caller.vfs.anonymous.path(to: upper), flags: flags, by: caller)
            isUpper = true
        }
        return real
    }

    private func writable(by caller: Caller) throws(Errno) -> OpenFile {
        try file.copyUp(by: caller)
        let real = try current(by: caller)
        // fcntl(F_SETFL) changes this file's flags, and O_APPEND is obeyed by the one below.
        real.flags = flags
        return real
    }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        try current(by: caller).read(&destination, at: offset, by: caller)
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        try writable(by: caller).write(&source, at: &offset, by: caller)
    }

    override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 {
        try current(by: caller).seek(offset, whence: whence, by: caller)
    }

    override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) {
        let real = try current(by: caller)
        if lock.withLock({ isUpper }) { try real.sync(dataOnly: dataOnly, by: caller) }
    }

    override func allocate(mode: Int32, offset: UInt64, length: UInt64, by caller: Caller) throws(Errno) {
        try writable(by: caller).allocate(mode: mode, offset: offset, length: length, by: caller)
    }

    override func mappable(writable isWritable: Bool, by caller: Caller) throws(Errno) -> Mappable {
        try (isWritable ? writable(by: caller) : current(by: caller)).mappable(writable: isWritable, by: caller)
    }
}
