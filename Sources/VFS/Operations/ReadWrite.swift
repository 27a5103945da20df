import LinuxABI
import Memory

/// RWF_* of preadv2(2).
public struct TransferFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static var RWF_HIPRI: Self { Self(rawValue: 1) }
    @inlinable public static var RWF_DSYNC: Self { Self(rawValue: 2) }
    @inlinable public static var RWF_SYNC: Self { Self(rawValue: 4) }
    @inlinable public static var RWF_NOWAIT: Self { Self(rawValue: 8) }
    @inlinable public static var RWF_APPEND: Self { Self(rawValue: 0x10) }
    @inlinable public static var RWF_NOAPPEND: Self { Self(rawValue: 0x20) }
    @inlinable public static var known: Self { Self(rawValue: 0x3f) }
}

// Linux's vfs_read and vfs_write: what holds for all files.
extension Caller {
    /// read(2), readv(2): at the file's position, which moves.
    public final func read(_ file: OpenFile, into destination: inout IOVector, _ flags: TransferFlags = []) throws(Errno) -> Int {
        if !file.flags.isReadable { throw .EBADF }
        if flags.contains(.RWF_NOWAIT), file.poll().isDisjoint(with: .readable) { throw .EAGAIN }
        let done: Int
        if file.isSeekable, !file.ignoresPosition {
            file.positionLock.lock()
            defer { file.positionLock.unlock() }
            try checkRange(file.position, destination.remaining)
            done = try file.read(&destination, at: file.position, by: self)
            file.position &+= UInt64(done)
        } else {
            done = try file.read(&destination, at: file.ignoresPosition ? .max : 0, by: self)
        }
        if done > 0 { file.tell(.IN_ACCESS) }
        return done
    }

    /// pread(2), preadv(2).
    public final func read(_ file: OpenFile, into destination: inout IOVector, at offset: UInt64,
                           _ flags: TransferFlags = []) throws(Errno) -> Int {
        if !file.isSeekable { throw .ESPIPE }
        if !file.flags.isReadable { throw .EBADF }
        try checkRange(offset, destination.remaining)
        let done = try file.read(&destination, at: offset, by: self)
        if done > 0 { file.tell(.IN_ACCESS) }
        return done
    }

    /// write(2), writev(2): at the file's position, which moves, or at its end with O_APPEND.
    public final func write(_ file: OpenFile, from source: inout IOVector, _ flags: TransferFlags = []) throws(Errno) -> Int {
        if !file.flags.isWritable { throw .EBADF }
        if flags.contains(.RWF_NOWAIT), file.poll().isDisjoint(with: .writable) { throw .EAGAIN }
        if file.isSeekable, !file.ignoresPosition {
            file.positionLock.lock()
            defer { file.positionLock.unlock() }
            try checkRange(file.position, source.remaining)
            var offset = flags.contains(.RWF_APPEND) ? try file.seek(0, whence: 2, by: self) : file.position
            let done = try transfer(file, &source, &offset, flags)
            file.position = offset &+ UInt64(done)
            return done
        }
        var offset: UInt64 = file.ignoresPosition ? .max : 0
        return try transfer(file, &source, &offset, flags)
    }

    /// pwrite(2), pwritev(2). With O_APPEND the end counts, not `offset`, as on Linux.
    public final func write(_ file: OpenFile, from source: inout IOVector, at offset: UInt64,
                            _ flags: TransferFlags = []) throws(Errno) -> Int {
        if !file.isSeekable { throw .ESPIPE }
        if !file.flags.isWritable { throw .EBADF }
        try checkRange(offset, source.remaining)
        var offset = flags.contains(.RWF_APPEND) ? try file.seek(0, whence: 2, by: self) : offset
        return try transfer(file, &source, &offset, flags)
    }

    /// rw_verify_area: what is asked for must end where a position can be.
    private final func checkRange(_ offset: UInt64, _ count: Int) throws(Errno) {
        if offset > UInt64(Int64.max) || UInt64(count) > UInt64(Int64.max) - offset { throw .EINVAL }
    }

