/// The number of a system call in the x86-64 table (arch/x86/entry/syscalls/syscall_64.tbl).
public struct SystemCallNumber: RawRepresentable, Hashable, Sendable {
    public var rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    @inline(__always) init(_ rawValue: Int) { self.rawValue = rawValue }

    /// One more than the highest number of the table.
    public static let limit = 468
}

extension SystemCallNumber {
    public static var read: Self { Self(0) }
    public static var write: Self { Self(1) }
    public static var open: Self { Self(2) }
    public static var close: Self { Self(3) }
    public static var stat: Self { Self(4) }
    public static var fstat: Self { Self(5) }
    public static var lstat: Self { Self(6) }
    public static var poll: Self { Self(7) }
    public static var lseek: Self { Self(8) }
    public static var mmap: Self { Self(9) }
    public static var mprotect: Self { Self(10) }
    public static var munmap: Self { Self(11) }
    public static var brk: Self { Self(12) }
    public static var rt_sigaction: Self { Self(13) }
    public static var rt_sigprocmask: Self { Self(14) }
    public static var rt_sigreturn: Self { Self(15) }
    public static var ioctl: Self { Self(16) }
    public static var pread64: Self { Self(17) }
    public static var pwrite64: Self { Self(18) }
    public static var readv: Self { Self(19) }
    public static var writev: Self { Self(20) }
    public static var access: Self { Self(21) }
    public static var pipe: Self { Self(22) }
    public static var select: Self { Self(23) }
    public static var sched_yield: Self { Self(24) }
    public static var mremap: Self { Self(25) }
    public static var msync: Self { Self(26) }
    public static var mincore: Self { Self(27) }
    public static var madvise: Self { Self(28) }
    public static var shmget: Self { Self(29) }
    public static var shmat: Self { Self(30) }
    public static var shmctl: Self { Self(31) }
    public static var dup: Self { Self(32) }
    public static var dup2: Self { Self(33) }
    public static var pause: Self { Self(34) }
    public static var nanosleep: Self { Self(35) }
    public static var getitimer: Self { Self(36) }
    public static var alarm: Self { Self(37) }
    public static var setitimer: Self { Self(38) }
    public static var getpid: Self { Self(39) }
    public static var sendfile: Self { Self(40) }
    public static var socket: Self { Self(41) }
    public static var connect: Self { Self(42) }
    public static var accept: Self { Self(43) }
    public static var sendto: Self { Self(44) }
    public static var recvfrom: Self { Self(45) }
    public static var sendmsg: Self { Self(46) }
    public static var recvmsg: Self { Self(47) }
    public static var shutdown: Self { Self(48) }
    public static var bind: Self { Self(49) }
    public static var listen: Self { Self(50) }
    public static var getsockname: Self { Self(51) }
    public static var getpeername: Self { Self(52) }
    public static var socketpair: Self { Self(53) }
    public static var setsockopt: Self { Self(54) }
    public static var getsockopt: Self { Self(55) }
    public static var clone: Self { Self(56) }
    public static var fork: Self { Self(57) }
    public static var vfork: Self { Self(58) }
    public static var execve: Self { Self(59) }
    public static var exit: Self { Self(60) }
    public static var wait4: Self { Self(61) }
    public static var kill: Self { Self(62) }
    public static var uname: Self { Self(63) }
    public static var semget: Self { Self(64) }
    public static var semop: Self { Self(65) }
    public static var semctl: Self { Self(66) }
    public static var shmdt: Self { Self(67) }
    public static var msgget: Self { Self(68) }
    public static var msgsnd: Self { Self(69) }
    public static var msgrcv: Self { Self(70) }
    public static var msgctl: Self { Self(71) }
    public static var fcntl: Self { Self(72) }
    public static var flock: Self { Self(73) }
    public static var fsync: Self { Self(74) }
    public static var fdatasync: Self { Self(75) }
    public static var truncate: Self { Self(76) }
    public static var ftruncate: Self { Self(77) }
    public static var getdents: Self { Self(78) }
    public static var getcwd: Self { Self(79) }
    public static var chdir: Self { Self(80) }
    public static var fchdir: Self { Self(81) }
    public static var rename: Self { Self(82) }
    public static var mkdir: Self { Self(83) }
    public static var rmdir: Self { Self(84) }
    public static var creat: Self { Self(85) }
    public static var link: Self { Self(86) }
    public static var unlink: Self { Self(87) }
    public static var symlink: Self { Self(88) }
    public static var readlink: Self { Self(89) }
    public static var chmod: Self { Self(90) }
    public static var fchmod: Self { Self(91) }
    public static var chown: Self { Self(92) }
    public static var fchown: Self { Self(93) }
    public static var lchown: Self { Self(94) }
    public static var umask: Self { Self(95) }
    public static var gettimeofday: Self { Self(96) }
    public static var getrlimit: Self { Self(97) }
    public static var getrusage: Self { Self(98) }
    public static var sysinfo: Self { Self(99) }
    public static var times: Self { Self(100) }
    public static var ptrace: Self { Self(101) }
    public static var getuid: Self { Self(102) }
    public static var syslog: Self { Self(103) }
    public static var getgid: Self { Self(104) }
    public static var setuid: Self { Self(105) }
    public static var setgid: Self { Self(106) }
    public static var geteuid: Self { Self(107) }
    public static var getegid: Self { Self(108) }
    public static var setpgid: Self { Self(109) }
    public static var getppid: Self { Self(110) }
    public static var getpgrp: Self { Self(111) }
    public static var setsid: Self { Self(112) }
    public static var setreuid: Self { Self(113) }
    public static var setregid: Self { Self(114) }
    public static var getgroups: Self { Self(115) }
    public static var setgroups: Self { Self(116) }
    public static var setresuid: Self { Self(117) }
    public static var getresuid: Self { Self(118) }
    public static var setresgid: Self { Self(119) }
    public static var getresgid: Self { Self(120) }
    public static var getpgid: Self { Self(121) }
    public static var setfsuid: Self { Self(122) }
    public static var setfsgid: Self { Self(123) }
    public static var getsid: Self { Self(124) }
    public static var capget: Self { Self(125) }
    public static var capset: Self { Self(126) }
    public static var rt_sigpending: Self { Self(127) }
    public static var rt_sigtimedwait: Self { Self(128) }
    public static var rt_sigqueueinfo: Self { Self(129) }
    public static var rt_sigsuspend: Self { Self(130) }
    public static var sigaltstack: Self { Self(131) }
    public static var utime: Self { Self(132) }
    public static var mknod: Self { Self(133) }
    public static var uselib: Self { Self(134) }
    public static var personality: Self { Self(135) }
    public static var ustat: Self { Self(136) }
    public static var statfs: Self { Self(137) }
    public static var fstatfs: Self { Self(138) }
    public static var sysfs: Self { Self(139) }
    public static var getpriority: Self { Self(140) }
    public static var setpriority: Self { Self(141) }
    public static var sched_setparam: Self { Self(142) }
    public static var sched_getparam: Self { Self(143) }
    public static var sched_setscheduler: Self { Self(144) }
    public static var sched_getscheduler: Self { Self(145) }
    public static var sched_get_priority_max: Self { Self(146) }
    public static var sched_get_priority_min: Self { Self(147) }
    public static var sched_rr_get_interval: Self { Self(148) }
    public static var mlock: Self { Self(149) }
    public static var munlock: Self { Self(150) }
    public static var mlockall: Self { Self(151) }
    public static var munlockall: Self { Self(152) }
    public static var vhangup: Self { Self(153) }
    public static var modify_ldt: Self { Self(154) }
    public static var pivot_root: Self { Self(155) }
    public static var _sysctl: Self { Self(156) }
    public static var prctl: Self { Self(157) }
    public static var arch_prctl: Self { Self(158) }
    public static var adjtimex: Self { Self(159) }
    public static var setrlimit: Self { Self(160) }
    public static var chroot: Self { Self(161) }
    public static var sync: Self { Self(162) }
    public static var acct: Self { Self(163) }
    public static var settimeofday: Self { Self(164) }
    public static var mount: Self { Self(165) }
    public static var umount2: Self { Self(166) }
    public static var swapon: Self { Self(167) }
    public static var swapoff: Self { Self(168) }
    public static var reboot: Self { Self(169) }
    public static var sethostname: Self { Self(170) }
    public static var setdomainname: Self { Self(171) }
    public static var iopl: Self { Self(172) }
    public static var ioperm: Self { Self(173) }
    public static var create_module: Self { Self(174) }
    public static var init_module: Self { Self(175) }
    public static var delete_module: Self { Self(176) }
    public static var get_kernel_syms: Self { Self(177) }
    public static var query_module: Self { Self(178) }
    public static var quotactl: Self { Self(179) }
    public static var nfsservctl: Self { Self(180) }
    public static var getpmsg: Self { Self(181) }
    public static var putpmsg: Self { Self(182) }
    public static var afs_syscall: Self { Self(183) }
    public static var tuxcall: Self { Self(184) }
    public static var security: Self { Self(185) }
    public static var gettid: Self { Self(186) }
    public static var readahead: Self { Self(187) }
    public static var setxattr: Self { Self(188) }
    public static var lsetxattr: Self { Self(189) }
    public static var fsetxattr: Self { Self(190) }
    public static var getxattr: Self { Self(191) }
    public static var lgetxattr: Self { Self(192) }
    public static var fgetxattr: Self { Self(193) }
    public static var listxattr: Self { Self(194) }
    public static var llistxattr: Self { Self(195) }
    public static var flistxattr: Self { Self(196) }
    public static var removexattr: Self { Self(197) }
    public static var lremovexattr: Self { Self(198) }
    public static var fremovexattr: Self { Self(199) }
    public static var tkill: Self { Self(200) }
    public static var time: Self { Self(201) }
    public static var futex: Self { Self(202) }
    public static var sched_setaffinity: Self { Self(203) }
    public static var sched_getaffinity: Self { Self(204) }
    public static var set_thread_area: Self { Self(205) }
    public static var io_setup: Self { Self(206) }
    public static var io_destroy: Self { Self(207) }
    public static var io_getevents: Self { Self(208) }
    public static var io_submit: Self { Self(209) }
    public static var io_cancel: Self { Self(210) }
    public static var get_thread_area: Self { Self(211) }
    public static var lookup_dcookie: Self { Self(212) }
    public static var epoll_create: Self { Self(213) }
    public static var epoll_ctl_old: Self { Self(214) }
    public static var epoll_wait_old: Self { Self(215) }
    public static var remap_file_pages: Self { Self(216) }
    public static var getdents64: Self { Self(217) }
    public static var set_tid_address: Self { Self(218) }
    public static var restart_syscall: Self { Self(219) }
    public static var semtimedop: Self { Self(220) }
    public static var fadvise64: Self { Self(221) }
    public static var timer_create: Self { Self(222) }
    public static var timer_settime: Self { Self(223) }
    public static var timer_gettime: Self { Self(224) }
    public static var timer_getoverrun: Self { Self(225) }
    public static var timer_delete: Self { Self(226) }
    public static var clock_settime: Self { Self(227) }
    public static var clock_gettime: Self { Self(228) }
    public static var clock_getres: Self { Self(229) }
    public static var clock_nanosleep: Self { Self(230) }
    public static var exit_group: Self { Self(231) }
    public static var epoll_wait: Self { Self(232) }
    public static var epoll_ctl: Self { Self(233) }
    public static var tgkill: Self { Self(234) }
    public static var utimes: Self { Self(235) }
    public static var vserver: Self { Self(236) }
    public static var mbind: Self { Self(237) }
    public static var set_mempolicy: Self { Self(238) }
    public static var get_mempolicy: Self { Self(239) }
    public static var mq_open: Self { Self(240) }
    public static var mq_unlink: Self { Self(241) }
    public static var mq_timedsend: Self { Self(242) }
    public static var mq_timedreceive: Self { Self(243) }
    public static var mq_notify: Self { Self(244) }
    public static var mq_getsetattr: Self { Self(245) }
    public static var kexec_load: Self { Self(246) }
    public static var waitid: Self { Self(247) }
    public static var add_key: Self { Self(248) }
    public static var request_key: Self { Self(249) }
    public static var keyctl: Self { Self(250) }
    public static var ioprio_set: Self { Self(251) }
    public static var ioprio_get: Self { Self(252) }
    public static var inotify_init: Self { Self(253) }
    public static var inotify_add_watch: Self { Self(254) }
    public static var inotify_rm_watch: Self { Self(255) }
    public static var migrate_pages: Self { Self(256) }
    public static var openat: Self { Self(257) }
    public static var mkdirat: Self { Self(258) }
    public static var mknodat: Self { Self(259) }
    public static var fchownat: Self { Self(260) }
    public static var futimesat: Self { Self(261) }
    public static var newfstatat: Self { Self(262) }
    public static var unlinkat: Self { Self(263) }
    public static var renameat: Self { Self(264) }
    public static var linkat: Self { Self(265) }
    public static var symlinkat: Self { Self(266) }
    public static var readlinkat: Self { Self(267) }
    public static var fchmodat: Self { Self(268) }
    public static var faccessat: Self { Self(269) }
    public static var pselect6: Self { Self(270) }
    public static var ppoll: Self { Self(271) }
    public static var unshare: Self { Self(272) }
    public static var set_robust_list: Self { Self(273) }
    public static var get_robust_list: Self { Self(274) }
    public static var splice: Self { Self(275) }
    public static var tee: Self { Self(276) }
    public static var sync_file_range: Self { Self(277) }
    public static var vmsplice: Self { Self(278) }
    public static var move_pages: Self { Self(279) }
    public static var utimensat: Self { Self(280) }
    public static var epoll_pwait: Self { Self(281) }
    public static var signalfd: Self { Self(282) }
    public static var timerfd_create: Self { Self(283) }
    public static var eventfd: Self { Self(284) }
    public static var fallocate: Self { Self(285) }
    public static var timerfd_settime: Self { Self(286) }
    public static var timerfd_gettime: Self { Self(287) }
    public static var accept4: Self { Self(288) }
    public static var signalfd4: Self { Self(289) }
    public static var eventfd2: Self { Self(290) }
    public static var epoll_create1: Self { Self(291) }
    public static var dup3: Self { Self(292) }
    public static var pipe2: Self { Self(293) }
    public static var inotify_init1: Self { Self(294) }
    public static var preadv: Self { Self(295) }
    public static var pwritev: Self { Self(296) }
    public static var rt_tgsigqueueinfo: Self { Self(297) }
    public static var perf_event_open: Self { Self(298) }
    public static var recvmmsg: Self { Self(299) }
    public static var fanotify_init: Self { Self(300) }
    public static var fanotify_mark: Self { Self(301) }
    public static var prlimit64: Self { Self(302) }
    public static var name_to_handle_at: Self { Self(303) }
    public static var open_by_handle_at: Self { Self(304) }
    public static var clock_adjtime: Self { Self(305) }
    public static var syncfs: Self { Self(306) }
    public static var sendmmsg: Self { Self(307) }
    public static var setns: Self { Self(308) }
    public static var getcpu: Self { Self(309) }
    public static var process_vm_readv: Self { Self(310) }
    public static var process_vm_writev: Self { Self(311) }
    public static var kcmp: Self { Self(312) }
    public static var finit_module: Self { Self(313) }
    public static var sched_setattr: Self { Self(314) }
    public static var sched_getattr: Self { Self(315) }
    public static var renameat2: Self { Self(316) }
    public static var seccomp: Self { Self(317) }
    public static var getrandom: Self { Self(318) }
    public static var memfd_create: Self { Self(319) }
    public static var kexec_file_load: Self { Self(320) }
    public static var bpf: Self { Self(321) }
    public static var execveat: Self { Self(322) }
    public static var userfaultfd: Self { Self(323) }
    public static var membarrier: Self { Self(324) }
    public static var mlock2: Self { Self(325) }
    public static var copy_file_range: Self { Self(326) }
    public static var preadv2: Self { Self(327) }
    public static var pwritev2: Self { Self(328) }
    public static var pkey_mprotect: Self { Self(329) }
    public static var pkey_alloc: Self { Self(330) }
    public static var pkey_free: Self { Self(331) }
    public static var statx: Self { Self(332) }
    public static var io_pgetevents: Self { Self(333) }
    public static var rseq: Self { Self(334) }
    public static var pidfd_send_signal: Self { Self(424) }
    public static var io_uring_setup: Self { Self(425) }
    public static var io_uring_enter: Self { Self(426) }
    public static var io_uring_register: Self { Self(427) }
    public static var open_tree: Self { Self(428) }
    public static var move_mount: Self { Self(429) }
    public static var fsopen: Self { Self(430) }
    public static var fsconfig: Self { Self(431) }
    public static var fsmount: Self { Self(432) }
    public static var fspick: Self { Self(433) }
    public static var pidfd_open: Self { Self(434) }
    public static var clone3: Self { Self(435) }
    public static var close_range: Self { Self(436) }
    public static var openat2: Self { Self(437) }
    public static var pidfd_getfd: Self { Self(438) }
    public static var faccessat2: Self { Self(439) }
    public static var process_madvise: Self { Self(440) }
    public static var epoll_pwait2: Self { Self(441) }
    public static var mount_setattr: Self { Self(442) }
    public static var quotactl_fd: Self { Self(443) }
    public static var landlock_create_ruleset: Self { Self(444) }
    public static var landlock_add_rule: Self { Self(445) }
    public static var landlock_restrict_self: Self { Self(446) }
    public static var memfd_secret: Self { Self(447) }
    public static var process_mrelease: Self { Self(448) }
    public static var futex_waitv: Self { Self(449) }
    public static var set_mempolicy_home_node: Self { Self(450) }
    public static var cachestat: Self { Self(451) }
    public static var fchmodat2: Self { Self(452) }
    public static var map_shadow_stack: Self { Self(453) }
    public static var futex_wake: Self { Self(454) }
    public static var futex_wait: Self { Self(455) }
    public static var futex_requeue: Self { Self(456) }
    public static var statmount: Self { Self(457) }
    public static var listmount: Self { Self(458) }
    public static var lsm_get_self_attr: Self { Self(459) }
    public static var lsm_set_self_attr: Self { Self(460) }
    public static var lsm_list_modules: Self { Self(461) }
    public static var mseal: Self { Self(462) }
    public static var setxattrat: Self { Self(463) }
    public static var getxattrat: Self { Self(464) }
    public static var listxattrat: Self { Self(465) }
    public static var removexattrat: Self { Self(466) }
    public static var open_tree_attr: Self { Self(467) }
}

