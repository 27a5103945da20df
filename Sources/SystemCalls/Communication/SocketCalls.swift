import HostOS
import Kernel
import LinuxABI
import Memory
import Sockets
import VFS
import Waiting

func registerSockets(_ table: inout SystemCallTable) {
    table[.socket] = { (task, a) throws(Errno) in
        let flags = try socketFlags(a.uint(1))
        let file = try makeSocket(task, a.int(0), a.uint(1) & 0xf, a.int(2), flags)
        return try task.install(file, closeOnExec: flags.contains(.O_CLOEXEC))
    }
    table[.socketpair] = makePair
    table[.bind] = { (task, a) throws(Errno) in
        let file = try task.socket(a.int(0))
        try file.bind(try task.loadSocketAddress(a.address(1), a.int(2)), by: task)
        return 0
    }
    table[.listen] = { (task, a) throws(Errno) in
        try task.socket(a.int(0)).listen(backlog: a.int(1), by: task)
        return 0
    }
    table[.accept] = { (task, a) throws(Errno) in try accept(task, a, flags: 0) }
    table[.accept4] = { (task, a) throws(Errno) in try accept(task, a, flags: a.uint(3)) }
    table[.connect] = { (task, a) throws(Errno) in
        let file = try task.socket(a.int(0))
        try file.connect(try task.loadSocketAddress(a.address(1), a.int(2)), by: task)
        return 0
    }
    table[.shutdown] = { (task, a) throws(Errno) in
        try task.socket(a.int(0)).shutdown(a.int(1))
        return 0
    }
    table[.getsockname] = { (task, a) throws(Errno) in
        try task.store(socketAddress: try task.socket(a.int(0)).localAddress(), at: a.address(1), length: a.address(2))
        return 0
    }
    table[.getpeername] = { (task, a) throws(Errno) in
        try task.store(socketAddress: try task.socket(a.int(0)).peerAddress(), at: a.address(1), length: a.address(2))
        return 0
    }
    table[.setsockopt] = setOption
    table[.getsockopt] = getOption
    registerSocketMessages(&table)
}

extension Task {
    /// The socket behind a descriptor.
    ///
    /// - Throws: EBADF, ENOTSOCK.
    func socket(_ fd: Int32) throws(Errno) -> SocketFile {
        guard let file = try files.file(fd) as? SocketFile else { throw .ENOTSOCK }
        return file
    }

    /// Reads a struct sockaddr.
    ///
    /// - Throws: EINVAL for a length that none has, EFAULT.
    func loadSocketAddress(_ address: GuestAddress, _ length: Int32) throws(Errno) -> [UInt8] {
        if length < 0 || length > 128 { throw .EINVAL }
        return try memory.loadBytes(address, count: Int(length))
    }

    /// Writes as much of an address as the guest has room for, and its whole length.
    func store(socketAddress bytes: [UInt8], at address: GuestAddress, length: GuestAddress) throws(Errno) {
        let room = try memory.load(length, as: Int32.self)
        if room < 0 { throw .EINVAL }
        try memory.store(Int32(bytes.count), at: length)
        try memory.store(array: Array(bytes.prefix(Int(room))), at: address)
    }
}

/// SOCK_CLOEXEC and SOCK_NONBLOCK, which are O_CLOEXEC and O_NONBLOCK.
private func socketFlags(_ type: UInt32) throws(Errno) -> OpenFlags {
    if type & ~(0xf | cloexecFlag | nonblockFlag) != 0 { throw .EINVAL }
    return OpenFlags(rawValue: type & (cloexecFlag | nonblockFlag))
}

private func makeSocket(_ task: Task, _ domain: Int32, _ type: UInt32, _ protocolNumber: Int32,
                        _ flags: OpenFlags) throws(Errno) -> SocketFile {
    if domain < 0 || domain >= AddressFamily.AF_MAX { throw .EAFNOSUPPORT }
    if type >= 11 { throw .EINVAL }
    let kind = SocketType(rawValue: Int32(type))
    // Descriptors do not keep their close-on-exec flag.
    let status = flags.subtracting(.O_CLOEXEC)
    switch domain {
    case AddressFamily.AF_UNIX:
        if protocolNumber != 0, protocolNumber != AddressFamily.AF_UNIX { throw .EPROTONOSUPPORT }
        guard let kind else { throw .ESOCKTNOSUPPORT }
        return UnixSocketFile.make(kind, flags: status, by: task)
    case AddressFamily.AF_NETLINK:
        guard kind == .raw || kind == .datagram else { throw .ESOCKTNOSUPPORT }
        return try NetlinkSocketFile.make(kind ?? .raw, protocolNumber: protocolNumber, flags: status, by: task)
    default: throw .EAFNOSUPPORT
    }
}

private func makePair(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = try socketFlags(a.uint(1))
    if a.int(0) != AddressFamily.AF_UNIX {
        if a.int(0) == AddressFamily.AF_INET || a.int(0) == AddressFamily.AF_INET6 { throw .EOPNOTSUPP }
        throw .EAFNOSUPPORT
    }
    if a.int(2) != 0, a.int(2) != AddressFamily.AF_UNIX { throw .EPROTONOSUPPORT }
    if a.uint(1) & 0xf >= 11 { throw .EINVAL }
    guard let type = SocketType(rawValue: a.int(1) & 0xf) else { throw .ESOCKTNOSUPPORT }
    let (one, other) = UnixSocketFile.makePair(type, flags: flags.subtracting(.O_CLOEXEC), by: task)
    try task.installPair(one, other, at: a.address(3), closeOnExec: flags.contains(.O_CLOEXEC))
    return 0
}

private func accept(_ task: Task, _ a: SystemCallArguments, flags: UInt32) throws(Errno) -> UInt64 {
    if flags & ~(cloexecFlag | nonblockFlag) != 0 { throw .EINVAL }
    let listener = try task.socket(a.int(0))
    let fd = try task.files.reserve(limit: task.limit(Limits.RLIMIT_NOFILE))
    do throws(Errno) {
        let file = try listener.accept(nonblocking: listener.isNonblocking, flags: OpenFlags(rawValue: flags & nonblockFlag),
                                       by: task)
        if a.second != 0 {
            try task.store(socketAddress: try file.peerAddress(), at: a.address(1), length: a.address(2))
        }
        task.files.fill(fd, file, closeOnExec: flags & cloexecFlag != 0)
    } catch {
        task.files.cancel(fd)
        throw error
    }
    return UInt64(fd)
}

private func setOption(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try task.socket(a.int(0))
    let length = a.int(4)
    if length < 0 { throw .EINVAL }
    let value = try task.memory.loadBytes(a.address(3), count: min(Int(length), 4096))
    try file.setOption(a.int(1), a.int(2), value, by: task)
    return 0
}

private func getOption(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try task.socket(a.int(0))
    let room = try task.memory.load(a.address(4), as: Int32.self)
    if room < 0 { throw .EINVAL }
    let value = try file.option(a.int(1), a.int(2), by: task)
    // SO_PEERGROUPS says how much it needs; all others are cut.
    if a.int(1) == SocketOption.SOL_SOCKET, a.int(2) == SocketOption.SO_PEERGROUPS, Int(room) < value.count {
        try task.memory.store(Int32(value.count), at: a.address(4))
        throw .ERANGE
    }
    let part = Array(value.prefix(Int(room)))
    try task.memory.store(array: part, at: a.address(3))
    try task.memory.store(Int32(part.count), at: a.address(4))
    return 0
}
