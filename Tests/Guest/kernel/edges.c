// Buffers that end at every byte around the end of accessible memory: what each call returns, and what has become of the
// data. Natively and in the sandbox the same.
#include "check.h"
#include <poll.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <termios.h>

static char *page, *wall; // two pages, the second inaccessible, or not writable

// Results for a row of rooms, equal ones together.
static long first, last = -1;
static char held[128];

static void end_row(void) {
    if (last >= 0) printf(" %ld-%ld:%s", first, last, held);
    last = -1;
}

/// A call with `room` accessible bytes at `p`. What it adds to `more` belongs to the result.
typedef long Call(char *p, long room, char *more);

static void row(const char *name, long from, long to, int places, Call *call) {
    for (int i = 0; i < places; i++) {
        held[0] = 0;
        printf("%s%s:", name, i ? " (not writable)" : "");
        for (long room = from; room <= to; room++) {
            memset(page, 'p', 4096);
            memset(wall, 'w', 4096);
            char more[96] = "", text[128];
            errno = 0;
            long result = call((i ? wall : page) + 4096 - room, room, more);
            if (result < 0) snprintf(text, sizeof text, "%s%s", strerrorname_np(errno), more);
            else snprintf(text, sizeof text, "%ld%s", result, more);
            if (last == room - 1 && !strcmp(text, held)) { last = room; continue; }
            end_row();
            first = last = room;
            strcpy(held, text);
        }
        end_row();
        puts("");
        fflush(stdout);
    }
}

static unsigned long sum(const char *bytes, long count) {
    unsigned long total = 5381;
    for (long i = 0; i < count; i++) total = total * 33 + (unsigned char)bytes[i];
    return total & 0xffff;
}

// Transfers.

static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
#define LENGTH 24

enum { FILES, PIPES, STREAMS, DATAGRAMS, PACKETS, TERMINALS, KINDS };
static const char *kinds[] = {"file", "pipe", "stream", "datagram", "packet", "terminal"};
static int kind, ends[2];

static void make(void) {
    switch (kind) {
    case FILES:
        ends[1] = open("/tmp/edges", O_RDWR | O_CREAT | O_TRUNC, 0600);
        ends[0] = open("/tmp/edges", O_RDWR);
        break;
    case PIPES: pipe2(ends, O_NONBLOCK); break;
    case STREAMS: socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends); break;
    case DATAGRAMS: socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends); break;
    case PACKETS: socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends); break;
    case TERMINALS: {
        struct termios t;
        openpty(&ends[0], &ends[1], 0, 0, 0);
        tcgetattr(ends[1], &t);
        cfmakeraw(&t);
        tcsetattr(ends[1], TCSANOW, &t);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
    }
    }
}

/// What is still to be read, after the call under test.
static long rest(long result, char *more) {
    int error = errno;
    char got[64];
    long n = read(ends[0], got, sizeof got);
    if (n >= 0) sprintf(more + strlen(more), " then %ld/%lx", n, sum(got, n));
    else sprintf(more + strlen(more), " then %s", strerrorname_np(errno));
    close(ends[0]), close(ends[1]);
    errno = error;
    return result;
}

static void fill(char *p, long room) { memcpy(p, text, room < LENGTH ? room : LENGTH); }
static long filled(char *p, long result, char *more) {
    if (result > 0) sprintf(more, " of %lx", sum(p, result));
    return result;
}

