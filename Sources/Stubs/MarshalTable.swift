internal import CStub
import LinuxABI

/// What each call reads and writes of the guest's memory, as far as the stub carries it (native-memory.md, section 8). What
/// is not here the Sentry copies by itself: a gap costs time, not correctness.
public enum MarshalTable {
    /// What the stub brings for call `number`: STUB_MARSHAL_WORDS words, as CStub/marshal.h says. A number that is none has
    /// those of a call for which it brings nothing.
    @inline(__always)
    public static func items(_ number: UInt32) -> UnsafePointer<UInt16> {
        unsafe UnsafePointer(table) + Int(min(number, STUB_MARSHAL_CALLS)) * Int(STUB_MARSHAL_WORDS)
    }

    private nonisolated(unsafe) static let table: UnsafeMutablePointer<UInt16> = {
        let words = Self.words()
        let count = words.count + Int(STUB_MARSHAL_WORDS)
        let table = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
        unsafe table.initialize(repeating: 0, count: count)
        for (i, word) in words.enumerated() { unsafe table[i] = word }
        return unsafe table
    }()

    /// struct stub_parameters' `marshal`.
    static func words() -> [UInt16] {
        let width = Int(STUB_MARSHAL_WORDS)
        var table = [UInt16](repeating: 0, count: Int(STUB_MARSHAL_CALLS) * width)
        for (number, items) in files + names + attributes + waiting + sockets + time + processes {
            precondition(items.count < Int(STUB_MARSHAL_COUNTER))
            let at = number.rawValue * width
            table[at] = UInt16(min(Int(STUB_RANGES), items.reduce(0) { $0 + $1.ranges }))
            for (i, item) in items.enumerated() { table[at + 1 + i] = item.word }
        }
        for (free, numbers) in unused {
            for number in numbers { table[number.rawValue * width] |= UInt16(free) << 12 }
        }
        for (answerer, numbers) in answered {
            for number in numbers { table[number.rawValue * width] |= UInt16(answerer.rawValue) << 8 }
        }
        precondition(counted.count <= Int(STUB_ANSWERED_CALLS))
        for (i, call) in counted.enumerated() { table[call.number * width + Int(STUB_MARSHAL_COUNTER)] = UInt16(i) }
        return table
    }

    /// How many of the six words of an event are left by a call's arguments, where its input may fit into them.
    private static var unused: [(Int, [SystemCallNumber])] { [
        (1, [.setsockopt]),
        (2, [.pwrite64, .openat, .newfstatat, .faccessat2, .readlinkat, .epoll_ctl, .rt_sigprocmask, .clock_nanosleep]),
        (3, [.write, .open, .readlink, .faccessat, .unlinkat, .mkdirat, .poll, .connect, .bind]),
        (4, [.stat, .lstat, .access, .mkdir, .nanosleep]),
        (5, [.chdir, .rmdir, .unlink]),
    ] }

    /// The calls that stubs count when they answer them, in the order of stub_slot.answered.
    public static let counted: [(number: Int, isNative: Bool)] = answered.flatMap { (answerer, numbers) in
        numbers.map { ($0.rawValue, [STUB_ANSWER_YIELD, STUB_ANSWER_MEMORY, STUB_ANSWER_FUTEX].contains(answerer)) }
    }

    /// What the stub's code may answer by itself (CStub/answers.c).
    private static var answered: [(stub_answerer, [SystemCallNumber])] { [
        (STUB_ANSWER_IDENTITY, [.getpid, .gettid, .getppid, .getpgrp, .getpgid, .getsid, .getcpu]),
        (STUB_ANSWER_CREDENTIALS, [.getuid, .geteuid, .getgid, .getegid]),
        (STUB_ANSWER_CLOCK, [.clock_gettime, .clock_getres, .gettimeofday, .time]),
        (STUB_ANSWER_YIELD, [.sched_yield]),
        (STUB_ANSWER_MEMORY, [.mmap, .munmap, .madvise, .mprotect, .brk, .mremap, .msync, .membarrier]),
        (STUB_ANSWER_FUTEX, [.futex, .futex_waitv]),
        (STUB_ANSWER_FILE, [.read, .write, .pread64, .pwrite64, .readv, .writev, .preadv, .pwritev, .preadv2, .pwritev2,
                             .lseek]),
        (STUB_ANSWER_THREAD, [.rt_sigprocmask, .set_robust_list, .set_tid_address, .arch_prctl, .rseq, .exit, .exit_group]),
    ] }

    private typealias Calls = [(SystemCallNumber, [MarshalItem])]

