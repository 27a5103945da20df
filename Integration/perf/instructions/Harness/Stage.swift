import Kernel
import LinuxABI
import Memory
import SystemCalls
import VFS

/// What the calls act on: descriptors, paths and buffers in the scripted guest's memory.
struct Stage {
    let task: Task
    let context: ScriptedContext

    init(_ task: Task, _ context: ScriptedContext) {
        self.task = task
        self.context = context
    }

    /// Where call arguments lie: a structure or an answer each 4 KiB, contents of files from here on.
    static let buffer = ScriptedContext.base + 0x40000

    /// Makes one call now.
    @discardableResult
    func make(_ call: ScriptedCall) throws(Errno) -> UInt64 {
        guard let handler = task.kernel.systemCalls[call.number] else { throw .ENOSYS }
        return try handler(task, SystemCallArguments(call.record))
    }

    /// Makes a kind's calls once, and looks at what they return.
    func rehearse(_ kind: Kind) throws(Errno) {
        for call in kind.calls {
            let result: UInt64
            do throws(Errno) { result = try make(call) } catch {
                say("\(kind.name): call \(call.number.rawValue) failed: \(error)")
                throw error
            }
            if let wanted = call.result, wanted != result {
                say("\(kind.name): call \(call.number.rawValue) returned \(result), not \(wanted)")
                throw .EPROTO
            }
        }
    }

    private func store<T: BitwiseCopyable>(_ values: [T], at address: UInt64) throws(Errno) {
        try context.store(array: values, at: GuestAddress(address))
    }

    private func open(_ path: UInt64, _ flags: UInt64, _ mode: UInt64 = 0o644) throws(Errno) -> UInt64 {
        try make(ScriptedCall(.open, path, flags, mode))
    }