extension SystemCallNumber {
    /// The kernel's name of the call, or nil for a number that the table does not have.
    public var name: StaticString? {
        switch rawValue {
        case 0: "read"
        case 1: "write"
        case 2: "open"
        case 3: "close"
        case 4: "stat"
        case 5: "fstat"
        case 6: "lstat"
        case 7: "poll"
        case 8: "lseek"
        case 9: "mmap"
        case 10: "mprotect"
        case 11: "munmap"
        case 12: "brk"
        case 13: "rt_sigaction"
        case 14: "rt_sigprocmask"
        case 15: "rt_sigreturn"
        case 16: "ioctl"
        case 17: "pread64"
        case 18: "pwrite64"
        case 19: "readv"
        case 20: "writev"
        case 21: "access"
        case 22: "pipe"
        case 23: "select"
        case 24: "sched_yield"
        case 25: "mremap"
        case 26: "msync"
        case 27: "mincore"
        case 28: "madvise"
        case 29: "shmget"
        case 30: "shmat"
        case 31: "shmctl"
        case 32: "dup"
        case 33: "dup2"
        case 34: "pause"
        case 35: "nanosleep"
        case 36: "getitimer"
        case 37: "alarm"
        case 38: "setitimer"
        case 39: "getpid"
        case 40: "sendfile"
        case 41: "socket"
        case 42: "connect"
        case 43: "accept"
        case 44: "sendto"
        case 45: "recvfrom"
        case 46: "sendmsg"
        case 47: "recvmsg"
        case 48: "shutdown"
        case 49: "bind"
        case 50: "listen"
        case 51: "getsockname"
        case 52: "getpeername"
        case 53: "socketpair"
        case 54: "setsockopt"
        case 55: "getsockopt"
        case 56: "clone"
        case 57: "fork"
        case 58: "vfork"
        case 59: "execve"
        case 60: "exit"
        case 61: "wait4"
        case 62: "kill"
        case 63: "uname"
        case 64: "semget"
        case 65: "semop"
        case 66: "semctl"
        case 67: "shmdt"
        case 68: "msgget"
        case 69: "msgsnd"
        case 70: "msgrcv"
        case 71: "msgctl"
        case 72: "fcntl"
        case 73: "flock"
        case 74: "fsync"
        case 75: "fdatasync"
        case 76: "truncate"
        case 77: "ftruncate"
        case 78: "getdents"
        case 79: "getcwd"
        case 80: "chdir"
        case 81: "fchdir"
        case 82: "rename"
        case 83: "mkdir"
        case 84: "rmdir"
        case 85: "creat"
        case 86: "link"
        case 87: "unlink"
        case 88: "symlink"
        case 89: "readlink"
        case 90: "chmod"
        case 91: "fchmod"
        case 92: "chown"
        case 93: "fchown"
        case 94: "lchown"
        case 95: "umask"
        case 96: "gettimeofday"
        case 97: "getrlimit"
        case 98: "getrusage"
        case 99: "sysinfo"
        case 100: "times"
        case 101: "ptrace"
        case 102: "getuid"
        case 103: "syslog"
        case 104: "getgid"
        case 105: "setuid"
        case 106: "setgid"
        case 107: "geteuid"
        case 108: "getegid"
        case 109: "setpgid"
        case 110: "getppid"
        case 111: "getpgrp"
        case 112: "setsid"
        case 113: "setreuid"
        case 114: "setregid"
        case 115: "getgroups"
        case 116: "setgroups"
        case 117: "setresuid"
        case 118: "getresuid"
        case 119: "setresgid"
        case 120: "getresgid"
        case 121: "getpgid"
        case 122: "setfsuid"
        case 123: "setfsgid"
        case 124: "getsid"
        case 125: "capget"
        case 126: "capset"
        case 127: "rt_sigpending"
        case 128: "rt_sigtimedwait"
        case 129: "rt_sigqueueinfo"
        case 130: "rt_sigsuspend"
        case 131: "sigaltstack"
        case 132: "utime"
        case 133: "mknod"
        case 134: "uselib"
        case 135: "personality"
        case 136: "ustat"
        case 137: "statfs"
        case 138: "fstatfs"
        case 139: "sysfs"
        case 140: "getpriority"
        case 141: "setpriority"
        case 142: "sched_setparam"
        case 143: "sched_getparam"
        case 144: "sched_setscheduler"
        case 145: "sched_getscheduler"
        case 146: "sched_get_priority_max"
        case 147: "sched_get_priority_min"
        case 148: "sched_rr_get_interval"
        case 149: "mlock"
        case 150: "munlock"
        case 151: "mlockall"
        case 152: "munlockall"
        case 153: "vhangup"
        case 154: "modify_ldt"
        case 155: "pivot_root"
        case 156: "_sysctl"
        case 157: "prctl"
        case 158: "arch_prctl"
        case 159: "adjtimex"
        case 160: "setrlimit"
        case 161: "chroot"
        case 162: "sync"
        case 163: "acct"
        case 164: "settimeofday"
        case 165: "mount"
        case 166: "umount2"
        case 167: "swapon"
        case 168: "swapoff"
        case 169: "reboot"
        case 170: "sethostname"
        case 171: "setdomainname"
        case 172: "iopl"
        case 173: "ioperm"
        case 174: "create_module"
        case 175: "init_module"
        case 176: "delete_module"
        case 177: "get_kernel_syms"
        case 178: "query_module"
        case 179: "quotactl"
        case 180: "nfsservctl"
        case 181: "getpmsg"
        case 182: "putpmsg"
        case 183: "afs_syscall"
        case 184: "tuxcall"
        case 185: "security"
        case 186: "gettid"
        case 187: "readahead"
        case 188: "setxattr"
        case 189: "lsetxattr"
        case 190: "fsetxattr"
        case 191: "getxattr"
        case 192: "lgetxattr"
        case 193: "fgetxattr"
        case 194: "listxattr"
        case 195: "llistxattr"
        case 196: "flistxattr"
        case 197: "removexattr"
        case 198: "lremovexattr"
        case 199: "fremovexattr"
        case 200: "tkill"
        case 201: "time"
        case 202: "futex"
        case 203: "sched_setaffinity"
        case 204: "sched_getaffinity"
        case 205: "set_thread_area"
        case 206: "io_setup"
        case 207: "io_destroy"
        case 208: "io_getevents"
        case 209: "io_submit"
        case 210: "io_cancel"
        case 211: "get_thread_area"
        case 212: "lookup_dcookie"
        case 213: "epoll_create"
        case 214: "epoll_ctl_old"
        case 215: "epoll_wait_old"
        case 216: "remap_file_pages"
        case 217: "getdents64"
        case 218: "set_tid_address"
        case 219: "restart_syscall"
        case 220: "semtimedop"
        case 221: "fadvise64"
        case 222: "timer_create"
        case 223: "timer_settime"
        case 224: "timer_gettime"
        case 225: "timer_getoverrun"
        case 226: "timer_delete"
        case 227: "clock_settime"
        case 228: "clock_gettime"
        case 229: "clock_getres"
        case 230: "clock_nanosleep"
        case 231: "exit_group"
        case 232: "epoll_wait"
        case 233: "epoll_ctl"
        case 234: "tgkill"
        case 235: "utimes"
        case 236: "vserver"
        case 237: "mbind"
        case 238: "set_mempolicy"
        case 239: "get_mempolicy"
        case 240: "mq_open"
        case 241: "mq_unlink"
        case 242: "mq_timedsend"
        case 243: "mq_timedreceive"
        case 244: "mq_notify"
        case 245: "mq_getsetattr"
        case 246: "kexec_load"
        case 247: "waitid"
        case 248: "add_key"
        case 249: "request_key"
        case 250: "keyctl"
        case 251: "ioprio_set"
        case 252: "ioprio_get"
        case 253: "inotify_init"
        case 254: "inotify_add_watch"
        case 255: "inotify_rm_watch"
        case 256: "migrate_pages"
        case 257: "openat"
        case 258: "mkdirat"
        case 259: "mknodat"
        case 260: "fchownat"
        case 261: "futimesat"
        case 262: "newfstatat"
        case 263: "unlinkat"
        case 264: "renameat"
        case 265: "linkat"
        case 266: "symlinkat"
        case 267: "readlinkat"
        case 268: "fchmodat"
        case 269: "faccessat"
        case 270: "pselect6"
        case 271: "ppoll"
        case 272: "unshare"
        case 273: "set_robust_list"
        case 274: "get_robust_list"
        case 275: "splice"
        case 276: "tee"
        case 277: "sync_file_range"
        case 278: "vmsplice"
        case 279: "move_pages"
        case 280: "utimensat"
        case 281: "epoll_pwait"
        case 282: "signalfd"
        case 283: "timerfd_create"
        case 284: "eventfd"
        case 285: "fallocate"
        case 286: "timerfd_settime"
        case 287: "timerfd_gettime"
        case 288: "accept4"
        case 289: "signalfd4"
        case 290: "eventfd2"
        case 291: "epoll_create1"
        case 292: "dup3"
        case 293: "pipe2"
        case 294: "inotify_init1"
        case 295: "preadv"
        case 296: "pwritev"
        case 297: "rt_tgsigqueueinfo"
        case 298: "perf_event_open"
        case 299: "recvmmsg"
        case 300: "fanotify_init"
        case 301: "fanotify_mark"
        case 302: "prlimit64"
        case 303: "name_to_handle_at"
        case 304: "open_by_handle_at"
        case 305: "clock_adjtime"
        case 306: "syncfs"
        case 307: "sendmmsg"
        case 308: "setns"
        case 309: "getcpu"
        case 310: "process_vm_readv"
        case 311: "process_vm_writev"
        case 312: "kcmp"
        case 313: "finit_module"
        case 314: "sched_setattr"
        case 315: "sched_getattr"
        case 316: "renameat2"
        case 317: "seccomp"
        case 318: "getrandom"
        case 319: "memfd_create"
        case 320: "kexec_file_load"
        case 321: "bpf"
        case 322: "execveat"
        case 323: "userfaultfd"
        case 324: "membarrier"
        case 325: "mlock2"
        case 326: "copy_file_range"
        case 327: "preadv2"
        case 328: "pwritev2"
        case 329: "pkey_mprotect"
        case 330: "pkey_alloc"
        case 331: "pkey_free"
        case 332: "statx"
        case 333: "io_pgetevents"
        case 334: "rseq"
        case 424: "pidfd_send_signal"
        case 425: "io_uring_setup"
        case 426: "io_uring_enter"
        case 427: "io_uring_register"
        case 428: "open_tree"
        case 429: "move_mount"
        case 430: "fsopen"
        case 431: "fsconfig"
        case 432: "fsmount"
        case 433: "fspick"
        case 434: "pidfd_open"
        case 435: "clone3"
        case 436: "close_range"
        case 437: "openat2"
        case 438: "pidfd_getfd"
        case 439: "faccessat2"
        case 440: "process_madvise"
        case 441: "epoll_pwait2"
        case 442: "mount_setattr"
        case 443: "quotactl_fd"
        case 444: "landlock_create_ruleset"
        case 445: "landlock_add_rule"
        case 446: "landlock_restrict_self"
        case 447: "memfd_secret"
        case 448: "process_mrelease"
        case 449: "futex_waitv"
        case 450: "set_mempolicy_home_node"
        case 451: "cachestat"
        case 452: "fchmodat2"
        case 453: "map_shadow_stack"
        case 454: "futex_wake"
        case 455: "futex_wait"
        case 456: "futex_requeue"
        case 457: "statmount"
        case 458: "listmount"
        case 459: "lsm_get_self_attr"
        case 460: "lsm_set_self_attr"
        case 461: "lsm_list_modules"
        case 462: "mseal"
        case 463: "setxattrat"
        case 464: "getxattrat"
        case 465: "listxattrat"
        case 466: "removexattrat"
        case 467: "open_tree_attr"
        default: nil
        }
    }
}
