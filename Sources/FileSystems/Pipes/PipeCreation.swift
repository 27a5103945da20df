import LinuxABI
import VFS

extension Pipe {
    /// A new pipe's two ends (pipe(2)).
    ///
    /// - Parameter flags: O_NONBLOCK, O_DIRECT.
    public static func makeFiles(flags: OpenFlags, by caller: Caller) -> (reader: PipeFile, writer: PipeFile) {
        let pipe = Pipe()
        let path = caller.vfs.anonymous.makePath(type: .fifo, by: caller)
        // Opened again through /proc/PID/fd or /dev/fd, it is the same pipe.
        path.inode.endpoint = pipe
        // O_DIRECT shapes writes alone.
        return (PipeFile(pipe, path: path, flags: flags.subtracting(.O_DIRECT)),
                PipeFile(pipe, path: path, flags: flags.union(.O_WRONLY)))
    }
}

/// Opens FIFOs, on whatever file system they are.
public final class FIFODriver: DeviceDriver, @unchecked Sendable {
    public override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        try Pipe.openFIFO(path.inode, path: path, flags: flags, by: caller)
    }
}