static long writes(char *p, long room, char *more) { make(); fill(p, room); return rest(write(ends[1], p, LENGTH), more); }
static long vectors_out(char *p, long room, char *more) {
    make();
    fill(p, room);
    struct iovec v[3] = {{(char *)text, 5}, {p, LENGTH}, {(char *)text, 3}};
    return rest(writev(ends[1], v, 3), more);
}
static long sends(char *p, long room, char *more) {
    make();
    fill(p, room);
    struct iovec v[2] = {{(char *)text, 5}, {p, LENGTH}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    return rest(sendmsg(ends[1], &m, 0), more);
}
static long reads(char *p, long room, char *more) {
    make();
    write(ends[1], text, LENGTH + 6);
    return rest(filled(p, read(ends[0], p, LENGTH), more), more);
}
static long vectors_in(char *p, long room, char *more) {
    char before[5], after[3];
    make();
    write(ends[1], text, 36);
    struct iovec v[3] = {{before, 5}, {p, LENGTH}, {after, 3}};
    return rest(readv(ends[0], v, 3), more);
}
static long receives(char *p, long room, char *more) {
    char before[5];
    make();
    write(ends[1], text, 36);
    struct iovec v[2] = {{before, 5}, {p, LENGTH}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    return rest(recvmsg(ends[0], &m, 0), more);
}
static long nothing_there(char *p, long room, char *more) { make(); return rest(read(ends[0], p, LENGTH), more); }
static long array_in(char *p, long room, char *more) {
    char got[8];
    make();
    write(ends[1], text, 20);
    struct iovec v[2] = {{got, 3}, {got, 5}};
    memcpy(p, v, room < 32 ? room : 32);
    return rest(readv(ends[0], (struct iovec *)p, 2), more);
}
static long at_offset(char *p, long room, char *more) {
    make();
    write(ends[1], text, 36);
    long result = pread(ends[0], p, LENGTH, 4);
    return rest(filled(p, result, more), more);
}
static long beyond_end(char *p, long room, char *more) { make(); return rest(pread(ends[0], p, LENGTH, 100), more); }
static long header_in(char *p, long room, char *more) {
    make();
    struct iovec v = {(char *)text, 7};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    memcpy(p, &m, room < sizeof m ? room : sizeof m);
    return rest(sendmsg(ends[1], (struct msghdr *)p, 0), more);
}

static void transfers(void) {
    char name[64];
    for (kind = 0; kind < KINDS; kind++) {
        int is_socket = kind == STREAMS || kind == DATAGRAMS || kind == PACKETS;
#define NAMED(what) (sprintf(name, "%s %s", what, kinds[kind]), name)
        row(NAMED("write"), 0, LENGTH + 1, 1, writes);
        row(NAMED("writev"), 0, LENGTH + 1, 1, vectors_out);
        row(NAMED("read"), 0, LENGTH + 1, 2, reads);
        row(NAMED("readv"), 0, LENGTH + 1, 2, vectors_in);
        row(NAMED("read nothing"), 0, 1, 2, nothing_there);
        row(NAMED("array of readv"), 0, 33, 1, array_in);
        if (is_socket) {
            row(NAMED("sendmsg"), 0, LENGTH + 1, 1, sends);
            row(NAMED("recvmsg"), 0, LENGTH + 1, 2, receives);
            row(NAMED("header of sendmsg"), 0, 57, 1, header_in);
        }
        if (kind == FILES) {
            row(NAMED("pread"), 0, LENGTH + 1, 2, at_offset);
            row(NAMED("pread beyond"), 0, 1, 2, beyond_end);
        }
    }
    unlink("/tmp/edges");
}

// Large ones: more than one window's bytes.

#define LARGE (200 << 10)
static char *large;

static void large_ones(void) {
    char *source = malloc(LARGE), *got = malloc(LARGE);
    for (int i = 0; i < LARGE; i++) source[i] = i * 7 + i / 4096;
    long cuts[] = {0, 1, 4095, 4096, 16383, 16384, 16385, 20000, 65535, 65536, 65537, 131072, 131073, LARGE - 1, LARGE};
    for (int i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        long room = cuts[i];
        int fd = open("/tmp/edges", O_RDWR | O_CREAT | O_TRUNC, 0600);
        char *p = large + LARGE + 4096 - LARGE % 4096 - room;
        p = large + ((LARGE + 4095) & ~4095l) - room;
        memcpy(p, source, room);
        long written = write(fd, p, LARGE);
        printf("large %ld: write %ld %s", room, written, written < 0 ? strerrorname_np(errno) : "");
        lseek(fd, 0, SEEK_SET);
        ftruncate(fd, 0);
        pwrite(fd, source, LARGE, 0);
        memset(p, 0, room);
        long count = pread(fd, p, LARGE, 0);
        printf(", pread %ld %s %d", count, count < 0 ? strerrorname_np(errno) : "", count > 0 && memcmp(p, source, count) == 0);
        count = read(fd, p, LARGE);
        printf(", read %ld at %ld", count, lseek(fd, 0, SEEK_CUR));
        close(fd);
        int pair[2];
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
        long sent = write(pair[1], source, 100000), all = 0;
        count = read(pair[0], p, LARGE);
        if (count > 0) all = count;
        int same = count <= 0 || memcmp(p, source, count) == 0;
        long more = read(pair[0], got, LARGE);
        printf(", stream %d, whole %d, %d\n", sent > 65536, (all + (more > 0 ? more : 0)) == sent, same && (more <= 0 || memcmp(got, source + all, more) == 0));
        close(pair[0]), close(pair[1]);
    }
    unlink("/tmp/edges");
}

// Names.

static void name_at(char *p, long room, const char *name) {
    long length = strlen(name) + 1;
    memcpy(p, name, room < length ? room : length);
}
#define NAME "/proc/self/exe"
static long opens(char *p, long room, char *more) {
    name_at(p, room, NAME);
    int fd = open(p, O_RDONLY);
    if (fd >= 0) close(fd), fd = 0;
    return fd;
}
static long stats_name(char *p, long room, char *more) { struct stat s; name_at(p, room, NAME); return stat(p, &s); }
static long accesses(char *p, long room, char *more) { name_at(p, room, NAME); return access(p, R_OK); }
static long reads_link(char *p, long room, char *more) { char to[200]; name_at(p, room, "/proc/self/cwd"); long r = readlink(p, to, 200); return r > 0 ? 1 : r; }
static long makes(char *p, long room, char *more) {
    name_at(p, room, "/tmp/edge-d");
    long r = mkdir(p, 0700);
    int error = errno;
    rmdir("/tmp/edge-d");
    errno = error;
    return r;
}
static long renames(char *p, long room, char *more) {
    close(open("/tmp/edge-a", O_CREAT | O_RDWR, 0600));
    name_at(p, room, "/tmp/edge-b");
    long r = rename("/tmp/edge-a", p);
    int error = errno;
    unlink("/tmp/edge-a"), unlink("/tmp/edge-b");
    errno = error;
    return r;
}
static long goes(char *p, long room, char *more) { name_at(p, room, "/tmp"); return chdir(p); }
// Answers.

static long info_stat(char *p, long room, char *more) { return stat("/", (struct stat *)p); }
static long info_fstat(char *p, long room, char *more) { return fstat(0, (struct stat *)p); }
static long info_lstat(char *p, long room, char *more) { return syscall(SYS_lstat, "/tmp", p); }
static long info_statx(char *p, long room, char *more) { return syscall(SYS_statx, AT_FDCWD, "/", 0, 0x7ff, p); }
static long info_statfs(char *p, long room, char *more) { return statfs("/proc", (struct statfs *)p); }
static long info_uname(char *p, long room, char *more) { return uname((struct utsname *)p); }
static long info_sys(char *p, long room, char *more) { return sysinfo((struct sysinfo *)p); }
static long info_times(char *p, long room, char *more) { return syscall(SYS_times, p) > 0 ? 0 : -1; }
static long info_limit(char *p, long room, char *more) { return syscall(SYS_getrlimit, RLIMIT_NOFILE, p); }
static long info_prlimit(char *p, long room, char *more) { return syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, p); }
static long info_usage(char *p, long room, char *more) { return getrusage(RUSAGE_SELF, (struct rusage *)p); }
static long info_clock(char *p, long room, char *more) { return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, p); }
static long info_cpuclock(char *p, long room, char *more) { return syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, p); }
static long info_day(char *p, long room, char *more) { return syscall(SYS_gettimeofday, p, 0); }
static long info_cwd(char *p, long room, char *more) { chdir("/tmp"); return syscall(SYS_getcwd, p, 64); }
static long info_link(char *p, long room, char *more) { symlink("0123456789", "/tmp/edge-l"); long r = readlink("/tmp/edge-l", p, 64); int e = errno; unlink("/tmp/edge-l"); errno = e; return r; }
static long info_random(char *p, long room, char *more) { return getrandom(p, 64, 0); }
static long info_ids(char *p, long room, char *more) { uid_t a, b; return syscall(SYS_getresuid, &a, p, &b); }
static long info_timer(char *p, long room, char *more) { return getitimer(ITIMER_REAL, (struct itimerval *)p); }
static long info_mask(char *p, long room, char *more) { return syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, p, 8); }
static long info_action(char *p, long room, char *more) { return syscall(SYS_rt_sigaction, SIGUSR1, 0, p, 8); }
static long info_stack(char *p, long room, char *more) { return sigaltstack(0, (stack_t *)p); }
static long info_affinity(char *p, long room, char *more) { return syscall(SYS_sched_getaffinity, 0, 8, p); }
static long info_waiting(char *p, long room, char *more) { int e[2]; pipe(e); write(e[1], text, 9); long r = ioctl(e[0], FIONREAD, p); int error = errno; close(e[0]), close(e[1]); errno = error; return r; }
static long info_terminal(char *p, long room, char *more) { kind = TERMINALS; make(); long r = ioctl(ends[1], TCGETS, p); int e = errno; close(ends[0]), close(ends[1]); errno = e; return r; }
static long info_size(char *p, long room, char *more) { kind = TERMINALS; make(); long r = ioctl(ends[1], TIOCGWINSZ, p); int e = errno; close(ends[0]), close(ends[1]); errno = e; return r; }

