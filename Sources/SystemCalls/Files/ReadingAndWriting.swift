import Kernel
import LinuxABI
import Memory
import VFS

func registerReadingAndWriting(_ table: inout SystemCallTable) {
    table[.read] = { (task, a) throws(Errno) in
        try task.withFile(a.int(0)) { (file) throws(Errno) in
            if !file.flags.isReadable { throw .EBADF }
            var to = try task.buffer(a.address(1), a.third)
            let done = try task.read(file, into: &to)
            if file.wantsView.load(ordering: .relaxed) { task.view(file, a.int(0), moves: true) }
            return UInt64(done)
        }
    }
    table[.write] = { (task, a) throws(Errno) in
        try task.withFile(a.int(0)) { (file) throws(Errno) in
            if !file.flags.isWritable { throw .EBADF }
            var from = try task.buffer(a.address(1), a.third)
            let done = try task.write(file, from: &from)
            if file.wantsView.load(ordering: .relaxed) { task.view(file, a.int(0), moves: true) }
            return UInt64(done)
        }
    }
    table[.pread64] = { (task, a) throws(Errno) in
        let offset = try position(a.fourth)
        return try task.withFile(a.int(0)) { (file) throws(Errno) in
            if !file.isSeekable { throw .ESPIPE }
            if !file.flags.isReadable { throw .EBADF }
            var to = try task.buffer(a.address(1), a.third)
            let done = try task.read(file, into: &to, at: offset)
            if file.wantsView.load(ordering: .relaxed) { task.view(file, a.int(0), moves: false) }
            return UInt64(done)
        }
    }
    table[.pwrite64] = { (task, a) throws(Errno) in
        let offset = try position(a.fourth)
        return try task.withFile(a.int(0)) { (file) throws(Errno) in
            if !file.isSeekable { throw .ESPIPE }
            if !file.flags.isWritable { throw .EBADF }
            var from = try task.buffer(a.address(1), a.third)
            let done = try task.write(file, from: &from, at: offset)
            if file.wantsView.load(ordering: .relaxed) { task.view(file, a.int(0), moves: false) }
            return UInt64(done)
        }
    }
    table[.readv] = { (task, a) throws(Errno) in
        try task.withFile(a.int(0)) { (file) throws(Errno) in
            if !file.flags.isReadable { throw .EBADF }
            var to = try task.buffers(a.address(1), a.third)
            let done = try task.read(file, into: &to)
            if file.wantsView.load(ordering: .relaxed) { task.view(file, a.int(0), moves: true) }
            return UInt64(done)
        }
    }
    table[.writev] = { (task, a) throws(Errno) in
        try task.withFile(a.int(0)) { (file) throws(Errno) in
            if !file.flags.isWritable { throw .EBADF }
            var from = try task.buffers(a.address(1), a.third)
            let done = try task.write(file, from: &from)
            if file.wantsView.load(ordering: .relaxed) { task.view(file, a.int(0), moves: true) }
            return UInt64(done)
        }
    }
    table[.preadv] = { (task, a) throws(Errno) in try readAt(task, a, try position(a.fourth), []) }
    table[.pwritev] = { (task, a) throws(Errno) in try writeAt(task, a, try position(a.fourth), []) }
    table[.preadv2] = { (task, a) throws(Errno) in
        // Position -1 is the file's own.
        try readAt(task, a, a.fourth == .max ? nil : try position(a.fourth), try transferFlags(a.uint(5)))
    }
    table[.pwritev2] = { (task, a) throws(Errno) in
        try writeAt(task, a, a.fourth == .max ? nil : try position(a.fourth), try transferFlags(a.uint(5)))
    }
    table[.lseek] = { (task, a) throws(Errno) in
        try task.withFile(a.int(0)) { (file) throws(Errno) in
            try task.seek(file, Int64(bitPattern: a.second), whence: a.int(2))
        }
    }
}

private func position(_ value: UInt64) throws(Errno) -> UInt64 {
    if value > UInt64(Int64.max) { throw .EINVAL }
    return value
}

private func transferFlags(_ value: UInt32) throws(Errno) -> TransferFlags {
    let flags = TransferFlags(rawValue: value)
    if !flags.isSubset(of: .known) { throw .EOPNOTSUPP }
    if flags.isSuperset(of: [.RWF_APPEND, .RWF_NOAPPEND]) { throw .EINVAL }
    return flags
}

private func readAt(_ task: Task, _ a: SystemCallArguments, _ offset: UInt64?, _ flags: TransferFlags) throws(Errno) -> UInt64 {
    let file = try task.files.file(a.int(0))
    if offset != nil, !file.isSeekable { throw .ESPIPE }
    if !file.flags.isReadable { throw .EBADF }
    if flags.contains(.RWF_APPEND) { throw .EOPNOTSUPP }
    var to = try task.buffers(a.address(1), a.third)
    let done = if let offset { try task.read(file, into: &to, at: offset, flags) } else { try task.read(file, into: &to, flags) }
    if file.wantsView.load(ordering: .relaxed) { task.view(file, a.int(0), moves: offset == nil) }
    return UInt64(done)
}

private func writeAt(_ task: Task, _ a: SystemCallArguments, _ offset: UInt64?, _ flags: TransferFlags) throws(Errno) -> UInt64 {
    let file = try task.files.file(a.int(0))
    if offset != nil, !file.isSeekable { throw .ESPIPE }
    if !file.flags.isWritable { throw .EBADF }
    var from = try task.buffers(a.address(1), a.third)
    let done = if let offset { try task.write(file, from: &from, at: offset, flags) } else { try task.write(file, from: &from, flags) }
    if file.wantsView.load(ordering: .relaxed) { task.view(file, a.int(0), moves: offset == nil) }
    return UInt64(done)
}
