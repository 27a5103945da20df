import LinuxABI

/// What an argument of a call means. What is filled in by the call is written when it has returned.
enum ArgumentKind: Sendable {
    case int, unsigned, long, hex, pointer, descriptor, directory, mode, signal
    case string, strings
    /// A buffer that is read, and the argument that has its length.
    case input(Int)
    /// A buffer that is filled: as many bytes as the call returns.
    case output
    case values(ValueNames)
    case openMode
    case set, setOut, action, actionOut, time, timeOut, times
    case status, waitStatus, statxOut, polled, pollResult, epollEvent, epollResult
    case address(Int), addressOut, vectors, vectorsOut, message, messageOut
    case pair, limit, limitOut, cloneArguments, intPointer, intOut, longOut, selected
    case fcntlArgument, futexValue
}

/// The arguments of a call, and how its result is written.
struct CallSignature: Sendable {
    var arguments: [ArgumentKind]
    /// An address.
    var returnsPointer = false

    init(_ arguments: ArgumentKind..., pointer: Bool = false) {
        self.arguments = arguments
        returnsPointer = pointer
    }
}

extension CallSignature {
    /// nil: six words in hexadecimal.
    static func of(_ number: Int) -> CallSignature? {
        let call = SystemCallNumber(rawValue: number)
        return files(call) ?? descriptors(call) ?? memoryAndProcesses(call) ?? signalsAndTime(call) ?? sockets(call)
    }

    private static func files(_ call: SystemCallNumber) -> CallSignature? {
        switch call {
        case .open: .init(.string, .values(.open), .openMode)
        case .openat: .init(.directory, .string, .values(.open), .openMode)
        case .creat, .mkdir, .chmod: .init(.string, .mode)
        case .mkdirat, .fchmodat: .init(.directory, .string, .mode)
        case .stat, .lstat: .init(.string, .status)
        case .fstat: .init(.descriptor, .status)
        case .newfstatat: .init(.directory, .string, .status, .values(.at))
        case .statx: .init(.directory, .string, .values(.at), .values(.statx), .statxOut)
        case .access: .init(.string, .values(.access))
        case .faccessat: .init(.directory, .string, .values(.access))
        case .faccessat2: .init(.directory, .string, .values(.access), .values(.at))
        case .readlink: .init(.string, .output, .unsigned)
        case .readlinkat: .init(.directory, .string, .output, .unsigned)
        case .unlink, .rmdir, .chdir, .chroot, .swapon, .acct: .init(.string)
        case .unlinkat: .init(.directory, .string, .values(.at))
        case .rename, .link, .symlink, .pivot_root: .init(.string, .string)
        case .renameat: .init(.directory, .string, .directory, .string)
        case .renameat2: .init(.directory, .string, .directory, .string, .values(.rename))
        case .linkat: .init(.directory, .string, .directory, .string, .values(.at))
        case .symlinkat: .init(.string, .directory, .string)
        case .truncate: .init(.string, .long)
        case .chown, .lchown: .init(.string, .int, .int)
        case .fchownat: .init(.directory, .string, .int, .int, .values(.at))
        case .mknod: .init(.string, .mode, .hex)
        case .mknodat: .init(.directory, .string, .mode, .hex)
        case .utimensat: .init(.directory, .string, .times, .values(.at))
        case .statfs: .init(.string, .pointer)
        case .getcwd: .init(.output, .unsigned)
        case .mount: .init(.string, .string, .string, .values(.mount), .pointer)
        case .umount2: .init(.string, .values(.unmount))
        case .execve: .init(.string, .strings, .pointer)
        case .execveat: .init(.directory, .string, .strings, .pointer, .values(.at))
        case .getxattr, .lgetxattr: .init(.string, .string, .output, .unsigned)
        case .memfd_create: .init(.string, .values(.memoryFile))
        case .inotify_add_watch: .init(.descriptor, .string, .hex)
        default: nil
        }
    }

