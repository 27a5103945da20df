import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// One end of a pipe, or a FIFO that is open.
public final class PipeFile: OpenFile, @unchecked Sendable {
    public let pipe: Pipe
    private let isReader: Bool
    private let isWriter: Bool
    /// Openings for writing that a FIFO's reader has seen: POLLHUP is for writers that came after, and left.
    private let writersSeen: UInt64
    /// The inode that keeps a FIFO's pipe; nil for a pipe without a name.
    private let fifo: Inode?

    /// - Parameter fifo: the FIFO's inode; the end has been attached then.
    init(_ pipe: Pipe, path: Path, flags: OpenFlags, fifo: Inode? = nil, writersSeen: UInt64 = .max) {
        self.pipe = pipe
        self.fifo = fifo
        isReader = flags.isReadable
        isWriter = flags.isWritable
        // A nameless pipe has had a writer from the start.
        self.writersSeen = fifo == nil ? .max : writersSeen
        super.init(path: path, flags: flags)
        if fifo == nil { pipe.attach(reader: isReader, writer: isWriter) }
    }

    deinit {
        let unused = pipe.detach(reader: isReader, writer: isWriter)
        if unused, let fifo { Pipe.forget(fifo, pipe) }
    }

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        try pipe.read(&destination, nonblocking: isNonblocking, by: caller)
    }

    public override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        let flags = self.flags
        return try pipe.write(&source, packets: flags.contains(.O_DIRECT), nonblocking: flags.contains(.O_NONBLOCK),
                              by: caller)
    }

    public override func poll() -> IOEvents {
        pipe.events(reader: isReader, writer: isWriter, writersSeen: writersSeen)
    }

    public override var waitQueue: WaitQueue? { pipe.queue }

    public override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        guard request == 0x541b /* FIONREAD */ else { throw .ENOTTY }
        try caller.memory.store(Int32(truncatingIfNeeded: pipe.byteCount), at: GuestAddress(argument))
        return 0
    }

    public override var anonymousName: String? { fifo == nil ? "pipe:[\(inode.number)]" : nil }
}

extension Pipe {
    /// Opens a FIFO (fifo(7)): waits for the other side unless told not to.
    ///
    /// - Throws: ENXIO for a non-blocking writer without a reader; ERESTARTSYS.
    public static func openFIFO(_ inode: Inode, path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        let reader = flags.isReadable, writer = flags.isWritable
        if !reader && !writer { throw .EINVAL }
        let (pipe, openings) = try attached(inode, reader: reader, writer: writer,
                                            needsReader: flags.contains(.O_NONBLOCK) && !reader)
        // From here on the file detaches, whatever happens.
        let file = PipeFile(pipe, path: path, flags: flags, fifo: inode,
                            writersSeen: reader && !openings.areMet ? openings.writers : .max)
        // A pipe that is opened again through /proc/PID/fd waits for nobody (Linux's fifo_open).
        if openings.areMet || flags.contains(.O_NONBLOCK) || inode.fileSystem is AnonymousFileSystem { return file }
        try caller.waiter.wait(on: pipe.queue, for: .all) { () throws(Errno) -> Void? in
            let arrived = pipe.lock.withLock {
                reader ? pipe.writerOpenings != openings.writers : pipe.readerOpenings != openings.readers
            }
            return arrived ? () : nil
        }
        return file
    }

    private static func attached(
        _ inode: Inode, reader: Bool, writer: Bool, needsReader: Bool
    ) throws(Errno) -> (Pipe, (readers: UInt64, writers: UInt64, areMet: Bool)) {
        try inode.lock.withLock { () throws(Errno) in
            if let pipe = inode.endpoint as? Pipe {
                if needsReader, pipe.lock.withLock({ pipe.readers == 0 }) { throw .ENXIO }
                return (pipe, pipe.attach(reader: reader, writer: writer))
            }
            if needsReader { throw .ENXIO }
            let pipe = Pipe()
            inode.endpoint = pipe
            return (pipe, pipe.attach(reader: reader, writer: writer))
        }
    }

    /// Drops the pipe from its FIFO once nobody has it open.
    fileprivate static func forget(_ inode: Inode, _ pipe: Pipe) {
        inode.lock.withLock {
            if inode.endpoint === pipe, pipe.isUnused { inode.endpoint = nil }
        }
    }
}
