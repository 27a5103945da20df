import Kernel
import LinuxABI
import Memory
import VFS

/// sendfile, copy_file_range: from file to file without the guest's memory.
func registerFileCopying(_ table: inout SystemCallTable) {
    table[.sendfile] = sendfile
    table[.copy_file_range] = copyFileRange
}

private func sendfile(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let target = try task.files.file(a.int(0))
    let source = try task.files.file(a.int(1))
    if !source.flags.isReadable || !target.flags.isWritable { throw .EBADF }
    let offsetAddress = a.address(2)
    var offset: UInt64?
    if !offsetAddress.isNull {
        let value = try task.memory.load(offsetAddress, as: UInt64.self)
        if !source.isSeekable { throw .ESPIPE }
        if value > UInt64(Int64.max) { throw .EINVAL }
        offset = value
    }
    if source.inode.type == .directory || target.appends { throw .EINVAL }
    if !source.isSeekable { throw .EINVAL }
    let count = Int(min(a.fourth, UInt64(Task.maximumTransfer)))
    let start = offset ?? source.position
    let done = try copy(task, from: source, at: start, to: target, at: nil, count)
    if let offset {
        try task.memory.store(offset + UInt64(done), at: offsetAddress)
    } else {
        source.position = start + UInt64(done)
    }
    return UInt64(done)
}

private func copyFileRange(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let source = try task.files.file(a.int(0))
    let target = try task.files.file(a.int(2))
    let (fromAddress, toAddress) = (a.address(1), a.address(3))
    let from = fromAddress.isNull ? source.position : try task.memory.load(fromAddress, as: UInt64.self)
    let to = toAddress.isNull ? target.position : try task.memory.load(toAddress, as: UInt64.self)
    if a.uint(5) != 0 { throw .EINVAL }
    if source.inode.type == .directory || target.inode.type == .directory { throw .EISDIR }
    if source.inode.type != .regular || target.inode.type != .regular { throw .EINVAL }
    if !source.flags.isReadable || !target.flags.isWritable || target.appends { throw .EBADF }
    let maximum = UInt64(Int64.max)
    if from > maximum || to > maximum { throw .EINVAL }
    var length = min(a.fifth, UInt64(Task.maximumTransfer))
    if a.fifth > maximum - from || a.fifth > maximum - to { throw .EOVERFLOW }
    let size = try source.attributes().size
    length = from >= size ? 0 : min(length, size - from)
    if source.inode === target.inode, from < to + length, to < from + length { throw .EINVAL }
    if length == 0 { return 0 }
    let done = try copy(task, from: source, at: from, to: target, at: to, Int(length))
    if fromAddress.isNull { source.position = from + UInt64(done) } else {
        try task.memory.store(from + UInt64(done), at: fromAddress)
    }
    if toAddress.isNull { target.position = to + UInt64(done) } else {
        try task.memory.store(to + UInt64(done), at: toAddress)
    }
    return UInt64(done)
}

/// Copies up to `count` bytes, through a buffer of the Sentry's.
///
/// - Parameter to: nil writes where the target's own position is.
private func copy(_ task: Task, from source: OpenFile, at start: UInt64, to target: OpenFile, at to: UInt64?,
                  _ count: Int) throws(Errno) -> Int {
    var done = 0
    while done < count {
        do throws(Errno) {
            let buffer = KernelBuffer(count: min(count - done, 256 << 10))
            var input = IOVector(buffer)
            let got = try source.read(&input, at: start &+ UInt64(done), by: task)
            if got == 0 { break }
            var output = IOVector(buffer)
            output.truncate(to: got)
            let put = if let to { try task.write(target, from: &output, at: to &+ UInt64(done)) } else {
                try task.write(target, from: &output)
            }
            done += put
            if put < got { break }
            // A long copy ends where a signal wants attention.
            if task.waiter.isInterrupted { break }
        } catch {
            if done > 0 { break }
            throw error
        }
    }
    return done
}