    /// All kinds, in the order of their report.
    func kinds(withGofer: Bool) throws(Errno) -> [Kind] {
        // Paths, 64 bytes each.
        let texts = ["/dev/zero", "/dev/null", "/etc", "/etc/passwd", "/usr", "/usr/lib", "/usr/lib/os-release", "/tmp/file",
                     "/etc/link", "passwd", "/etc/none", "/host/small", "", "/usr/lib/deep", "/usr/lib/deep/er", "/usr/lib/deep/er/still"]
        var paths: [String: UInt64] = [:]
        for (i, text) in texts.enumerated() {
            let address = ScriptedContext.base + UInt64(i) * 64
            try store(Array(text.utf8) + [0], at: address)
            paths[text] = address
        }
        func path(_ text: String) -> UInt64 { paths[text] ?? 0 }
        let structures = ScriptedContext.base + 0x1000
        func structure(_ i: UInt64) -> UInt64 { structures + i * 4096 }
        let buffer = Stage.buffer

        for directory in ["/etc", "/usr", "/usr/lib", "/usr/lib/deep", "/usr/lib/deep/er"] { try make(ScriptedCall(.mkdir, path(directory), 0o755)) }
        for file in ["/etc/passwd", "/usr/lib/os-release", "/tmp/file", "/usr/lib/deep/er/still"] {
            let fd = try open(path(file), 0o102)
            try make(ScriptedCall(.write, fd, buffer, 4096))
            try make(ScriptedCall(.close, fd))
        }
        try make(ScriptedCall(.symlink, path("passwd"), path("/etc/link")))
        let zero = try open(path("/dev/zero"), 2)
        let null = try open(path("/dev/null"), 2)
        let file = try open(path("/tmp/file"), 2)
        let etc = try open(path("/etc"), 0o200000)
        func pair(_ call: ScriptedCall, at address: UInt64) throws(Errno) -> (UInt64, UInt64) {
            try make(call)
            let both = try context.load(GuestAddress(address), as: (UInt32, UInt32).self)
            return (UInt64(both.0), UInt64(both.1))
        }
        let pipe = try pair(ScriptedCall(.pipe, structure(0)), at: structure(0))
        let full = try pair(ScriptedCall(.pipe, structure(0)), at: structure(0))
        try make(ScriptedCall(.write, full.1, buffer, 1))
        let stream = try pair(ScriptedCall(.socketpair, 1, 1, 0, structure(0)), at: structure(0))
        let datagram = try pair(ScriptedCall(.socketpair, 1, 2, 0, structure(0)), at: structure(0))
        let event = try make(ScriptedCall(.eventfd2, 0, 0))
        let epoll = try make(ScriptedCall(.epoll_create1, 0))
        try store([UInt32(1), 7, 0], at: structure(0))
        try make(ScriptedCall(.epoll_ctl, epoll, 1, full.0, structure(0)))
        // struct pollfd, two of them; struct iovec, two; struct msghdr with one buffer; fd_set.
        try store([UInt32(full.0), 1, UInt32(full.1), 4], at: structure(1))
        try store([buffer, 1, buffer + 64, 1], at: structure(2))
        try store([UInt64(0), 0, structure(2), 1, 0, 0, 0], at: structure(3))
        try store([UInt64(1) << (full.0 & 63)], at: structure(4))
        try store([UInt64(1)], at: structure(5))
        try store([UInt64(0), 0], at: structure(6))
        let stat = structure(8)
        let at = UInt64(bitPattern: -100)

        typealias C = ScriptedCall
        var all = [
            Kind(name: "loop", calls: []),
            Kind(name: "getpid", calls: [C(.getpid)]),
            Kind(name: "getppid", calls: [C(.getppid)]),
            Kind(name: "read /dev/zero 1", calls: [C(.read, zero, buffer, 1, result: 1)]),
            Kind(name: "write /dev/null 1", calls: [C(.write, null, buffer, 1, result: 1)]),
            Kind(name: "pipe write+read 1", calls: [C(.write, pipe.1, buffer, 1, result: 1), C(.read, pipe.0, buffer, 1, result: 1)]),
            Kind(name: "pipe write+read 4096", calls: [C(.write, pipe.1, buffer, 4096, result: 4096),
                                                       C(.read, pipe.0, buffer, 4096, result: 4096)]),
            Kind(name: "unix stream write+read 1", calls: [C(.write, stream.0, buffer, 1, result: 1),
                                                           C(.read, stream.1, buffer, 1, result: 1)]),
            Kind(name: "unix stream send+recv 1", calls: [C(.sendto, stream.0, buffer, 1, 0, 0, 0, result: 1),
                                                          C(.recvfrom, stream.1, buffer, 1, 0, 0, 0, result: 1)]),
            Kind(name: "unix stream write+read 4096", calls: [C(.write, stream.0, buffer, 4096, result: 4096),
                                                              C(.read, stream.1, buffer, 4096, result: 4096)]),
            Kind(name: "unix dgram sendmsg+recvmsg 1", calls: [C(.sendmsg, datagram.0, structure(3), 0, result: 1),
                                                               C(.recvmsg, datagram.1, structure(3), 0, result: 1)]),
            Kind(name: "stat /etc/passwd", calls: [C(.stat, path("/etc/passwd"), stat, result: 0)]),
            Kind(name: "stat /usr/lib/os-release", calls: [C(.stat, path("/usr/lib/os-release"), stat, result: 0)]),
            Kind(name: "stat of 5 components", calls: [C(.stat, path("/usr/lib/deep/er/still"), stat, result: 0)]),
            Kind(name: "stat through a mount", calls: [C(.stat, path("/tmp/file"), stat, result: 0)]),
            Kind(name: "stat two paths in turn", calls: [C(.stat, path("/etc/passwd"), stat, result: 0),
                                                         C(.stat, path("/usr/lib/os-release"), stat, result: 0)]),
            Kind(name: "newfstatat dirfd", calls: [C(.newfstatat, etc, path("passwd"), stat, 0, result: 0)]),
            Kind(name: "statx", calls: [C(.statx, at, path("/etc/passwd"), 0, 0xfff, stat, result: 0)]),
            Kind(name: "stat through a link", calls: [C(.stat, path("/etc/link"), stat, result: 0)]),
            Kind(name: "access", calls: [C(.access, path("/etc/passwd"), 4, result: 0)]),
            Kind(name: "readlink", calls: [C(.readlink, path("/etc/link"), buffer, 256, result: 6)]),
            Kind(name: "fstat", calls: [C(.fstat, file, stat, result: 0)]),
            Kind(name: "fstatat empty path", calls: [C(.newfstatat, file, path(""), stat, 0x1000, result: 0)]),
            Kind(name: "lseek", calls: [C(.lseek, file, 0, 0, result: 0)]),
            Kind(name: "fcntl F_GETFL", calls: [C(.fcntl, file, 3)]),
            Kind(name: "fcntl F_GETFD", calls: [C(.fcntl, file, 1, result: 0)]),
            Kind(name: "dup2", calls: [C(.dup2, file, 60, result: 60)]),
            Kind(name: "pread 4096 tmpfs", calls: [C(.pread64, file, buffer, 4096, 0, result: 4096)]),
            Kind(name: "pwrite 4096 tmpfs", calls: [C(.pwrite64, file, buffer, 4096, 0, result: 4096)]),
            Kind(name: "pread 1 tmpfs", calls: [C(.pread64, file, buffer, 1, 0, result: 1)]),
            Kind(name: "readv /dev/zero 2x1", calls: [C(.readv, zero, structure(2), 2, result: 2)]),
            Kind(name: "writev /dev/null 2x1", calls: [C(.writev, null, structure(2), 2, result: 2)]),
            Kind(name: "epoll_wait ready", calls: [C(.epoll_wait, epoll, structure(9), 8, 0, result: 1)]),
            Kind(name: "poll 2 ready", calls: [C(.poll, structure(1), 2, 0, result: 2)]),
            Kind(name: "select 1 ready", calls: [C(.select, full.0 + 1, structure(4), 0, 0, structure(6), result: 1)]),
            Kind(name: "eventfd write+read", calls: [C(.write, event, structure(5), 8, result: 8),
                                                     C(.read, event, structure(9), 8, result: 8)]),
            Kind(name: "getdents+lseek", calls: [C(.getdents64, etc, buffer, 32768), C(.lseek, etc, 0, 0, result: 0)]),
            Kind(name: "getcwd", calls: [C(.getcwd, buffer, 4096, result: 2)]),
            Kind(name: "rt_sigprocmask", calls: [C(.rt_sigprocmask, 0, 0, structure(10), 8, result: 0)]),
            Kind(name: "clock_gettime", calls: [C(.clock_gettime, 1, structure(10), result: 0)]),
            Kind(name: "ioctl FIONREAD", calls: [C(.ioctl, full.0, 0x541b, structure(10), result: 0)]),
        ]
        let hosted = withGofer ? try open(path("/host/small"), 0o102) : 0
        if withGofer { try make(C(.pwrite64, hosted, buffer, 4096, 0)) }
        // The lowest free descriptor.
        let next = try make(C(.dup, file))
        try make(C(.close, next))
        all.append(Kind(name: "dup+close", calls: [C(.dup, file, result: next), C(.close, next, result: 0)]))
        all.append(Kind(name: "open+close", calls: [C(.open, path("/etc/passwd"), 0, 0, result: next), C(.close, next, result: 0)]))
        all.append(Kind(name: "openat+close directory", calls: [C(.openat, at, path("/etc"), 0o200000, 0, result: next),
                                                                C(.close, next, result: 0)]))
        if withGofer {
            all += [
                Kind(name: "gofer open+close", calls: [C(.open, path("/host/small"), 0, 0, result: next),
                                                       C(.close, next, result: 0)]),
                Kind(name: "gofer stat", calls: [C(.stat, path("/host/small"), stat, result: 0)]),
                Kind(name: "gofer pread 4096", calls: [C(.pread64, hosted, buffer, 4096, 0, result: 4096)]),
            ]
        }
        return all
    }
}
