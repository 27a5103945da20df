import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// A file whose content is generated: at the first read of each open file, and again when that reads from 0.
open class SyntheticFile: SyntheticInode, @unchecked Sendable {
    public init(_ fileSystem: SyntheticFileSystem, number: UInt64, mode: UInt32 = 0o444) {
        super.init(fileSystem, number: number, type: .regular, mode: mode)
    }

    /// The content as `caller` sees it.
    open func generate(by caller: Caller) throws(Errno) -> [UInt8] { [] }

    /// Takes one write, which is parsed by itself, whatever came before.
    ///
    /// - Throws: EINVAL for what does not parse; EPERM for who may not.
    open func store(_ bytes: [UInt8], by caller: Caller) throws(Errno) { throw .EIO }

    /// The longest write that `store` is given; longer ones fail with EINVAL.
    open var longestWrite: Int { 4096 }

    open override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        SyntheticOpenFile(path: path, flags: flags, file: self)
    }
}

/// An open generated file.
open class SyntheticOpenFile: OpenFile, @unchecked Sendable {
    public final let file: SyntheticFile
    /// Guards the content. Nothing is generated with it held.
    private let lock = Lock()
    private var content: [UInt8]?

    public init(path: Path, flags: OpenFlags, file: SyntheticFile) {
        self.file = file
        super.init(path: path, flags: flags)
    }

    open override var isSeekable: Bool { true }

    open override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        var known = lock.withLock { offset == 0 ? nil : content }
        if known == nil {
            let made = try file.generate(by: caller)
            lock.withLock { content = made }
            known = made
        }
        guard let known, offset < UInt64(known.count) else { return 0 }
        let start = Int(offset)
        if destination.remaining == 0 { return 0 }
        let stored = destination.write(array: known, from: start)
        if stored == 0 { throw .EFAULT }
        return stored
    }

    open override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        let length = source.remaining
        if length > file.longestWrite { throw .EINVAL }
        let bytes = source.readArray(limit: length)
        if bytes.count < length { throw .EFAULT }
        try file.store(bytes, by: caller)
        offset = offset &+ UInt64(length)
        return length
    }

    open override func seek(_ offset: Int64, whence: Int32, by caller: Caller) throws(Errno) -> UInt64 { throw .EINVAL }
    open override func sync(dataOnly: Bool, by caller: Caller) throws(Errno) {}
}

/// A file whose content never changes.
public final class FixedFile: SyntheticFile, @unchecked Sendable {
    private let content: [UInt8]

    public init(_ fileSystem: SyntheticFileSystem, _ text: String, mode: UInt32 = 0o444) {
        content = Array(text.utf8)
        super.init(fileSystem, number: fileSystem.nextInode(), mode: mode)
    }

    public override func generate(by caller: Caller) throws(Errno) -> [UInt8] { content }
}

/// A symbolic link whose text never changes.
public final class FixedLink: SyntheticInode, @unchecked Sendable {
    private let target: [UInt8]

    public init(_ fileSystem: SyntheticFileSystem, _ target: String) {
        self.target = Array(target.utf8)
        super.init(fileSystem, number: fileSystem.nextInode(), type: .symbolicLink, mode: 0o777)
    }

    public override func readLink(by caller: Caller) throws(Errno) -> [UInt8] { target }
}