static long sockets_name(char *p, long room, char *more) {
    kind = STREAMS;
    make();
    socklen_t length = 64;
    long r = getsockname(ends[0], (struct sockaddr *)p, &length);
    sprintf(more, " %d", length);
    return rest(r, more);
}
static long name_length(char *p, long room, char *more) {
    kind = STREAMS;
    make();
    struct sockaddr_un name;
    socklen_t length = 64;
    memcpy(p, &length, room < 4 ? room : 4);
    return rest(getsockname(ends[0], (struct sockaddr *)&name, (socklen_t *)p), more);
}
static long option(char *p, long room, char *more) {
    kind = STREAMS;
    make();
    socklen_t length = 4;
    return rest(getsockopt(ends[0], SOL_SOCKET, SO_TYPE, p, &length), more);
}
static long sets_option(char *p, long room, char *more) { kind = STREAMS; make(); memset(p, 0, room); return rest(setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, p, 4), more); }
static long binds(char *p, long room, char *more) {
    struct sockaddr_un name = {AF_UNIX, "/tmp/edge-s"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(p, &name, room < 14 ? room : 14);
    long r = bind(fd, (struct sockaddr *)p, 14);
    int error = errno;
    close(fd), unlink("/tmp/edge-s");
    errno = error;
    return r;
}
static long received_header(char *p, long room, char *more) {
    kind = DATAGRAMS;
    make();
    write(ends[1], text, 9);
    char got[16];
    struct iovec v = {got, 16};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    memcpy(p, &m, room < sizeof m ? room : sizeof m);
    return rest(recvmsg(ends[0], (struct msghdr *)p, 0), more);
}
static long makes_pipe(char *p, long room, char *more) {
    int before = dup(0), after;
    close(before);
    long r = syscall(SYS_pipe2, p, 0);
    int error = errno;
    after = dup(0);
    close(after);
    sprintf(more, " %d left", after - before);
    close(before), close(before + 1);
    errno = error;
    return r;
}
static long makes_pair(char *p, long room, char *more) {
    int before = dup(0), after;
    close(before);
    long r = syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, p);
    int error = errno;
    after = dup(0);
    close(after);
    sprintf(more, " %d left", after - before);
    close(before), close(before + 1);
    errno = error;
    return r;
}
static long waits(char *p, long room, char *more) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(7);
    long r = syscall(SYS_wait4, child, p, 0, 0);
    if (r == child) r = 0;
    int error = errno;
    sprintf(more, " then %s", waitpid(child, 0, 0) < 0 ? strerrorname_np(errno) : "child");
    errno = error;
    return r;
}
static long waits_usage(char *p, long room, char *more) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(7);
    long r = syscall(SYS_wait4, child, &status, 0, p);
    if (r == child) r = 0;
    int error = errno;
    waitpid(child, 0, 0);
    errno = error;
    return r;
}