    private static var files: Calls { [
        (.read, [.probed(1, count: 2)]), (.write, [.input(1, count: 2)]),
        (.pread64, [.probed(1, count: 2)]), (.pwrite64, [.input(1, count: 2)]),
        (.readv, [.output(1, vector: 2)]), (.writev, [.input(1, vector: 2)]),
        (.preadv, [.output(1, vector: 2)]), (.pwritev, [.input(1, vector: 2)]),
        (.preadv2, [.output(1, vector: 2)]), (.pwritev2, [.input(1, vector: 2)]),
        (.getdents, [.probed(1, count: 2)]), (.getdents64, [.probed(1, count: 2)]),
        (.pipe, [.probed(0, bytes: 8)]), (.pipe2, [.probed(0, bytes: 8)]),
        (.fcntl, [.fileControl]), (.ioctl, [.deviceControl]),
        (.sendfile, [.both(2, bytes: 8)]),
        (.copy_file_range, [.both(1, bytes: 8), .both(3, bytes: 8)]),
        (.splice, [.both(1, bytes: 8), .both(3, bytes: 8)]),
        (.inotify_add_watch, [.path(1)]), (.memfd_create, [.path(0)]),
        (.signalfd, [.input(1, bytes: 8)]), (.signalfd4, [.input(1, bytes: 8)]),
    ] }

    private static var names: Calls { [
        (.open, [.path(0)]), (.creat, [.path(0)]), (.openat, [.path(1)]),
        (.openat2, [.path(1), .input(2, count: 3)]),
        (.access, [.path(0)]), (.faccessat, [.path(1)]), (.faccessat2, [.path(1)]),
        (.readlink, [.path(0), .output(1, count: 2)]), (.readlinkat, [.path(1), .output(2, count: 3)]),
        (.mkdir, [.path(0)]), (.mkdirat, [.path(1)]), (.rmdir, [.path(0)]), (.unlink, [.path(0)]),
        (.unlinkat, [.path(1)]), (.rename, [.path(0), .path(1)]), (.renameat, [.path(1), .path(3)]),
        (.renameat2, [.path(1), .path(3)]), (.link, [.path(0), .path(1)]), (.linkat, [.path(1), .path(3)]),
        (.symlink, [.path(0), .path(1)]), (.symlinkat, [.path(0), .path(2)]),
        (.mknod, [.path(0)]), (.mknodat, [.path(1)]), (.chdir, [.path(0)]), (.chroot, [.path(0)]),
        (.getcwd, [.output(0, count: 1)]), (.truncate, [.path(0)]), (.execve, [.path(0)]), (.execveat, [.path(1)]),
    ] }

    private static var attributes: Calls { [
        (.stat, [.path(0), .output(1, bytes: 144)]), (.lstat, [.path(0), .output(1, bytes: 144)]),
        (.fstat, [.output(1, bytes: 144)]), (.newfstatat, [.path(1), .output(2, bytes: 144)]),
        (.statx, [.path(1), .output(4, bytes: 256)]),
        (.statfs, [.path(0), .output(1, bytes: 120)]), (.fstatfs, [.output(1, bytes: 120)]),
        (.chmod, [.path(0)]), (.fchmodat, [.path(1)]), (.fchmodat2, [.path(1)]),
        (.chown, [.path(0)]), (.lchown, [.path(0)]), (.fchownat, [.path(1)]),
        (.utime, [.path(0), .input(1, bytes: 16)]), (.utimes, [.path(0), .input(1, bytes: 32)]),
        (.futimesat, [.path(1), .input(2, bytes: 32)]), (.utimensat, [.path(1), .input(2, bytes: 32)]),
        (.getxattr, [.path(0), .path(1), .output(2, count: 3)]), (.lgetxattr, [.path(0), .path(1), .output(2, count: 3)]),
        (.fgetxattr, [.path(1), .output(2, count: 3)]),
        (.setxattr, [.path(0), .path(1), .input(2, count: 3)]), (.lsetxattr, [.path(0), .path(1), .input(2, count: 3)]),
        (.fsetxattr, [.path(1), .input(2, count: 3)]),
        (.listxattr, [.path(0), .output(1, count: 2)]), (.llistxattr, [.path(0), .output(1, count: 2)]),
        (.flistxattr, [.output(1, count: 2)]),
        (.removexattr, [.path(0), .path(1)]), (.lremovexattr, [.path(0), .path(1)]), (.fremovexattr, [.path(1)]),
    ] }