    private static func descriptors(_ call: SystemCallNumber) -> CallSignature? {
        switch call {
        case .read: .init(.descriptor, .output, .unsigned)
        case .write: .init(.descriptor, .input(2), .unsigned)
        case .pread64: .init(.descriptor, .output, .unsigned, .long)
        case .pwrite64: .init(.descriptor, .input(2), .unsigned, .long)
        case .readv: .init(.descriptor, .vectorsOut, .int)
        case .writev: .init(.descriptor, .vectors, .int)
        case .preadv: .init(.descriptor, .vectorsOut, .int, .long)
        case .pwritev: .init(.descriptor, .vectors, .int, .long)
        case .lseek: .init(.descriptor, .long, .values(.whence))
        case .close, .fsync, .fdatasync, .fchdir, .dup, .syncfs: .init(.descriptor)
        case .close_range: .init(.unsigned, .unsigned, .hex)
        case .dup2: .init(.descriptor, .descriptor)
        case .dup3: .init(.descriptor, .descriptor, .values(.pipe))
        case .fcntl: .init(.descriptor, .values(.fcntl), .fcntlArgument)
        case .ioctl: .init(.descriptor, .values(.ioctl), .pointer)
        case .flock: .init(.descriptor, .values(.lock))
        case .ftruncate: .init(.descriptor, .long)
        case .fallocate: .init(.descriptor, .hex, .long, .long)
        case .fchmod: .init(.descriptor, .mode)
        case .fchown: .init(.descriptor, .int, .int)
        case .fstatfs: .init(.descriptor, .pointer)
        case .getdents64, .getdents: .init(.descriptor, .pointer, .unsigned)
        case .pipe: .init(.pair)
        case .pipe2: .init(.pair, .values(.pipe))
        case .poll: .init(.polled, .int, .int)
        case .ppoll: .init(.polled, .int, .time, .set, .unsigned)
        case .select: .init(.int, .pointer, .pointer, .pointer, .pointer)
        case .pselect6: .init(.int, .pointer, .pointer, .pointer, .time, .pointer)
        case .epoll_create1: .init(.values(.epollFlags))
        case .epoll_create: .init(.int)
        case .epoll_ctl: .init(.descriptor, .values(.epollOperation), .descriptor, .epollEvent)
        case .epoll_wait: .init(.descriptor, .epollResult, .int, .int)
        case .epoll_pwait: .init(.descriptor, .epollResult, .int, .int, .set, .unsigned)
        case .eventfd2: .init(.unsigned, .values(.eventFlags))
        case .sendfile: .init(.descriptor, .descriptor, .pointer, .unsigned)
        case .splice: .init(.descriptor, .pointer, .descriptor, .pointer, .unsigned, .hex)
        case .copy_file_range: .init(.descriptor, .pointer, .descriptor, .pointer, .unsigned, .hex)
        default: nil
        }
    }

