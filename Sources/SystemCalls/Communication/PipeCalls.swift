import FileSystems
import HostOS
import Kernel
import LinuxABI
import Memory
import VFS
import Waiting

func registerPipes(_ table: inout SystemCallTable) {
    table[.pipe] = { (task, a) throws(Errno) in try makePipe(task, a.address(0), flags: 0) }
    table[.pipe2] = { (task, a) throws(Errno) in try makePipe(task, a.address(0), flags: a.uint(1)) }
    table[.splice] = splice
    table[.tee] = { (task, a) throws(Errno) in
        if a.uint(3) & ~15 != 0 { throw .EINVAL }
        if a.third == 0 { return 0 }
        let (source, target) = (try task.files.file(a.int(0)), try task.files.file(a.int(1)))
        guard source.flags.isReadable, target.flags.isWritable else { throw .EBADF }
        guard let from = source as? PipeFile, let to = target as? PipeFile, from.pipe !== to.pipe else { throw .EINVAL }
        return UInt64(try Splice.copy(from: from.pipe, to: to.pipe, count: spliceCount(a.third),
                                      nonblocking: a.uint(3) & 2 != 0, by: task))
    }
    table[.vmsplice] = vmsplice
}

private func makePipe(_ task: Task, _ address: GuestAddress, flags: UInt32) throws(Errno) -> UInt64 {
    let direct = OpenFlags.O_DIRECT.rawValue
    // O_NOTIFICATION_PIPE is O_EXCL.
    if flags & OpenFlags.O_EXCL.rawValue != 0 { throw .ENOPKG }
    if flags & ~(cloexecFlag | nonblockFlag | direct) != 0 { throw .EINVAL }
    let (reader, writer) = Pipe.makeFiles(flags: OpenFlags(rawValue: flags & (nonblockFlag | direct)), by: task)
    try task.installPair(reader, writer, at: address, closeOnExec: flags & cloexecFlag != 0)
    return 0
}

extension Task {
    /// Gives two files descriptors and tells the guest their numbers; none of them when it cannot be told.
    func installPair(_ one: OpenFile, _ other: OpenFile, at address: GuestAddress, closeOnExec: Bool) throws(Errno) {
        let limit = self.limit(Limits.RLIMIT_NOFILE)
        let first = try files.reserve(limit: limit)
        do throws(Errno) {
            let second = try files.reserve(limit: limit)
            do throws(Errno) {
                try memory.store(DescriptorPair(first: first, second: second), at: address)
            } catch {
                files.cancel(second)
                throw error
            }
            files.fill(second, other, closeOnExec: closeOnExec)
        } catch {
            files.cancel(first)
            throw error
        }
        files.fill(first, one, closeOnExec: closeOnExec)
    }
}

private struct DescriptorPair: BitwiseCopyable {
    var first: Int32
    var second: Int32
}

/// As much as one call moves: MAX_RW_COUNT.
private func spliceCount(_ count: UInt64) -> Int { Int(min(count, 0x7fff_f000)) }

private func splice(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = a.uint(5)
    if flags & ~15 != 0 { throw .EINVAL }
    if a.fifth == 0 { return 0 }
    let source = try task.files.file(a.int(0))
    let target = try task.files.file(a.int(2))
    guard source.flags.isReadable, target.flags.isWritable else { throw .EBADF }
    let count = spliceCount(a.fifth)
    let (fromPipe, toPipe) = (source as? PipeFile, target as? PipeFile)
    let (fromOffset, toOffset) = (a.address(1), a.address(3))
    if fromPipe != nil && !fromOffset.isNull || toPipe != nil && !toOffset.isNull { throw .ESPIPE }
    let nonblocking = flags & 2 != 0 || source.isNonblocking && fromPipe != nil || target.isNonblocking && toPipe != nil
    switch (fromPipe?.pipe, toPipe?.pipe) {
    case (let from?, let to?):
        return UInt64(try Splice.move(from: from, to: to, count: count, nonblocking: nonblocking, by: task))
    case (nil, let to?):
        return try withPosition(of: source, fromOffset, task) { (position) throws(Errno) in
            UInt64(try Splice.fill(to, from: source, at: &position, count: count, nonblocking: nonblocking, by: task))
        }
    case (let from?, nil):
        if target.flags.contains(.O_APPEND) { throw .EINVAL }
        return try withPosition(of: target, toOffset, task) { (position) throws(Errno) in
            UInt64(try Splice.drain(from, into: target, at: &position, count: count, nonblocking: nonblocking, by: task))
        }
    case (nil, nil): throw .EINVAL
    }
}

/// Runs `body` with the offset that the guest names, or else with the file's own position.
private func withPosition(of file: OpenFile, _ address: GuestAddress, _ task: Task,
                          _ body: (inout UInt64) throws(Errno) -> UInt64) throws(Errno) -> UInt64 {
    if address.isNull {
        if !file.isSeekable {
            var ignored: UInt64 = 0
            return try body(&ignored)
        }
        var position = file.positionLock.withLock { file.position }
        let result = try body(&position)
        file.positionLock.withLock { file.position = position }
        return result
    }
    if !file.isSeekable { throw .EINVAL }
    var position = try task.memory.load(address, as: UInt64.self)
    if position > UInt64(Int64.max) { throw .EINVAL }
    let result = try body(&position)
    try task.memory.store(position, at: address)
    return result
}

/// vmsplice(2): guest memory into a pipe, or out of it. Nothing is shared with the guest: the bytes are copied.
private func vmsplice(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    if a.uint(3) & ~15 != 0 { throw .EINVAL }
    let file = try task.files.file(a.int(0))
    guard let pipe = file as? PipeFile else { throw .EBADF }
    if a.third > 1024 { throw .EINVAL }
    let words = try task.memory.loadArray(a.address(1), count: Int(a.third) * 2, as: UInt64.self)
    var segments: [IOSegment] = []
    var left = 0x7fff_f000
    for i in 0..<Int(a.third) {
        guard let length = Int(exactly: words[2 * i + 1]) else { throw .EINVAL }
        segments.append(IOSegment(base: GuestAddress(words[2 * i]), length: min(length, left)))
        left -= min(length, left)
    }
    var vector = IOVector(task.memory, segments)
    let nonblocking = a.uint(3) & 2 != 0 || file.isNonblocking
    if file.flags.isWritable {
        return UInt64(try pipe.pipe.write(&vector, packets: false, nonblocking: nonblocking, by: task))
    }
    return UInt64(try pipe.pipe.read(&vector, nonblocking: nonblocking, by: task))
}