    private static var waiting: Calls { [
        (.poll, [.both(0, count: 1, .bytes(8))]),
        (.ppoll, [.both(0, count: 1, .bytes(8)), .both(2, bytes: 16), .input(3, bytes: 8)]),
        (.select, [.both(1, count: 0, .bit), .both(2, count: 0, .bit), .both(3, count: 0, .bit), .both(4, bytes: 16)]),
        (.pselect6, [.both(1, count: 0, .bit), .both(2, count: 0, .bit), .both(3, count: 0, .bit), .both(4, bytes: 16),
                     .mask(5)]),
        (.epoll_ctl, [.input(3, bytes: 12)]),
        (.epoll_wait, [.probed(1, count: 2, .bytes(12))]),
        (.epoll_pwait, [.probed(1, count: 2, .bytes(12)), .input(4, bytes: 8)]),
        (.epoll_pwait2, [.probed(1, count: 2, .bytes(12)), .input(3, bytes: 16), .input(4, bytes: 8)]),
    ] }

    private static var sockets: Calls { [
        (.sendto, [.input(1, count: 2), .input(4, count: 5)]),
        (.recvfrom, [.probed(1, count: 2), .output(4, measured: 5)]),
        (.sendmsg, [.message(1)]), (.recvmsg, [.received(1)]),
        (.bind, [.input(1, count: 2)]), (.connect, [.input(1, count: 2)]),
        (.accept, [.output(1, measured: 2)]), (.accept4, [.output(1, measured: 2)]),
        (.getsockname, [.output(1, measured: 2)]), (.getpeername, [.output(1, measured: 2)]),
        (.getsockopt, [.output(3, measured: 4)]), (.setsockopt, [.input(3, count: 4)]),
        (.socketpair, [.probed(3, bytes: 8)]),
    ] }

    private static var time: Calls { [
        (.clock_gettime, [.output(1, bytes: 16)]), (.clock_getres, [.output(1, bytes: 16)]),
        (.gettimeofday, [.output(0, bytes: 16), .output(1, bytes: 8)]), (.time, [.output(0, bytes: 8)]),
        (.nanosleep, [.input(0, bytes: 16)]), (.clock_nanosleep, [.input(2, bytes: 16)]),
        (.times, [.output(0, bytes: 32)]),
        (.getitimer, [.output(1, bytes: 32)]), (.setitimer, [.input(1, bytes: 32), .output(2, bytes: 32)]),
        (.timer_create, [.input(1, bytes: 64), .probed(2, bytes: 4)]),
        (.timer_settime, [.input(2, bytes: 32), .output(3, bytes: 32)]), (.timer_gettime, [.output(1, bytes: 32)]),
        (.timerfd_settime, [.input(2, bytes: 32), .output(3, bytes: 32)]), (.timerfd_gettime, [.output(1, bytes: 32)]),
    ] }

    private static var processes: Calls { [
        (.clone3, [.input(0, count: 1)]),
        (.rt_sigaction, [.input(1, bytes: 32), .output(2, bytes: 32)]),
        (.rt_sigprocmask, [.input(1, bytes: 8), .output(2, bytes: 8)]),
        (.rt_sigpending, [.output(0, bytes: 8)]), (.rt_sigsuspend, [.input(0, bytes: 8)]),
        (.rt_sigtimedwait, [.input(0, bytes: 8), .output(1, bytes: 128), .input(2, bytes: 16)]),
        (.rt_sigqueueinfo, [.input(2, bytes: 128)]), (.rt_tgsigqueueinfo, [.input(3, bytes: 128)]),
        (.sigaltstack, [.input(0, bytes: 24), .output(1, bytes: 24)]),
        (.wait4, [.output(1, bytes: 4), .output(3, bytes: 144)]), (.waitid, [.output(2, bytes: 128), .output(4, bytes: 144)]),
        (.getrusage, [.output(1, bytes: 144)]), (.getrlimit, [.output(1, bytes: 16)]), (.setrlimit, [.input(1, bytes: 16)]),
        (.prlimit64, [.input(2, bytes: 16), .output(3, bytes: 16)]),
        (.uname, [.output(0, bytes: 392)]), (.sysinfo, [.output(0, bytes: 112)]), (.getrandom, [.probed(0, count: 1)]),
        (.getgroups, [.output(1, count: 0, .bytes(4))]), (.setgroups, [.input(1, count: 0, .bytes(4))]),
        (.getresuid, [.output(0, bytes: 4), .output(1, bytes: 4), .output(2, bytes: 4)]),
        (.getresgid, [.output(0, bytes: 4), .output(1, bytes: 4), .output(2, bytes: 4)]),
        (.sched_getaffinity, [.output(2, count: 1)]), (.sched_setaffinity, [.input(2, count: 1)]),
        (.sched_getparam, [.output(1, bytes: 4)]), (.sched_setparam, [.input(1, bytes: 4)]),
        (.getcpu, [.output(0, bytes: 4), .output(1, bytes: 4)]), (.sethostname, [.input(0, count: 1)]),
        (.semop, [.input(1, count: 2, .bytes(6))]), (.semtimedop, [.input(1, count: 2, .bytes(6)), .input(3, bytes: 16)]),
    ] }
}