// Waiting.

static long polls(char *p, long room, char *more) {
    kind = PIPES;
    make();
    write(ends[1], text, 1);
    struct pollfd f[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    memcpy(p, f, room < 16 ? room : 16);
    return rest(poll((struct pollfd *)p, 2, 0), more);
}
static long selects(char *p, long room, char *more) {
    kind = PIPES;
    make();
    write(ends[1], text, 1);
    memset(p, 0, room);
    struct timeval none = {0, 0};
    return rest(syscall(SYS_select, 64, p, 0, 0, &none), more);
}
static long selects_time(char *p, long room, char *more) {
    struct timeval none = {0, 0};
    memcpy(p, &none, room < 16 ? room : 16);
    return syscall(SYS_select, 0, 0, 0, 0, p);
}
static long waits_event(char *p, long room, char *more) {
    kind = PIPES;
    make();
    write(ends[1], text, 1);
    int e = epoll_create1(0);
    struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 5}};
    epoll_ctl(e, EPOLL_CTL_ADD, ends[0], &event);
    event.events = EPOLLOUT | EPOLLET;
    epoll_ctl(e, EPOLL_CTL_ADD, ends[1], &event);
    long r = epoll_wait(e, (struct epoll_event *)p, 2, 0);
    int error = errno;
    struct epoll_event left[2];
    sprintf(more, " then %d", epoll_wait(e, left, 2, 0));
    close(e);
    errno = error;
    return rest(r, more);
}
static long adds_event(char *p, long room, char *more) {
    kind = PIPES;
    make();
    int e = epoll_create1(0);
    memset(p, 1, room);
    long r = epoll_ctl(e, EPOLL_CTL_ADD, ends[0], (struct epoll_event *)p);
    int error = errno;
    close(e);
    errno = error;
    return rest(r, more);
}
static long sleeps(char *p, long room, char *more) { memset(p, 0, room); return syscall(SYS_nanosleep, p, 0); }
static long sleeps_until(char *p, long room, char *more) { memset(p, 0, room); return -syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, p, 0); }
static long sets_mask(char *p, long room, char *more) { memset(p, 0, room); return syscall(SYS_rt_sigprocmask, SIG_BLOCK, p, 0, 8); }
static long sets_action(char *p, long room, char *more) { memset(p, 0, room); return syscall(SYS_rt_sigaction, SIGUSR1, p, 0, 8); }
static long sets_timer(char *p, long room, char *more) { memset(p, 0, room); return syscall(SYS_setitimer, ITIMER_REAL, p, 0); }
static long locks(char *p, long room, char *more) {
    kind = FILES;
    make();
    struct flock lock = {F_WRLCK, SEEK_SET, 0, 0, 0};
    memcpy(p, &lock, room < sizeof lock ? room : sizeof lock);
    return rest(fcntl(ends[0], F_GETLK, p), more);
}
static long sets_times(char *p, long room, char *more) {
    close(open("/tmp/edge-t", O_CREAT | O_RDWR, 0600));
    memset(p, 0, room);
    long r = syscall(SYS_utimensat, AT_FDCWD, "/tmp/edge-t", p, 0);
    int error = errno;
    unlink("/tmp/edge-t");
    errno = error;
    return r;
}
static long lists(char *p, long room, char *more) {
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
    char names[512];
    long r = syscall(SYS_getdents64, fd, p, 200);
    int error = errno;
    long left = syscall(SYS_getdents64, fd, names, 512);
    sprintf(more, " then %d", left > 0);
    close(fd);
    errno = error;
    return r > 0 ? 1 : r;
}