    private static func memoryAndProcesses(_ call: SystemCallNumber) -> CallSignature? {
        switch call {
        case .mmap: .init(.pointer, .unsigned, .values(.protection), .values(.mapping), .descriptor, .hex, pointer: true)
        case .munmap: .init(.pointer, .unsigned)
        case .mprotect: .init(.pointer, .unsigned, .values(.protection))
        case .mremap: .init(.pointer, .unsigned, .unsigned, .values(.remapping), .pointer, pointer: true)
        case .madvise: .init(.pointer, .unsigned, .values(.advice))
        case .msync: .init(.pointer, .unsigned, .values(.synchronization))
        case .mlock: .init(.pointer, .unsigned)
        case .brk: .init(.pointer, pointer: true)
        case .shmat: .init(.int, .pointer, .hex, pointer: true)
        case .clone: .init(.values(.clone), .pointer, .pointer, .pointer, .hex)
        case .clone3: .init(.cloneArguments, .unsigned)
        case .unshare: .init(.values(.clone))
        case .setns: .init(.descriptor, .values(.clone))
        case .fork, .vfork, .getpid, .gettid, .getppid, .getuid, .geteuid, .getgid, .getegid, .sched_yield, .pause, .setsid,
             .getpgrp, .sync, .munlockall, .inotify_init, .restart_syscall, .rt_sigreturn, .vhangup: .init()
        case .exit, .exit_group, .getpgid, .getsid, .umask, .setuid, .setgid: .init(.int)
        case .wait4: .init(.int, .waitStatus, .values(.wait), .pointer)
        case .waitid: .init(.values(.waitKind), .int, .pointer, .values(.wait), .pointer)
        case .ptrace: .init(.values(.trace), .int, .pointer, .hex)
        case .prctl: .init(.values(.process), .hex, .hex, .hex, .hex)
        case .arch_prctl: .init(.values(.architecture), .hex)
        case .prlimit64: .init(.int, .values(.resource), .limit, .limitOut)
        case .getrlimit: .init(.values(.resource), .limitOut)
        case .setrlimit: .init(.values(.resource), .limit)
        case .setpgid: .init(.int, .int)
        case .set_tid_address: .init(.pointer)
        case .set_robust_list: .init(.pointer, .unsigned)
        case .rseq: .init(.pointer, .hex, .hex, .hex)
        case .futex: .init(.pointer, .values(.futex), .futexValue, .pointer, .pointer, .hex)
        case .getrandom: .init(.output, .unsigned, .values(.random))
        case .sched_getaffinity, .sched_setaffinity: .init(.int, .unsigned, .pointer)
        case .uname, .sysinfo, .times: .init(.pointer)
        default: nil
        }
    }

    private static func signalsAndTime(_ call: SystemCallNumber) -> CallSignature? {
        switch call {
        case .rt_sigaction: .init(.signal, .action, .actionOut, .unsigned)
        case .rt_sigprocmask: .init(.values(.maskOperation), .set, .setOut, .unsigned)
        case .rt_sigpending: .init(.setOut, .unsigned)
        case .rt_sigsuspend: .init(.set, .unsigned)
        case .rt_sigtimedwait: .init(.set, .pointer, .time, .unsigned)
        case .sigaltstack: .init(.pointer, .pointer)
        case .kill, .tkill: .init(.int, .signal)
        case .tgkill: .init(.int, .int, .signal)
        case .nanosleep: .init(.time, .pointer)
        case .clock_nanosleep: .init(.values(.clock), .values(.timerFlags), .time, .pointer)
        case .clock_gettime, .clock_getres: .init(.values(.clock), .timeOut)
        case .gettimeofday: .init(.timeOut, .pointer)
        case .alarm: .init(.unsigned)
        case .timerfd_create: .init(.values(.clock), .values(.pipe))
        case .timerfd_settime: .init(.descriptor, .hex, .pointer, .pointer)
        case .pidfd_open: .init(.int, .values(.pipe))
        case .pidfd_send_signal: .init(.descriptor, .signal, .pointer, .hex)
        default: nil
        }
    }

    private static func sockets(_ call: SystemCallNumber) -> CallSignature? {
        switch call {
        case .socket: .init(.values(.socketFamily), .values(.socketType), .int)
        case .socketpair: .init(.values(.socketFamily), .values(.socketType), .int, .pair)
        case .connect, .bind: .init(.descriptor, .address(2), .unsigned)
        case .listen: .init(.descriptor, .int)
        case .accept, .getsockname, .getpeername: .init(.descriptor, .addressOut, .intOut)
        case .accept4: .init(.descriptor, .addressOut, .intOut, .values(.acceptFlags))
        case .sendto: .init(.descriptor, .input(2), .unsigned, .values(.message), .address(5), .unsigned)
        case .recvfrom: .init(.descriptor, .output, .unsigned, .values(.message), .addressOut, .intOut)
        case .sendmsg: .init(.descriptor, .message, .values(.message))
        case .recvmsg: .init(.descriptor, .messageOut, .values(.message))
        case .shutdown: .init(.descriptor, .values(.shutdown))
        case .setsockopt: .init(.descriptor, .values(.socketLevel), .values(.socketOption), .intPointer, .unsigned)
        case .getsockopt: .init(.descriptor, .values(.socketLevel), .values(.socketOption), .intOut, .intOut)
        default: nil
        }
    }
}
