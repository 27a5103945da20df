/// Names of the values or bits that an argument may have.
struct ValueNames: Sendable {
    /// Bits that are combined; else one of the values.
    let isSet: Bool
    /// The low bits that are one value among the bits: an open's access mode.
    let mask: UInt64
    let values: [(UInt64, String)]

    private init(_ isSet: Bool, mask: UInt64 = 0, _ values: [(UInt64, String)]) {
        self.isSet = isSet
        self.mask = mask
        self.values = values
    }

    func name(_ value: UInt64) -> String? { values.first { $0.0 == value }?.1 }

    /// Consecutive numbers from `first` on.
    private static func list(from first: UInt64 = 0, _ prefix: String, _ names: String) -> ValueNames {
        ValueNames(false, names.split(separator: " ").enumerated().map { (first + UInt64($0.offset), prefix + $0.element) })
    }

    /// Bits from `first` on, doubled each; "-" for one without a name.
    private static func bits(from first: UInt64 = 1, _ prefix: String, _ names: String, more: [(UInt64, String)] = []) -> ValueNames {
        var bit = first
        var values = more
        for name in names.split(separator: " ") {
            if name != "-" { values.append((bit, prefix + name)) }
            bit <<= 1
        }
        return ValueNames(true, values)
    }

    static let open = ValueNames(true, mask: 3, [
        (0, "O_RDONLY"), (1, "O_WRONLY"), (2, "O_RDWR"), (3, "O_ACCMODE"), (0o100, "O_CREAT"), (0o200, "O_EXCL"),
        (0o400, "O_NOCTTY"), (0o1000, "O_TRUNC"), (0o2000, "O_APPEND"), (0o4000, "O_NONBLOCK"), (0o4010000, "O_SYNC"),
        (0o10000, "O_DSYNC"), (0o20000, "O_ASYNC"), (0o40000, "O_DIRECT"), (0o20200000, "O_TMPFILE"),
        (0o200000, "O_DIRECTORY"), (0o400000, "O_NOFOLLOW"), (0o1000000, "O_NOATIME"), (0o2000000, "O_CLOEXEC"), (0o10000000, "O_PATH"),
    ])
    static let protection = bits("PROT_", "READ WRITE EXEC", more: [(0, "PROT_NONE")])
    static let mapping = ValueNames(true, mask: 15, [
        (1, "MAP_SHARED"), (2, "MAP_PRIVATE"), (3, "MAP_SHARED_VALIDATE"), (0x10, "MAP_FIXED"), (0x20, "MAP_ANONYMOUS"),
        (0x40, "MAP_32BIT"), (0x100, "MAP_GROWSDOWN"), (0x800, "MAP_DENYWRITE"), (0x1000, "MAP_EXECUTABLE"), (0x2000, "MAP_LOCKED"),
        (0x4000, "MAP_NORESERVE"), (0x8000, "MAP_POPULATE"), (0x10000, "MAP_NONBLOCK"), (0x20000, "MAP_STACK"),
        (0x40000, "MAP_HUGETLB"), (0x80000, "MAP_SYNC"), (0x100000, "MAP_FIXED_NOREPLACE"),
    ])
    static let remapping = bits("MREMAP_", "MAYMOVE FIXED DONTUNMAP")
    static let advice = ValueNames(false, [
        (0, "MADV_NORMAL"), (1, "MADV_RANDOM"), (2, "MADV_SEQUENTIAL"), (3, "MADV_WILLNEED"), (4, "MADV_DONTNEED"), (8, "MADV_FREE"),
        (9, "MADV_REMOVE"), (10, "MADV_DONTFORK"), (11, "MADV_DOFORK"), (14, "MADV_HUGEPAGE"), (15, "MADV_NOHUGEPAGE"),
        (16, "MADV_DONTDUMP"), (17, "MADV_DODUMP"), (18, "MADV_WIPEONFORK"), (19, "MADV_KEEPONFORK"), (20, "MADV_COLD"),
        (21, "MADV_PAGEOUT"), (22, "MADV_POPULATE_READ"), (23, "MADV_POPULATE_WRITE"),
    ])
    static let synchronization = bits("MS_", "ASYNC INVALIDATE SYNC")
    static let whence = list("SEEK_", "SET CUR END DATA HOLE")
    static let access = bits("", "X_OK W_OK R_OK", more: [(0, "F_OK")])
    static let at = ValueNames(true, [
        (0x100, "AT_SYMLINK_NOFOLLOW"), (0x200, "AT_REMOVEDIR"), (0x400, "AT_SYMLINK_FOLLOW"), (0x800, "AT_NO_AUTOMOUNT"),
        (0x1000, "AT_EMPTY_PATH"), (0x2000, "AT_STATX_FORCE_SYNC"), (0x4000, "AT_STATX_DONT_SYNC"), (0x8000, "AT_RECURSIVE"),
    ])
    static let statx = bits("STATX_", "TYPE MODE NLINK UID GID ATIME MTIME CTIME INO SIZE BLOCKS BTIME MNT_ID",
                            more: [(0x7ff, "STATX_BASIC_STATS")])
    static let clone = ValueNames(true, [
        (0x100, "CLONE_VM"), (0x200, "CLONE_FS"), (0x400, "CLONE_FILES"), (0x800, "CLONE_SIGHAND"), (0x1000, "CLONE_PIDFD"),
        (0x2000, "CLONE_PTRACE"), (0x4000, "CLONE_VFORK"), (0x8000, "CLONE_PARENT"), (0x10000, "CLONE_THREAD"), (0x20000, "CLONE_NEWNS"),
        (0x40000, "CLONE_SYSVSEM"), (0x80000, "CLONE_SETTLS"), (0x100000, "CLONE_PARENT_SETTID"), (0x200000, "CLONE_CHILD_CLEARTID"),
        (0x400000, "CLONE_DETACHED"), (0x800000, "CLONE_UNTRACED"), (0x1000000, "CLONE_CHILD_SETTID"), (0x2000000, "CLONE_NEWCGROUP"),
        (0x4000000, "CLONE_NEWUTS"), (0x8000000, "CLONE_NEWIPC"), (0x10000000, "CLONE_NEWUSER"), (0x20000000, "CLONE_NEWPID"),
        (0x40000000, "CLONE_NEWNET"), (0x80000000, "CLONE_IO"), (1 << 32, "CLONE_CLEAR_SIGHAND"), (1 << 33, "CLONE_INTO_CGROUP"),
    ])
    static let wait = ValueNames(true, [
        (1, "WNOHANG"), (2, "WSTOPPED"), (4, "WEXITED"), (8, "WCONTINUED"), (0x1000000, "WNOWAIT"), (0x20000000, "__WNOTHREAD"),
        (0x40000000, "__WALL"), (0x80000000, "__WCLONE"),
    ])
    static let waitKind = list("P_", "ALL PID PGID PIDFD")
    static let fcntl = ValueNames(false, [
        (0, "F_DUPFD"), (1, "F_GETFD"), (2, "F_SETFD"), (3, "F_GETFL"), (4, "F_SETFL"), (5, "F_GETLK"), (6, "F_SETLK"), (7, "F_SETLKW"),
        (8, "F_SETOWN"), (9, "F_GETOWN"), (10, "F_SETSIG"), (11, "F_GETSIG"), (15, "F_SETOWN_EX"), (16, "F_GETOWN_EX"),
        (36, "F_OFD_GETLK"), (37, "F_OFD_SETLK"), (38, "F_OFD_SETLKW"), (1024, "F_SETLEASE"), (1025, "F_GETLEASE"), (1026, "F_NOTIFY"),
        (1030, "F_DUPFD_CLOEXEC"), (1031, "F_SETPIPE_SZ"), (1032, "F_GETPIPE_SZ"), (1033, "F_ADD_SEALS"), (1034, "F_GET_SEALS"),
    ])
    static let lock = bits("LOCK_", "SH EX NB UN")
    static let ioctl = ValueNames(false, [
        (0x5401, "TCGETS"), (0x5402, "TCSETS"), (0x5403, "TCSETSW"), (0x5404, "TCSETSF"), (0x540e, "TIOCSCTTY"), (0x540f, "TIOCGPGRP"),
        (0x5410, "TIOCSPGRP"), (0x5413, "TIOCGWINSZ"), (0x5414, "TIOCSWINSZ"), (0x541b, "FIONREAD"), (0x5421, "FIONBIO"),
        (0x5422, "TIOCNOTTY"), (0x5429, "TIOCGSID"), (0x5450, "FIONCLEX"), (0x5451, "FIOCLEX"), (0x5452, "FIOASYNC"),
        (0x8004_5430, "TIOCGPTN"), (0x4004_5431, "TIOCSPTLCK"), (0x8910, "SIOCGIFNAME"), (0x8912, "SIOCGIFCONF"), (0x8913, "SIOCGIFFLAGS"),
    ])
    static let socketFamily = ValueNames(false, [
        (0, "AF_UNSPEC"), (1, "AF_UNIX"), (2, "AF_INET"), (10, "AF_INET6"), (16, "AF_NETLINK"), (17, "AF_PACKET"), (40, "AF_VSOCK"),
    ])
    static let socketType = ValueNames(true, mask: 15, [
        (1, "SOCK_STREAM"), (2, "SOCK_DGRAM"), (3, "SOCK_RAW"), (5, "SOCK_SEQPACKET"), (0o4000, "SOCK_NONBLOCK"), (0o2000000, "SOCK_CLOEXEC"),
    ])
    static let acceptFlags = ValueNames(true, [(0o4000, "SOCK_NONBLOCK"), (0o2000000, "SOCK_CLOEXEC")])
    static let message = bits("MSG_", "OOB PEEK DONTROUTE CTRUNC PROBE TRUNC DONTWAIT EOR WAITALL FIN SYN CONFIRM RST ERRQUEUE NOSIGNAL MORE WAITFORONE",
                              more: [(0x40000000, "MSG_CMSG_CLOEXEC")])
    static let shutdown = list("SHUT_", "RD WR RDWR")
    static let socketLevel = ValueNames(false, [
        (0, "SOL_IP"), (1, "SOL_SOCKET"), (6, "SOL_TCP"), (17, "SOL_UDP"), (41, "SOL_IPV6"), (263, "SOL_PACKET"), (270, "SOL_NETLINK"),
    ])
    static let socketOption = list(from: 1, "SO_", """
        DEBUG REUSEADDR TYPE ERROR DONTROUTE BROADCAST SNDBUF RCVBUF KEEPALIVE OOBINLINE NO_CHECK PRIORITY LINGER BSDCOMPAT REUSEPORT \
        PASSCRED PEERCRED RCVLOWAT SNDLOWAT RCVTIMEO_OLD SNDTIMEO_OLD
        """)
    static let epollOperation = list(from: 1, "EPOLL_CTL_", "ADD DEL MOD")
    static let epollFlags = ValueNames(true, [(0o2000000, "EPOLL_CLOEXEC")])
    static let epollEvents = ValueNames(true, [
        (1, "EPOLLIN"), (2, "EPOLLPRI"), (4, "EPOLLOUT"), (8, "EPOLLERR"), (16, "EPOLLHUP"), (0x40, "EPOLLRDNORM"), (0x100, "EPOLLWRNORM"),
        (0x2000, "EPOLLRDHUP"), (1 << 28, "EPOLLEXCLUSIVE"), (1 << 29, "EPOLLWAKEUP"), (1 << 30, "EPOLLONESHOT"), (1 << 31, "EPOLLET"),
    ])
    static let pollEvents = ValueNames(true, [
        (1, "POLLIN"), (2, "POLLPRI"), (4, "POLLOUT"), (8, "POLLERR"), (16, "POLLHUP"), (32, "POLLNVAL"), (0x40, "POLLRDNORM"),
        (0x100, "POLLWRNORM"), (0x2000, "POLLRDHUP"),
    ])
    static let eventFlags = ValueNames(true, [(1, "EFD_SEMAPHORE"), (0o4000, "EFD_NONBLOCK"), (0o2000000, "EFD_CLOEXEC")])
    static let futex = ValueNames(true, mask: 15, [
        (0, "FUTEX_WAIT"), (1, "FUTEX_WAKE"), (3, "FUTEX_REQUEUE"), (4, "FUTEX_CMP_REQUEUE"), (5, "FUTEX_WAKE_OP"), (6, "FUTEX_LOCK_PI"),
        (7, "FUTEX_UNLOCK_PI"), (8, "FUTEX_TRYLOCK_PI"), (9, "FUTEX_WAIT_BITSET"), (10, "FUTEX_WAKE_BITSET"),
        (11, "FUTEX_WAIT_REQUEUE_PI"), (12, "FUTEX_CMP_REQUEUE_PI"), (13, "FUTEX_LOCK_PI2"), (128, "FUTEX_PRIVATE_FLAG"),
        (256, "FUTEX_CLOCK_REALTIME"),
    ])
    static let maskOperation = list("SIG_", "BLOCK UNBLOCK SETMASK")
    static let actionFlags = ValueNames(true, [
        (4, "SA_SIGINFO"), (1, "SA_NOCLDSTOP"), (2, "SA_NOCLDWAIT"), (0x4000000, "SA_RESTORER"), (0x8000000, "SA_ONSTACK"),
        (0x10000000, "SA_RESTART"), (0x40000000, "SA_NODEFER"), (0x80000000, "SA_RESETHAND"),
    ])
    static let clock = list("CLOCK_", """
        REALTIME MONOTONIC PROCESS_CPUTIME_ID THREAD_CPUTIME_ID MONOTONIC_RAW REALTIME_COARSE MONOTONIC_COARSE BOOTTIME REALTIME_ALARM \
        BOOTTIME_ALARM SGI_CYCLE TAI
        """)
    static let timerFlags = ValueNames(true, [(1, "TIMER_ABSTIME")])
    static let resource = list("RLIMIT_", "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME")
    static let architecture = ValueNames(false, [
        (0x1001, "ARCH_SET_GS"), (0x1002, "ARCH_SET_FS"), (0x1003, "ARCH_GET_FS"), (0x1004, "ARCH_GET_GS"), (0x1012, "ARCH_SET_CPUID"),
        (0x3001, "ARCH_CET_STATUS"), (0x5001, "ARCH_SHSTK_ENABLE"),
    ])
    static let random = bits("GRND_", "NONBLOCK RANDOM INSECURE")
    static let memoryFile = bits("MFD_", "CLOEXEC ALLOW_SEALING HUGETLB NOEXEC_SEAL EXEC")
    static let process = ValueNames(false, [
        (1, "PR_SET_PDEATHSIG"), (2, "PR_GET_PDEATHSIG"), (3, "PR_GET_DUMPABLE"), (4, "PR_SET_DUMPABLE"), (15, "PR_SET_NAME"),
        (16, "PR_GET_NAME"), (21, "PR_GET_SECCOMP"), (22, "PR_SET_SECCOMP"), (23, "PR_CAPBSET_READ"), (24, "PR_CAPBSET_DROP"),
        (36, "PR_SET_CHILD_SUBREAPER"), (38, "PR_SET_NO_NEW_PRIVS"), (39, "PR_GET_NO_NEW_PRIVS"), (47, "PR_CAP_AMBIENT"),
        (0x53564d41, "PR_SET_VMA"), (0x59616d61, "PR_SET_PTRACER"),
    ])
    static let trace = ValueNames(false, [
        (0, "PTRACE_TRACEME"), (1, "PTRACE_PEEKTEXT"), (2, "PTRACE_PEEKDATA"), (3, "PTRACE_PEEKUSER"), (4, "PTRACE_POKETEXT"),
        (5, "PTRACE_POKEDATA"), (6, "PTRACE_POKEUSER"), (7, "PTRACE_CONT"), (8, "PTRACE_KILL"), (9, "PTRACE_SINGLESTEP"),
        (12, "PTRACE_GETREGS"), (13, "PTRACE_SETREGS"), (14, "PTRACE_GETFPREGS"), (15, "PTRACE_SETFPREGS"), (16, "PTRACE_ATTACH"),
        (17, "PTRACE_DETACH"), (24, "PTRACE_SYSCALL"), (31, "PTRACE_SYSEMU"), (0x4200, "PTRACE_SETOPTIONS"),
        (0x4201, "PTRACE_GETEVENTMSG"), (0x4202, "PTRACE_GETSIGINFO"), (0x4203, "PTRACE_SETSIGINFO"), (0x4204, "PTRACE_GETREGSET"),
        (0x4205, "PTRACE_SETREGSET"), (0x4206, "PTRACE_SEIZE"), (0x4207, "PTRACE_INTERRUPT"), (0x4208, "PTRACE_LISTEN"),
        (0x4209, "PTRACE_PEEKSIGINFO"), (0x420a, "PTRACE_GETSIGMASK"), (0x420b, "PTRACE_SETSIGMASK"), (0x420e, "PTRACE_GET_SYSCALL_INFO"),
    ])
    static let mount = bits("MS_", "RDONLY NOSUID NODEV NOEXEC SYNCHRONOUS REMOUNT MANDLOCK DIRSYNC NOSYMFOLLOW - NOATIME NODIRATIME BIND MOVE REC SILENT POSIXACL UNBINDABLE PRIVATE SLAVE SHARED RELATIME")
    static let unmount = bits("", "MNT_FORCE MNT_DETACH MNT_EXPIRE UMOUNT_NOFOLLOW")
    static let rename = bits("RENAME_", "NOREPLACE EXCHANGE WHITEOUT")
    static let pipe = ValueNames(true, [(0o4000, "O_NONBLOCK"), (0o2000000, "O_CLOEXEC"), (0o40000, "O_DIRECT")])
}