static void growing(void) {
    // Into a stack that has not grown there yet.
    char mark;
    int e[2];
    pipe(e);
    write(e[1], text, 10);
    char *far = &mark - (900 << 10);
    printf("read into the stack far below: %ld", read(e[0], far, 10));
    printf(" %.10s\n", far);
    write(e[1], far, 10);
    char got[10];
    printf("and from there: %ld\n", read(e[0], got, 10));
}

int main(void) {
    page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    wall = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    large = mmap(0, LARGE + 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + 4096, 4096, PROT_NONE);
    mprotect(wall + 4096, 4096, PROT_READ);
    mprotect(large + ((LARGE + 4095) & ~4095l), 8192, PROT_NONE);
    transfers();
    large_ones();
    row("open", 0, 16, 1, opens);
    row("stat's name", 0, 16, 1, stats_name);
    row("access", 0, 16, 1, accesses);
    row("readlink's name", 0, 16, 1, reads_link);
    row("mkdir", 0, 13, 1, makes);
    row("rename", 0, 13, 1, renames);
    row("chdir", 0, 6, 1, goes);
#define ANSWER(name, size, function) row(name, 0, (size) + 1, 2, function)
    ANSWER("stat", 144, info_stat);
    ANSWER("fstat", 144, info_fstat);
    ANSWER("lstat", 144, info_lstat);
    ANSWER("statx", 256, info_statx);
    ANSWER("statfs", 120, info_statfs);
    ANSWER("uname", 390, info_uname);
    ANSWER("sysinfo", 112, info_sys);
    ANSWER("times", 32, info_times);
    ANSWER("getrlimit", 16, info_limit);
    ANSWER("prlimit", 16, info_prlimit);
    ANSWER("getrusage", 144, info_usage);
    ANSWER("clock_gettime", 16, info_clock);
    ANSWER("clock_gettime of cpu", 16, info_cpuclock);
    ANSWER("gettimeofday", 16, info_day);
    ANSWER("getcwd", 6, info_cwd);
    ANSWER("readlink", 11, info_link);
    ANSWER("getrandom", 65, info_random);
    ANSWER("getresuid", 4, info_ids);
    ANSWER("getitimer", 32, info_timer);
    ANSWER("old mask", 8, info_mask);
    ANSWER("old action", 32, info_action);
    ANSWER("old stack", 24, info_stack);
    ANSWER("sched_getaffinity", 8, info_affinity);
    ANSWER("FIONREAD", 4, info_waiting);
    ANSWER("TCGETS", 36, info_terminal);
    ANSWER("TIOCGWINSZ", 8, info_size);
    ANSWER("getsockname", 3, sockets_name);
    ANSWER("length of getsockname", 4, name_length);
    ANSWER("getsockopt", 4, option);
    row("setsockopt", 0, 5, 1, sets_option);
    row("bind", 0, 15, 1, binds);
    row("header of recvmsg", 0, 57, 1, received_header);
    ANSWER("pipe2", 8, makes_pipe);
    ANSWER("socketpair", 8, makes_pair);
    ANSWER("wait4's status", 4, waits);
    row("wait4's usage", 140, 145, 2, waits_usage);
    ANSWER("poll", 16, polls);
    ANSWER("select", 8, selects);
    ANSWER("select's time", 16, selects_time);
    ANSWER("epoll_wait", 24, waits_event);
    row("epoll_ctl", 0, 13, 1, adds_event);
    row("nanosleep", 0, 17, 1, sleeps);
    row("clock_nanosleep", 0, 17, 1, sleeps_until);
    row("new mask", 0, 9, 1, sets_mask);
    row("new action", 0, 33, 1, sets_action);
    row("setitimer", 0, 33, 1, sets_timer);
    row("F_GETLK", 0, 33, 2, locks);
    row("utimensat", 0, 33, 1, sets_times);
    row("getdents64", 0, 60, 2, lists);
    growing();
    return 0;
}
