import Confinement
import LinuxABI

/// The system calls that the Gofer is left with: files below descriptors that it holds, its connection, memory, threads.
/// No execve, no process, no network, no mount.
enum GoferFilter {
    private static let files: [SystemCallNumber] = [
        .openat, .openat2, .close, .statx, .newfstatat, .fstat, .fstatfs, .getdents64, .lseek, .readlinkat, .mkdirat, .mknodat,
        .symlinkat, .linkat, .unlinkat, .renameat2, .fchownat, .fchmod, .fchmodat, .utimensat, .ftruncate, .fallocate,
        .fsync, .fdatasync, .syncfs, .getxattr, .lgetxattr, .setxattr, .lsetxattr, .listxattr, .llistxattr, .removexattr,
        .lremovexattr, .write,
    ]

    private static let runtime: [SystemCallNumber] = [
        .futex, .munmap, .mremap, .madvise, .brk, .exit, .exit_group, .rt_sigprocmask, .rt_sigreturn, .rt_sigaction,
        .sigaltstack, .set_robust_list, .rseq, .sched_getaffinity, .sched_yield, .gettid, .getpid, .getrandom, .clock_gettime,
        .restart_syscall, .pause,
    ]

    static func load(allowsSockets: Bool) throws(Errno) {
        var filter = SeccompFilter()
        filter.allow(files)
        filter.allow(runtime)
        filter.allow(.recvmsg)
        filter.allow(.sendmsg)
        filter.allow(.shutdown)
        // Lanes: a pair of unix sockets, and a thread that binds itself to a processor.
        filter.allow(.socketpair, .equals(0, 1 /* AF_UNIX */), .equals(1, 0x80005 /* SOCK_SEQPACKET | SOCK_CLOEXEC */))
        filter.allow(.sched_setaffinity, .equals(0, 0))
        filter.allow(.setsockopt, .equals(1, 1 /* SOL_SOCKET */), .equals(2, 20 /* SO_RCVTIMEO */))
        // No new code.
        filter.allow(.mmap, .masked(2, 4, 0))
        filter.allow(.mprotect, .masked(2, 4 /* PROT_EXEC */, 0))
        filter.allow(.fcntl, .equals(1, 1030 /* F_DUPFD_CLOEXEC */))
        // A thread, nothing else: CLONE_VM and CLONE_THREAD, without CLONE_NEW*. glibc tries clone3 first.
        filter.allow(.clone, .masked(0, 0x7e02_0000 | 0x10100, 0x10100))
        filter.refuse(.clone3, .ENOSYS)
        // What the thread's name is set by, and malloc's arenas.
        filter.allow(.prctl, .equals(0, 15 /* PR_SET_NAME */))
        filter.refuse(.prctl, .EINVAL, .equals(0, 0x53564d41 /* PR_SET_VMA */))
        if allowsSockets {
            filter.allow(.socket, .equals(0, 1 /* AF_UNIX */))
            filter.allow(.connect)
        }
        try filter.load()
    }
}
