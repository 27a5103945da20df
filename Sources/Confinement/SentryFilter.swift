public import HostOS
public import LinuxABI

extension SentryConfinement {
    /// Puts the Sentry's filter on all threads, those to come included. The parent of the stubs must have been started:
    /// what this filter forbids, stubs need.
    ///
    /// - Parameter procfs: the only directory in which files may be opened.
    public static func installFilter(procfs: HostFD) throws(Errno) {
        DeniedCalls.report(as: "cloister-sentry")
        var filter = SeccompFilter(trapping: true)
        filter.allow(ownMemory)
        filter.allow(waiting)
        filter.allow(descriptors)
        filter.allow(processes)
        allowMemoryWithoutCode(&filter)
        allowThreads(&filter)
        allowControl(&filter)
        allowProcfs(&filter, procfs)
        try filter.load()
    }

    private static let ownMemory: [SystemCallNumber] = [.munmap, .mremap, .madvise, .brk, .memfd_create, .ftruncate, .fallocate]

    /// Locks, clocks, sleeping, signals to itself.
    private static let waiting: [SystemCallNumber] = [
        .futex, .futex_waitv, .restart_syscall, .clock_gettime, .clock_getres, .clock_nanosleep, .nanosleep, .sched_yield, .gettid,
        .getpid, .getppid, .rt_sigreturn, .rt_sigprocmask, .rt_sigaction, .rt_sigtimedwait, .sigaltstack, .getrandom,
        .epoll_create1, .epoll_ctl, .epoll_wait, .epoll_pwait, .epoll_pwait2, .poll, .ppoll, .eventfd2, .signalfd4,
        .timerfd_create, .timerfd_settime, .timerfd_gettime, .exit, .exit_group, .getcpu, .sched_getaffinity,
        .sched_setaffinity, .membarrier, .getrusage, .sysinfo, .uname, .geteuid, .getegid, .getuid, .getgid,
    ]

    /// Files that the Gofer or the runtime handed over, the control and Gofer connections.
    private static let descriptors: [SystemCallNumber] = [
        .read, .write, .readv, .writev, .pread64, .pwrite64, .preadv, .pwritev, .preadv2, .pwritev2, .lseek, .close,
        .close_range, .fstat, .fstatfs, .dup, .dup3, .fsync, .fdatasync, .sync_file_range, .copy_file_range, .sendfile,
        .splice, .tee, .fadvise64, .readahead, .flock, .fchmod, .getdents64, .pipe2, .recvmsg, .sendmsg, .accept4, .shutdown,
        .getsockopt, .getsockname, .getpeername,
    ]

    /// The stubs. Without a capability and in a pid namespace of its own, the Sentry reaches nobody else.
    private static let processes: [SystemCallNumber] = [
        .ptrace, .process_vm_readv, .process_vm_writev, .wait4, .waitid, .kill, .tgkill, .pidfd_open, .pidfd_send_signal,
        .pidfd_getfd, .prlimit64, .setpriority, .getpriority,
    ]

    private static func allowMemoryWithoutCode(_ filter: inout SeccompFilter) {
        // New code can come from nowhere: neither mapped nor made executable.
        filter.allow(.mmap, .masked(2, 4 /* PROT_EXEC */, 0))
        filter.allow(.mprotect, .masked(2, 4, 0))
    }

    private static func allowThreads(_ filter: inout SeccompFilter) {
        // glibc's flags for a thread, exactly. It tries clone3 first, whose flags lie in memory, and goes on without it.
        filter.refuse(.clone3, .ENOSYS)
        filter.allow(.clone, .equals(0, 0x3d_0f00))
        filter.allow([.set_robust_list, .set_tid_address, .rseq])
        // PR_SET_NAME, PR_GET_NAME; names of memory (PR_SET_VMA) are for diagnosis only.
        filter.allow(.prctl, .equals(0, 15))
        filter.allow(.prctl, .equals(0, 16))
        filter.allow(.prctl, .equals(0, 0x5356_4d41))
    }

    private static func allowControl(_ filter: inout SeccompFilter) {
        // socketpair(AF_UNIX).
        filter.allow(.socketpair, .equals(0, 1))
        // F_DUPFD, GETFD, SETFD, GETFL, SETFL, OFD locks, DUPFD_CLOEXEC, pipe sizes, seals.
        for command: UInt64 in [0, 1, 2, 3, 4, 36, 37, 38, 1030, 1031, 1032, 1033, 1034] {
            filter.allow(.fcntl, .equals(1, command))
        }
        // FIONREAD, FIONBIO, TCGETS, TIOCGWINSZ; SECCOMP_IOCTL_NOTIF_RECV, SEND, ID_VALID (and its old number), ADDFD, SET_FLAGS.
        for request: UInt64 in [0x541b, 0x5421, 0x5401, 0x5413, 0xc050_2100, 0xc018_2101, 0x4008_2102, 0x8008_2102,
                                0x4018_2103, 0x4008_2104] {
            filter.allow(.ioctl, .masked(1, 0xffff_ffff, request))
        }
    }

    private static func allowProcfs(_ filter: inout SeccompFilter, _ procfs: HostFD) {
        let directory = UInt64(UInt32(bitPattern: procfs.rawValue))
        for call: SystemCallNumber in [.openat, .readlinkat] {
            filter.allow(call, .masked(0, 0xffff_ffff, directory))
            // glibc looks for files of the host's that are not there.
            filter.refuse(call, .ENOENT, .masked(0, 0xffff_ffff, 0xffff_ff9c /* AT_FDCWD */))
        }
        filter.refuse(.open, .ENOENT)
        filter.refuse(.readlink, .ENOENT)
        filter.refuse(.access, .ENOENT)
        // Times of descriptors: without a name.
        filter.allow(.utimensat, .equals(1, 0))
        // Attributes of descriptors: AT_EMPTY_PATH.
        filter.allow(.newfstatat, .masked(3, 0x1000, 0x1000))
        filter.allow(.statx, .masked(2, 0x1000, 0x1000))
    }
}