    private final func transfer(_ file: OpenFile, _ source: inout IOVector, _ offset: inout UInt64,
                                _ flags: TransferFlags) throws(Errno) -> Int {
        if file.isRegular {
            if source.remaining == 0 { return 0 }
            if !file.ignoresPosition { try checkSize(file, &source, offset) }
            let inode = file.inode
            if inode.mayHavePrivileges, let mode = try inode.modeWithoutPrivileges(for: self) {
                try inode.setAttributes(AttributeChange(mode: mode), by: self)
            }
        }
        let done = try file.write(&source, at: &offset, by: self)
        if done > 0 {
            file.tell(.IN_MODIFY)
            if !file.flags.isDisjoint(with: .O_SYNC) || !flags.isDisjoint(with: [.RWF_DSYNC, .RWF_SYNC]), file.isRegular {
                let whole = file.flags.contains(.O_SYNC) || flags.contains(.RWF_SYNC)
                try file.sync(dataOnly: !whole, by: self)
            }
        }
        return done
    }

    /// RLIMIT_FSIZE, and the end of what a position can say.
    private final func checkSize(_ file: OpenFile, _ source: inout IOVector, _ offset: UInt64) throws(Errno) {
        let limit = limit(1 /* RLIMIT_FSIZE */)
        let maximum = UInt64(Int64.max)
        var at = offset
        if limit < maximum, file.appends { at = try file.attributes().size }
        if at >= limit {
            raise(25 /* SIGXFSZ */)
            throw .EFBIG
        }
        if at >= maximum { throw .EFBIG }
        let room = min(limit, maximum) - at
        if UInt64(source.remaining) > room { source.truncate(to: Int(room)) }
    }

    /// lseek(2).
    public final func seek(_ file: OpenFile, _ offset: Int64, whence: Int32) throws(Errno) -> UInt64 {
        if whence < 0 || whence > 4 { throw .EINVAL }
        if !file.isSeekable { throw .ESPIPE }
        if file.ignoresPosition { return try file.seek(offset, whence: whence, by: self) }
        file.positionLock.lock()
        defer { file.positionLock.unlock() }
        let new: UInt64
        switch whence {
        case 0:
            if offset < 0 { throw .EINVAL }
            new = UInt64(offset)
        case 1:
            let (sum, overflow) = Int64(truncatingIfNeeded: file.position).addingReportingOverflow(offset)
            if overflow || sum < 0 { throw .EINVAL }
            new = UInt64(sum)
        default: new = try file.seek(offset, whence: whence, by: self)
        }
        file.position = new
        return new
    }

    /// getdents64(2), without the guest's buffer.
    public final func readDirectory(_ file: OpenFile, _ emit: (DirectoryEntry) -> Bool) throws(Errno) {
        let directory = file.inode
        if directory.type != .directory { throw .ENOTDIR }
        if file.path.dentry.isDead { throw .ENOENT }
        file.positionLock.lock()
        defer { file.positionLock.unlock() }
        var position = file.position
        try file.readDirectory(&position, by: self, emit)
        file.position = position
        file.tell([.IN_ACCESS, .IN_ISDIR])
    }

    /// Reads a whole file, as exec and boot do: at most `limit` bytes.
    ///
    /// - Throws: EFBIG for a longer one.
    public final func readAll(_ file: OpenFile, limit: Int) throws(Errno) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let buffer = KernelBuffer(count: 65536)
            var vector = IOVector(buffer)
            let n = try file.read(&vector, at: UInt64(all.count), by: self)
            if n == 0 { return all }
            if all.count + n > limit { throw .EFBIG }
            all += buffer.bytes[..<n]
        }
    }
}

extension Inode {
    /// False when the mode is known to have no set-id bits.
    public final var mayHavePrivileges: Bool {
        permissionHint.load(ordering: .relaxed) & (Self.permissionHintValid | 0o6000) != Self.permissionHintValid
    }
}
